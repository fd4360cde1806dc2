"""Who asks, and what he may see: people's tokens and memberships, and the local admin token.

Pure. Not here: what he may do.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256

from schemas.configuration import Configuration, Project, Role

LOCAL_ADMIN = "local-admin"
"""Who holds the token in DATA/token: whoever can read that file can do anything to this tocsin anyway."""
SEE_CONFIDENTIAL: tuple[Role, ...] = ("responder", "admin")


@dataclass(frozen=True, slots=True)
class Viewer:
    """Someone who has shown a token."""

    key: str
    is_admin: bool = False
    roles: dict[str, Role] = field(default_factory=dict)
    """By project."""
    is_publisher: bool = False
    """Of the status page."""

    def may_see(self, project: str) -> bool:
        return self.is_admin or project in self.roles

    def sees_confidential(self, project: str) -> bool:
        """Say whether confidential incidents of a project are seen without being their author or assignee."""
        return self.is_admin or self.roles.get(project) in SEE_CONFIDENTIAL

    def may_publish(self) -> bool:
        return self.is_admin or self.is_publisher

    def role_in(self, project: str) -> Role | None:
        return "admin" if self.is_admin else self.roles.get(project)


@dataclass(frozen=True, slots=True)
class Directory:
    """All viewers of a configuration by their tokens' hashes, and all projects."""

    viewers: dict[str, Viewer]
    projects: dict[str, Project]

    def identify(self, authorization: str | None) -> Viewer | None:
        """Find who shows this `Authorization` header; None when nobody known does."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            return None
        # A look-up by hash: how long it takes says nothing about tokens, which are random and 256 bits long.
        return self.viewers.get(hash_token(token.strip()))


def build_directory(configuration: Configuration, local_token: str | None = None) -> Directory:
    """Index the people of a configuration, and the local admin if there is one."""
    roles: dict[str, dict[str, Role]] = {key: {} for key in configuration.people}
    for name, project in configuration.projects.items():
        for member, role in project.members.items():
            roles.setdefault(member, {})[name] = role
    publishers = configuration.status_page.publishers if configuration.status_page is not None else []
    viewers = {
        token: Viewer(key, person.admin, roles[key], key in publishers)
        for key, person in configuration.people.items()
        for token in person.tokens
    }
    if local_token:
        viewers[hash_token(local_token)] = Viewer(LOCAL_ADMIN, is_admin=True)
    return Directory(viewers, configuration.projects)


def hash_token(token: str) -> str:
    """Give a token's hash as the configuration writes it."""
    return "sha256:" + sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
