"""Cases come from their seed alone, stay within bounds, and break requests at each level."""

from __future__ import annotations

from random import Random

import pytest

from tests.fuzz import mutate_bytes, mutate_http, mutate_json
from tests.fuzz.cases import LEVELS, Case, build_case
from tests.fuzz.mutate_http import Written
from tests.fuzz.requests import payloads
from tests.fuzz.stack import configuration

LARGEST_BYTES = 1024 * 1024 + 200 * 1024
"""A body at its limit, and the longest head, chunked in the dearest way."""
REQUEST = Written(
    b"POST", b"/in/shop/door", ((b"Host", b"tocsin.example"), (b"Accept", b"*/*")), b'{"title": "Checkout is slow"}'
)


def sent(case: Case) -> tuple[str, list[bytes], float, bool, str]:
    written = case.written
    return case.target, written.pieces(), written.pause_seconds, written.waits, case.address


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return [build_case(1, number) for number in range(500)]


def test_same_seed_gives_the_same_first_500_requests(cases: list[Case]) -> None:
    assert [sent(build_case(1, number)) for number in range(500)] == [sent(case) for case in cases]


def test_case_alone_is_the_one_of_the_campaign(cases: list[Case]) -> None:
    assert sent(build_case(1, 321)) == sent(cases[321])


def test_other_seeds_give_other_requests(cases: list[Case]) -> None:
    assert sum(sent(build_case(2, number)) == sent(cases[number]) for number in range(100)) < 5


def test_each_level_and_both_doors_come_up(cases: list[Case]) -> None:
    assert {(case.level, case.target) for case in cases} == {
        (level, door) for level in LEVELS for door in ("webhook", "operator")
    }


def test_no_request_is_much_larger_than_the_limit_of_a_body(cases: list[Case]) -> None:
    assert max(len(case.written.data()) for case in cases) <= LARGEST_BYTES


def test_failure_names_the_case_and_what_was_sent(cases: list[Case]) -> None:
    assert str(cases[5]).startswith(f"--only 5: {cases[5].target}")
    assert repr(cases[5].written.data()[:40])[:-1] in str(cases[5])


def test_no_request_can_reach_the_good_clients_project(cases: list[Case]) -> None:
    assert not any(b"steady" in case.written.data() or b"good-client" in case.written.data() for case in cases)


@pytest.mark.parametrize("mutator", mutate_bytes.MUTATORS)
def test_each_mutator_of_bytes_changes_them_within_bounds(mutator: mutate_bytes.Mutator) -> None:
    data = REQUEST.body * 4
    broken = [mutator(Random(seed), data) for seed in range(50)]
    assert sum(one != data for one in broken) > 40
    assert max(map(len, broken)) <= 2 * len(data) + mutate_bytes.REPEATED_BYTES
    assert [mutator(Random(seed), b"") is not None for seed in range(10)] == [True] * 10


@pytest.mark.parametrize("place", range(len(mutate_json.MUTATORS)))
def test_each_mutator_of_json_changes_a_document(place: int) -> None:
    def document() -> dict[str, object]:
        return {"title": "Slow", "alerts": [{"labels": {"a": "b"}, "startsAt": "2026-03-01T12:00:00Z"}]}

    good = mutate_json.write(document())
    broken = [mutate_json.write(mutate_json.MUTATORS[place](Random(seed), document())) for seed in range(30)]
    assert sum(one != good for one in broken) > 20


@pytest.mark.parametrize("mutator", mutate_http.MUTATORS)
def test_each_mutator_of_http_changes_what_is_sent(mutator: mutate_http.Mutator) -> None:
    broken = [mutator(Random(seed), REQUEST) for seed in range(50)]
    assert sum((one.pieces(), one.waits) != (REQUEST.pieces(), True) for one in broken) > 30


@pytest.mark.parametrize("mutator", [mutate_http.half, mutate_http.hang_up, mutate_http.wrong_length, mutate_http.odd_chunks])
def test_what_is_no_whole_request_is_owed_no_answer(mutator: mutate_http.Mutator) -> None:
    assert not any(mutator(Random(seed), REQUEST).is_whole for seed in range(20))


def test_pieces_of_a_slow_request_are_the_whole() -> None:
    slow = mutate_http.slow(Random(1), REQUEST)
    assert len(slow.pieces()) > 1
    assert b"".join(slow.pieces()) == REQUEST.data()


def test_object_may_have_a_key_twice_and_a_number_of_any_size() -> None:
    written = mutate_json.write({"a": mutate_json.Pairs([("b", 1), ("b", mutate_json.Verbatim("1e400"))])})
    assert written == '{"a":{"b":1,"b":1e400}}'


def test_seeds_are_the_recorded_payloads_of_several_senders() -> None:
    assert {folder for folder, _ in payloads()} >= {"alertmanager", "prometheus-direct", "pagerduty-sdk", "opsgenie-sdk"}


def test_configuration_has_a_person_of_each_role() -> None:
    members = configuration()["projects"]["fuzz-a"]["members"]
    assert sorted(members.values()) == ["responder", "viewer"]
    assert [name for name, one in configuration()["people"].items() if one.get("admin")] == ["alma"]
