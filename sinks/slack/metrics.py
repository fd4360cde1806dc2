"""What the Slack sink counts."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

CALLS = Counter("tocsin_slack_calls_total", "Calls to Slack's Web API, by what became of them.", ["method", "outcome"])
PENDING = Gauge("tocsin_slack_threads_pending", "Messages that are to be posted, edited or replied to, and are not yet.")
DELAY_SECONDS = Histogram(
    "tocsin_slack_delay_seconds",
    "From a decision in the core until Slack had taken the message or reply.",
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
)
UNSURE = Counter(
    "tocsin_slack_deliveries_unsure_total", "Posts tried again although it could not be looked up whether they had been made."
)
DEAD_LETTERS = Counter("tocsin_slack_dead_letters_total", "Messages that Slack refused for good.")
BROKEN = Gauge(
    "tocsin_slack_receiver_broken", "1 for each receiver that Slack lets us tell nothing, with its word.", ["receiver", "error"]
)
DIGESTED = Counter("tocsin_slack_digested_incidents_total", "Incidents told of in a digest, not in a message of their own.")
