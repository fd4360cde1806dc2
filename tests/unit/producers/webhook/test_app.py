"""The doors from outside: every row of the answer table, through the ASGI application without a server."""

from __future__ import annotations

import json

import pytest
from structlog.testing import capture_logs

from producers.webhook import metrics
from producers.webhook.answers import Headers
from producers.webhook.doors import Doors
from schemas.over_limit import OVER
from schemas.records import Refusal
from tests.unit.producers.webhook.doors import a_door
from tests.unit.producers.webhook.fakes import FakeInbox
from tests.unit.producers.webhook.site import GOOD, Site
from tests.unit.producers.webhook.test_auth import hashed
from tests.unit.short_disks import disks_with


def test_what_kafka_has_is_answered_with_a_receipt_and_the_counts() -> None:
    site = Site()
    assert site.post(b'[{"title":"a"},7,{"title":"b"}]') == (
        202,
        {"receipt": "01RECEIPT", "accepted": 2, "rejected": [{"index": 1, "reason": "not an object"}]},
    )
    (batch,) = site.inbox.batches()
    assert (batch.receipt, batch.total, len(batch.events), batch.refusals) == ("01RECEIPT", 3, 2, [Refusal(1, "not an object")])


def test_a_request_of_nothing_is_written_too_since_it_says_that_its_sender_lives() -> None:
    site = Site()
    assert site.post(b"[]") == (202, {"receipt": "01RECEIPT", "accepted": 0, "rejected": []})
    assert [(batch.integration, batch.total, batch.events) for batch in site.inbox.batches()] == [("door", 0, [])]


def test_a_request_of_refusals_alone_is_written_too() -> None:
    site = Site()
    assert site.post(b"[7]")[1]["accepted"] == 0
    assert [header for _, _, header in site.inbox.sent] == [{"shop": 1}]


@pytest.mark.parametrize(
    ("body", "integration", "headers", "status", "says"),
    [
        (b"{bad", "web", [GOOD], 400, "JSON"),
        (b"", "web", [GOOD], 400, "JSON"),
        (b"{}", "web", [(b"host", b"x")], 401, "token"),
        (b"{}", "web", [(b"authorization", b"Bearer wrong")], 401, "token"),
        (b"{}", "nothing", [GOOD], 401, "token"),
        (b"{bad", "web", [(b"authorization", b"Bearer wrong"), (b"content-length", b"99999999")], 401, "token"),
        (b"{}", "off", [GOOD], 403, "enabled: true"),
        (b"{}", "web", [GOOD, (b"content-length", b"1048577")], 413, "1 MiB"),
        (b" " * 1_048_577, "web", [GOOD], 413, "1 MiB"),
        (b" " * 33_554_433, "am", [GOOD], 413, "32 MiB"),
        (b"[" + b"[]," * 250_000 + b"[]]", "web/api/v2/alerts", [GOOD], 413, "250000 alerts"),
        (b"[" * 101 + b"]" * 101, "web", [GOOD], 413, "100 levels"),
        (b"[" + b"{}," * 10_000 + b"{}]", "web", [GOOD], 413, "10000 alerts"),
        (b"{}", "web", [GOOD, (b"content-encoding", b"gzip")], 415, "Content-Encoding"),
        (b"5", "web", [GOOD], 422, "object"),
        (b'{"title":"t"}', "am", [GOOD], 422, "version"),
    ],
)
def test_each_refusal_says_what_to_do(body: bytes, integration: str, headers: Headers, status: int, says: str) -> None:
    got, detail = Site().problem(body, integration, headers)
    assert (got, says in detail) == (status, True)


def test_one_answer_for_all_that_is_not_right() -> None:
    headers: list[Headers] = [[(b"host", b"x")], [(b"authorization", b"Bearer wrong")], [(b"authorization", b"Bearer wrong")]]
    answers = [Site().problem(b"{}", name, given) for name, given in zip(("web", "web", "nothing"), headers, strict=True)]
    assert answers[0] == answers[1] == answers[2]


def test_an_alertmanager_body_may_have_more_than_one_mebibyte() -> None:
    padded = b" " * 2_000_000 + b'{"version":"4","alerts":[]}'
    assert Site().post(padded, "am")[0] == 202


@pytest.mark.parametrize("path", ["/acme/shop/alerts/notify/any/web.json", "/Acme/Shop/prometheus/alerts/notify.json"])
def test_gitlabs_doors_are_aliases_that_answer_200(path: str) -> None:
    site = Site()
    body = b'{"version":"4","alerts":[{"labels":{"a":"b"}}]}'
    assert site.request("POST", path, body)[::2] == (200, {"receipt": "01RECEIPT", "accepted": 1, "rejected": []})
    assert len(site.inbox.batches()) == 1
    assert site.request("POST", path, body, headers=[(b"authorization", b"Bearer wrong")])[0] == 401
    assert site.request("GET", path)[0] == 405


