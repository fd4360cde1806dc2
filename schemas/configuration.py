"""The product's configuration as records: projects, integrations, rules, people, receivers, status page.

The documentation's table of all keys is made of these structs. Durations are whole milliseconds, times of day text.
Not here: reading YAML and checking it (`configuration_file.py`), how rules are applied (`processors/core`).
Nearly 300 lines because each key carries its documentation.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Literal, TypeVar

import msgspec

from schemas.errors import MalformedRecord
from schemas.publish_title import DEFAULT_TITLE
from schemas.records import Severity

Format = Literal["generic", "alertmanager", "topic"]
Role = Literal["viewer", "responder", "admin"]
StatusMeaning = Literal["firing", "resolved", "ignore"]
IdentityScope = Literal["integration", "project"]
MINUTE_MILLIS = 60_000
T = TypeVar("T")


class Kind(Enum):
    """How a text or number of the file is written; each is read by a function of `configuration_reading.py`."""

    NAME = "name"
    LABEL = "label"
    DURATION = "duration"
    RATE = "rate"
    TOKEN = "token"
    MATCHER = "matcher"
    PATH = "path"
    FIELD = "field"
    URL = "url"
    LOCAL_TIME = "local time"
    SPAN = "duration or days"
    ZONE = "zone"
    RECURRENCE = "recurrence"
    COUNT = "count"
    PUBLIC_TITLE = "public title"


@dataclass(frozen=True, slots=True)
class Doc:
    """What a key means, for the table in the documentation."""

    text: str


Name = Annotated[str, Kind.NAME]
Duration = Annotated[int, Kind.DURATION]
Token = Annotated[str, Kind.TOKEN]
MatcherText = Annotated[str, Kind.MATCHER]
Count = Annotated[int, Kind.COUNT]
Url = Annotated[str, Kind.URL]


class Settings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What all parts of the configuration share: immutable, written without what is default."""


class Secret(Settings, frozen=True):
    """A secret by reference: the name of an environment variable, or a file's path; never the secret itself."""

    env: Annotated[str | None, Doc("Environment variable that holds the secret.")] = None
    file: Annotated[str | None, Doc("File that holds the secret, read by the process that needs it.")] = None


class Integration(Settings, frozen=True):
    """One sender of alerts."""

    format: Annotated[Format, Doc("What it sends.")]
    tokens: Annotated[
        list[Token],
        Doc(
            "Hashes of the tokens that it may show, each `sha256:` and 64 hex digits; two are valid while one is being replaced."
        ),
    ] = []
    fields: Annotated[
        dict[Annotated[str, Kind.FIELD], Annotated[str, Kind.PATH]],
        Doc("Where our fields stand in its JSON, such as `title: check.name`."),
    ] = {}
    default_severity: Annotated[Severity, Doc("Severity of an alert that names none.")] = "critical"
    severity_map: Annotated[dict[str, Severity], Doc("Its words for severities, and ours.")] = {}
    status_map: Annotated[
        dict[str, StatusMeaning],
        Doc("Its words or numbers for a status, and what they mean; `ignore` passes over the element. Generic format only."),
    ] = {}
    identity: Annotated[
        IdentityScope,
        Doc(
            "How far its fingerprints count: within itself, or `project`: shared with whoever says so too. Not for alertmanager."
        ),
    ] = "integration"
    enabled: Annotated[bool, Doc("Switched off, it is answered 403.")] = True
    rate_limit_per_minute: Annotated[
        Annotated[int, Kind.RATE] | None, Doc("Alerts that it may send. Absent: `TOCSIN_MAX_ALERTS_PER_MINUTE`.")
    ] = msgspec.field(default=None, name="rate_limit")
    resolve_after: Annotated[Duration | None, Doc("Resolves an alert that has not come again for so long. Absent: never.")] = None
    heartbeat: Annotated[Duration | None, Doc("Raises an alert when it sends nothing for so long. Absent: never.")] = None
    self_alerts: Annotated[
        bool, Doc("Raises alerts about what it sends: requests refused, elements rejected, only recoveries, a wrong clock.")
    ] = True
    topic: Annotated[str | None, Doc("Topic that it writes to; format topic only.")] = None


class OpenWhen(Settings, frozen=True):
    """When a group opens an incident."""

    alerts: Annotated[Count, Doc("Distinct alerts it takes, within `within`.")] = 1


