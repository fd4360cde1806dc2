from __future__ import annotations

from sinks.pace import REST_SECONDS, Pace


def test_a_reader_that_mostly_waits_does_not_rest() -> None:
    pace = Pace()
    assert [pace.rest_seconds(0.02, 0.004) for _ in range(50)] == [0.0] * 50


def test_a_reader_that_mostly_works_rests_after_a_few_rounds() -> None:
    pace = Pace()
    assert [pace.rest_seconds(0.0, 0.01) for _ in range(6)] == [0.0, 0.0, 0.0, REST_SECONDS, REST_SECONDS, REST_SECONDS]


def test_one_busy_round_is_no_load() -> None:
    pace = Pace()
    rests = [pace.rest_seconds(*round) for round in [(0.25, 0.0), (0.0, 0.5), (0.25, 0.001)]]
    assert rests == [0.0, 0.0, 0.0]


def test_a_reader_whose_load_ends_stops_resting() -> None:
    pace = Pace()
    for _ in range(50):
        pace.rest_seconds(0.0, 0.01)
    rests = [pace.rest_seconds(0.25, 0.001) for _ in range(5)]
    assert rests[-1] == 0.0
