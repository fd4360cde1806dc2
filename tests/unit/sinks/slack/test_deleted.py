"""A message that a person deleted is posted anew, with the state as it is; its thread goes on there."""

from __future__ import annotations

import pytest

from sinks.sink import Superseded
from tests.unit.sinks.slack.world import SlackWorld, batch, entry, incident, notification
from tocsin.embedded.fake_slack.workspace import Fault

OPENED = entry([incident()], [notification()])
CHANGED = entry([incident(version=2, total=5)], offset=1)
REMINDED = entry([incident(version=3, total=5)], [notification(2, "reminder")], 2)


def delete(world: SlackWorld) -> None:
    world.slack.workspace.delete(world.slack.posts()[0]["ts"])


def test_deleted_message_is_posted_anew_with_the_state_when_it_changes(world: SlackWorld) -> None:
    sink = world.start()
    sink.deliver(batch(OPENED))
    delete(world)
    sink.deliver(batch(CHANGED))
    (message,) = world.slack.posts()
    assert ("3 firing of 5" in str(message["blocks"]), world.letters.written) == (True, [])
    sink.deliver(batch(REMINDED))
    world.settle(sink, 5)
    (reply,) = [one for one in world.slack.workspace.messages.values() if "thread_ts" in one]
    assert (reply["thread_ts"], len(world.slack.posts())) == (message["ts"], 1)


def test_reply_to_a_deleted_message_does_not_stand_alone_in_the_channel(world: SlackWorld) -> None:
    sink = world.start()
    sink.deliver(batch(OPENED))
    delete(world)
    sink.deliver(batch(entry([incident(version=2)], [notification(2, "reminder")], 1)))
    world.settle(sink, 5)
    assert [post["text"] for post in world.slack.posts()] == ["▲ critical, triggered: Checkout is slow (shop #12)"]
    assert world.slack.replies() == []  # the new message is what tells
    assert "chat.delete" not in [method for method, _ in world.slack.calls()]  # nobody saw a reply that stood alone


def test_reply_that_slack_takes_out_of_its_thread_is_taken_back(world: SlackWorld) -> None:
    """The message is deleted between our look at it and our reply."""
    sink = world.start()
    sink.deliver(batch(OPENED))
    client, ts = sink._postman.client, world.slack.posts()[0]["ts"]
    update = client.update

    def update_and_lose(*arguments: object) -> None:
        update(*arguments)  # type: ignore[arg-type]
        if ts in world.slack.workspace.messages:
            world.slack.workspace.delete(ts)

    client.update = update_and_lose  # type: ignore[method-assign, assignment]
    sink.deliver(batch(entry([incident(version=2, total=5)], [notification(2, "reminder")], 1)))
    world.settle(sink, 5)
    assert [post["text"][:21] for post in world.slack.posts()] == ["▲ critical, triggered"]
    assert world.slack.replies() == []


def test_thread_whose_first_message_is_gone_goes_on_below_the_new_one(world: SlackWorld) -> None:
    sink = world.start()
    sink.deliver(batch(OPENED))
    sink.deliver(batch(entry([incident(version=2)], [notification(2, "severity_raised")], 1)))
    delete(world)
    sink.deliver(batch(entry([incident(version=3, status="acknowledged")], [notification(3, "acknowledged", actor="ada")], 2)))
    sink.deliver(batch(entry([incident(version=4, total=9)], [notification(4, "reminder")], 3)))
    world.settle(sink, 5)
    (message,) = world.slack.posts()
    replies = {one["text"]: one["thread_ts"] for one in world.slack.workspace.messages.values() if "thread_ts" in one}
    assert replies["▲ critical: still triggered after 0 s, 3 of 9 alerts firing"] == message["ts"]
    assert len(replies) == 2


@pytest.mark.parametrize("write", range(1, 8))
def test_process_that_dies_while_it_posts_anew_leaves_one_message(world: SlackWorld, write: int) -> None:
    sink = world.start()
    sink.deliver(batch(OPENED))
    delete(world)
    world.store.fail_at = write
    for _ in range(3):
        try:
            sink.deliver(batch(CHANGED))
            break
        except Superseded:
            sink = world.start()
    world.settle(sink, 10)
    assert len(world.slack.posts()) == 1


def test_message_can_be_deleted_again_and_again(world: SlackWorld) -> None:
    sink = world.start()
    sink.deliver(batch(OPENED))
    for version in range(2, 6):
        delete(world)
        sink.deliver(batch(entry([incident(version=version, total=version)], offset=version)))
        world.settle(sink, 3)
    (message,) = world.slack.posts()
    assert message["metadata"]["event_payload"]["delivery_id"].endswith("/C1/again/4")


def test_deleted_message_that_must_not_be_shown_is_not_posted_anew(world: SlackWorld) -> None:
    sink = world.start()
    sink.deliver(batch(OPENED))
    delete(world)
    sink.deliver(batch(entry([incident(version=2, is_confidential=True)], offset=1)))
    world.settle(sink, 5)
    assert world.slack.posts() == []


def test_message_of_the_app_as_it_was_installed_before_is_posted_anew_once(world: SlackWorld) -> None:
    sink = world.start()
    sink.deliver(batch(OPENED))
    world.slack.workspace.faults.append(Fault("chat.update", error="cant_update_message", times=-1))
    for version in range(2, 6):
        sink.deliver(batch(entry([incident(version=version, total=version)], offset=version)))
        world.settle(sink, 3)
    assert (len(world.slack.posts()), world.letters.written) == (2, [])


@pytest.mark.parametrize("error", ["edit_window_closed", "restricted_action_thread_locked"])
def test_what_can_no_longer_be_edited_or_replied_to_is_told_by_the_other(world: SlackWorld, error: str) -> None:
    sink = world.start()
    sink.deliver(batch(OPENED))
    method = "chat.update" if error == "edit_window_closed" else "chat.postMessage"
    world.slack.workspace.faults.append(Fault(method, error=error, times=-1))
    sink.deliver(batch(entry([incident(version=2, total=5)], [notification(2, "reminder")], 1)))
    world.settle(sink, 5)
    (message,) = world.slack.posts()
    assert (message["edits"], len(world.slack.replies())) == ((0, 1) if method == "chat.update" else (1, 0))
    assert world.letters.written == []


def test_message_that_is_owed_anew_waits_like_any_other(world: SlackWorld) -> None:
    sink = world.start()
    sink.deliver(batch(OPENED))
    delete(world)
    world.slack.workspace.faults.append(Fault("chat.postMessage", error="is_archived", times=-1))
    sink.deliver(batch(CHANGED))
    world.settle(sink, 60)
    assert world.slack.posts() == []
    world.slack.workspace.faults.clear()
    world.settle(sink, 60)
    (message,) = world.slack.posts()
    assert "3 firing of 5" in str(message["blocks"])
