"""Alerts that tocsin raises about itself from outside the core: how they are told from any sender's.

Not here: who raises them (`sinks/own_alerts.py`), what the core makes of them (`processors/core/receiver_alerts.py`).
"""

from __future__ import annotations

from hashlib import sha1

OWN_INTEGRATION = "_tocsin"
"""No integration of the configuration is called so: names begin with a letter or digit."""
OWN_FORMAT = "self"
OWN_IDENTITY = b"_tocsin"
"""Keeps the condition apart from a sender's own of the same fingerprint."""
RECEIVERS_LABEL = "receivers"
"""Names the receivers that the alert is about, with commas between: they are the ones who cannot be told of it."""


def fingerprint_of(subject: str) -> str:
    """Name the condition of one subject, such as `receivers of slack/C0123456789`."""
    return sha1(f"tocsin: {subject}".encode()).hexdigest()
