"""What every sink counts, labelled by the sink's name. Not here: what only one sink counts."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

ENTRIES = Counter("tocsin_sink_entries_applied_total", "Journal entries applied.", ["sink"])
VOID = Counter("tocsin_sink_records_void_total", "Journal records that count for nothing, by why.", ["sink", "reason"])
LAG = Gauge("tocsin_sink_lag_records", "Journal records not yet read.", ["sink", "partition"])
BATCH_SECONDS = Histogram(
    "tocsin_sink_batch_seconds",
    "Time to apply one batch of entries.",
    ["sink"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
RETRIES = Counter("tocsin_sink_retries_total", "Times that a server the sink needs did not answer.", ["sink"])
NOT_TAKEN = Counter(
    "tocsin_sink_writes_not_taken_total", "Times that Kafka refused a sink's own write, or did not answer.", ["sink"]
)
SUPERSEDED = Counter("tocsin_sink_superseded_total", "Batches given up because another process had applied them.", ["sink"])
