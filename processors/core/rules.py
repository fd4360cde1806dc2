"""The configuration's rules, compiled once, and the fields of an alert that they look at.

Not here: what is done when a rule matches (`correlate.py`, `notify.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from processors.core.matching import Lookup, Matching, RuleIndex
from processors.core.windows import Window
from schemas.configuration import (
    Component,
    IncidentRule,
    InhibitRule,
    Integration,
    PartitionConfiguration,
    Project,
    Route,
    unpack_partition,
)
from schemas.matchers import Matcher, parse_matcher
from schemas.records import AlertState, Content

__all__ = ["NO_PROJECT", "NO_RULES", "Inhibition", "Lookup", "Matching", "ProjectRules", "Rules", "field_of", "group_values"]

OWN_IDENTITY = "..."
"""In `group_by`: the alert's identity, so that each alert has an incident of its own (BEHAVIOUR 6)."""


NOTHING: RuleIndex[Any] = RuleIndex(())


@dataclass(frozen=True, slots=True)
class Inhibition:
    """The project's rules by which alerts mute others; a rule is known by its place."""

    rules: tuple[InhibitRule, ...] = ()
    sources: RuleIndex[int] = NOTHING
    targets: RuleIndex[int] = NOTHING


@dataclass(frozen=True)
class ProjectRules:
    """The rules of one project, in the order of the configuration."""

    project: Project
    incidents: RuleIndex[IncidentRule] = NOTHING
    routes: RuleIndex[Route] = NOTHING
    components: RuleIndex[Component] = NOTHING
    maintenance: RuleIndex[Window] = NOTHING
    inhibition: Inhibition = Inhibition()
    heartbeats: tuple[tuple[str, int], ...] = ()
    """Integrations that must send now and then, and how often at least, in milliseconds."""

    @cached_property
    def _incident_rules(self) -> dict[str, IncidentRule]:
        return {entry.rule.name: entry.rule for entry in self.incidents.rules}

    def incident_rule(self, name: str | None) -> IncidentRule | None:
        """Find a rule as it is now; None when it is gone, or a person opened the incident."""
        return None if name is None else self._incident_rules.get(name)

    def mutes_otherwise_than(self, other: ProjectRules) -> bool:
        """Whether windows or inhibition differ, so that open alerts must be looked at again."""
        ours, theirs = self.project, other.project
        return (ours.maintenance, ours.inhibit) != (theirs.maintenance, theirs.inhibit)

    def integration(self, name: str) -> Integration | None:
        return self.project.integrations.get(name)


NO_PROJECT = ProjectRules(Project())


@dataclass(frozen=True)
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

    @cached_property
    def inhibiting(self) -> tuple[str, ...]:
        """Projects with rules by which alerts mute others."""
        return tuple(name for name, project in self.projects.items() if project.inhibition.rules)

    def of(self, project: str) -> ProjectRules:
        return self.projects.get(project, NO_PROJECT)


NO_RULES = Rules()


def _compile_project(name: str, configuration: PartitionConfiguration) -> ProjectRules:
    project = configuration.projects[name]
    return ProjectRules(
        project,
        RuleIndex(Matching(rule, _parse(rule.match)) for rule in project.incidents),
        RuleIndex(Matching(route, _parse(route.match)) for route in project.notify),
        RuleIndex(Matching(part, _parse(part.match)) for part in configuration.components if part.project == name),
        RuleIndex(Matching(Window(window), _parse(window.match)) for window in project.maintenance),
        _compile_inhibition(project),
        tuple((label, entry.heartbeat) for label, entry in project.integrations.items() if entry.enabled and entry.heartbeat),
    )


def _compile_inhibition(project: Project) -> Inhibition:
    return Inhibition(
        tuple(project.inhibit),
        RuleIndex(Matching(place, _parse(rule.source)) for place, rule in enumerate(project.inhibit)),
        RuleIndex(Matching(place, _parse(rule.target)) for place, rule in enumerate(project.inhibit)),
    )


def _parse(texts: list[str]) -> tuple[Matcher, ...]:
    return tuple(parse_matcher(text) for text in texts)


def field_of(content: Content, name: str) -> str:
    """Give a field or label of what an alert says, as rules name it; absent is the empty text (BEHAVIOUR 6)."""
    match name:
        case "title" | "description" | "service" | "environment" | "monitoring_tool":
            return getattr(content, name) or ""
        case "alertname":
            return content.labels.get("alertname") or content.title
        case _:
            return content.labels.get(name.removeprefix("labels."), "")


def group_values(rule: IncidentRule, alert: AlertState, lookup: Lookup) -> list[tuple[str, str]]:
    """Give the names and values that make the alert's group under a rule, in the order of `group_by`."""
    return [(name, _own_identity(alert) if name == OWN_IDENTITY else lookup(name)) for name in rule.group_by]


def _own_identity(alert: AlertState) -> str:
    if not alert.fingerprint:
        return f"#{alert.number}"
    if not alert.identity:
        return alert.fingerprint
    own = alert.identity == alert.integration.encode()
    return f"{alert.fingerprint}/{alert.integration if own else alert.identity.hex()}"
