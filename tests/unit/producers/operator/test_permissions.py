"""Who is answered what: every endpoint of the application with everyone, as the rules say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Route

from producers.operator.app import build_app
from producers.operator.permissions import OPEN, RULES, Need, check_role
from producers.operator.problems import Forbidden, NotFound
from producers.operator.viewers import Directory, Viewer, build_directory, hash_token
from schemas.configuration import Configuration, Person, Project
from tests.unit.producers.operator.rows import alert_row, incident_row
from tests.unit.producers.operator.test_api import Client, FakeDatabase

EVERYONE = ("nobody", "outsider", "viewer", "responder", "admin")
SUFFICES = {"viewer": ("viewer", "responder", "admin"), "responder": ("responder", "admin"), "admin": ("admin",)}
"""By what is needed, who has it."""
DIRECTORY: Directory = build_directory(
    Configuration(
        projects={"shop": Project(members={"viewer": "viewer", "responder": "responder"}), "bank": Project()},
        people={
            name: Person(name=name, tokens=[hash_token(name)], admin=name == "admin") for name in EVERYONE if name != "nobody"
        },
    )
)


def endpoints() -> set[str]:
    """Every method and path that the application answers, whether it describes it or not."""
    return set(_answered(build_app(FakeDatabase(), lambda: DIRECTORY, _ready).routes))


def _answered(routes: Iterable[BaseRoute]) -> Iterator[str]:
    for route in routes:
        if isinstance(route, Route | APIRoute):
            yield from (f"{method} {route.path}" for method in route.methods or () if method != "HEAD")
        else:  # a router that was included; anything else (a mounted application) has none and fails here
            yield from _answered(route.original_router.routes)  # type: ignore[attr-defined]


async def _ready() -> bool:
    return True


def client() -> Client:
    return Client(FakeDatabase({"alerts": [alert_row(count=1)], "incidents": [incident_row()]}), lambda: DIRECTORY)


def expected(need: Need, who: str) -> int:
    if who == "nobody":
        return 401
    if need == "token":
        return 200
    if who == "outsider":
        return 404
    return 200 if who in SUFFICES[need] else 403


def test_every_endpoint_has_a_rule_and_every_rule_an_endpoint() -> None:
    assert sorted(endpoints()) == sorted({*RULES, *OPEN})


@pytest.mark.parametrize("endpoint", sorted(RULES))
def test_everyone_is_answered_as_the_rule_says(endpoint: str) -> None:
    method, path = endpoint.replace("{project}", "shop").replace("{number}", "1").split(" ")
    asking = client()
    answers = {who: asking.get(path, None if who == "nobody" else who, method).status_code for who in EVERYONE}
    assert answers == {who: expected(RULES[endpoint], who) for who in EVERYONE}


@pytest.mark.parametrize("endpoint", sorted(endpoint for endpoint, need in RULES.items() if need != "token"))
def test_role_in_one_project_is_none_in_another(endpoint: str) -> None:
    method, path = endpoint.replace("{project}", "bank").replace("{number}", "1").split(" ")
    asking = client()
    answers = {who: asking.get(path, who, method).status_code for who in ("viewer", "responder", "admin")}
    assert answers == {"viewer": 404, "responder": 404, "admin": 200}


@pytest.mark.parametrize("endpoint", sorted(RULES))
def test_endpoint_without_a_rule_is_answered_to_nobody(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(RULES, endpoint)
    method, path = endpoint.replace("{project}", "shop").replace("{number}", "1").split(" ")
    assert client().get(path, "admin", method).status_code == 404


def test_who_may_see_but_not_do_is_told_the_role_he_needs() -> None:
    viewer = Viewer("bob", roles={"shop": "viewer"})
    with pytest.raises(Forbidden, match="needs the role responder in the project"):
        check_role(viewer, "shop", "responder")
    with pytest.raises(NotFound):
        check_role(viewer, "bank", "responder")
    check_role(Viewer("root", is_admin=True), "bank", "admin")


def test_what_one_may_not_see_is_not_even_read() -> None:
    asked = client()
    assert asked.get("/api/v1/projects/shop/alerts?status=nonsense", "outsider").status_code == 404
    assert asked.database.asked == []
