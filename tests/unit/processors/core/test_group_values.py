"""How a group of one alert is named."""

from __future__ import annotations

import pytest

from processors.core.rules import group_values
from schemas.configuration import IncidentRule
from tests.world import PROJECT, World, batch

OF_ITS_OWN = IncidentRule(name="all", group_by=["..."])
FINGERPRINT = "6dcd4ce23d88e2ee9568ba546c007c63d9131c1b"
"""SHA-1 of `A`."""


@pytest.mark.parametrize(
    ("identity", "value"), [("uptime", f"{FINGERPRINT}/uptime"), ("", FINGERPRINT), ("\x01\x02", f"{FINGERPRINT}/0102")]
)
def test_a_group_of_one_alert_is_named_by_fingerprint_and_integration(identity: str, value: str) -> None:
    world = World()
    world.append(0, batch({"title": "A", "identity": identity}, integration="uptime"))
    alert = world.run().alerts[PROJECT, 1]
    assert group_values(OF_ITS_OWN, alert, lambda name: "") == [("...", value)]
