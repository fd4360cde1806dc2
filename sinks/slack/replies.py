"""A decided change as a short reply in an incident's thread. Pure; not here: the message itself (`blocks.py`)."""

from __future__ import annotations

from schemas.records import ALERT_BOT, IncidentState, Notification
from schemas.shapes import RESOLVED_SHAPE, severity_words
from sinks.slack import mrkdwn
from sinks.slack.context import Context

REASON_LIMIT = 500


def render_reply(notification: Notification, incident: IncidentState, context: Context) -> str:
    """Say what changed, who did it, and after how long. Never empty.

    Severity and status are those of the decision; assignees and counts those of the incident as last seen.
    """
    severity = severity_words(notification.severity)
    after = mrkdwn.duration(notification.at - incident.created_at)
    by = _by(notification, context)
    match notification.kind:
        case "opened":
            return f"{severity}: opened{by}"
        case "severity_raised":
            return f"{severity}: severity raised{by}"
        case "acknowledged":
            return f"Acknowledged{by} after {after}"
        case "reassigned":
            return f"Assigned to {_assignees(incident, context)}{by}"
        case "resolved" if incident.merged_into is not None:
            return f"{RESOLVED_SHAPE} Merged into #{incident.merged_into}{by}"
        case "resolved":
            return f"{RESOLVED_SHAPE} Resolved{by} after {after}{_why(incident)}"
        case "reopened":
            return f"{severity}: reopened{by}"
        case "reminder":
            counts = f"{incident.firing} of {incident.total} alerts firing"
            return f"{severity}: still {mrkdwn.escape(notification.status)} after {after}, {counts}"


def _why(incident: IncidentState) -> str:
    """Say that alerts ended without their conditions being over; nothing where they are."""
    return "" if incident.end_reason is None else f": {mrkdwn.escape_within(incident.end_reason, REASON_LIMIT)}"


def _by(notification: Notification, context: Context) -> str:
    """Name the person; that nobody did it needs no words."""
    if notification.actor == ALERT_BOT:
        return ""
    return f" by {mrkdwn.escape_within(context.name(notification.actor), 50)}"


def _assignees(incident: IncidentState, context: Context) -> str:
    names = [mrkdwn.escape_within(context.name(person), 50) for person in incident.assignees[:5]]
    return ", ".join(names) or "nobody"
