"""What a door may do to whoever asks it: nothing but answer, within a time and a size."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count

import httpx
import pytest

from schemas.errors import Unavailable
from tocsin import asking
from tocsin.asking import Asking, RefusedByDoor

Answer = Callable[[httpx.Request], httpx.Response]


class Network:
    """Keeps which hosts were asked."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self.hosts: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.hosts.append(request.url.host)
        return self._answer(request)

    def asking(self, monotonic: Callable[[], float] = lambda: 0.0) -> Asking:
        return Asking("https://tocsin.example", "secret", httpx.MockTransport(self), monotonic)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_token_is_not_taken_to_where_a_redirect_leads(status: int) -> None:
    network = Network(lambda _: httpx.Response(status, headers={"Location": "https://evil.example/"}))
    with network.asking() as door, pytest.raises(RefusedByDoor, match=r"another address.*TOCSIN_URL"):
        door.get("/api/v1/projects")
    assert network.hosts == ["tocsin.example"]


@pytest.mark.parametrize("location", ["http:x", "//xn--", "http://["])
def test_redirect_to_what_is_no_address_is_told_too(location: str) -> None:
    network = Network(lambda _: httpx.Response(301, headers={"Location": location}))
    with network.asking() as door, pytest.raises((Unavailable, RefusedByDoor), match=r"tocsin\.example"):
        door.get("/")


@pytest.mark.parametrize("location", ["@evil.example/", ".evil.example/", "https://evil.example/", ""])
def test_place_of_a_pending_command_is_on_the_same_host(location: str) -> None:
    network = Network(lambda _: httpx.Response(202, headers={"Location": location}))
    with network.asking() as door, pytest.raises(Unavailable, match="no operator API"):
        door.look(door.change("POST", "/x", {}).location)
    assert network.hosts == ["tocsin.example"]


def test_no_more_of_an_answer_is_read_than_any_door_sends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "MOST_BYTES", 1000)
    answers = iter([b" " * 1000, b" " * 1001])
    with Network(lambda _: httpx.Response(200, content=next(answers))).asking() as door:
        assert len(door.get("/")) == 1000
        with pytest.raises(Unavailable, match="more than 1000 bytes"):
            door.get("/")


def test_answer_that_drips_ends_after_a_time_in_all() -> None:
    def drip() -> Iterator[bytes]:
        for _ in range(1000):
            yield b" "

    seconds = count()
    network = Network(lambda _: httpx.Response(200, content=drip()))
    with network.asking(lambda: float(next(seconds))) as door, pytest.raises(Unavailable, match="within 60 s"):
        door.get("/")
    assert next(seconds) < 100


def test_packed_answer_is_not_asked_for_and_not_unpacked() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.headers["accept-encoding"])
        return httpx.Response(200, stream=httpx.ByteStream(b"packed"), headers={"Content-Encoding": "gzip"})

    with Network(answer).asking() as door, pytest.raises(Unavailable, match="packed"):
        door.get("/")
    assert asked == ["identity"]
