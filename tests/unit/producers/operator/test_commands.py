"""Commands from the request to the answer, over ASGI, with a core that the test plays."""

from __future__ import annotations

import json
from typing import Any

import pytest
from structlog.testing import capture_logs

from schemas.commands import millis
from schemas.errors import Unavailable
from schemas.records import Command
from schemas.topics import partition_of
from tests.unit.producers.operator.client import (
    ALERTS,
    INCIDENTS,
    PARTITIONS,
    SILENCES,
    Client,
    FakeDatabase,
    FakeInbox,
    outcome_row,
    problem,
)
from tests.unit.producers.operator.rows import (
    ALERT_JSON,
    AT,
    INCIDENT_JSON,
    SILENCE_JSON,
    alert_row,
    incident_row,
    silence_row,
)
from tests.unit.short_disks import disks_with

COMMANDS = "/api/v1/projects/shop/commands"
ALERT = {**ALERT_JSON, "payload": {"a": 1}}
ENDS = {"ends_at": "2026-01-02T05:00:00Z"}


def client(*events: dict[str, Any], **said: Any) -> Client:
    tables = {
        "alerts": [alert_row(count=3)], "incidents": [incident_row()], "silences": [silence_row()],
        "outcomes": [outcome_row(*events)],
    }  # fmt: skip
    return Client(FakeDatabase(tables), **said)


def given(asked: Client) -> tuple[Command, Any]:
    """The only command that was given, and its arguments."""
    ((partition, command),) = asked.inbox.sent
    assert partition == partition_of("shop", PARTITIONS)
    return command, json.loads(command.arguments)


def test_command_goes_into_the_inbox_and_is_answered_with_what_it_changed() -> None:
    asked = client({"outcome": "done", "alert": 7})
    answer = asked.ask("POST", f"{ALERTS}/7/comment", body={"text": "Hm", "command_id": "c-1"})
    assert (answer.status_code, answer.json()) == (200, {"outcome": "done", "alert": ALERT})
    assert given(asked) == (Command("shop", "c-1", "ada", "comment", "alert", 7, b'{"text":"Hm"}'), {"text": "Hm"})


def test_what_is_made_is_answered_with_201_and_shown_with_all_that_the_outcome_names() -> None:
    new = client({"outcome": "done", "incident": 1}).ask("POST", INCIDENTS, body={"title": "Power"})
    assert (new.status_code, new.json()) == (201, {"outcome": "done", "incident": INCIDENT_JSON})
    made = client({"outcome": "done", "alert": 7, "incident": 1}).ask("POST", f"{ALERTS}/7/create-incident")
    assert (made.status_code, made.json()) == (201, {"outcome": "done", "alert": ALERT, "incident": INCIDENT_JSON})


@pytest.mark.parametrize(
    ("body", "headers", "expected"),
    [
        ({"command_id": "mine"}, {"Idempotency-Key": "other"}, "mine"),
        ({}, {"Idempotency-Key": "other"}, "other"),
        (None, {"Idempotency-Key": ""}, "01KDYAK3Q00000000000000000"),
        (None, {}, "01KDYAK3Q00000000000000000"),
    ],
)
def test_command_id_is_the_bodys_else_the_headers_else_a_new_one(body: Any, headers: dict[str, str], expected: str) -> None:
    asked = client({"outcome": "done", "alert": 7})
    asked.ask("POST", f"{ALERTS}/7/acknowledge", body=body, headers=headers)
    command, arguments = given(asked)
    assert (command.command_id, arguments) == (expected, {})


