"""A digest as a Slack message: how many incidents, how they stand, and the worst of them by name. Pure.

Not here: an incident's own message (`blocks.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from schemas.records import SEVERITIES, IncidentState
from schemas.shapes import RESOLVED_SHAPE, shape_of
from sinks.slack import mrkdwn
from sinks.slack.blocks import Message, section
from sinks.slack.context import Context

MOST_LINES = 30
"""Of incidents by name; the others are counted."""
LINES_IN_A_BLOCK = 10
TITLE_LIMIT = 80
SECTION_LIMIT = 2900
TOTAL_LIMIT = 11_000
"""Of all lines together: below what Slack takes of a whole message."""


def render_digest(incidents: Iterable[IncidentState], context: Context) -> Message:
    """Render many incidents as one message: the open ones first, the worst and newest of them on top."""
    ordered = sorted(incidents, key=lambda one: (not one.is_open, SEVERITIES.index(one.severity), -one.created_at, -one.number))
    heading = _heading(ordered)
    header = {"type": "header", "text": {"type": "plain_text", "text": heading, "emoji": False}}
    sections = [section(text) for text in _gather(_lines(ordered, context))]
    return Message(heading, (header, section(_facts(ordered)), *sections))


def _heading(incidents: Sequence[IncidentState]) -> str:
    still_open = [one for one in incidents if one.is_open]
    if not still_open:
        return f"{RESOLVED_SHAPE} {_count(len(incidents))}, all resolved"
    shape = shape_of(still_open[0].severity, still_open[0].status)
    if len(still_open) == len(incidents):
        return f"{shape} {_count(len(incidents))} opened at once"
    return f"{shape} {_count(len(incidents))} opened at once, {len(still_open)} still open"


def _facts(incidents: Sequence[IncidentState]) -> str:
    first, last = min(one.created_at for one in incidents), max(one.created_at for one in incidents)
    counted = Counter(one.severity for one in incidents if one.is_open)
    severities = " · ".join(f"{shape_of(word, 'triggered')} {counted[word]} {word}" for word in SEVERITIES if counted[word])
    began = mrkdwn.date(first) + (f", the last {mrkdwn.duration(last - first)} later" if last - first >= 1000 else "")
    open_now = f"*Open now*\n{severities}\n" if severities else ""
    return (
        f"{open_now}*First opened*\n{began}\n"
        "_Too many at once for a message each. One gets its own when somebody takes it on, or it becomes worse._"
    )


def _lines(incidents: Sequence[IncidentState], context: Context) -> list[str]:
    lines: list[str] = []
    for one in incidents[:MOST_LINES]:
        line = _line(one, context)
        if sum(map(len, lines)) + len(line) > TOTAL_LIMIT:
            break
        lines.append(line)
    left = incidents[len(lines) :]
    if left:
        open_count = sum(one.is_open for one in left)
        lines.append(f"and {len(left)} more, {open_count} of them open")
    return lines


def _line(incident: IncidentState, context: Context) -> str:
    shape = shape_of(incident.severity, incident.status)
    name = mrkdwn.cut(f"{incident.project} #{incident.number} {incident.title}".strip(), TITLE_LIMIT)
    link = mrkdwn.link(context.incident_url(incident), name) or mrkdwn.escape(name)
    firing = f", {incident.firing} of {incident.total} firing" if incident.is_open and incident.total > 1 else ""
    return f"{shape} {incident.severity}  {link}  {incident.status}{firing}"


def _gather(lines: Sequence[str]) -> list[str]:
    """Join lines to texts that fit a section."""
    texts: list[str] = []
    for line in lines:
        is_full = not texts or texts[-1].count("\n") >= LINES_IN_A_BLOCK - 1 or len(texts[-1]) + len(line) > SECTION_LIMIT
        if is_full:
            texts.append(line)
        else:
            texts[-1] += f"\n{line}"
    return texts


def _count(number: int) -> str:
    return f"{number} incident" if number == 1 else f"{number} incidents"
