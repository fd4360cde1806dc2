"""Names of the groups of alerts that share an incident. Not here: which group an alert belongs to (`correlate.py`)."""

from __future__ import annotations

from schemas.records import IncidentState


def group_of(project: str, incident: IncidentState) -> tuple[str, str]:
    """Name the group of an incident that a rule opened."""
    return project, group_key(incident.rule or "", [(part.name, part.value) for part in incident.group])


def group_key(rule: str, values: list[tuple[str, str]]) -> str:
    """Name a group of a rule; no two groups share a name, whatever their values hold."""
    return "\x1f".join([rule, *(f"{len(name)}:{name}={len(value)}:{value}" for name, value in values)])