class IncidentRule(Settings, frozen=True):
    """Which alerts become incidents, and how; of a project's rules the first that matches counts."""

    name: Annotated[str, Doc("Shown on its incidents; unique in the project.")]
    match: Annotated[list[MatcherText], Doc("Matchers that must all match. Empty: every alert.")] = []
    group_by: Annotated[
        list[Annotated[str, Kind.LABEL]],
        Doc('Fields and labels; alerts that agree on all share an incident. Empty: one group. `["..."]`: an incident each.'),
    ] = []
    within: Annotated[Duration | None, Doc("Joins the open incident while that saw an alert this recently. Absent: always.")] = (
        None
    )
    open_when: Annotated[OpenWhen, Doc("When a group opens an incident.")] = OpenWhen()
    reopen_within: Annotated[Duration, Doc("Reopens an incident resolved less than this ago, instead of opening another.")] = 0
    resolve: Annotated[Literal["all", "never"], Doc("Resolves it when all its alerts are, or leaves that to people.")] = "all"
    resolve_after: Annotated[Duration, Doc("Stays open until it has been quiet for so long.")] = 0
    publish: Annotated[Literal["never", "auto"], Doc("Puts it on the status page by itself, or leaves that to people.")] = "never"
    publish_after: Annotated[Duration, Doc("Published only when still open after so long.")] = 0
    publish_title: Annotated[
        str,
        Kind.PUBLIC_TITLE,
        Doc(
            "What the status page calls it until a publisher does: fixed words with `{component}`, `{severity}` and `{state}` "
            "(degraded, partly down, down). An alert's text is never used."
        ),
    ] = DEFAULT_TITLE
    template: Annotated[str, Doc("Markdown at the end of the incident's description.")] = ""


class InhibitRule(Settings, frozen=True):
    """While a source fires, its targets are muted."""

    source: Annotated[list[MatcherText], Doc("Matchers of the alert that mutes.")]
    target: Annotated[list[MatcherText], Doc("Matchers of the alerts that are muted.")]
    equal: Annotated[
        list[Annotated[str, Kind.LABEL]], Doc("Labels on which both must agree; a missing one equals an empty one.")
    ] = []


class Maintenance(Settings, frozen=True):
    """A planned window in which alerts are muted."""

    name: Annotated[str, Doc("Shown on muted alerts; unique in the project.")]
    match: Annotated[list[MatcherText], Doc("Matchers of the alerts that are muted. Empty: every alert.")]
    start: Annotated[str, Kind.LOCAL_TIME, Doc("Start of the first window, as it is on the clocks of `zone`.")]
    duration: Annotated[
        Annotated[int | str, Kind.SPAN] | None,
        Doc("Length of each window: `1d` and `1w` are days on the clocks of `zone`, `24h` are hours. Either this or `end`."),
    ] = None
    end: Annotated[
        Annotated[str, Kind.LOCAL_TIME] | None,
        Doc("End of the first window, on the clocks of `zone`; the others end as many days later, at the same time of day."),
    ] = None
    repeat: Annotated[
        Annotated[str, Kind.RECURRENCE] | None, Doc("RFC 5545 rule; a date as `UNTIL` includes that day. Absent: once.")
    ] = None
    zone: Annotated[str, Kind.ZONE, Doc("Time zone of `start` and `repeat`.")] = "UTC"


class Route(Settings, frozen=True):
    """Whom to tell of an incident; of a project's routes the first that matches counts, and those it continues to."""

    match: Annotated[list[MatcherText], Doc("Matchers that must all match. Empty: every incident.")] = []
    receivers: Annotated[list[Name], Doc("Receivers to tell, by their keys. Empty: nobody.")] = []
    remind_after: Annotated[Duration | None, Doc("Tells them again while nobody has acknowledged. Absent: never.")] = None
    continue_: Annotated[bool, Doc("Goes on to the next route too.")] = msgspec.field(default=False, name="continue")


class Prometheus(Settings, frozen=True):
    """The project's Prometheus."""

    url: Annotated[Url, Doc("Address of its web interface.")]
    token: Annotated[Secret | None, Doc("Bearer token to read it with.")] = None
    rules: Annotated[list[dict[str, str]], Doc("Alerting rules, written out by `tocsin prometheus render`.")] = []


