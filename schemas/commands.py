"""What people can ask for: each verb with the shape of its arguments, checked the same way at the doors and in the core.

Source: BEHAVIOUR 6 "Commands", DESIGN section 4 "command". Not here: what a command does (`processors/core/commands`),
who may give it (`producers/operator`).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal, TypeVar, cast

import msgspec
from msgspec import Meta

from schemas.errors import SenderError
from schemas.matchers import InvalidMatcher, parse_matcher
from schemas.records import Command, Severity
from schemas.zoom import find_zoom_link

Target = Literal["alert", "incident", "silence"]
Text = Annotated[str, Meta(min_length=1, max_length=280)]
"""Of a person's entry in a timeline (BEHAVIOUR 6)."""
Title = Annotated[str, Meta(min_length=1, max_length=200)]
Person = Annotated[str, Meta(min_length=1, max_length=200)]
LongText = Annotated[str, Meta(max_length=50_000)]
Number = Annotated[int, Meta(ge=1, le=2**63 - 1)]
"""As large as a record holds it: the core answers with the number it was asked about."""
Impact = Literal["none", "minor", "major", "critical"]
UpdateStatus = Literal["investigating", "identified", "monitoring", "resolved"]
MAX_AT_ONCE = 10_000
"""Alerts that one command may name."""
BULK_VERBS = ("acknowledge", "resolve", "ignore", "assign")


class MalformedCommand(SenderError):
    """A command that can never be carried out as it is written: the sender must write it otherwise."""


