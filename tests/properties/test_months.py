"""Weeks of operation of 50 projects hold what must hold after every record, for three seeds; `make simulate` runs others."""

from __future__ import annotations

import pytest

from tests.simulation.check import Broken
from tests.simulation.months import simulate
from tests.simulation.shrinking import shrink

MONTHS = 0.7


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_weeks_of_operation_hold(seed: int) -> None:
    try:
        run = simulate(seed, MONTHS)
    except Broken as broken:
        pytest.fail(f"make simulate SEED={seed} MONTHS={MONTHS:g}\n{shrink(broken)}", pytrace=False)
    assert run.outcomes.keys() >= {"created", "merged", "recovered", "unmatched", "stale", "rejected", "done", "refused"}
    assert run.world.writers > 1
