"""Each story ends as told, however its records were delivered, batched or interrupted."""

from __future__ import annotations

import random
from functools import cache

import pytest

from tests.stories.story import Story, read_stories
from tests.world import ReadModel, World

STORIES = read_stories()
every_story = pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)


@cache
def _alone(story: Story) -> ReadModel:
    """Give how a story ends when nothing disturbs it."""
    return story.world().run()


@every_story
def test_story_ends_as_told(story: Story) -> None:
    assert story.differences(_alone(story)) == []


@pytest.mark.parametrize("story", [one for one in STORIES if "config" in one.told], ids=lambda story: story.name)
def test_story_whose_configuration_is_applied_again_each_second_ends_as_told(story: Story) -> None:
    assert story.differences(story.world(is_applied_each_second=True).run(records_per_entry=50)) == []


@every_story
def test_story_delivered_twice_ends_the_same(story: Story) -> None:
    world = story.world()
    for record in world.inbox:
        world.writer.take(record)
        world.writer.take(record)
        world.write()
    assert world.run() == _alone(story)


@every_story
def test_story_interrupted_between_any_two_records_ends_the_same(story: Story) -> None:
    world, chance = story.world(), random.Random(story.name)
    often = min(0.3, 12 / len(world.inbox))  # each restart reads the whole journal
    for record in world.inbox:
        if record.offset >= world.writer.next_inbox:
            world.writer.take(record)
        if chance.random() < 0.5:
            world.write()
        if chance.random() < often:
            world.restart()
            for missed in world.inbox[world.writer.next_inbox : record.offset + 1]:
                world.writer.take(missed)
    assert world.run() == _alone(story)


@every_story
@pytest.mark.parametrize("size", [7, 10_000])
def test_story_batched_otherwise_ends_the_same(story: Story, size: int) -> None:
    assert story.world().run(records_per_entry=size) == _alone(story)


def test_decisions_are_the_same_step_by_step_however_entries_were_cut() -> None:
    for story in STORIES:
        singly, together = story.world(), story.world()
        decided = []
        for record in singly.inbox:
            decided.append(singly.writer.take(record))
            singly.write()
        assert [together.writer.take(record) for record in together.inbox] == decided


def test_a_writer_that_recovered_has_the_state_of_the_one_that_never_stopped() -> None:
    for story in STORIES:
        world = story.world()
        world.run(records_per_entry=3)
        before = _comparable(world)
        world.restart()
        assert _comparable(world) == before


def _comparable(world: World) -> dict[str, object]:
    hidden = (
        "mutes",
        "noted",
        "decisions",
        "cause",
        "rules",
        "unmatched_by_rules",
        "_timers",
        "_known_ends",
        "last_seen",
        "_expiries",
        "_expiry_of",
        "_undo",
        "pending_parts",
    )
    state = world.writer.state
    kept_of = {**vars(state), "fired": state.noted.fired, "unsaid": state.noted.unsaid}
    return {
        name: {key: value for key, value in kept.items() if value != {}} if isinstance(kept, dict) else kept
        for name, kept in kept_of.items()
        if name not in hidden
    }
