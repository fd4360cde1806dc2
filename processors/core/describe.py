"""An incident's title and description, as its first alert gives them (BEHAVIOUR 6, "Opening")."""

from __future__ import annotations

from datetime import UTC, datetime

from schemas.records import AlertState, Content

DEFAULT_ALERT_TITLE = "New: Alert"
RULE_LINE = "\n\n---\n\n"


def title_of(content: Content, number: int) -> str:
    """Take the alert's title, or a numbered one when the alert had only the default."""
    return f"New: Incident {number}" if content.title == DEFAULT_ALERT_TITLE else content.title


def describe(alert: AlertState, content: Content, template: str) -> str:
    """Write the summary, the sender's own text and the project's template as Markdown, with rules between."""
    parts = [_summary(alert, content), content.incident_text or "", template.strip()]
    return RULE_LINE.join(part for part in parts if part)


def _summary(alert: AlertState, content: Content) -> str:
    lines = [
        ("Start time", format_time(alert.started_at)),
        ("Severity", alert.severity),
        ("Query", f"`{content.query}`" if content.query else None),
        ("Service", content.service),
        ("Monitoring tool", content.monitoring_tool),
        ("Hosts", " ".join(content.hosts)),
        ("Description", content.description),
        ("Alert", f"[#{alert.number}](/projects/{alert.project}/alerts/{alert.number})"),
    ]
    return "  \n".join(f"**{name}:** {value}" for name, value in lines if value)


def format_time(millis: int) -> str:
    """Write a time as ISO 8601 in UTC, to the second; one that no calendar holds as its number."""
    try:
        return datetime.fromtimestamp(millis / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return f"{millis} ms"
