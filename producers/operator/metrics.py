"""What the operator door counts."""

from __future__ import annotations

from prometheus_client import Counter

LOST_COMMANDS = Counter("tocsin_operator_unacknowledged_commands_total", "Commands that Kafka did not acknowledge.")
PRODUCERS_REPLACED = Counter(
    "tocsin_operator_producers_replaced_total", "Producers that had to be replaced: stuck, or Kafka refused a record of theirs."
)
REFUSED_RECORDS = Counter("tocsin_operator_refused_records_total", "Commands that Kafka refused for good, by error.", ["error"])


def count_refusal(error: str) -> None:
    REFUSED_RECORDS.labels(error).inc()