def test_same_request_written_otherwise_is_the_same_bytes() -> None:
    asked = [client({"outcome": "done"}), client({"outcome": "done"})]
    bodies = [b'{"on":true,"command_id":"c"}', b' { "command_id" : "c" , "on" : true } ']
    for one, body in zip(asked, bodies, strict=True):
        one.ask("POST", f"{INCIDENTS}/1/confidential", body=body)
    assert given(asked[0]) == given(asked[1])


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        (f"{ALERTS}/7/comment", {}, "missing required field `text`"),
        (f"{ALERTS}/7/comment", {"text": 7}, "Expected `str`, got `int` - at `$.text`"),
        (f"{ALERTS}/7/comment", {"text": "x" * 281}, "length <= 280 - at `$.text`"),
        (f"{ALERTS}/7/comment", {"text": " "}, "text: an entry has 1 to 280 characters"),
        (f"{ALERTS}/7/acknowledge", {"note": "x"}, "unknown field `note`"),
        (f"{ALERTS}/7/acknowledge", {"command_id": 7}, "command_id: a text of 1 to 200 characters"),
        (f"{ALERTS}/7/acknowledge", {"command_id": ""}, "command_id: a text of 1 to 200 characters"),
        (f"{ALERTS}/7/acknowledge", {"command_id": "a\nb"}, "command_id: a text of 1 to 200 characters"),
        (f"{ALERTS}/7/acknowledge", b"[]", "The body is not a JSON object"),
        (f"{ALERTS}/7/acknowledge", b'{"command_id": "\\ud800"}', "The body is not a JSON object"),
        (f"{ALERTS}/7/acknowledge", b"\xff", "The body is not a JSON object"),
        (f"{ALERTS}/7/acknowledge", b"[" * 100_000, "The body is not a JSON object"),
        (f"{INCIDENTS}/1/zoom", {"text": "http://zoom.us/j/1"}, "text: holds no link to a Zoom call"),
        (f"{ALERTS}/resolve", {"numbers": [2**63]}, "at `$.numbers[0]`"),
        (f"{ALERTS}/7/move", {"incident": 10**30}, "at `$.incident`"),
        (f"{ALERTS}/resolve", {}, "name the alerts by `numbers` or by `matchers`"),
        (SILENCES, {"matchers": ['team=~".*"'], **ENDS}, "at least one must not match the empty text"),
        (SILENCES, {"matchers": ["team=~("], **ENDS}, "matchers: "),
    ],
)
def test_malformed_command_is_told_what_is_wrong_and_where(path: str, body: Any, said: str) -> None:
    asked = client({"outcome": "done"})
    status, title, detail = problem(asked.ask("POST", path, body=body))
    assert (status, title, asked.inbox.sent) == (422, "Malformed", [])
    assert said in detail


def test_command_that_is_too_large_is_413() -> None:
    asked = client({"outcome": "done"})
    answer = asked.ask("POST", f"{INCIDENTS}/1/description", body=b" " * (512 * 1024 + 1))
    assert problem(answer) == (413, "Too large", "A command has at most 512 KiB.")


def test_what_postgresql_cannot_hold_never_reaches_it() -> None:
    asked = client({"outcome": "done", "incident": 1})
    asked.ask("POST", f"{INCIDENTS}/1/title", body={"title": "a\0b"})
    assert given(asked)[1] == {"title": "a\N{REPLACEMENT CHARACTER}b"}


def test_me_is_who_asks() -> None:
    asked = client({"outcome": "done", "alert": 7})
    asked.ask("POST", f"{ALERTS}/7/assign", body={"assignee": "me"})
    assert given(asked)[1] == {"assignee": "ada"}


@pytest.mark.parametrize("path", [f"{ALERTS}/7/acknowledge", f"{INCIDENTS}/1/acknowledge", f"{SILENCES}/4"])
def test_command_about_what_one_does_not_see_is_404_and_not_given(path: str) -> None:
    asked = Client()
    answer = asked.ask("DELETE" if path.startswith(SILENCES) else "POST", path)
    assert (problem(answer)[0], asked.inbox.sent) == (404, [])


