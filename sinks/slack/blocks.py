"""An incident as a Slack message in Block Kit, within Slack's limits. Pure; not here: replies in its thread (`replies.py`).

Limits are those of slack-sdk's own models, and of the undocumented total (a message of more than some 13,200
characters of blocks is refused); the tests check both. The words and shapes are LOOK's, shared with the console.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from schemas.records import IncidentState
from schemas.shapes import severity_words, shape_of
from sinks.slack import mrkdwn
from sinks.slack.context import Context

HEADER_LIMIT = 150
FIELD_LIMIT = 300
"""Slack takes 2000; more than this is no help in a list of facts."""
ASSIGNEES_SHOWN = 5
LINKS_SHOWN = 5
CONFIDENTIAL = "This incident is confidential. It is no longer shown in this channel."
Block = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Message:
    """What a channel shows: `text` for notifications and screen readers, `blocks` for eyes."""

    text: str
    blocks: tuple[Block, ...]


def render_incident(incident: IncidentState, context: Context) -> Message:
    """Render the one message of an incident: what it is, how it stands, where to go, what can be done."""
    blocks = [_heading(incident), _facts(incident, context), _links(incident, context), _buttons(incident)]
    return Message(render_summary(incident), tuple(block for block in blocks if block is not None))


def render_confidential(incident: IncidentState) -> Message:
    """Render what is left in a channel that must not know more."""
    return Message(CONFIDENTIAL, (section(f"_{CONFIDENTIAL}_"),))


def render_text(text: str) -> Message:
    """Render a text alone, such as a reply. As a block too: in a plain text Slack makes links by itself."""
    return Message(text, (section(text),))


def section(text: str) -> Block:
    return {"type": "section", "text": literal(text)}


def literal(text: str) -> dict[str, Any]:
    """Make a text object in which nothing becomes a link or a mention but what is written as one (`<…>`), and that is ours."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def render_summary(incident: IncidentState) -> str:
    """Say in one line what a phone shows: `▲ critical, triggered: Checkout is slow (shop #12)`."""
    where = mrkdwn.escape(f"{incident.project} #{incident.number}")
    shape, title = shape_of(incident.severity, incident.status), mrkdwn.escape_within(incident.title, 500)
    return f"{shape} {incident.severity}, {incident.status}: {title} ({where})"


def _heading(incident: IncidentState) -> Block:
    title = mrkdwn.CONTROL.sub(" ", incident.title).strip() or f"Incident {incident.number}"
    return {
        "type": "header",
        "text": {
            "type": "plain_text",
            "text": mrkdwn.cut(f"{shape_of(incident.severity, incident.status)} {title}", HEADER_LIMIT),
            "emoji": False,
        },
    }


def _facts(incident: IncidentState, context: Context) -> Block:
    facts = [
        ("Severity", severity_words(incident.severity)),
        ("Status", _status(incident)),
        ("Alerts", f"{incident.firing} firing of {incident.total}"),
        ("Service", mrkdwn.escape_within(incident.service or "", FIELD_LIMIT)),
        ("Started", mrkdwn.date(incident.created_at)),
        ("Assigned to", _assignees(incident, context)),
        ("Ended", mrkdwn.escape_within(incident.end_reason or "", FIELD_LIMIT)),
    ]
    fields = [literal(f"*{name}*\n{value}") for name, value in facts if value]
    return {"type": "section", "fields": fields}


def _status(incident: IncidentState) -> str:
    if incident.resolved_at is None:
        return incident.status
    return f"resolved after {mrkdwn.duration(incident.resolved_at - incident.created_at)}"


def _assignees(incident: IncidentState, context: Context) -> str:
    shown = [_person(person, context) for person in incident.assignees[:ASSIGNEES_SHOWN]]
    more = len(incident.assignees) - len(shown)
    return ", ".join([*shown, f"{more} more"] if more else shown)


def _person(person: str, context: Context) -> str:
    return mrkdwn.mention(context.slack_user(person) or "") or mrkdwn.escape_within(context.name(person), 50)


def _links(incident: IncidentState, context: Context) -> Block:
    number = f"{incident.project} #{incident.number}"
    wanted = [
        (context.incident_url(incident), f"Incident {number}"),
        (context.alert_url(incident), f"Alert #{incident.first_alert}"),
        (incident.runbook, "Runbook"),
        (incident.zoom, "Join the Zoom call"),
        *((one.url, mrkdwn.cut(one.kind, 75)) for one in incident.links[:LINKS_SHOWN]),
    ]
    rendered = [link for url, text in wanted if url and (link := mrkdwn.link(url, text))]
    text = ""
    for one in rendered:  # whole links while they fit into a section's 3000
        text = one if not text else f"{text}  ·  {one}" if len(text) + len(one) < 2900 else text
    return section(text or mrkdwn.escape(f"Incident {number}"))


def _buttons(incident: IncidentState) -> Block | None:
    """Offer what can be done now; the operator's Slack door answers them."""
    if incident.status == "resolved":
        return None
    offered = [("acknowledge", "Acknowledge"), ("resolve", "Resolve"), ("assign_to_me", "Assign to me")]
    buttons = [
        {
            "type": "button",
            "action_id": f"tocsin.{verb}",
            "value": f"{incident.project}/{incident.number}",
            "text": {"type": "plain_text", "text": label, "emoji": False},
        }
        for verb, label in offered
        if not (verb == "acknowledge" and incident.status == "acknowledged")
    ]
    return {"type": "actions", "block_id": "tocsin.actions", "elements": buttons}
