"""The worker's metrics. Not here: when they are counted."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

ENTRIES = Counter("tocsin_process_entries_total", "Entries that the broker acknowledged where they were expected.")
PARTS = Counter("tocsin_process_parts_total", "Records that were written to the journal, one for each part of an entry.")
ENTRY_BYTES = Counter("tocsin_process_entry_bytes_total", "Bytes that were written to the journal.")
EVENTS = Counter("tocsin_process_events_total", "Alert events and commands that were decided about.")
RECORDS = Counter("tocsin_process_records_total", "Inbox records that were taken.")
REFUSED = Counter("tocsin_process_refused_entries_total", "Tries of an entry that Kafka refused for good, by error.", ["error"])
HOLES = Counter("tocsin_process_holes_total", "Times that inbox records were not delivered and had to be read apart.")
RECOVERIES = Counter("tocsin_process_recoveries_total", "Recoveries of a partition's state, by what made them needed.", ["cause"])
RECOVERY_SECONDS = Histogram(
    "tocsin_process_recovery_seconds", "How long following a partition's journal took.", buckets=(0.1, 0.3, 1, 3, 10, 30, 100)
)
IN_FLIGHT_SECONDS = Gauge("tocsin_process_in_flight_seconds", "Age of the oldest entry that is not yet acknowledged.")
PARTITIONS = Gauge("tocsin_process_partitions_count", "Partitions that this worker writes for.")