def test_refused_command_says_why() -> None:
    answer = client({"outcome": "refused", "alert": 7, "reason": "Alert 9 has the fingerprint."}).ask(
        "POST", f"{ALERTS}/7/reopen"
    )
    assert (answer.status_code, answer.json()) == (409, {"outcome": "refused", "reason": "Alert 9 has the fingerprint."})


def test_rejected_command_is_malformed_with_the_cores_reason() -> None:
    rejected = {"outcome": "rejected", "reason": "command_id c-1 was another request"}
    for path in (f"{ALERTS}/7/reopen", f"{ALERTS}/resolve"):
        answer = client(rejected).ask("POST", path, body={"numbers": [7]} if path.endswith("resolve") else None)
        assert problem(answer) == (422, "Malformed", "command_id c-1 was another request")


def test_many_alerts_are_one_command_with_an_outcome_each() -> None:
    asked = client({"outcome": "done", "alert": 7}, {"outcome": "refused", "alert": 8, "reason": "It is resolved."})
    answer = asked.ask("POST", f"{ALERTS}/acknowledge", body={"numbers": [7, 8]})
    seven, eight = (
        {"number": 7, "outcome": "done", "reason": None},
        {"number": 8, "outcome": "refused", "reason": "It is resolved."},
    )
    assert (answer.status_code, answer.json()) == (200, {"outcomes": [seven, eight]})
    assert (given(asked)[0].number, given(asked)[1]["numbers"]) == (None, [7, 8])


def test_many_that_are_one_or_none_are_still_a_list() -> None:
    refused = {"number": 7, "outcome": "refused", "reason": "It is resolved."}
    one = client({"outcome": "refused", "alert": 7, "reason": "It is resolved."})
    assert one.ask("POST", f"{ALERTS}/resolve", body={"numbers": [7]}).json() == {"outcomes": [refused]}
    broken = client({"outcome": "rejected", "alert": 7, "reason": "KeyError"})
    rejected = {"number": 7, "outcome": "rejected", "reason": "KeyError"}
    assert broken.ask("POST", f"{ALERTS}/resolve", body={"numbers": [7]}).json() == {"outcomes": [rejected]}
    assert client().ask("POST", f"{ALERTS}/resolve", body={"matchers": ['a="b"']}).json() == {"outcomes": []}


def test_undecided_command_is_pending_with_where_to_look() -> None:
    asked = Client(FakeDatabase({"alerts": [alert_row()]}), patience_seconds=0.02)
    answer = asked.ask("POST", f"{ALERTS}/7/acknowledge", body={"command_id": "a/b"})
    assert (answer.status_code, answer.json()) == (202, {"outcome": "pending", "command_id": "a/b"})
    assert answer.headers["location"] == f"{COMMANDS}/a%2Fb"
    asked.database.tables["outcomes"] = [outcome_row({"outcome": "done", "alert": 7})]
    assert asked.get(answer.headers["location"]).json() == {"outcome": "done", "alert": ALERT}
    assert asked.database.asked[-2].values == {"project": "shop", "id": "a/b", "viewer": "ada", "is_admin": False}


def test_what_became_of_a_command_is_asked_for_who_gave_it_and_for_admins() -> None:
    asked = Client(FakeDatabase({"alerts": [alert_row()]}), patience_seconds=0.02)
    assert asked.ask("POST", f"{ALERTS}/7/acknowledge", body={"command_id": "mine"}).status_code == 202
    assert [asked.get(f"{COMMANDS}/mine", who).status_code for who in ("ada", "bob")] == [202, 404]
    questions = []
    for who in ("ada", "bob", "root"):
        asked.get(f"{COMMANDS}/mine", who)
        questions += [query.values for query in asked.database.asked[-2:] if "is_admin" in query.values][-1:]
    assert [(values["viewer"], values["is_admin"]) for values in questions] == [("ada", False), ("bob", False), ("root", True)]


