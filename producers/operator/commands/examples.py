"""One request and one answer of each command, for the description of the API, of the same story as `operator/examples.py`.

Not here: how they are described (`documentation.py`).
"""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from producers.operator import examples
from producers.operator.commands.answers import Done, Many, OneOfMany, Pending, Refused
from producers.operator.permissions import PROJECT
from schemas import commands
from schemas.commands import Arguments

_ABOUT: dict[str, dict[str, Arguments]] = {
    "alert": {
        "acknowledge": commands.Nothing(),
        "resolve": commands.Nothing(),
        "ignore": commands.Nothing(),
        "reopen": commands.Nothing(),
        "assign": commands.Assignee(assignee="ada"),
        "unassign": commands.Assignee(assignee="me"),
        "create-incident": commands.Nothing(),
        "move": commands.Move(incident=2),
        "comment": commands.Comment(text="Looking into it"),
    },
    "incident": {
        "acknowledge": commands.Nothing(),
        "resolve": commands.Nothing(),
        "reopen": commands.Nothing(),
        "assign": commands.Assignee(assignee="me"),
        "unassign": commands.Assignee(assignee="ada"),
        "severity": commands.ChangeSeverity(severity="critical"),
        "title": commands.ChangeTitle(title="Checkout is slow"),
        "description": commands.ChangeDescription(description="**Impact:** one order in five is lost"),
        "comment": commands.Comment(text="Rolled back"),
        "timeline": commands.TimelineEntry(text="Customers began to call", at=datetime(2026, 3, 1, 11, 50, tzinfo=UTC)),
        "merge": commands.Merge(into=1),
        "link-alert": commands.LinkAlert(alert=7),
        "unlink-alert": commands.LinkAlert(alert=7),
        "zoom": commands.ZoomText(text="https://example.zoom.us/j/123456789"),
        "remove-zoom": commands.Nothing(),
        "link": commands.AddLink(url="https://wiki.example.com/checkout", text="How checkout works"),
        "unlink": commands.RemoveLink(url="https://wiki.example.com/checkout"),
        "confidential": commands.Confidential(on=True),
        "publish": commands.Publish(title="Checkout is slow", components=["checkout"], impact="minor"),
        "unpublish": commands.Nothing(),
        "status-update": commands.StatusUpdate(status="identified", text="We know why, and are rolling back."),
        "notify": commands.Notify(receiver="shop-oncall"),
    },
}
_NEW_SILENCE = commands.Silence(
    matchers=examples.SILENCE.matchers, ends_at=datetime(2026, 3, 1, 14, tzinfo=UTC), comment="Deploying the new checkout"
)
REQUESTS: dict[str, Arguments] = {
    **{
        f"POST {PROJECT}/{target}s/{{number}}/{verb}": arguments
        for target, verbs in _ABOUT.items()
        for verb, arguments in verbs.items()
    },
    f"POST {PROJECT}/alerts/acknowledge": commands.ManyAlerts(numbers=[7, 8]),
    f"POST {PROJECT}/alerts/resolve": commands.ManyAlerts(matchers=['service="checkout"']),
    f"POST {PROJECT}/alerts/ignore": commands.ManyAlerts(numbers=[7, 8]),
    f"POST {PROJECT}/alerts/assign": commands.ManyAlerts(numbers=[7, 8], assignee="me"),
    f"POST {PROJECT}/incidents": commands.CreateIncident(title="The warehouse is without power", severity="high"),
    f"POST {PROJECT}/silences": _NEW_SILENCE,
    f"POST {PROJECT}/silences/preview": _NEW_SILENCE,
    f"PUT {PROJECT}/silences/{{id}}": _NEW_SILENCE,
    f"DELETE {PROJECT}/silences/{{id}}": commands.Nothing(),
}
"""What each command is asked with."""
CREATING = (f"POST {PROJECT}/incidents", f"POST {PROJECT}/silences", f"POST {PROJECT}/alerts/{{number}}/create-incident")
PENDING = Pending(command_id="01KAVA8XQ0ENJ6T8QW2D1M4C5R")
REFUSED = Refused(reason="alert 9 is open and has the same fingerprint")
MANY = Many([OneOfMany(7, "done", None), OneOfMany(8, "refused", "it is resolved: reopen it first")])
COMMAND_ANSWERS: tuple[msgspec.Struct, ...] = (Done(), MANY, PENDING, REFUSED)


def done_of(endpoint: str) -> msgspec.Struct:
    """Give the answer to a command that was carried out."""
    path = endpoint.partition(PROJECT)[2]
    if path.startswith("/silences"):
        return Done(silence=examples.SILENCE)
    if path.startswith("/incidents"):
        return Done(incident=examples.INCIDENT)
    if path.endswith("/create-incident"):
        return Done(alert=examples.ALERT, incident=examples.INCIDENT)
    return MANY if path.count("/") == 2 and path.startswith("/alerts") else Done(alert=examples.ALERT)
