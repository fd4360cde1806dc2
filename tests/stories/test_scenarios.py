"""Every scenario of docs/scenarios.md is told by a story, or proven by the test that is named here; so is every command.

Not here: whether the stories end as told (`test_stories.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.commands import ARGUMENTS, BULK_VERBS, CREATING
from tests.stories.story import Story, read_stories

ROOT = Path(__file__).parents[2]
STORIES = read_stories()
FEWEST = 120
FINGERPRINTS = "tests/unit/producers/webhook/test_fingerprints.py"
PROVEN_ELSEWHERE = {
    10: f"{FINGERPRINTS}::test_empty_values_count_neither_for_the_fingerprint_nor_for_the_identity",
    17: "tests/stories/test_large.py::test_fifty_thousand_alerts_of_one_group_are_one_incident_told_once",
    32: "tests/stories/test_stories.py::test_story_whose_configuration_is_applied_again_each_second_ends_as_told",
    34: "tests/properties/test_any_inbox.py::test_three_workers_that_swap_partitions_decide_as_one",
    37: "tests/contract/sinks/test_sinks.py::test_an_unreachable_world_is_told_when_it_is_back",
}
"""What a story of one partition cannot show: labels at the doors, sizes, several runs of a story, sinks."""
COMMANDS = [
    *(f"{verb} {target}" for target, verbs in ARGUMENTS.items() for verb in verbs),
    *(f"create {target}" for target in CREATING),
    *(f"{verb} alerts" for verb in BULK_VERBS),
]


def _scenarios() -> set[int]:
    text = (ROOT / "docs/scenarios.md").read_text("utf-8")
    return {int(number) for number in re.findall(r"^(\d+)\. ", text, re.MULTILINE)}


def _told() -> set[int]:
    return {int(number) for story in STORIES for number in re.findall(r"\(scenario (\d+)\)", story.name)}


def _outcomes(command: str) -> set[str]:
    """Give what a command was answered in all stories: `done`, `refused` or `rejected`."""
    answers = [answer for story in STORIES for asked, answer in _asked(story) if asked == command]
    texts = [text for answer in answers for text in ([answer] if isinstance(answer, str) else answer)]
    return {text.split()[0].rstrip(":") for text in texts}


def _asked(story: Story) -> Iterator[tuple[str, str | list[str]]]:
    """Give the commands of a story, without the number of what they are about, each with its answer."""
    commands = [step["command"] for step in story.told["steps"] if "command" in step]
    for command, answer in zip(commands, story.told.get("answers", ()), strict=False):
        yield " ".join(command.split()[:2]), answer


def test_every_scenario_is_told_by_a_story_or_proven_elsewhere() -> None:
    assert _scenarios() == _told() | PROVEN_ELSEWHERE.keys()


def test_scenarios_are_numbered_from_1_to_43() -> None:
    assert _scenarios() == set(range(1, 44))


@pytest.mark.parametrize("place", PROVEN_ELSEWHERE.values())
def test_proof_elsewhere_exists(place: str) -> None:
    file, _, name = place.partition("::")
    assert f"def {name}(" in (ROOT / file).read_text("utf-8")


def test_there_are_enough_stories_and_no_two_have_one_name() -> None:
    assert len({story.name for story in STORIES}) == len(STORIES) >= FEWEST


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_told_when_it_is_done_and_when_it_is_not(command: str) -> None:
    outcomes = _outcomes(command)
    assert "done" in outcomes
    assert outcomes & {"refused", "rejected"}
