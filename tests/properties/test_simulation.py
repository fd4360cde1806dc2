"""Whatever happens to writers and readers, all readers agree on one history, and it holds each event once."""

from __future__ import annotations

from collections import Counter

import pytest

from processors import journal
from processors.core.absence import SILENT
from processors.core.own_alerts import fingerprint
from schemas.codec import decode
from schemas.errors import BrokenChain
from schemas.records import AlertBatch, Frame
from tests.properties.simulation import RULES, SMALL_PART_BYTES, Simulation
from tests.world import World

SEEDS = range(40)
SEEDS_OF_A_BROKEN_RULE = range(150)


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make entries of a few alerts need several parts."""
    monkeypatch.setattr(journal, "MAX_PART_BYTES", SMALL_PART_BYTES)


def problems(simulation: Simulation) -> list[str]:
    """Say what is wrong with the end of a run; an empty list: nothing."""
    models = [reader.model for reader in simulation.readers]
    found = [] if models[0] == models[1] == models[2] else ["the readers disagree"]
    sent = Counter(
        (record.offset, place, event.index)
        for record in simulation.inbox
        for place, item in enumerate(decode(record.value or b"", Frame).items)
        if isinstance(item, AlertBatch)
        for event in item.events
    )
    for model in models:
        decided = Counter((outcome.offset, outcome.item, event.index) for outcome in model.outcomes for event in outcome.events)
        found += [] if decided == sent else [f"lost {len(sent - decided)}, twice {len(decided - sent)}"]
        numbers = sorted(number for _, number in model.alerts)
        found += [] if numbers == list(range(1, len(numbers) + 1)) else [f"numbers {numbers}"]
        firing = sum(event.outcome in ("created", "merged") for outcome in model.outcomes for event in outcome.events)
        ours = [fingerprint("generic", kind) for kind in (SILENT, "rejected", "unmatched")]
        counted = sum(alert.events for alert in model.alerts.values() if alert.fingerprint not in ours)
        found += [] if counted == firing else [f"{firing} firing events, {counted} counted"]
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_any_run_ends_with_the_history_that_one_thread_would_have_made(seed: int) -> None:
    simulation = Simulation(seed)
    simulation.run()
    alone = World(inbox=simulation.inbox).run(records_per_entry=3)
    assert problems(simulation) == []
    assert simulation.readers[0].model == alone


@pytest.mark.parametrize("seed", SEEDS)
def test_readers_agree_also_when_two_versions_of_the_core_write_at_once(seed: int) -> None:
    simulation = Simulation(seed, with_other_core=True)
    simulation.run()
    assert problems(simulation) == []


@pytest.mark.parametrize("rule", RULES)
def test_no_rule_of_the_chain_can_be_left_out(rule: str) -> None:
    def is_caught(seed: int) -> bool:
        simulation = Simulation(seed, broken=rule, with_other_core=True)
        try:
            simulation.run()
        except (BrokenChain, AssertionError):
            return True
        return problems(simulation) != []

    is_noticed = any(map(is_caught, SEEDS_OF_A_BROKEN_RULE))
    assert is_noticed, f"nothing went wrong in {len(SEEDS_OF_A_BROKEN_RULE)} runs although {RULES[rule]}"
