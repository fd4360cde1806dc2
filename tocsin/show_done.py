"""What commands have done, on a terminal: a line for each thing (LOOK.md).

Pure. Not here: giving them (`act_api.py`), lists and pages (`show.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

from producers.operator.commands.answers import OneOfMany
from producers.operator.shapes import AlertInList, Incident, Silence
from schemas.shapes import severity_words
from tocsin.act_api import Done
from tocsin.show_silences import alert_count
from tocsin.terminal import exact, millis_of, one_line


def render_done(done: Done) -> str:
    """Say how that is now which a command was about; an alert names its incident."""
    if done.alert is not None:
        return _alert(done.alert)
    if done.incident is not None:
        return _incident(done.incident)
    return "Done." if done.silence is None else _silence(done.silence)


def render_outcomes(outcomes: Sequence[OneOfMany]) -> str:
    """Say what became of each of many alerts: those that were refused, with the reason, below the others' count."""
    done = [one for one in outcomes if one.outcome == "done"]
    if not outcomes:
        return "No open alert is like that; nothing was changed."
    first = f"{len(done)} of {len(outcomes)} alerts: done."
    return "\n".join([first, *(f"#{one.number} {one.outcome}: {one.reason or ''}" for one in outcomes if one.outcome != "done")])


def _alert(alert: AlertInList) -> str:
    incident = f", in incident #{alert.incident}" if alert.incident is not None else ""
    return f"alert #{alert.number} is {alert.status}{incident}{_assigned(alert.assignees)}: {one_line(alert.title)}"


def _incident(incident: Incident) -> str:
    merged = f", merged into #{incident.merged_into}" if incident.merged_into is not None else ""
    shown = ", confidential" * incident.confidential
    if incident.published is not None:
        shown += f", published as “{one_line(incident.published.title)}”"
    state = f"{incident.status}, {severity_words(incident.severity)}{merged}{shown}{_assigned(incident.assignees)}"
    return f"incident #{incident.number} is {state}: {one_line(incident.title)}"


def _silence(silence: Silence) -> str:
    when = {"pending": f"begins {_at(silence.starts_at)} and ends", "active": "is active until", "expired": "expired at"}
    muted = f" It would have muted {alert_count(silence.muted_7d)} of the last 7 days." if silence.state != "expired" else ""
    matchers = one_line(" ".join(silence.matchers))
    return f"silence {silence.id} {when[silence.state]} {_at(silence.ends_at)}: {matchers}.{muted}"


def _assigned(people: Sequence[str]) -> str:
    return f", assigned to {', '.join(people)}" if people else ""


def _at(time: str) -> str:
    return exact(millis_of(time))