class Project(Settings, frozen=True):
    """One team's alerts and incidents, with numbers of their own."""

    title: Annotated[str, Doc("Shown to people. Empty: the project's key.")] = ""
    gitlab_path: Annotated[str | None, Doc("Path of GitLab's own doors, `group/project`. Absent: the project's key.")] = None
    integrations: Annotated[dict[Name, Integration], Doc("Senders of alerts.")] = {}
    incidents: Annotated[list[IncidentRule], Doc("Rules in order, the first match counts. No match: an alert, no incident.")] = []
    inhibit: Annotated[list[InhibitRule], Doc("Alerts that mute others.")] = []
    maintenance: Annotated[list[Maintenance], Doc("Planned windows in which alerts are muted.")] = []
    notify: Annotated[list[Route], Doc("Whom to tell, in order.")] = []
    prometheus: Annotated[Prometheus | None, Doc("The Prometheus that watches it.")] = None
    flap_after: Annotated[Count, Doc("More changes than this within `flap_window` make an alert flapping.")] = 5
    flap_window: Annotated[Duration, Doc("See `flap_after`; steady for so long, it flaps no more.")] = 10 * MINUTE_MILLIS
    sla: Annotated[dict[Severity, Duration], Doc("Time to resolve, by severity.")] = {}
    forget_after: Annotated[
        Duration, Doc("A resolved alert leaves the working state after so long; PostgreSQL keeps showing it.")
    ] = 24 * 60 * MINUTE_MILLIS
    resolved_by_hand_holds: Annotated[
        Duration,
        Doc(
            "An alert that a person resolved and that is merely sent again stays resolved for so long. "
            "`0m`: it fires again at once."
        ),
    ] = 60 * MINUTE_MILLIS
    members: Annotated[dict[Name, Role], Doc("People by their keys, and what they may do.")] = {}


class Person(Settings, frozen=True):
    """Someone who signs in, or a machine with a token."""

    name: Annotated[str, Doc("Shown to people.")]
    email: Annotated[str | None, Doc("Address, for mail and OpenID Connect.")] = None
    tokens: Annotated[list[Token], Doc("Hashes of API tokens, each `sha256:` and 64 hex digits.")] = []
    password: Annotated[Secret | None, Doc("Hash for the console, as `tocsin password` prints it.")] = None
    slack: Annotated[str | None, Doc("Member id in Slack.")] = None
    admin: Annotated[bool, Doc("Sees and may do everything, in every project.")] = False


class SlackReceiver(Settings, frozen=True):
    """A channel in Slack."""

    channel: Annotated[str, Doc("The channel's id.")]
    project: Annotated[Name | None, Doc("The project that people's Slack commands in this channel are about.")] = None
    confidential: Annotated[bool, Doc("May be told of confidential incidents.")] = False


class Receiver(Settings, frozen=True):
    """Someone to tell."""

    slack: Annotated[SlackReceiver | None, Doc("A channel in Slack.")] = None


class Slack(Settings, frozen=True):
    """The Slack workspace; its token and signing secret are settings of the processes."""

    team_id: Annotated[str | None, Doc("The workspace's id.")] = None


class Component(Settings, frozen=True):
    """A part of the service as the public sees it."""

    id: Annotated[Name, Doc("Its key in the page's API; unique.")]
    name: Annotated[str, Doc("Shown on the page.")]
    project: Annotated[Name, Doc("The project whose incidents affect it.")]
    match: Annotated[list[MatcherText], Doc("Matchers of the alerts that affect it. Empty: all of the project.")] = []
    description: Annotated[str | None, Doc("Shown on the page.")] = None


class StatusPage(Settings, frozen=True):
    """The public page."""

    title: Annotated[str, Doc("Its heading.")]
    url: Annotated[Url, Doc("Where it is reached, for feeds and links.")]
    publishers: Annotated[list[Name], Doc("People who may publish, by their keys.")] = []
    components: Annotated[list[Component], Doc("Parts of the service, in the order shown.")] = []


class Configuration(Settings, frozen=True):
    """The whole file."""

    projects: Annotated[dict[Name, Project], Doc("Teams or services, by key.")] = {}
    people: Annotated[dict[Name, Person], Doc("People and machines, by key.")] = {}
    receivers: Annotated[dict[Name, Receiver], Doc("Whom routes can tell, by key.")] = {}
    slack: Annotated[Slack, Doc("The Slack workspace.")] = Slack()
    status_page: Annotated[StatusPage | None, Doc("The public page. Absent: there is none.")] = None


class PartitionConfiguration(Settings, frozen=True):
    """What the core of one partition needs: its own projects, and the status page's components of these."""

    projects: dict[str, Project] = {}
    components: list[Component] = []


def pack(configuration: Configuration | PartitionConfiguration) -> bytes:
    """Write as zlib-compressed JSON, the same bytes for equal configurations."""
    return zlib.compress(msgspec.json.encode(configuration, order="sorted"), 9)


def unpack(data: bytes) -> Configuration:
    """Read what `pack` wrote of a whole configuration; raises `MalformedRecord`."""
    return _unpack(data, Configuration)


def unpack_partition(data: bytes) -> PartitionConfiguration:
    """Read what `pack` wrote for one partition; raises `MalformedRecord`."""
    return _unpack(data, PartitionConfiguration)


def _unpack(data: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(zlib.decompress(data), type=kind)
    except (zlib.error, msgspec.DecodeError) as error:
        raise MalformedRecord(f"not a packed configuration: {error}") from error
