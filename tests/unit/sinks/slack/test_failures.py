"""Crashes, limits and refusals: what is told in the end, and that it is told once."""

from __future__ import annotations

import msgspec
import pytest

from schemas.codec import decode, encode
from schemas.records import IncidentSection
from schemas.sink_records import SlackThread
from sinks.sink import Superseded
from tests.fakes.stores import MemoryStore
from tests.unit.sinks.slack.world import NOON, SlackWorld, batch, entry, incident, notification
from tocsin.embedded.fake_slack.workspace import Fault

OPENED = entry([incident()], [notification()])
RAISED = entry([incident(version=3)], [notification(2, "severity_raised"), notification(3, "reminder")], 1)
RAISED_REPLIES = ["▲ critical: severity raised", "▲ critical: still triggered after 0 s, 3 of 3 alerts firing"]


def told(world: SlackWorld) -> tuple[int, list[str]]:
    return len(world.slack.posts()), world.slack.replies()


@pytest.mark.parametrize("write", range(1, 9))
def test_process_that_dies_at_any_write_has_told_everything_once_after_its_restart(world: SlackWorld, write: int) -> None:
    """A write that does not come about is a crash before it; what was posted until then is not recorded."""
    world.store.fail_at = write
    sink = world.start()
    for _ in range(3):
        try:
            sink.deliver(batch(OPENED, RAISED))
            break
        except Superseded:
            sink = world.start()
    world.settle(sink, 10)
    assert told(world) == (1, RAISED_REPLIES)


def test_message_is_intended_before_it_is_posted(world: SlackWorld) -> None:
    world.store.fail_at = 1
    with pytest.raises(Superseded):
        world.start().deliver(batch(OPENED))
    assert world.slack.calls() == []


def test_crash_after_posting_finds_the_message_by_its_metadata(world: SlackWorld) -> None:
    world.store.fail_at = 2
    with pytest.raises(Superseded):
        world.start().deliver(batch(OPENED))
    sink = world.start()
    sink.deliver(batch(OPENED))
    assert told(world) == (1, [])
    assert world.slack.calls()[:2] == [("chat.postMessage", "ok"), ("conversations.history", "ok")]


def test_crash_between_two_replies_posts_the_second_only(world: SlackWorld) -> None:
    sink = world.start()
    sink.deliver(batch(OPENED))
    world.store.fail_at = 4  # edit; claim, post; claim, post | saved no more
    with pytest.raises(Superseded):
        sink.deliver(batch(RAISED))
    assert len(world.slack.replies()) == 2
    sink = world.start()
    sink.deliver(batch(RAISED))
    world.settle(sink, 5)
    assert told(world) == (1, RAISED_REPLIES)


@pytest.mark.parametrize(
    "fault",
    [
        Fault("chat.postMessage", error="internal_error", has_effect=True),
        Fault("chat.postMessage", error="fatal_error", has_effect=False),
        Fault("chat.postMessage", status=503, has_effect=True),
        Fault("chat.postMessage", is_silent=True, has_effect=True),
        Fault("chat.postMessage", is_silent=True, has_effect=False, times=3),
    ],
    ids=lambda fault: f"{fault.error or fault.status or 'silent'}-{fault.has_effect}",
)
def test_unsure_post_is_looked_for_before_it_is_tried_again(world: SlackWorld, fault: Fault) -> None:
    world.slack.workspace.faults.append(fault)
    sink = world.start()
    sink.deliver(batch(OPENED, RAISED))
    world.settle(sink, 30)
    assert told(world) == (1, RAISED_REPLIES)
    assert ("conversations.history", "ok") in world.slack.calls()


def test_unsure_reply_is_looked_for_in_its_thread(world: SlackWorld) -> None:
    sink = world.start()
    sink.deliver(batch(OPENED))
    world.slack.workspace.faults.append(Fault("chat.postMessage", error="internal_error", has_effect=True))
    sink.deliver(batch(RAISED))
    world.settle(sink, 10)
    assert told(world) == (1, RAISED_REPLIES)
    assert ("conversations.replies", "ok") in world.slack.calls()


def test_look_up_that_is_not_allowed_leads_to_one_message_too_many_rather_than_none(world: SlackWorld) -> None:
    lookups = Fault("conversations.history", error="missing_scope", times=-1)
    world.slack.workspace.faults += [Fault("chat.postMessage", error="internal_error", has_effect=True), lookups]
    sink = world.start()
    sink.deliver(batch(OPENED))
    world.settle(sink, 10)
    assert told(world) == (2, [])


def test_retry_after_is_waited_for_in_one_channel_while_the_other_goes_on(world: SlackWorld) -> None:
    world.slack.workspace.faults.append(Fault("chat.postMessage", "C1", retry_after=30))
    sink = world.start()
    sink.deliver(batch(entry([incident()], [notification(1), notification(2, receiver="second")])))
    assert [post["channel"] for post in world.slack.posts()] == ["C2"]
    world.settle(sink, 29)
    assert [post["channel"] for post in world.slack.posts()] == ["C2"]
    world.settle(sink, 2)
    assert [post["channel"] for post in world.slack.posts()] == ["C2", "C1"]


