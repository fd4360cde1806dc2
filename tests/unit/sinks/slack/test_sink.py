"""What a channel gets to see of incidents, and how often."""

from __future__ import annotations

from sinks.slack.blocks import CONFIDENTIAL
from tests.unit.sinks.slack.world import NOON, SlackWorld, batch, entry, incident, notification

OPENED = entry([incident()], [notification()])
MINUTE = 60_000


def texts(world: SlackWorld, channel: str | None = None) -> list[str]:
    return [message["text"] for message in world.slack.posts(channel)]


def test_opened_incident_is_one_message_with_our_delivery_id(world: SlackWorld) -> None:
    world.start().deliver(batch(OPENED))
    (message,) = world.slack.posts()
    assert (message["channel"], message["text"]) == ("C1", "▲ critical, triggered: Checkout is slow (shop #12)")
    assert message["metadata"] == {"event_type": "tocsin_incident", "event_payload": {"delivery_id": f"shop/12/{NOON}/C1"}}
    assert world.slack.replies() == []


def test_change_without_a_decision_edits_the_message_and_says_nothing_in_the_thread(world: SlackWorld) -> None:
    sink = world.start()
    sink.deliver(batch(OPENED))
    sink.deliver(batch(entry([incident(version=2, firing=4, total=4)], offset=1)))
    (message,) = world.slack.posts()
    assert message["edits"] == 1
    assert "4 firing of 4" in str(message["blocks"])
    assert world.slack.replies() == []


def test_change_that_the_message_does_not_show_calls_nobody(world: SlackWorld) -> None:
    sink = world.start()
    sink.deliver(batch(OPENED))
    sink.deliver(batch(entry([incident(version=2, description="longer", timeline_count=9)], offset=1)))
    assert world.slack.calls() == [("chat.postMessage", "ok")]


def test_each_decision_is_one_reply_in_order(world: SlackWorld) -> None:
    sink = world.start()
    sink.deliver(batch(OPENED))
    acknowledged = incident(version=2, status="acknowledged")
    sink.deliver(batch(entry([acknowledged], [notification(2, "acknowledged", actor="ada", at=NOON + 3 * MINUTE)], 1)))
    resolved = incident(version=3, status="resolved", resolved_at=NOON + 12 * MINUTE, firing=0)
    sink.deliver(batch(entry([resolved], [notification(3, "resolved", status="resolved", at=NOON + 12 * MINUTE)], 2)))
    world.settle(sink, 5)
    assert world.slack.replies() == ["Acknowledged by Ada after 3 min", "✓ Resolved after 12 min"]
    assert texts(world) == ["✓ critical, resolved: Checkout is slow (shop #12)"]


def test_batch_that_comes_again_is_told_once(world: SlackWorld) -> None:
    sink = world.start()
    raised = entry([incident(version=2)], [notification(2, "severity_raised")], 1)
    for _ in range(3):
        sink.deliver(batch(OPENED, raised))
    assert (len(texts(world)), world.slack.replies()) == (1, ["▲ critical: severity raised"])


def test_each_channel_has_a_message_of_its_own(world: SlackWorld) -> None:
    world.start().deliver(batch(entry([incident()], [notification(1), notification(2, receiver="second")])))
    assert (len(texts(world, "C1")), len(texts(world, "C2"))) == (1, 1)


def test_two_receivers_of_one_channel_are_one_message_and_one_reply_for_each_change(world: SlackWorld) -> None:
    sink = world.start()
    opened = entry([incident()], [notification(1, offset=7), notification(2, receiver="same", offset=7)])
    resolved = entry(
        [incident(version=2, status="resolved", resolved_at=NOON)],
        [notification(3, "resolved", offset=9), notification(4, "resolved", receiver="same", offset=9)],
        1,
    )
    for _ in range(2):
        sink.deliver(batch(opened, resolved))
    assert (len(texts(world)), world.slack.replies()) == (1, ["✓ Resolved after 0 s"])


def test_receiver_that_is_unknown_or_no_slack_channel_is_nothing_to_this_sink(world: SlackWorld) -> None:
    world.start().deliver(batch(entry([incident()], [notification(1, receiver="mail"), notification(2, receiver="gone")])))
    assert world.slack.calls() == []


def test_confidential_incident_goes_to_confidential_channels_only(world: SlackWorld) -> None:
    secret = incident(is_confidential=True)
    world.start().deliver(batch(entry([secret], [notification(1), notification(2, receiver="secret")])))
    assert (texts(world, "C1"), len(texts(world, "C3"))) == ([], 1)
    assert list(world.store.values) == ["shop/12/C3"]


def test_incident_that_becomes_confidential_is_taken_out_of_an_open_channel(world: SlackWorld) -> None:
    sink = world.start()
    sink.deliver(batch(OPENED))
    secret = incident(version=2, is_confidential=True)
    sink.deliver(batch(entry([secret], [notification(2, "acknowledged", actor="ada")], 1)))
    world.settle(sink, 5)
    (message,) = world.slack.posts()
    assert "Checkout" not in str(message["text"]) + str(message["blocks"])
    assert (message["text"], world.slack.replies()) == (CONFIDENTIAL, [])


def test_history_is_learnt_and_not_acted_on(world: SlackWorld) -> None:
    sink = world.start()
    sink.deliver(batch(entry([incident()], [notification()], is_history=True)))
    world.settle(sink, 5)
    assert world.slack.calls() == []


def test_open_incident_from_history_is_spoken_of_when_it_changes(world: SlackWorld) -> None:
    sink = world.start()
    sink.deliver(batch(entry([incident()], [notification()], is_history=True)))
    sink.deliver(batch(entry([incident(version=2, status="acknowledged")], [notification(2, "acknowledged", actor="ada")], 1)))
    assert (texts(world), world.slack.replies()) == (
        ["▲ critical, acknowledged: Checkout is slow (shop #12)"],
        ["Acknowledged by Ada after 0 s"],
    )
