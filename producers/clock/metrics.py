"""What the clock counts."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

TICKS = Counter("tocsin_clock_ticks_total", "Ticks that the broker has acknowledged, in all partitions.")
UNACKNOWLEDGED = Counter("tocsin_clock_unacknowledged_total", "Records that the broker did not acknowledge.")
PRODUCERS_REPLACED = Counter(
    "tocsin_clock_producers_replaced_total", "Producers that had to be replaced because they were stuck."
)
DIFFERENCE = Gauge(
    "tocsin_clock_difference_seconds",
    "How far the inbox's time is ahead of the clock's own; alarm beyond 30 either way.",
    ["partition"],
)
