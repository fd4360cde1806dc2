"""One integration as the hot path needs it: compiled once for each configuration, looked up for each request.

Not here: who may come in (`auth.py`), what a body means (`formats/`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from producers.webhook import status
from producers.webhook.memory import Memory
from producers.webhook.paths import Path, parse_path
from producers.webhook.severity import build_table
from schemas.configuration import Configuration, Format, Integration, StatusMeaning
from schemas.limits import Limits
from schemas.records import Severity

NOT_HASHED = ("start_time", "end_time", "hosts", "status", "fingerprint")
"""Standard keys that change while a condition lasts, so that a generated fingerprint leaves them out (BEHAVIOUR 3)."""
FIELDS_NOT_HASHED = ("starts_at", "ends_at", "hosts", "status", "fingerprint")
"""The same as fields of ours, which an integration may map to other paths."""


@dataclass(frozen=True, slots=True)
class Door:
    """Where a request goes, and how its body is read."""

    project: str
    integration: str
    format: Format
    default_severity: Severity
    severities: Mapping[str, Severity]
    statuses: Mapping[str, StatusMeaning]
    own_identity: bytes
    """What keeps its fingerprints apart from those of other integrations; empty where they share them (BEHAVIOUR 3)."""
    paths: Mapping[str, Path]
    not_hashed: tuple[Path, ...]
    is_enabled: bool
    token_hashes: tuple[str, ...]
    rate_limit_per_minute: int | None
    self_alerts: bool = True
    limits: Limits = field(default_factory=Limits, repr=False)
    memory: Memory = field(default_factory=Memory, compare=False, repr=False)
    """Shared by the doors of one configuration."""


def build_door(
    project: str, name: str, integration: Integration, memory: Memory | None = None, limits: Limits | None = None
) -> Door:
    """Compile one integration; without a memory to share it gets its own, without limits their defaults."""
    paths = {field: parse_path(path) for field, path in integration.fields.items()}
    return Door(
        project=project,
        integration=name,
        format=integration.format,
        default_severity=integration.default_severity,
        severities=build_table(integration.severity_map),
        statuses=status.build_table(integration.status_map),
        own_identity=name.encode() if integration.identity == "integration" else b"",
        paths=paths,
        not_hashed=tuple(paths[field] for field in FIELDS_NOT_HASHED if paths.get(field)),
        is_enabled=integration.enabled,
        token_hashes=tuple(token.lower() for token in integration.tokens),
        rate_limit_per_minute=integration.rate_limit_per_minute,
        self_alerts=integration.self_alerts,
        limits=limits or Limits(),
        memory=memory or Memory(),
    )


def build_doors(configuration: Configuration, limits: Limits | None = None) -> dict[tuple[str, str], Door]:
    """Compile all integrations that take HTTP, by project and name."""
    memory = Memory()
    return {
        (project, name): build_door(project, name, integration, memory, limits)
        for project, settings in configuration.projects.items()
        for name, integration in settings.integrations.items()
        if integration.format != "topic"
    }
