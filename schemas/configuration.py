"""The product's configuration as records: projects, integrations, rules, people, receivers, status page.

What each key means stands in DESIGN section 4 and BEHAVIOUR; durations are whole milliseconds, times of day text.
Not here: reading YAML and checking it (`configuration_file.py`), how rules are applied (`processors/core`).
"""

from __future__ import annotations

import zlib
from typing import Literal, TypeVar

import msgspec

from schemas.errors import MalformedRecord
from schemas.records import Severity

Format = Literal["generic", "alertmanager", "topic"]
Role = Literal["viewer", "responder", "admin"]
MINUTE_MILLIS = 60_000
T = TypeVar("T")


class Settings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What all parts of the configuration share: immutable, written without what is default."""


class Secret(Settings, frozen=True):
    """A secret by reference: the name of an environment variable, or a file's path; never the secret itself."""

    env: str | None = None
    file: str | None = None


class Integration(Settings, frozen=True):
    format: Format
    tokens: list[str] = []
    """`sha256:` and 64 hex digits each."""
    fields: dict[str, str] = {}
    default_severity: Severity = "critical"
    severity_map: dict[str, Severity] = {}
    enabled: bool = True
    rate_limit_per_minute: int | None = None
    resolve_after: int | None = None
    heartbeat: int | None = None
    topic: str | None = None


class OpenWhen(Settings, frozen=True):
    alerts: int = 1


class IncidentRule(Settings, frozen=True):
    name: str
    match: list[str] = []
    group_by: list[str] = []
    within: int | None = None
    open_when: OpenWhen = OpenWhen()
    reopen_within: int = 0
    resolve: Literal["all", "never"] = "all"
    resolve_after: int = 0
    publish: Literal["never", "auto"] = "never"
    publish_after: int = 0
    template: str = ""


class InhibitRule(Settings, frozen=True):
    source: list[str]
    target: list[str]
    equal: list[str] = []


class Maintenance(Settings, frozen=True):
    name: str
    match: list[str]
    start: str
    duration: int
    repeat: str | None = None
    zone: str = "UTC"


class Route(Settings, frozen=True):
    match: list[str] = []
    receivers: list[str] = []
    remind_after: int | None = None
    continue_: bool = msgspec.field(default=False, name="continue")


class Prometheus(Settings, frozen=True):
    url: str
    token: Secret | None = None
    rules: list[dict[str, str]] = []


class Project(Settings, frozen=True):
    title: str = ""
    gitlab_path: str | None = None
    integrations: dict[str, Integration] = {}
    incidents: list[IncidentRule] = []
    inhibit: list[InhibitRule] = []
    maintenance: list[Maintenance] = []
    notify: list[Route] = []
    prometheus: Prometheus | None = None
    flap_after: int = 5
    flap_window: int = 10 * MINUTE_MILLIS
    sla: dict[Severity, int] = {}
    forget_after: int = 24 * 60 * MINUTE_MILLIS
    members: dict[str, Role] = {}


class Person(Settings, frozen=True):
    name: str
    email: str | None = None
    tokens: list[str] = []
    password: Secret | None = None
    slack: str | None = None
    admin: bool = False


class SlackReceiver(Settings, frozen=True):
    channel: str
    project: str | None = None
    confidential: bool = False


class Receiver(Settings, frozen=True):
    slack: SlackReceiver | None = None


class Slack(Settings, frozen=True):
    team_id: str | None = None


class Component(Settings, frozen=True):
    id: str
    name: str
    project: str
    match: list[str] = []
    description: str | None = None


class StatusPage(Settings, frozen=True):
    title: str
    url: str
    publishers: list[str] = []
    components: list[Component] = []


class Configuration(Settings, frozen=True):
    """The whole file."""

    projects: dict[str, Project] = {}
    people: dict[str, Person] = {}
    receivers: dict[str, Receiver] = {}
    slack: Slack = Slack()
    status_page: StatusPage | None = None


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
