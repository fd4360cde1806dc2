"""What the webhook counts."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Counter("tocsin_webhook_requests", "Requests answered, by status.", ["status"])
EVENTS = Counter("tocsin_webhook_events", "Alert events accepted, by format.", ["format"])
REFUSED = Counter("tocsin_webhook_refused_events", "Elements refused while the rest of their request went on.")
DELAYED = Counter("tocsin_webhook_delayed_answers", "Answers 401 that were held back after many from one address.")
TRUNCATED = Counter("tocsin_webhook_truncated_alerts", "Alerts that senders left out of their requests.")
FRAMES = Counter("tocsin_webhook_frames", "Inbox records written, without door ticks.")
FRAME_BYTES = Counter("tocsin_webhook_frame_bytes", "Bytes of inbox records written.")
ACKNOWLEDGED_SECONDS = Histogram(
    "tocsin_webhook_acknowledged_seconds", "From sending an inbox record to the broker's acknowledgement.",
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 120),
)  # fmt: skip
LOST_FRAMES = Counter("tocsin_webhook_unacknowledged_frames", "Inbox records given up without an acknowledgement.")
UNACKNOWLEDGED_BYTES = Gauge("tocsin_webhook_unacknowledged_bytes", "Bytes that wait for the broker's acknowledgement.")
PRODUCERS_REPLACED = Counter(
    "tocsin_webhook_producers_replaced", "Producers replaced, since nothing of theirs was acknowledged or Kafka refused a record."
)
REFUSED_RECORDS = Counter("tocsin_webhook_refused_records", "Inbox records that Kafka refused for good, by error.", ["error"])


def count_answer(status: int) -> None:
    REQUESTS.labels(status).inc()


def count_refusal(error: str) -> None:
    REFUSED_RECORDS.labels(error).inc()
