"""What the ledger shows; all by project, but for the alarm."""

from __future__ import annotations

from prometheus_client import Gauge

EVENTS = Gauge("tocsin_ledger_events", "Events received, with each outcome, and pending.", ["project", "what"])
DIFFERENCE = Gauge("tocsin_ledger_difference", "Received events that have no outcome though the chain covers them.", ["project"])
UNKNOWN_STATUS = Gauge(
    "tocsin_ledger_unknown_status_words",
    "Events of the last day by words for a status that have no meaning, up to 20 words for each integration.",
    ["project", "integration", "word"],
)
ALARM = Gauge(
    "tocsin_ledger_alarm", "1 while a ledger does not add up (difference), or events stay pending (pending).", ["reason"]
)