def test_prometheus_is_answered_as_by_an_alertmanager() -> None:
    site = Site()
    assert site.post(b'[{"labels":{"a":"b"}}]', "web/api/v2/alerts") == (
        200,
        {"receipt": "01RECEIPT", "accepted": 1, "rejected": []},
    )
    assert [(batch.format, batch.integration) for batch in site.inbox.batches()] == [("prometheus", "door")]
    assert Site().problem(b"[]", "new/api/v2/alerts")[0] == 401


def test_prometheus_is_told_of_what_was_refused_though_the_rest_is_accepted() -> None:
    site = Site()
    status, headers, answer = site.request("POST", "/in/shop/am/api/v2/alerts", b'[{"labels":{"a":"b"}},{"labels":{"a":""}},7]')
    assert (status, headers[b"content-type"]) == (400, b"application/problem+json")
    assert answer["detail"] == "2 of 3 alerts were refused (alert 1: no labels; alert 2: not an object); the others are accepted."
    assert (answer["receipt"], answer["accepted"], [one["index"] for one in answer["rejected"]]) == ("01RECEIPT", 1, [1, 2])
    assert [len(batch.events) for batch in site.inbox.batches()] == [1]


@pytest.mark.parametrize("body", [b"{}", b"5", b'"x"', b"{bad", b"[{]"])
def test_prometheus_door_takes_arrays_alone(body: bytes) -> None:
    assert Site().problem(body, "am/api/v2/alerts")[0] == 400


def test_an_alertmanagers_other_pages_are_there_without_a_token() -> None:
    nobody: Headers = [(b"host", b"x")]
    answers = [
        Site().request("GET", f"/in/shop/am{path}", headers=nobody) for path in ("/-/ready", "/-/healthy", "/api/v2/status")
    ]
    assert [(status, body) for status, _, body in answers[:2]] == [(200, b"ok\n")] * 2
    assert (answers[2][0], set(answers[2][2])) == (200, {"cluster", "config", "uptime", "versionInfo"})


def test_an_identity_encoding_is_none() -> None:
    assert Site().post(b"{}", headers=[GOOD, (b"content-encoding", b"Identity")])[0] == 202


def test_a_body_may_come_in_chunks_and_is_refused_as_soon_as_it_is_too_large() -> None:
    site = Site()
    assert site.request("POST", "/in/shop/web", b'{"title"', b':"t"', b"}")[0] == 202
    assert site.request("POST", "/in/shop/web", *[b" " * 600_000] * 3)[0] == 413


def test_a_sender_that_hangs_up_gets_no_answer_and_writes_nothing() -> None:
    site = Site()
    assert site.request("POST", "/in/shop/web")[0] == 0
    assert site.inbox.sent == []


def test_what_is_not_acknowledged_in_time_is_503_with_retry_after() -> None:
    status, headers, answer = Site(FakeInbox(acknowledges=False), patience_seconds=0.01).request(
        "POST", "/in/shop/am", b'{"version":"4","alerts":[{"labels":{"a":"b"}}]}'
    )
    assert (status, headers[b"retry-after"]) == (503, b"1")
    assert "may still have been written" in answer["detail"]


def test_a_door_that_is_not_open_takes_nothing_not_even_a_wrong_token() -> None:
    site = Site(is_accepting=False)
    assert site.problem(b"{}") == site.problem(b"{}", "nothing")
    assert site.problem(b"{}")[0] == 503


def test_a_fault_of_ours_is_500_and_logged() -> None:
    def broken() -> Doors:
        raise ZeroDivisionError

    with capture_logs() as logs:
        assert Site(doors=broken).problem(b"{}")[0] == 500
    assert [entry["event"] for entry in logs] == ["request_failed"]


@pytest.mark.parametrize("path", ["/", "/in", "/in/", "/in/shop", "/in/shop/", "/in//web", "/in/shop/web/x", "/metrics", ""])
def test_there_are_no_other_doors(path: str) -> None:
    status, headers, answer = Site().request("POST", path, b"{}")
    assert (status, headers[b"content-type"], answer["status"]) == (404, b"application/problem+json", 404)


@pytest.mark.parametrize(("method", "path", "allowed"), [
        ("GET", "/in/shop/web", b"POST, PUT"), ("PUT", "/in/shop/am/api/v2/alerts", b"POST"), ("POST", "/-/ready", b"GET, HEAD"),
    ],
)  # fmt: skip
def test_another_method_is_told_which_one(method: str, path: str, allowed: bytes) -> None:
    status, headers, _ = Site().request(method, path, b"")
    assert (status, headers[b"allow"]) == (405, allowed)


