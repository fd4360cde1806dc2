"""All doors of one configuration, and the ways to find one.

Not here: one door (`door.py`), how a path is read (`routes.py`), who may come in (`auth.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from producers.webhook.door import Door, build_doors
from producers.webhook.routes import Route
from schemas.configuration import Configuration, Format, Project
from schemas.limits import Limits


@dataclass(frozen=True, slots=True)
class Doors:
    """Doors by project and name. GitLab's paths are in lower case, since GitLab takes them in any."""

    by_name: Mapping[tuple[str, str], Door] = field(default_factory=dict)
    gitlab_projects: Mapping[str, str] = field(default_factory=dict)
    only_alertmanagers: Mapping[str, str] = field(default_factory=dict)
    only_generics: Mapping[str, str] = field(default_factory=dict)
    by_token_hash: Mapping[str, Sequence[Door]] = field(default_factory=dict)

    def find(self, route: Route) -> Door | None:
        """Give the door that a path leads to; None when there is none, or when it is not clear which."""
        if route.kind in ("in", "api_v2"):
            return self.by_name.get((route.project, route.integration))
        project = self.gitlab_projects.get(route.project.lower(), "")
        if not project and route.kind == "gitlab_prometheus":  # a project that is itself called prometheus, by the older path
            project, route = (
                self.gitlab_projects.get(f"{route.project}/prometheus".lower(), ""),
                route._replace(kind="gitlab_generic"),
            )
        match route.kind:
            case "gitlab_generic":
                integration = self.only_generics.get(project, "")
            case "gitlab_prometheus":
                integration = self.only_alertmanagers.get(project, "")
            case _:
                integration = route.integration
        return self.by_name.get((project, integration))


def index_doors(configuration: Configuration, limits: Limits | None = None) -> Doors:
    """Compile and index all integrations that take HTTP."""
    projects = configuration.projects
    by_name = build_doors(configuration, limits)
    return Doors(
        by_name=by_name,
        by_token_hash=index_tokens(by_name.values()),
        gitlab_projects={(project.gitlab_path or name).lower(): name for name, project in projects.items()},
        only_alertmanagers=_index_only(projects, "alertmanager"),
        only_generics=_index_only(projects, "generic"),
    )


def index_tokens(doors: Iterable[Door]) -> dict[str, list[Door]]:
    """List the doors that each token opens: one, unless integrations share it."""
    by_token_hash: dict[str, list[Door]] = {}
    for door in doors:
        for token_hash in door.token_hashes:
            by_token_hash.setdefault(token_hash, []).append(door)
    return by_token_hash


def _index_only(projects: Mapping[str, Project], format: Format) -> dict[str, str]:
    """Name the integration of a format in each project that has exactly one."""
    found = {
        name: [integration for integration, settings in project.integrations.items() if settings.format == format]
        for name, project in projects.items()
    }
    return {project: names[0] for project, names in found.items() if len(names) == 1}
