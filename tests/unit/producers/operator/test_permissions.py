"""Who is answered what: every endpoint of the application with everyone, as the rules say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache

import msgspec
import pytest
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Route

from producers.operator.commands.examples import REQUESTS
from producers.operator.permissions import OPEN, RULES, Need, check_role
from producers.operator.problems import Forbidden, NotFound
from producers.operator.viewers import Directory, Viewer, build_directory, hash_token
from schemas.configuration import Configuration, Person, Project, StatusPage
from tests.unit.producers.operator.client import Client, FakeDatabase, build, outcome_row
from tests.unit.producers.operator.rows import alert_row, incident_row, silence_row

EVERYONE = ("nobody", "outsider", "viewer", "publisher", "responder", "admin")
SUFFICES = {
    "viewer": ("viewer", "publisher", "responder", "admin"),
    "publisher": ("publisher", "admin"),
    "responder": ("responder", "admin"),
    "admin": ("admin",),
}
"""By what is needed, who has it."""
DIRECTORY: Directory = build_directory(
    Configuration(
        projects={
            "shop": Project(members={"viewer": "viewer", "publisher": "viewer", "responder": "responder"}),
            "bank": Project(),
        },
        people={
            name: Person(name=name, tokens=[hash_token(name)], admin=name == "admin") for name in EVERYONE if name != "nobody"
        },
        status_page=StatusPage(title="Status", url="https://status.example.com", publishers=["publisher", "outsider"]),
    )
)


def endpoints() -> set[str]:
    """Every method and path that the application answers, whether it describes it or not."""
    return set(_answered(build().routes))


def _answered(routes: Iterable[BaseRoute]) -> Iterator[str]:
    for route in routes:
        if isinstance(route, Route | APIRoute):
            yield from (f"{method} {route.path_format}" for method in route.methods or () if method != "HEAD")
        else:  # a router that was included; anything else (a mounted application) has none and fails here
            yield from _answered(route.original_router.routes)  # type: ignore[attr-defined]


@cache
def client() -> Client:
    """One for all tests: it keeps nothing but what it was asked."""
    tables = {
        "alerts": [alert_row(count=1)], "timeline": [], "incidents": [incident_row()], "silences": [silence_row()],
        "outcomes": [outcome_row({"outcome": "done"})],
    }  # fmt: skip
    return Client(FakeDatabase(tables), lambda: DIRECTORY)


def status_for(endpoint: str, who: str, project: str = "shop") -> int:
    """Ask with a request that is as it should be; what is made (201) is as good as what is found."""
    path = endpoint.replace("{project}", project).replace("{number}", "1").replace("{id}", "4").replace("{command_id}", "c")
    body = None if endpoint not in REQUESTS else msgspec.json.encode(REQUESTS[endpoint])
    method, path = path.split(" ")
    status = client().ask(method, path, None if who == "nobody" else who, body).status_code
    return 200 if status == 201 else status


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
    answers = {who: status_for(endpoint, who) for who in EVERYONE}
    assert answers == {who: expected(RULES[endpoint], who) for who in EVERYONE}


@pytest.mark.parametrize("endpoint", sorted(endpoint for endpoint, need in RULES.items() if need != "token"))
def test_role_in_one_project_is_none_in_another(endpoint: str) -> None:
    answers = {who: status_for(endpoint, who, "bank") for who in ("viewer", "publisher", "responder", "outsider")}
    assert answers == dict.fromkeys(answers, 404)


@pytest.mark.parametrize("endpoint", sorted(RULES))
def test_endpoint_without_a_rule_is_answered_to_nobody(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(RULES, endpoint)
    assert status_for(endpoint, "admin") == 404


def test_who_may_see_but_not_do_is_told_the_role_he_needs() -> None:
    viewer = Viewer("bob", roles={"shop": "viewer"})
    with pytest.raises(Forbidden, match="needs the role responder in the project"):
        check_role(viewer, "shop", "responder")
    with pytest.raises(NotFound):
        check_role(viewer, "bank", "responder")
    check_role(Viewer("root", is_admin=True), "bank", "admin")


def test_whatever_changes_something_needs_a_responder_or_for_the_public_a_publisher() -> None:
    publishing = {"publish", "unpublish", "status-update"}
    expected = {
        rule: "publisher" if rule.rpartition("/")[2] in publishing else "responder"
        for rule in RULES
        if not rule.startswith("GET ") and not rule.endswith("/silences/preview")
    }
    assert {rule: need for rule, need in RULES.items() if need not in ("token", "viewer")} == expected


def test_publisher_who_does_not_see_the_project_publishes_nothing_there() -> None:
    check_role(Viewer("pia", roles={"shop": "viewer"}, is_publisher=True), "shop", "publisher")
    with pytest.raises(NotFound):
        check_role(Viewer("pia", is_publisher=True), "shop", "publisher")
    with pytest.raises(Forbidden, match="a publisher of the status page"):
        check_role(Viewer("ada", roles={"shop": "admin"}), "shop", "publisher")


def test_what_one_may_not_see_is_not_even_read() -> None:
    asked = Client(directory=lambda: DIRECTORY)
    assert asked.get("/api/v1/projects/shop/alerts?status=nonsense", "outsider").status_code == 404
    assert asked.database.asked == []