@pytest.mark.parametrize("path", ["/in/shop/web", "/in/shop/web/", "//in/shop//web", "/in/shop/web//"])
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_door_takes_put_as_post_and_does_not_mind_slashes(method: str, path: str) -> None:
    assert Site().request(method, path, b'{"title":"t"}', headers=[GOOD])[0] == 202


def test_nothing_is_taken_while_the_disk_is_nearly_full_and_the_answer_says_so() -> None:
    site = Site(disks=disks_with(99))
    before = OVER.labels("min_free_disk_mebibytes")._value.get()
    status, headers, answer = site.request("POST", "/in/shop/am", b"{}")
    assert (status, headers[b"retry-after"], answer["title"]) == (503, b"10", "No room")
    assert answer["detail"].startswith(
        "Nothing of this request was written: the disk of tocsin's data has 99 MiB free, and needs 100. Send it again later"
    )
    assert (site.inbox.sent, OVER.labels("min_free_disk_mebibytes")._value.get()) == ([], before + 1)
    assert site.problem(b"{}", headers=[(b"authorization", b"Bearer wrong")])[0] == 401


def test_a_door_that_cannot_open_for_a_full_disk_says_that_it_is_the_disk() -> None:
    assert "has 99 MiB free" in Site(disks=disks_with(99), is_accepting=False).problem(b"{}")[1]


@pytest.mark.parametrize(("is_ready", "ready"), [(True, 200), (False, 503)])
def test_it_is_healthy_always_and_ready_when_the_broker_answers(is_ready: bool, ready: int) -> None:
    site = Site(is_ready=is_ready)
    assert [site.request("GET", path, b"")[0] for path in ("/-/healthy", "/-/ready")] == [200, ready]


@pytest.mark.parametrize(("is_ready", "body"), [(True, b"ok\nwhy\n"), (False, b"not ready\nwhy\n")])
def test_it_says_what_is_wrong_while_it_is_asked_whether_it_is_ready(is_ready: bool, body: bytes) -> None:
    site = Site(is_ready=is_ready, trouble="why")
    assert [site.request("GET", path, b"")[2] for path in ("/-/ready", "/-/healthy")] == [body, b"ok\n"]


def test_what_status_map_passes_over_is_in_the_answer_and_no_refusal_to_count() -> None:
    door = a_door(status_map={"ack": "ignore"}, tokens=[hashed("good")])
    refused = metrics.REFUSED._value.get()
    status, answer = Site(doors=lambda: Doors({("shop", "web"): door})).post(b'[{"status":"ack"},7]')
    assert (status, [one["reason"] for one in answer["rejected"]]) == (
        202, ["ignored: status_map passes over the status 'ack'", "not an object"],
    )  # fmt: skip
    assert metrics.REFUSED._value.get() - refused == 1


def test_requests_events_and_truncation_are_counted() -> None:
    def counts() -> list[float]:
        values = (metrics.REQUESTS.labels(202), metrics.EVENTS.labels("alertmanager"), metrics.REFUSED, metrics.TRUNCATED)
        return [value._value.get() for value in values]

    before = counts()
    body = b'{"version":"4","truncatedAlerts":7,"groupKey":"k","alerts":[{"labels":{"a":"b"}},1]}'
    with capture_logs() as logs:
        assert Site().post(body, "am")[0] == 202
    assert [now - then for now, then in zip(counts(), before, strict=True)] == [1, 1, 1, 7]
    assert [(entry["event"], entry["group"], entry["count"]) for entry in logs] == [("alerts_truncated", "k", 7)]


def sources(site: Site, *generators: str) -> list[str]:
    """Post an alert of the API v2 from each Prometheus; gives what tells them apart."""
    for generator in generators:
        body = json.dumps([{"labels": {"alertname": "a"}, "generatorURL": f"http://{generator}/graph?g0.expr=up"}]).encode()
        site.request("POST", "/in/shop/am/api/v2/alerts", body)
    return [batch.source for batch in site.inbox.batches()]


def test_two_prometheus_of_one_address_are_told_apart_by_the_links_to_themselves() -> None:
    first, second, again = sources(Site(), "prom-a:9090", "prom-b:9090", "prom-a:9090")
    assert (first == again, first == second, len(first)) == (True, False, 12)


def test_a_batch_says_when_its_request_was_received_and_names_no_address() -> None:
    site = Site(now=1_800_000_000.0)
    site.post(b"[]")
    (batch,) = site.inbox.batches()
    assert (batch.received_at, batch.source) == (1_800_000_000_000, "")
