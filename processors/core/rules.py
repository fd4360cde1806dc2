"""The configuration's rules, compiled once, and the fields of an alert that they look at.

Not here: what is done when a rule matches (`correlate.py`, `notify.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from schemas.configuration import Component, IncidentRule, Integration, PartitionConfiguration, Project, Route, unpack_partition
from schemas.matchers import Matcher, matches_all, parse_matcher
from schemas.records import AlertState, Content

T = TypeVar("T")
Lookup = Callable[[str], str]
OWN_IDENTITY = "..."
"""In `group_by`: the alert's identity, so that each alert has an incident of its own (BEHAVIOUR 6)."""


@dataclass(frozen=True, slots=True)
class Matching(Generic[T]):
    """One rule of any kind with its matchers."""

    rule: T
    matchers: Sequence[Matcher]

    def fits(self, lookup: Lookup) -> bool:
        return matches_all(self.matchers, lookup)


@dataclass(frozen=True, slots=True)
class ProjectRules:
    """The rules of one project, in the order of the configuration."""

    project: Project
    incidents: tuple[Matching[IncidentRule], ...] = ()
    routes: tuple[Matching[Route], ...] = ()
    components: tuple[Matching[Component], ...] = ()
    heartbeats: tuple[tuple[str, int], ...] = ()
    """Integrations that must send now and then, and how often at least, in milliseconds."""

    def incident_rule(self, name: str | None) -> IncidentRule | None:
        """Find a rule as it is now; None when it is gone, or a person opened the incident."""
        return next((entry.rule for entry in self.incidents if entry.rule.name == name), None)

    def integration(self, name: str) -> Integration | None:
        return self.project.integrations.get(name)


NO_PROJECT = ProjectRules(Project())


@dataclass(frozen=True, slots=True)
class Rules:
    """All rules of a partition, under the version of the configuration they came with."""

    version: int = -1
    projects: dict[str, ProjectRules] = field(default_factory=dict)

    @classmethod
    def compile(cls, version: int, packed: bytes) -> Rules:
        """Compile a partition's configuration.

        Raises `MalformedRecord` for bytes that are none, `ConfigurationError` for a matcher that `config check`
        would have refused.
        """
        configuration = unpack_partition(packed)
        return cls(version, {name: _compile_project(name, configuration) for name in configuration.projects})

    def of(self, project: str) -> ProjectRules:
        return self.projects.get(project, NO_PROJECT)


NO_RULES = Rules()


def _compile_project(name: str, configuration: PartitionConfiguration) -> ProjectRules:
    project = configuration.projects[name]
    return ProjectRules(
        project,
        tuple(Matching(rule, _parse(rule.match)) for rule in project.incidents),
        tuple(Matching(route, _parse(route.match)) for route in project.notify),
        tuple(Matching(part, _parse(part.match)) for part in configuration.components if part.project == name),
        tuple((label, entry.heartbeat) for label, entry in project.integrations.items() if entry.enabled and entry.heartbeat),
    )


def _parse(texts: list[str]) -> tuple[Matcher, ...]:
    return tuple(parse_matcher(text) for text in texts)


def alert_lookup(alert: AlertState, content: Content) -> Lookup:
    """Give the fields that rules match and group by, by name; absent is the empty text (BEHAVIOUR 6)."""

    def lookup(name: str) -> str:
        match name:
            case "title" | "description" | "service" | "environment" | "monitoring_tool":
                return getattr(content, name) or ""
            case "severity" | "status" | "integration":
                return str(getattr(alert, name))
            case "alertname":
                return content.labels.get("alertname") or content.title
            case _:
                return content.labels.get(name.removeprefix("labels."), "")

    return lookup


def group_values(rule: IncidentRule, alert: AlertState, lookup: Lookup) -> list[tuple[str, str]]:
    """Give the names and values that make the alert's group under a rule, in the order of `group_by`."""
    return [(name, _own_identity(alert) if name == OWN_IDENTITY else lookup(name)) for name in rule.group_by]


def _own_identity(alert: AlertState) -> str:
    if not alert.fingerprint:
        return f"#{alert.number}"
    return f"{alert.fingerprint}/{alert.identity.hex()}" if alert.identity else alert.fingerprint
