"""What each endpoint needs of who asks: the one table of the API's permissions, and the check that holds everyone to it.

An endpoint without a rule is answered to nobody. Not here: which rows of a list one sees (`queries.py`).
"""

from __future__ import annotations

from typing import Literal

from starlette.requests import Request

from producers.operator.problems import Forbidden, NotFound
from producers.operator.viewers import Viewer

Need = Literal["token", "viewer", "responder", "admin"]
"""A token of anyone's, or a role in the project of the path; an admin has every role."""
ORDER: tuple[Need, ...] = ("viewer", "responder", "admin")
RULES: dict[str, Need] = {
    "GET /api/v1/projects": "token",
    "GET /api/v1/projects/{project}/alerts": "viewer",
    "GET /api/v1/projects/{project}/alerts/counts": "viewer",
    "GET /api/v1/projects/{project}/alerts/{number}": "viewer",
    "GET /api/v1/projects/{project}/incidents": "viewer",
    "GET /api/v1/projects/{project}/incidents/{number}": "viewer",
    "GET /api/v1/projects/{project}/incidents/{number}/timeline": "viewer",
}
OPEN = ("GET /-/healthy", "GET /-/ready", "GET /api/openapi.json")
"""These need nothing: they say nothing of anyone's."""


async def check_permission(request: Request) -> None:
    """Hold who asks to the endpoint's rule.

    Raises `NotFound` when he may see nothing of the project, `Forbidden` when he may see it but not do this.
    """
    need = RULES.get(f"{request.method} {request.scope['route'].path}")
    if need is None:
        raise NotFound
    if need != "token":
        check_role(viewer_of(request), request.path_params["project"], need)


def check_role(viewer: Viewer, project: str, need: Need) -> None:
    """Raise unless a viewer has the role, or a higher one, in a project."""
    role = viewer.role_in(project)
    if role is None:
        raise NotFound
    if ORDER.index(role) < ORDER.index(need):
        raise Forbidden(need)


def viewer_of(request: Request) -> Viewer:
    """Give who asks, as `Authentication` found him."""
    viewer = request.state.viewer
    assert isinstance(viewer, Viewer)
    return viewer