class Arguments(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The fields of a command's request; `command_id` is the door's and not among them."""


class Nothing(Arguments, frozen=True):
    """No fields."""


class Assignee(Arguments, frozen=True):
    assignee: Person


class Comment(Arguments, frozen=True):
    text: Text


class Move(Arguments, frozen=True):
    incident: Number


class LinkAlert(Arguments, frozen=True):
    alert: Number


class Merge(Arguments, frozen=True):
    into: Number


class TimelineEntry(Arguments, frozen=True):
    text: Text
    at: datetime


class ChangeSeverity(Arguments, frozen=True):
    severity: Severity


class ChangeTitle(Arguments, frozen=True):
    title: Title


class ChangeDescription(Arguments, frozen=True):
    description: LongText


class ZoomText(Arguments, frozen=True):
    text: Annotated[str, Meta(min_length=1, max_length=10_000)]


class AddLink(Arguments, frozen=True):
    url: Annotated[str, Meta(pattern=r"^https?://\S+$", max_length=2000)]
    text: Annotated[str, Meta(max_length=200)] = ""


class RemoveLink(Arguments, frozen=True):
    url: Annotated[str, Meta(min_length=1, max_length=2000)]


class Notify(Arguments, frozen=True):
    """`resolved`: also when the incident is over."""

    receiver: Annotated[str, Meta(min_length=1, max_length=63)]
    resolved: bool = False


class Confidential(Arguments, frozen=True):
    on: bool


class Publish(Arguments, frozen=True):
    """What is not given follows the incident: the title by its rule's `publish_title`, never the incident's own, which may hold
    an alert's text; the impact by its severity. What a publisher has given stays until a publisher gives another."""

    title: Title | None = None
    components: list[str] | None = None
    impact: Impact | None = None


class StatusUpdate(Arguments, frozen=True):
    status: UpdateStatus
    text: Annotated[str, Meta(min_length=1, max_length=10_000)]


class CreateIncident(Arguments, frozen=True):
    title: Title
    severity: Severity = "unknown"
    description: LongText = ""


class Silence(Arguments, frozen=True):
    """Of a new silence, or of one as edited. `muted_7d`: set by the door, alerts of the last 7 days that it would have muted."""

    matchers: Annotated[list[str], Meta(min_length=1, max_length=100)]
    ends_at: datetime
    starts_at: datetime | None = None
    comment: Annotated[str, Meta(max_length=1000)] = ""
    muted_7d: Annotated[int, Meta(ge=0)] = 0


class ManyAlerts(Arguments, frozen=True):
    """Alerts by their numbers, or the open ones by matchers; one of both."""

    numbers: Annotated[list[Number], Meta(min_length=1, max_length=MAX_AT_ONCE)] | None = None
    matchers: Annotated[list[str], Meta(min_length=1, max_length=100)] | None = None
    assignee: Person | None = None


ARGUMENTS: dict[Target, dict[str, type[Arguments]]] = {
    "alert": {
        "acknowledge": Nothing,
        "resolve": Nothing,
        "ignore": Nothing,
        "reopen": Nothing,
        "assign": Assignee,
        "unassign": Assignee,
        "create-incident": Nothing,
        "move": Move,
        "comment": Comment,
    },
    "incident": {
        "acknowledge": Nothing,
        "resolve": Nothing,
        "reopen": Nothing,
        "assign": Assignee,
        "unassign": Assignee,
        "severity": ChangeSeverity,
        "title": ChangeTitle,
        "description": ChangeDescription,
        "comment": Comment,
        "timeline": TimelineEntry,
        "merge": Merge,
        "link-alert": LinkAlert,
        "unlink-alert": LinkAlert,
        "zoom": ZoomText,
        "remove-zoom": Nothing,
        "link": AddLink,
        "unlink": RemoveLink,
        "confidential": Confidential,
        "publish": Publish,
        "unpublish": Nothing,
        "status-update": StatusUpdate,
        "notify": Notify,
    },
    "silence": {"edit": Silence, "expire": Nothing},
}
"""Commands about one thing, by what it is and the verb."""
CREATING: dict[Target, type[Arguments]] = {"incident": CreateIncident, "silence": Silence}
"""Verb `create`, which names no number."""
A = TypeVar("A", bound=Arguments)


def arguments_type(target: str, verb: str, has_number: bool) -> type[Arguments] | None:
    """Give the shape of a command's arguments; None when there is no such command."""
    if has_number:
        return ARGUMENTS.get(cast(Target, target), {}).get(verb)
    if target == "alert":
        return ManyAlerts if verb in BULK_VERBS else None
    return CREATING.get(cast(Target, target)) if verb == "create" else None


def read_arguments(command: Command) -> Arguments:
    """Read and check a command's arguments; raises `MalformedCommand` with what is wrong and where."""
    kind = arguments_type(command.target, command.verb, command.number is not None)
    if kind is None:
        raise MalformedCommand(f"there is no command {command.verb!r} for {command.target}s")
    return check_arguments(_decode(command.arguments or b"{}", kind), command.verb)


def asked_for(command: Command) -> bytes:
    """Give what a command's sender asked for: a silence without its count, which is another when the same is sent again."""
    if command.target != "silence":
        return command.arguments
    try:
        arguments = read_arguments(command)
    except MalformedCommand:
        return command.arguments
    is_counted = isinstance(arguments, Silence)
    return msgspec.json.encode(msgspec.structs.replace(arguments, muted_7d=0)) if is_counted else command.arguments


def check_arguments(arguments: A, verb: str) -> A:
    """Check what no type says: matchers, times, links; raises `MalformedCommand`."""
    match arguments:
        case Silence():
            _check_silence(arguments)
        case ManyAlerts():
            _check_many(arguments, verb)
        case Comment() | TimelineEntry() if not arguments.text.strip():
            raise MalformedCommand("text: an entry has 1 to 280 characters")
        case ZoomText() if find_zoom_link(arguments.text) is None:
            raise MalformedCommand("text: holds no link to a Zoom call, such as https://zoom.us/j/123456789")
    return arguments


def _decode(data: bytes, kind: type[A]) -> A:
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:  # ValidationError is a DecodeError
        raise MalformedCommand(str(error)) from error


def _check_silence(silence: Silence) -> None:
    parsed = [_matcher(text) for text in silence.matchers]
    if all(matcher.matches("") for matcher in parsed):
        raise MalformedCommand("matchers: at least one must not match the empty text, or the silence would mute everything")
    if silence.starts_at is not None and millis(silence.ends_at) <= millis(silence.starts_at):
        raise MalformedCommand("ends_at: must be after starts_at")


def _check_many(many: ManyAlerts, verb: str) -> None:
    if (many.numbers is None) == (many.matchers is None):
        raise MalformedCommand("name the alerts by `numbers` or by `matchers`")
    if (verb == "assign") != (many.assignee is not None):
        raise MalformedCommand("assign needs `assignee`" if verb == "assign" else f"{verb} takes no `assignee`")
    for text in many.matchers or ():
        _matcher(text)


def _matcher(text: str) -> Any:
    try:
        return parse_matcher(text)
    except InvalidMatcher as error:
        raise MalformedCommand(f"matchers: {error}") from error


def millis(time: datetime) -> int:
    """Give whole milliseconds since 1970; a time without a zone is UTC."""
    zoned = time if time.tzinfo is not None else time.replace(tzinfo=UTC)
    return round(zoned.timestamp() * 1000)
