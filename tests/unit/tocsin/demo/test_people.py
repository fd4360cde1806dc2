"""What Ada says to the operator API, and the reasons that are told of muted alerts."""

from __future__ import annotations

import httpx
import msgspec
import pytest

from producers.operator.shapes import Silence
from tocsin.asking import Asking, RefusedByDoor
from tocsin.demo.people import why
from tocsin.demo.person import Person
from tocsin.demo.seen import Alert, SuppressedBy

NOON = 1_800_014_400_000
SILENCE = Silence(
    "1",
    ['service="search"'],
    "2027-01-15T11:59:54.000Z",
    "2027-01-15T12:00:00.000Z",
    "rebuilding the search index",
    "ada",
    "active",
    0,
)


class Api:
    """Remembers what it was asked, and answers all alike."""

    def __init__(self, status: int, answer: object) -> None:
        self.status, self.answer = status, answer
        self.asked: list[tuple[str, str, str, object]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        token = request.headers["authorization"]
        self.asked.append((request.method, request.url.path, token, msgspec.json.decode(request.content)))
        return httpx.Response(self.status, content=msgspec.json.encode(self.answer))


def ada(api: Api) -> Person:
    return Person(Asking("http://127.0.0.1:8081", "hers", httpx.MockTransport(api)), "shop")


def alert(number: int, title: str, reason: SuppressedBy | None = None) -> Alert:
    return Alert(number, title, "high", "triggered", 1, [], None, reason)


def test_a_silence_says_what_until_when_and_why() -> None:
    api = Api(201, {"outcome": "done", "silence": SILENCE})
    assert ada(api).silence(['service="search"'], NOON, "rebuilding the search index").silence == SILENCE
    said = {"matchers": ['service="search"'], "ends_at": "2027-01-15T12:00:00.000Z", "comment": "rebuilding the search index"}
    assert api.asked == [("POST", "/api/v1/projects/shop/silences", "Bearer hers", said)]


def test_incidents_are_acknowledged_and_merged_by_their_numbers() -> None:
    api = Api(200, {"outcome": "done"})
    ada(api).acknowledge(3)
    ada(api).merge(4, 3)
    assert [(path, said) for _, path, _, said in api.asked] == [
        ("/api/v1/projects/shop/incidents/3/acknowledge", {}),
        ("/api/v1/projects/shop/incidents/4/merge", {"into": 3}),
    ]


def test_a_refused_command_ends_the_story_with_its_reason() -> None:
    with pytest.raises(RefusedByDoor, match="it is resolved: reopen it first"):
        ada(Api(409, {"outcome": "refused", "reason": "it is resolved: reopen it first"})).acknowledge(3)


def test_a_silenced_alert_says_until_when_by_whom_and_why() -> None:
    muted = alert(5, "Search is old", SuppressedBy("silence", "1"))
    assert why(muted, SILENCE, {5: muted}) == "silenced until 12:00:00 by ada: rebuilding the search index"


def test_an_inhibited_alert_names_the_alert_that_explains_it() -> None:
    alerts = {6: alert(6, "Cluster b is down"), 7: alert(7, "No cart", SuppressedBy("inhibition", "6"))}
    assert why(alerts[7], SILENCE, alerts) == "inhibited by alert #6, Cluster b is down"


def test_any_other_reason_is_told_as_it_stands() -> None:
    reasons = (None, SuppressedBy("silence", "2"), SuppressedBy("maintenance", "weekly"), SuppressedBy("inhibition", "9"))
    assert [why(alert(5, "Search is old", reason), SILENCE, {}) for reason in reasons] == [
        "not muted",
        "muted by silence 2",
        "muted by maintenance weekly",
        "inhibited by alert #9",
    ]
