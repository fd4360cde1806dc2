"""Who a token belongs to, and what that person sees."""

from __future__ import annotations

import pytest

from producers.operator.viewers import LOCAL_ADMIN, Directory, Viewer, build_directory, hash_token
from schemas.configuration import Configuration, Person, Project

CONFIGURATION = Configuration(
    projects={"shop": Project(members={"ada": "responder", "bob": "viewer"}), "bank": Project(members={"ada": "viewer"})},
    people={
        "ada": Person(name="Ada", tokens=[hash_token("ada-1"), hash_token("ada-2")]),
        "bob": Person(name="Bob", tokens=[hash_token("bob")]),
        "root": Person(name="Root", tokens=[hash_token("root")], admin=True),
        "eve": Person(name="Eve", tokens=[hash_token("eve")]),
    },
)


@pytest.fixture
def directory() -> Directory:
    return build_directory(CONFIGURATION, "local")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Bearer ada-1", Viewer("ada", False, {"shop": "responder", "bank": "viewer"})),
        ("bearer  ada-2", Viewer("ada", False, {"shop": "responder", "bank": "viewer"})),
        ("Bearer eve", Viewer("eve", False, {})),
        ("Bearer root", Viewer("root", True, {})),
        ("Bearer local", Viewer(LOCAL_ADMIN, True, {})),
        ("Bearer wrong", None),
        ("Bearer ", None),
        ("Bearer", None),
        ("Basic ada-1", None),
        ("Bearer \udcff", None),
        ("", None),
        (None, None),
    ],
)
def test_viewer_is_known_by_a_token(directory: Directory, header: str | None, expected: Viewer | None) -> None:
    assert directory.identify(header) == expected


def test_nobody_is_the_local_admin_without_its_token() -> None:
    assert build_directory(CONFIGURATION, None).identify("Bearer local") is None
    assert build_directory(CONFIGURATION, "").identify("Bearer ") is None


def test_confidential_incidents_are_seen_by_responders_of_the_project_and_admins(directory: Directory) -> None:
    seen = {
        (token, project): viewer.sees_confidential(project)
        for token in ("ada-1", "bob", "root", "eve")
        for project in ("shop", "bank")
        if (viewer := directory.identify(f"Bearer {token}"))
    }
    assert [pair for pair, sees in seen.items() if sees] == [("ada-1", "shop"), ("root", "shop"), ("root", "bank")]


def test_only_members_and_admins_see_a_project(directory: Directory) -> None:
    viewers = {token: directory.identify(f"Bearer {token}") for token in ("ada-1", "bob", "root", "eve", "local")}
    assert [token for token, viewer in viewers.items() if viewer and viewer.may_see("bank")] == ["ada-1", "root", "local"]
