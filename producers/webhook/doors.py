"""All doors of one configuration, and the ways to find one.

Not here: one door (`door.py`), how a path is read (`routes.py`), who may come in (`auth.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from producers.webhook.door import Door, build_doors
from producers.webhook.routes import Route
from schemas.configuration import Configuration, Project


@dataclass(frozen=True, slots=True)
class Doors:
    """Doors by project and name. GitLab's paths are in lower case, since GitLab takes them in any."""

    by_name: Mapping[tuple[str, str], Door] = field(default_factory=dict)
    gitlab_projects: Mapping[str, str] = field(default_factory=dict)
    only_alertmanagers: Mapping[str, str] = field(default_factory=dict)
    by_token_hash: Mapping[str, Sequence[Door]] = field(default_factory=dict)

    def find(self, route: Route) -> Door | None:
        """Give the door that a path leads to; None when there is none, or when it is not clear which."""
        if route.kind in ("in", "api_v2"):
            return self.by_name.get((route.project, route.integration))
        project = self.gitlab_projects.get(route.project.lower(), "")
        integration = route.integration if route.kind == "gitlab" else self.only_alertmanagers.get(project, "")
        return self.by_name.get((project, integration))


def index_doors(configuration: Configuration) -> Doors:
    """Compile and index all integrations that take HTTP."""
    projects = configuration.projects
    by_name = build_doors(configuration)
    return Doors(
        by_name=by_name,
        by_token_hash=index_tokens(by_name.values()),
        gitlab_projects={(project.gitlab_path or name).lower(): name for name, project in projects.items()},
        only_alertmanagers={name: only for name, project in projects.items() if (only := _only_alertmanager(project))},
    )


def index_tokens(doors: Iterable[Door]) -> dict[str, list[Door]]:
    """List the doors that each token opens: one, unless integrations share it."""
    by_token_hash: dict[str, list[Door]] = {}
    for door in doors:
        for token_hash in door.token_hashes:
            by_token_hash.setdefault(token_hash, []).append(door)
    return by_token_hash


def _only_alertmanager(project: Project) -> str | None:
    names = [name for name, integration in project.integrations.items() if integration.format == "alertmanager"]
    return names[0] if len(names) == 1 else None
