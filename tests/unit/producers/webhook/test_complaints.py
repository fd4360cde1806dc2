"""What a door has against requests: told to the core gathered, by kind, and of nobody who has no right token."""

from __future__ import annotations

import asyncio

import pytest

from producers.webhook.answers import Headers
from producers.webhook.clocks import date_off, start_ahead
from producers.webhook.complaints import MAX_TEXT, Complaints
from producers.webhook.doors import Doors
from producers.webhook.publish import Publisher
from schemas.records import AlertEvent, Complaint
from tests.unit.producers.webhook.doors import a_door
from tests.unit.producers.webhook.fakes import FakeInbox, in_loop, until
from tests.unit.producers.webhook.site import GOOD, Site, doors

NOW = 1_767_323_045_000
"""2026-01-02T03:04:05Z."""
AHEAD = b'{"labels":{"a":"b"},"startsAt":"2026-01-02T03:06:06Z"},{"labels":{"a":"c"},"startsAt":"2026-01-02T03:08:00Z"}'


def told(site: Site) -> list[Complaint]:
    return [complaint for batch in site.inbox.batches() for complaint in batch.complaints]


@pytest.mark.parametrize(
    ("body", "path", "headers", "kind"),
    [
        (b"{bad", "web", [GOOD], "malformed"),
        (b"{}", "am/api/v2/alerts", [GOOD], "not_an_alert"),
        (b"5", "web", [GOOD], "not_an_alert"),
        (b"{}", "web", [GOOD, (b"content-length", b"1048577")], "too_large"),
        (b"[" * 101 + b"]" * 101, "web", [GOOD], "too_deep"),
        (b"{}", "web", [GOOD, (b"content-encoding", b"gzip")], "encoded"),
    ],
)
def test_a_whole_request_that_is_refused_is_told_with_what_its_sender_was(
    body: bytes, path: str, headers: Headers, kind: str
) -> None:
    site = Site(hears_complaints=True)
    _, _, answer = site.request("POST", f"/in/shop/{path}", body, headers=headers)
    assert told(site) == [Complaint(kind, 1, answer["detail"])]
    (batch,) = site.inbox.batches()
    assert (batch.project, batch.receipt, batch.total, batch.events, batch.refusals) == ("shop", "", 0, [], [])
    assert [header for _, _, header in site.inbox.sent] == [{"shop": 0}]


@pytest.mark.parametrize(
    ("path", "headers"), [("web", [(b"authorization", b"Bearer wrong")]), ("off", [GOOD]), ("nothing", [GOOD])]
)
def test_who_has_no_right_token_or_is_switched_off_is_not_told_of(path: str, headers: Headers) -> None:
    site = Site(hears_complaints=True)
    assert site.request("POST", f"/in/shop/{path}", b"{bad", headers=headers)[0] in (401, 403)
    assert site.inbox.sent == []


def test_a_slow_body_a_rate_limit_and_a_fault_of_ours_are_told_of_too() -> None:
    slow = Site(hears_complaints=True, is_silent=True, patience_seconds=0.01)
    assert slow.request("POST", "/in/shop/web")[0] == 408
    often = Site(hears_complaints=True)
    assert [often.post(b"[" + b"{}," * 59 + b"{}]", "slow")[0], often.post(b"{}", "slow")[0]] == [202, 429]
    assert [[one.kind for one in told(site)] for site in (slow, often)] == [["too_slow"], ["rate_limit"]]


def test_a_fault_of_ours_is_told_of() -> None:
    def broken() -> Doors:
        found = doors()
        found.by_name["shop", "web"].memory.find = None  # type: ignore[method-assign, assignment]
        return found

    site = Site(hears_complaints=True, doors=broken)
    assert site.request("POST", "/in/shop/web", b"{}")[0] == 500
    assert [one.kind for one in told(site)] == ["fault"]


def test_what_was_accepted_or_may_be_sent_again_is_not_told_of() -> None:
    site = Site(hears_complaints=True)
    assert site.post(b"[{},7]")[0] == 202
    lost = Site(FakeInbox(acknowledges=False), hears_complaints=True, patience_seconds=0.01)
    assert lost.post(b"{}")[0] == 503
    assert told(site) + told(lost) == []


