"""Receipts are ULIDs with a count, and tell what became of each alert, to whoever sent it alone."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from producers.webhook.answers import Headers
from producers.webhook.auth import admit_reader
from producers.webhook.door import build_door
from producers.webhook.doors import Doors, index_tokens
from producers.webhook.outcomes import PENDING_MILLIS, AlertOutcome
from producers.webhook.receipts import new_receipt, parse_receipt
from producers.webhook.refused import SwitchedOff, Unauthorized
from schemas.configuration import Integration
from schemas.limits import Limits
from schemas.records import SuppressedBy
from tests.unit.producers.webhook.doors import a_door
from tests.unit.producers.webhook.fakes import FakeOutcomes
from tests.unit.producers.webhook.site import GOOD, Site
from tests.unit.producers.webhook.test_auth import hashed

AT = 1_469_918_176_385
SEEN = AlertOutcome(1, "merged", alert=7, incident=3, suppressed_by=SuppressedBy("silence", "9"))
NOTHING = {"alert": None, "incident": None, "suppressed_by": None, "reason": None}


def receipt_of(count: int, at: int = AT, integration: str = "door") -> str:
    door = build_door("shop", integration, Integration(format="generic"))
    return new_receipt(door, count, lambda: at, lambda size: b"\xff" * size)


def get(
    receipt: str,
    *,
    known: list[AlertOutcome] | None = None,
    later: int = 0,
    headers: Headers | None = None,
    query: bytes = b"",
) -> tuple[int, Any]:
    outcomes = FakeOutcomes({("shop", "door", receipt): known or []})
    site = Site(outcomes=outcomes, now=(AT + later) / 1000)
    return site.request("GET", f"/receipts/{receipt}", headers=headers, query=query)[::2]


def test_a_receipt_says_when_how_many_and_whose() -> None:
    text = receipt_of(2)
    assert (text[:10], text[-2:], len(text)) == ("01ARYZ6S41", "-2", 28)
    read = parse_receipt(text)
    assert read is not None
    assert (read.text, read.at_millis, read.count) == (text, AT, 2)
    assert [read.is_of(door) for door in (a_door(), build_door("shop", "web", Integration(format="generic")))] == [True, False]


def test_later_receipts_sort_after_earlier_ones() -> None:
    assert receipt_of(9, at=1) < receipt_of(1, at=2)


@pytest.mark.parametrize(
    "text", ["", "x", "01ARYZ6S41ZZZZZZZZZZZZZZZZ", "01ARYZ6S41ZZZZZZZZZZZZZZZZ-", "81ARYZ6S41ZZZZZZZZZZZZZZZZ-1",
             "01ARYZ6S41ZZZZZZZZZZZZZZZZ-10000000", "01ARYZ6S41ZZZZZZZZZZZZZZZU-1", "01ARYZ6S41ZZZZZZZZZZZZZZZZ-1\n"],
)  # fmt: skip
def test_anything_else_is_none(text: str) -> None:
    assert parse_receipt(text) is None


def test_each_alert_has_an_item_pending_until_its_outcome_is_known() -> None:
    pending = {"outcome": "pending", **NOTHING}
    seen = msgspec.to_builtins(SEEN)
    assert get(receipt_of(3), known=[SEEN]) == (200, {"alerts": [{"index": 0, **pending}, seen, {"index": 2, **pending}]})


def test_a_request_that_nobody_knows_is_pending_for_an_hour_and_then_gone() -> None:
    assert get(receipt_of(1), later=PENDING_MILLIS)[0] == 200
    assert get(receipt_of(1), later=PENDING_MILLIS + 1)[0] == 404
    assert get(receipt_of(2), later=PENDING_MILLIS + 1, known=[SEEN])[0] == 200


def test_of_very_many_alerts_some_are_told_from_the_one_that_was_asked_for() -> None:
    most, count = Limits().max_listed_outcomes, Limits().max_listed_outcomes + 5
    seen = [AlertOutcome(index, "created", alert=index) for index in range(count)]
    status, first = get(receipt_of(count), known=seen)
    assert (status, len(first["alerts"]), first["alerts_in_all"]) == (200, most, count)
    _, rest = get(receipt_of(count), known=seen, query=b"from=%d" % most)
    assert ([one["index"] for one in rest["alerts"]], rest["alerts_in_all"]) == (list(range(most, count)), count)
    assert {one["outcome"] for one in first["alerts"] + rest["alerts"]} == {"created"}


def test_a_receipt_of_more_alerts_than_a_request_may_have_is_none() -> None:
    most = Limits().max_alertmanager_alerts
    assert [get(receipt_of(count))[0] for count in (most, most + 1)] == [200, 404]


def test_a_request_without_alerts_has_none() -> None:
    assert get(receipt_of(0)) == (200, {"alerts": []})


@pytest.mark.parametrize("receipt", [receipt_of(1, integration="other"), "01RECEIPT", "x"])
def test_what_is_no_receipt_of_the_asker_is_not_there(receipt: str) -> None:
    status, problem = get(receipt)
    assert (status, problem["title"]) == (404, "No such receipt")


@pytest.mark.parametrize("headers", [[(b"host", b"x")], [(b"authorization", b"Bearer wrong")]])
def test_a_receipt_needs_a_token(headers: Headers) -> None:
    assert get(receipt_of(1), headers=headers)[0] == 401


def test_a_database_that_is_away_is_503_with_retry_after() -> None:
    status, headers, problem = Site(outcomes=FakeOutcomes(None)).request("GET", f"/receipts/{receipt_of(1)}", headers=[GOOD])
    assert (status, headers[b"retry-after"], problem["title"]) == (503, b"1", "Not readable now")


def test_before_the_configuration_is_known_nobody_is_called_a_stranger() -> None:
    assert Site(is_accepting=False).request("GET", f"/receipts/{receipt_of(1)}")[0] == 503


def test_a_token_reads_for_all_integrations_that_have_it_and_are_on() -> None:
    token = [hashed("one")]
    web, on = a_door(tokens=token), a_door(tokens=[*token, hashed("two")])
    off = a_door(tokens=[*token, hashed("off")], enabled=False)
    doors = Doors(by_token_hash=index_tokens([web, on, off]))
    assert [admit_reader(doors, presented) for presented in (b"one", b"two")] == [[web, on], [on]]
    with pytest.raises(SwitchedOff, match="enabled: true"):
        admit_reader(doors, b"off")
    for presented in (b"three", b"", None):
        with pytest.raises(Unauthorized):
            admit_reader(doors, presented)
