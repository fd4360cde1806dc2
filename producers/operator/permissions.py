"""What each endpoint needs of who asks: the one table of the API's permissions, and the check that holds everyone to it.

An endpoint without a rule is answered to nobody. Not here: which rows of a list one sees (`queries.py`).
"""

from __future__ import annotations

from typing import Literal

from starlette.requests import Request

from producers.operator.problems import Forbidden, NotFound
from producers.operator.viewers import Viewer
from schemas.commands import ARGUMENTS, BULK_VERBS, Target

Need = Literal["token", "viewer", "responder", "publisher", "admin"]
"""A token of anyone's, or a role in the project of the path; a publisher is one of the status page who sees the project.

An admin has every role.
"""
ORDER: tuple[Need, ...] = ("viewer", "responder", "admin")
TARGETS: tuple[Target, ...] = ("alert", "incident")
"""What commands name by number and verb in their path."""
PUBLISHING = ("publish", "unpublish", "status-update")
PROJECT = "/api/v1/projects/{project}"
READING: dict[str, Need] = {
    "GET /api/v1/projects": "token",
    f"GET {PROJECT}/alerts": "viewer",
    f"GET {PROJECT}/alerts/counts": "viewer",
    f"GET {PROJECT}/alerts/{{number}}": "viewer",
    f"GET {PROJECT}/alerts/{{number}}/timeline": "viewer",
    f"GET {PROJECT}/incidents": "viewer",
    f"GET {PROJECT}/incidents/{{number}}": "viewer",
    f"GET {PROJECT}/incidents/{{number}}/timeline": "viewer",
    f"GET {PROJECT}/silences": "viewer",
    f"GET {PROJECT}/silences/{{id}}": "viewer",
    f"POST {PROJECT}/silences/preview": "viewer",
    f"GET {PROJECT}/commands/{{command_id}}": "viewer",
}
COMMANDING: dict[str, Need] = {
    **{
        f"POST {PROJECT}/{target}s/{{number}}/{verb}": "publisher" if verb in PUBLISHING else "responder"
        for target in TARGETS
        for verb in ARGUMENTS[target]
    },
    **{f"POST {PROJECT}/alerts/{verb}": "responder" for verb in BULK_VERBS},
    f"POST {PROJECT}/incidents": "responder",
    f"POST {PROJECT}/silences": "responder",
    f"PUT {PROJECT}/silences/{{id}}": "responder",
    f"DELETE {PROJECT}/silences/{{id}}": "responder",
}
RULES: dict[str, Need] = {**READING, **COMMANDING}
OPEN = ("GET /-/healthy", "GET /-/ready", "GET /api/openapi.json")
"""These need nothing: they say nothing of anyone's."""


async def check_permission(request: Request) -> None:
    """Hold who asks to the endpoint's rule.

    Raises `NotFound` when he may see nothing of the project, `Forbidden` when he may see it but not do this.
    """
    need = RULES.get(f"{request.method} {request.scope['route'].path_format}")
    if need is None:
        raise NotFound
    if need != "token":
        check_role(viewer_of(request), request.path_params["project"], need)


def check_role(viewer: Viewer, project: str, need: Need) -> None:
    """Raise unless a viewer has the role, or a higher one, in a project."""
    role = viewer.role_in(project)
    if role is None:
        raise NotFound
    if need == "publisher":
        if not viewer.may_publish():
            raise Forbidden("a publisher of the status page")
    elif ORDER.index(role) < ORDER.index(need):
        raise Forbidden(f"the role {need} in the project")


def viewer_of(request: Request) -> Viewer:
    """Give who asks, as `Authentication` found him."""
    viewer = request.state.viewer
    assert isinstance(viewer, Viewer)
    return viewer