@pytest.mark.parametrize("inbox", [FakeInbox(answer=None), FakeInbox(is_silent=True)])
def test_command_that_kafka_does_not_take_is_503(inbox: FakeInbox) -> None:
    asked = client({"outcome": "done"}, inbox=inbox, patience_seconds=0.02)
    answer = asked.ask("POST", f"{ALERTS}/7/acknowledge", body={"command_id": "c-1"})
    assert problem(answer)[:2] == (503, "Not available now")
    assert ("'c-1'" in answer.json()["detail"], answer.headers["retry-after"]) == (True, "2")


def test_command_is_not_given_while_the_disk_is_nearly_full_and_reading_goes_on() -> None:
    asked = client({"outcome": "done"}, disks=disks_with(99))
    answer = asked.ask("POST", f"{ALERTS}/7/acknowledge")
    said = (
        "The command is not carried out: the disk of tocsin's data has 99 MiB free, and needs 100. "
        "Give it again when there is room on that disk."
    )
    assert (problem(answer), answer.headers["retry-after"]) == ((503, "No room", said), "10")
    assert (asked.inbox.sent, asked.get(f"{ALERTS}/7").status_code) == ([], 200)


def test_command_that_kafka_never_takes_is_413_with_the_limit() -> None:
    asked = client({"outcome": "done"}, inbox=FakeInbox(limit_bytes=3_000, real_limit_bytes=3_000))
    answer = asked.ask("POST", f"{INCIDENTS}/1/description", body={"description": "x" * 8_000})
    said = (
        "The command is larger than Kafka takes: over max.message.bytes of inbox, 3,000 bytes. It is not carried out: shorten it."
    )
    assert problem(answer) == (413, "Too large", said)


def test_command_is_given_again_when_the_limit_it_was_held_to_is_no_longer_in_force() -> None:
    asked = client({"outcome": "done", "incident": 1}, inbox=FakeInbox(limit_bytes=3_000, real_limit_bytes=10**6))
    answer = asked.ask("POST", f"{INCIDENTS}/1/description", body={"description": "x" * 8_000})
    assert (answer.status_code, len(asked.inbox.sent)) == (200, 2)


def test_command_is_not_given_while_the_database_cannot_say_what_one_sees() -> None:
    asked = Client(FakeDatabase(error=Unavailable("PostgreSQL: gone")))
    with capture_logs():
        assert problem(asked.ask("POST", f"{ALERTS}/7/acknowledge"))[0] == 503
    assert asked.inbox.sent == []


def test_new_silence_carries_how_many_alerts_it_would_have_muted_whatever_is_said_of_it() -> None:
    asked = client({"outcome": "done", "silence": "4"})
    answer = asked.ask("POST", SILENCES, body={"matchers": ['service="web"'], **ENDS, "muted_7d": 99})
    assert (answer.status_code, answer.json()) == (201, {"outcome": "done", "silence": SILENCE_JSON})
    assert (given(asked)[0].verb, given(asked)[1]["muted_7d"]) == ("create", 3)


def test_silences_are_edited_and_expired_by_their_id() -> None:
    edited, expired = client({"outcome": "done", "silence": "5"}), client({"outcome": "done", "silence": "4"})
    assert edited.ask("PUT", f"{SILENCES}/4", body={"matchers": ['service="web"'], **ENDS}).status_code == 200
    assert expired.ask("DELETE", f"{SILENCES}/4").json() == {"outcome": "done", "silence": SILENCE_JSON}
    assert [(given(one)[0].verb, given(one)[0].number) for one in (edited, expired)] == [("edit", 4), ("expire", 4)]


def test_preview_counts_and_gives_no_command() -> None:
    asked = client()
    body = {"matchers": ['service="web"'], **ENDS}
    assert asked.ask("POST", f"{SILENCES}/preview", "bob", body).json() == {"muted_7d": 3}
    assert asked.inbox.sent == []
    counted = asked.database.asked[-1].values
    assert (millis(AT) - millis(counted["fired_since"]), counted["matcher_0_value"]) == (7 * 86_400_000, "web")


