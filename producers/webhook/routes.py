"""Which door a path leads to: ours, the one of an Alertmanager's API, and GitLab's three (DESIGN section 4).

A slash at the end and two in a row change nothing: addresses are joined of parts by hand.
Not here: whether there is such an integration, and who may use it (`doors.py`, `auth.py`).
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Kind = Literal["in", "api_v2", "gitlab", "gitlab_generic", "gitlab_prometheus", "receipt", "healthy", "ready", "status"]
POSTED: frozenset[Kind] = frozenset(("in", "api_v2", "gitlab", "gitlab_generic", "gitlab_prometheus"))
"""Doors that take alerts."""
_GITLAB_TAIL = ("alerts", "notify")
_GITLAB_GENERIC_TAIL = ("alerts", "notify.json")
_GITLAB_PROMETHEUS_TAIL = ("prometheus", "alerts", "notify.json")


class Route(NamedTuple):
    """A door. `project` is the project's key, or behind GitLab's doors the path that it has there."""

    kind: Kind
    project: str = ""
    integration: str = ""
    receipt: str = ""

    @property
    def methods(self) -> tuple[str, ...]:
        if self.kind == "api_v2":
            return ("POST",)
        return ("POST", "PUT") if self.kind in POSTED else ("GET", "HEAD")  # PUT: a choice in Grafana's webhook


HEALTHY, READY = Route("healthy"), Route("ready")
STATUS = Route("status")
_OWN = {"/-/healthy": HEALTHY, "/-/ready": READY}


def find_route(path: str) -> Route | None:
    """Read a path; None where there is no door."""
    if "//" in path or path.endswith("/"):
        path = "/" + "/".join(filter(None, path.split("/")))
    parts = path.split("/")
    if len(parts) == 4 and parts[1] == "in" and parts[2] and parts[3]:
        return Route("in", parts[2], parts[3])
    if len(parts) == 3 and parts[1] == "receipts" and parts[2]:
        return Route("receipt", receipt=parts[2])
    if len(parts) < 4:
        return _OWN.get(path)
    is_under_integration = len(parts) > 4 and parts[1] == "in"
    return (is_under_integration and _find_alertmanager(parts)) or _find_gitlab(parts[1:])


def _find_alertmanager(parts: list[str]) -> Route | None:
    """Read what a Prometheus whose `path_prefix` is an integration's door asks for; only the alerts need a token."""
    rest = "/" + "/".join(parts[4:])
    if rest == "/api/v2/alerts":
        return Route("api_v2", parts[2], parts[3])
    return STATUS if rest == "/api/v2/status" else _OWN.get(rest)


def _find_gitlab(parts: list[str]) -> Route | None:
    if len(parts) > 3 and tuple(parts[-3:]) == _GITLAB_PROMETHEUS_TAIL:
        return Route("gitlab_prometheus", "/".join(parts[:-3]))
    if tuple(parts[-2:]) == _GITLAB_GENERIC_TAIL:
        return Route("gitlab_generic", "/".join(parts[:-2]))
    integration = parts[-1].removesuffix(".json")
    if len(parts) > 4 and tuple(parts[-4:-2]) == _GITLAB_TAIL and integration not in ("", parts[-1]):
        return Route("gitlab", "/".join(parts[:-4]), integration)  # parts[-2], the name that GitLab gave it, may be any
    return None