@pytest.mark.parametrize("written", ["9" * 400, "86400"])
def test_retry_after_is_waited_for_an_hour_at_most(world: SlackWorld, written: str) -> None:
    world.slack.workspace.faults.append(Fault("chat.postMessage", "C1", retry_after=written))
    sink = world.start()
    sink.deliver(batch(OPENED))
    world.settle(sink, 60)
    world.clock.seconds = 3590
    sink.tend()
    assert told(world) == (0, [])
    world.settle(sink, 11)
    assert told(world) == (1, [])


def test_what_waits_survives_a_restart_without_the_batch_coming_again(world: SlackWorld) -> None:
    world.slack.workspace.faults.append(Fault("chat.postMessage", retry_after=30))
    world.start().deliver(batch(OPENED))
    sink = world.start()
    world.settle(sink, 5)
    assert told(world) == (1, [])


def test_updates_that_had_to_wait_are_one_edit_with_the_newest_state(world: SlackWorld) -> None:
    sink = world.start()
    sink.deliver(batch(OPENED))
    world.slack.workspace.faults.append(Fault("chat.update", retry_after=10))
    for version in range(2, 40):
        sink.deliver(batch(entry([incident(version=version, total=version)], offset=version)))
    world.settle(sink, 12)
    (message,) = world.slack.posts()
    assert (message["edits"], "3 firing of 39" in str(message["blocks"])) == (1, True)


def test_many_messages_in_one_channel_go_out_one_a_second_and_none_is_refused(world: SlackWorld) -> None:
    world.slack.workspace.per_second = 1.0
    sink = world.start()
    for second in range(4):
        numbers = range(10 * second + 1, 10 * second + 11)
        incidents = [incident(number=number) for number in numbers]
        sink.deliver(batch(entry(incidents, [notification(1, incident=number) for number in numbers], offset=second)))
        world.settle(sink, 61)
    assert {result for _, result in world.slack.calls()} == {"ok"}
    assert len(world.slack.posts()) == 40


@pytest.mark.parametrize("fault", ["invalid_blocks", "msg_too_long", "invalid_arguments"])
def test_message_that_slack_would_never_take_is_a_dead_letter_and_the_others_go_on(world: SlackWorld, fault: str) -> None:
    world.slack.workspace.faults.append(Fault("chat.postMessage", "C1", error=fault))
    sink = world.start()
    sink.deliver(batch(entry([incident()], [notification(1), notification(2, receiver="second")], 5)))
    (letter,) = world.letters.written
    assert (letter.origin_topic, letter.origin_partition, letter.origin_offset) == ("tocsin.journal.v1", 0, 5)
    assert letter.reason == f"Slack refuses: {fault} (channel C1, incident shop/12)"
    original = msgspec.json.decode(letter.original)
    assert [original[name] for name in ("project", "incident", "receiver", "channel")] == ["shop", 12, "oncall", "C1"]
    assert b"Checkout is slow" in letter.original
    assert [post["channel"] for post in world.slack.posts()] == ["C2"]


def test_channel_whose_message_was_given_up_hears_of_the_next_decision(world: SlackWorld) -> None:
    world.slack.workspace.faults.append(Fault("chat.postMessage", error="invalid_blocks"))
    sink = world.start()
    sink.deliver(batch(OPENED))
    sink.deliver(batch(entry([incident(version=2)], [notification(2, "reminder")], 1)))
    assert told(world) == (1, ["▲ critical: still triggered after 0 s, 3 of 3 alerts firing"])


def test_token_is_sent(world: SlackWorld) -> None:
    world.slack.workspace.token = world.token = "xoxb-1"
    world.start().deliver(batch(OPENED))
    assert told(world) == (1, [])


def test_record_holds_what_a_restart_needs_and_no_description(world: SlackWorld) -> None:
    world.start().deliver(batch(OPENED))
    record = decode(world.store.values["shop/12/C1"], SlackThread)
    (message,) = world.slack.posts()
    expected = SlackThread(
        project="shop", incident=12, channel="C1", delivery_id=f"shop/12/{NOON}/C1", intended_at=NOON, channel_id="C1",
        ts=message["ts"], incident_state=encode(IncidentSection([incident(description="")])), shown_version=1,
        shown_hash=record.shown_hash, told=1,
    )  # fmt: skip
    assert record == expected


def test_another_store_of_the_same_channel_is_another_life(world: SlackWorld) -> None:
    """A cluster that was made anew counts its incidents from 1 again; what the old one posted is not taken for ours."""
    world.start().deliver(batch(OPENED))
    world.store = MemoryStore()
    world.start().deliver(batch(entry([incident(created_at=NOON + 1)], [notification()])))
    assert len(world.slack.posts()) == 2