WARNED = "severity=\"warnig\" matches nothing: there is no severity 'warnig'; did you mean 'warning'?"


def test_preview_and_new_silence_warn_of_a_matcher_that_can_match_nothing() -> None:
    asked, body = client({"outcome": "done", "silence": "4"}), {"matchers": ['severity="warnig"'], "comment": "c", **ENDS}
    assert asked.ask("POST", f"{SILENCES}/preview", "bob", body).json() == {"muted_7d": 3, "warnings": [WARNED]}
    made = asked.ask("POST", SILENCES, body=body)
    assert (made.status_code, made.json()) == (201, {"outcome": "done", "silence": SILENCE_JSON, "warnings": [WARNED]})
    edited = asked.ask("PUT", f"{SILENCES}/4", body=body)
    assert (edited.status_code, edited.json()["warnings"]) == (200, [WARNED])


def test_a_command_about_many_alerts_warns_of_a_matcher_that_can_match_nothing() -> None:
    two = client({"outcome": "done", "alert": 7}, {"outcome": "done", "alert": 8})
    assert two.ask("POST", f"{ALERTS}/acknowledge", body={"matchers": ['severity="warnig"']}).json()["warnings"] == [WARNED]


def test_what_became_of_a_command_is_told_as_it_would_have_been() -> None:
    assert client({"outcome": "done", "alert": 7}).get(f"{COMMANDS}/c-1", "bob").json() == {"outcome": "done", "alert": ALERT}
    assert client({"outcome": "refused", "reason": "No."}).get(f"{COMMANDS}/c-1").status_code == 409
    two = client({"outcome": "done", "alert": 7}, {"outcome": "done", "alert": 8}).get(f"{COMMANDS}/c-1").json()
    assert [one["number"] for one in two["outcomes"]] == [7, 8]


def test_unknown_command_is_pending_if_its_id_is_of_the_last_hour() -> None:
    asked = Client()
    pending = {"outcome": "pending", "command_id": "01KDYAK3Q00000000000000000"}
    assert asked.get(f"{COMMANDS}/01KDYAK3Q00000000000000000").json() == pending
    assert [asked.get(f"{COMMANDS}/{id}").status_code for id in ("01KDY00000000000000000000Z", "unheard-of")] == [404, 404]


DEAR = 'a=~"(?:word[0-9]){110}"'


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (SILENCES, {"matchers": [DEAR], **ENDS}),
        (f"{SILENCES}/preview", {"matchers": [DEAR], **ENDS}),
        (f"{ALERTS}/acknowledge", {"matchers": [DEAR]}),
        (SILENCES, {"matchers": [f'a=~"x{number}.*"' for number in range(6)], **ENDS}),
    ],
)
def test_matchers_that_cost_too_much_are_refused_before_a_command_is_given(path: str, body: dict[str, Any]) -> None:
    asked = client({"outcome": "done", "silence": "4"})
    answer = asked.ask("POST", path, body=body)
    assert (answer.status_code, "at most 5" in answer.json()["detail"], asked.inbox.sent) == (422, True, [])


def test_a_silence_that_costs_too_much_beside_the_project_s_others_is_refused() -> None:
    asked = client({"outcome": "done", "silence": "4"})
    asked.database.in_force = [{"matchers": ['a=~".*nowhere.*"'], "count": 400}, {"matchers": None, "count": 3}]
    dear, cheap = (asked.ask("POST", SILENCES, body={"matchers": [text], **ENDS}) for text in ('a=~".*b.*"', 'a="b"'))
    assert (dear.status_code, "of at most 8000 instructions" in dear.json()["detail"], cheap.status_code) == (422, True, 201)
    edited = asked.ask("PUT", f"{SILENCES}/4", body={"matchers": ['a=~".*b.*"'], **ENDS})
    assert (edited.status_code, asked.database.asked[-1].values["besides"]) == (422, "4")
