"""Who may come in, and that nobody else learns anything."""

from __future__ import annotations

import base64
from hashlib import sha256

import pytest

from producers.webhook.auth import admit, token_in
from producers.webhook.door import build_doors
from producers.webhook.refused import SwitchedOff, Unauthorized
from schemas.configuration import Configuration, Integration, Project


def hashed(token: str) -> str:
    return "sha256:" + sha256(token.encode()).hexdigest()


DOORS = build_doors(
    Configuration(
        projects={
            "shop": Project(
                integrations={
                    "web": Integration(format="generic", tokens=[hashed("old"), hashed("new").upper().replace("SHA", "sha")]),
                    "off": Integration(format="generic", tokens=[hashed("right")], enabled=False),
                    "none": Integration(format="generic"),
                    "orders": Integration(format="topic", topic="alerts.orders", tokens=[hashed("right")]),
                }
            )
        }
    )
)


def basic(text: str) -> list[tuple[bytes, bytes]]:
    return [(b"authorization", b"basic " + base64.b64encode(text.encode()))]


def test_a_token_comes_as_bearer_or_as_the_password_of_basic() -> None:
    bearer = [[(b"host", b"x"), (b"authorization", value)] for value in (b"Bearer a:b", b"bEARER  a:b ")]
    assert [token_in(headers) for headers in [*bearer, basic("user:a:b"), basic(":a:b")]] == [b"a:b"] * 4


@pytest.mark.parametrize(
    "value", [b"", b"Bearer", b"Bearer ", b"token", b"Basic !!", b"Basic ", b"Digest x", b"Basic dXNlcg==", b"\xff\xfe"]
)
def test_anything_else_is_no_token(value: bytes) -> None:
    assert token_in([(b"authorization", value)]) is None


def test_each_of_two_tokens_opens() -> None:
    assert [admit(DOORS["shop", "web"], token).integration for token in (b"old", b"new")] == ["web", "web"]


@pytest.mark.parametrize(
    ("project", "integration", "token"),
    [
        ("shop", "web", None), ("shop", "web", b""), ("shop", "web", b"older"), ("shop", "web", hashed("old").encode()),
        ("shop", "no", b"old"), ("no", "web", b"old"),
        ("shop", "none", b""), ("shop", "off", b"wrong"), ("shop", "orders", b"right"), ("shop", "web", b"\xff"),
    ],
)  # fmt: skip
def test_whatever_is_not_right_gets_one_answer(project: str, integration: str, token: bytes | None) -> None:
    with pytest.raises(Unauthorized) as refused:
        admit(DOORS.get((project, integration)), token)
    assert refused.value.render() == Unauthorized().render()


def test_the_right_token_of_a_door_that_is_switched_off_learns_so() -> None:
    with pytest.raises(SwitchedOff, match="enabled: true"):
        admit(DOORS["shop", "off"], b"right")
