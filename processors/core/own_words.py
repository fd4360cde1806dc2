"""What tocsin's own alerts say: a title with the integration and the count, and what to do about it.

Not here: when they are said (`own_alerts.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

from processors.core.describe import format_time
from schemas.records import Noted

SAMPLE = "`tocsin config check FILE --sample BODY` shows what the door makes of a body."
REASONS = {
    "too_large": (
        "body too large",
        "Let the sender post less at once: several requests, or of an Alertmanager smaller groups (group_by more labels).",
    ),
    "too_deep": ("JSON nested too deep", f"Look at what the sender posts. {SAMPLE}"),
    "malformed": ("not JSON", f"Look at what the sender posts. {SAMPLE}"),
    "not_an_alert": ("not in the integration's format", f"Check the integration's format and the sender's address. {SAMPLE}"),
    "too_slow": ("body came too slowly", "Look at the network and the proxies between the sender and tocsin."),
    "encoded": ("compressed body", "Switch compression off in the sender, or in the proxy before tocsin."),
    "rate_limit": ("over the rate limit", "Raise the integration's rate_limit, or let the sender group its alerts."),
    "fault": ("a fault in tocsin", "The webhook's log has an entry request_failed for each. Please report it."),
}
"""By a complaint's kind: why requests were refused, and what to do."""


@dataclass(frozen=True, slots=True)
class Words:
    """An alert's title and description; `name`, its alertname, is the title without counts, so that rules can group by it."""

    title: str
    name: str
    description: str


def words_of(noted: Noted) -> Words:
    """Tell of what was noted of an integration."""
    match noted.kind:
        case "rejected":
            return _rejected(noted)
        case "unmatched":
            return only_recoveries_of(noted.integration, noted)
        case "clock":
            return _clock(noted)
        case _:
            return _refused(noted)


def nothing_heard_from(integration: str, heartbeat_millis: int) -> Words:
    """Tell of an integration that is silent."""
    title = f"Nothing heard from {integration}"
    return Words(title, title, f"It should send at least every {heartbeat_millis // 1000} s.")


def only_recoveries_of(integration: str, noted: Noted | None = None) -> Words:
    """Tell of an integration of which no firing alert has ever come."""
    title = f"Only recoveries come from {integration}"
    counted = "" if noted is None else f"{noted.count} recoveries {_since(noted)}, and no firing alert ever. "
    return Words(
        title,
        title,
        f"{counted}Look whether the sender's firing alerts go elsewhere, whether its words for a status are read right, and "
        f"whether its clock is behind, so that alerts have ended before they arrive. {SAMPLE}",
    )


def _refused(noted: Noted) -> Words:
    reason, advice = REASONS.get(noted.kind, (noted.kind.replace("_", " "), ""))
    return Words(
        f"{_count(noted.count, 'request')} of {noted.integration} refused: {reason}",
        f"Requests of {noted.integration} refused: {reason}",
        f"{noted.count} {_since(noted)}; nothing of this was accepted. The last answer was: {noted.text} {advice}".rstrip(),
    )


def _rejected(noted: Noted) -> Words:
    return Words(
        f"{_count(noted.count, 'alert')} of {noted.integration} rejected",
        f"Alerts of {noted.integration} rejected",
        f"{noted.count} {_since(noted)}; the others of their requests were accepted. The newest was rejected since: "
        f"{noted.text}. The answer to each request names them, and so does its receipt. {SAMPLE}",
    )


def _clock(noted: Noted) -> Words:
    title = f"The clock of {noted.integration} is wrong"
    return Words(
        title,
        title,
        f"{noted.text} Times are wrong by this, and an alert may have ended before it arrives. Let the sender (and the "
        "Prometheus behind it) follow a time server; where all integrations say this, tocsin's own machine.",
    )


def _count(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _since(noted: Noted) -> str:
    return f"since {format_time(noted.since)}"