@in_loop
async def test_a_flood_of_bad_requests_is_one_record_with_the_counts() -> None:
    inbox = FakeInbox()
    publisher = Publisher(inbox, 4)
    complaints = Complaints(publisher, gather_seconds=0.01)
    for number in range(1000):
        complaints.note(a_door(), "malformed", f"text {number}")
    complaints.note(a_door(), "clock", "é" * 1000)
    assert inbox.sent == []
    await until(lambda: bool(inbox.sent))
    (batch,) = inbox.batches()
    assert batch.complaints == [Complaint("malformed", 1000, "text 999"), Complaint("clock", 1, "é" * MAX_TEXT)]
    await asyncio.sleep(0.03)
    assert len(inbox.sent) == 1


@in_loop
async def test_each_integration_has_a_record_of_its_own_and_one_without_self_alerts_none() -> None:
    inbox = FakeInbox()
    publisher = Publisher(inbox, 4)
    complaints = Complaints(publisher)
    complaints.note(a_door(), "malformed", "text")
    complaints.note(a_door(self_alerts=False), "clock", "text")
    complaints.flush()
    publisher.flush()
    assert [batch.complaints for batch in inbox.batches()] == [[Complaint("malformed", 1, "text")]]


@in_loop
async def test_what_kafka_did_not_take_is_told_with_what_comes_next() -> None:
    inbox = FakeInbox(acknowledges=False)
    publisher = Publisher(inbox, 4)
    complaints = Complaints(publisher)
    complaints.note(a_door(), "malformed", "first")
    complaints.flush()
    publisher.flush()
    complaints.note(a_door(), "malformed", "second")
    inbox.settle(False)
    for _ in range(3):
        await asyncio.sleep(0)
    complaints.flush()
    publisher.flush()
    assert [batch.complaints for batch in inbox.batches()] == [
        [Complaint("malformed", 1, "first")],
        [Complaint("malformed", 2, "second")],
    ]


@pytest.mark.parametrize(
    ("date", "off"),
    [
        (b"Fri, 02 Jan 2026 03:04:05 GMT", None),
        (b"Fri, 02 Jan 2026 03:06:05 GMT", None),
        (b"Fri, 02 Jan 2026 03:02:05 GMT", None),
        (b"Fri, 02 Jan 2026 03:06:06 GMT", "The Date of a request is 121 s ahead of tocsin's clock."),
        (b"Fri, 02 Jan 2026 02:04:05 +0000", "The Date of a request is 3600 s behind tocsin's clock."),
        (b"yesterday", None),
        (b"\xff", None),
        (b"Fri, 02 Jan 99999 03:06:06 GMT", None),
    ],
)
def test_a_date_more_than_two_minutes_off_is_a_wrong_clock(date: bytes, off: str | None) -> None:
    assert date_off([(b"host", b"x"), (b"date", date)], NOW) == off


def an_event(ahead_seconds: float | None, is_firing: bool = True) -> AlertEvent:
    at = None if ahead_seconds is None else NOW + round(ahead_seconds * 1000)
    return AlertEvent(0, "f", b"", is_firing, None, at, None, b"", b"")


def test_a_firing_alert_of_prometheus_kind_that_starts_later_than_it_is_sent_is_a_wrong_clock() -> None:
    right = [an_event(120), an_event(-1e9), an_event(None), an_event(5000, is_firing=False)]
    assert start_ahead("alertmanager", right, NOW) is None
    assert start_ahead("generic", [an_event(5000)], NOW) is None
    assert start_ahead("prometheus", [*right, an_event(121)], NOW) == (
        "An alert that fires has a startsAt 121 s ahead of tocsin's clock."
    )


@pytest.mark.parametrize("count", [1, 2000])
def test_a_wrong_clock_is_told_of_once_for_a_request_which_is_accepted(count: int) -> None:
    site = Site(hears_complaints=True, now=NOW / 1000, patience_seconds=30)
    assert site.post(b"[" + b",".join([AHEAD] * count) + b"]", "am/api/v2/alerts")[0] == 200
    late = [GOOD, (b"date", b"Fri, 02 Jan 2026 02:04:05 GMT")]
    assert site.post(b"[]", headers=late)[0] == 202
    assert [(one.kind, one.count) for one in told(site)] == [("clock", 1), ("clock", 1)]
