"""What the clock counts."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

TICKS = Counter("tocsin_clock_ticks_total", "Ticks that the broker has acknowledged, in all partitions.")
UNACKNOWLEDGED = Counter("tocsin_clock_unacknowledged_total", "Records that the broker did not acknowledge.")
PRODUCERS_REPLACED = Counter(
    "tocsin_clock_producers_replaced_total", "Producers that had to be replaced: stuck, or Kafka refused a record of theirs."
)
REFUSED_RECORDS = Counter("tocsin_clock_refused_records_total", "Records that Kafka refused for good, by error.", ["error"])


def count_refusal(error: str) -> None:
    REFUSED_RECORDS.labels(error).inc()


DIFFERENCE = Gauge(
    "tocsin_clock_difference_seconds",
    "How far the inbox's time is ahead of the clock's own; alarm beyond 30 either way.",
    ["partition"],
)
