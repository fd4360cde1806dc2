"""Answers that are none of Slack's: told once, never given up, waited for in sight of all, and no other channel's trouble."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from schemas.codec import decode
from schemas.configuration import Receiver, SlackReceiver
from schemas.limits import Limits
from schemas.sink_records import ReceiverTrouble
from sinks.follow_configuration import Applied
from sinks.sink import JournalEntry
from sinks.slack.exchange import Exchange
from sinks.slack.health import FAILING_SECONDS
from sinks.slack.refusals import FAILING, advice
from sinks.slack.sink import SlackSink
from tests.unit.sinks.slack.world import CONFIGURATION, NOON, SlackWorld, batch, entry, incident, notification
from tocsin.embedded.fake_slack.workspace import Fault

OPENED = entry([incident()], [notification()])
BOTH = entry([incident()], [notification(1), notification(2, receiver="second")])
REMINDED = entry([incident(version=2)], [notification(2, "reminder")], 1)
STRANGE: dict[str, dict[str, Any]] = {
    "page": {"body": "<html>back soon</html>"},
    "page-with-a-status": {"body": "<html>forbidden</html>", "status": 403},
    "redirect": {"location": "http://127.0.0.1:9/api/chat.postMessage"},
    "no-object": {"body": "[]"},
    "ok-alone": {"body": '{"ok": true}'},
    "ok-is-no-truth": {"body": '{"ok": "yes"}'},
    "error-is-no-text": {"body": '{"ok": false, "error": 7}'},
    "error-is-a-novel": {"body": '{"ok": false, "error": "' + "x" * 1000 + '"}'},
    "time-is-no-text": {"body": '{"ok": true, "channel": "C1", "ts": 7}'},
    "too-long": {"spaces": 1024 * 1024 + 1},
    "no-channel": {"without": "channel"},
    "no-ts": {"without": "ts"},
    "no-ok": {"without": "ok"},
}


def strange(world: SlackWorld, name: str, method: str = "chat.postMessage", times: int = -1, **more: Any) -> None:
    world.slack.workspace.faults.append(Fault(method, "C1", times, **STRANGE[name], **more))


def mend(world: SlackWorld) -> None:
    world.slack.workspace.faults.clear()


def told(world: SlackWorld, channel: str = "C1") -> tuple[int, int, int]:
    return len(world.slack.posts(channel)), len(world.slack.replies(channel)), len(world.letters.written)


@pytest.mark.parametrize("name", STRANGE)
def test_message_whose_answer_is_not_understood_is_posted_once_when_slack_is_itself_again(world: SlackWorld, name: str) -> None:
    strange(world, name)
    sink = world.start()
    sink.deliver(batch(OPENED))
    world.settle(sink, 300)
    mend(world)
    world.settle(sink, 31)
    assert told(world) == (1, 0, 0)


@pytest.mark.parametrize("name", STRANGE)
def test_message_that_was_posted_although_the_answer_is_not_understood_is_found(world: SlackWorld, name: str) -> None:
    strange(world, name, times=1, has_effect=True)
    sink = world.start()
    sink.deliver(batch(OPENED))
    world.settle(sink, 10)
    assert (told(world), world.slack.calls("chat.postMessage")) == ((1, 0, 0), [("chat.postMessage", "fault after effect")])


@pytest.mark.parametrize("name", [*STRANGE, "no-message"])
def test_reply_that_was_posted_although_the_answer_is_not_understood_is_found(
    world: SlackWorld, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(STRANGE, "no-message", {"without": "message"})
    sink = world.start()
    sink.deliver(batch(OPENED))
    strange(world, name, times=1, has_effect=True)
    sink.deliver(batch(REMINDED))
    world.settle(sink, 10)
    assert (told(world), world.alerts.sent) == ((1, 1, 0), [])


def test_message_is_not_posted_again_while_it_cannot_be_looked_for(world: SlackWorld) -> None:
    strange(world, "page", times=1, has_effect=True)
    strange(world, "page", "conversations.history")
    sink = world.start()
    sink.deliver(batch(OPENED))
    world.settle(sink, 300)
    assert len(world.slack.calls("chat.postMessage")) == 1
    mend(world)
    world.settle(sink, 31)
    assert told(world) == (1, 0, 0)


def test_history_without_messages_is_not_taken_for_an_empty_one(world: SlackWorld) -> None:
    strange(world, "page", times=1, has_effect=True)
    strange(world, "ok-alone", "conversations.history", times=3)
    sink = world.start()
    sink.deliver(batch(OPENED))
    world.settle(sink, 60)
    assert told(world) == (1, 0, 0)


def test_long_history_is_looked_through_a_page_at_a_time(world: SlackWorld) -> None:
    strange(world, "page", times=1, has_effect=True)
    sink = world.start()
    sink.deliver(batch(OPENED))
    for _ in range(900):
        world.slack.workspace.call("chat.postMessage", {"channel": "C1", "text": "another's"})
    world.settle(sink, 20)
    assert (len(world.slack.calls("conversations.history")), len(world.slack.calls("chat.postMessage"))) == (5, 1)


def test_history_of_long_messages_is_asked_for_in_smaller_parts(world: SlackWorld) -> None:
    strange(world, "page", times=1, has_effect=True)
    sink = world.start()
    sink.deliver(batch(OPENED))
    for _ in range(300):
        world.slack.workspace.call("chat.postMessage", {"channel": "C1", "text": "x" * 8000})
    world.settle(sink, 30)
    asked = [one["arguments"]["limit"] for one in world.slack.workspace.calls if one["method"] == "conversations.history"]
    assert (asked[:2], set(asked[1:]), len(world.slack.calls("chat.postMessage"))) == (["200", "50"], {"50"}, 1)


def test_history_whose_next_page_is_always_another_is_left_in_the_end(world: SlackWorld) -> None:
    strange(world, "page", times=1)
    endless = '{"ok": true, "messages": [], "response_metadata": {"next_cursor": "again"}}'
    world.slack.workspace.faults.append(Fault("conversations.history", times=-1, body=endless))
    sink = world.start()
    sink.deliver(batch(OPENED))
    world.settle(sink, 60)
    assert (len(world.slack.calls("conversations.history")), told(world)) == (20, (1, 0, 0))


def test_messages_posted_blindly_become_ever_rarer(world: SlackWorld) -> None:
    """Their answers are not understood, and we are not allowed to look for them."""
    strange(world, "page", has_effect=True)
    world.slack.workspace.faults.append(Fault("conversations.history", error="missing_scope", times=-1))
    sink = world.start()
    sink.deliver(batch(OPENED))
    world.settle(sink, 4 * 3600)
    assert 2 <= len(world.slack.posts()) <= 12


def test_edit_whose_answer_is_not_understood_is_made_again(world: SlackWorld) -> None:
    sink = world.start()
    sink.deliver(batch(OPENED))
    strange(world, "page", "chat.update", times=2)
    sink.deliver(batch(entry([incident(version=2, total=9)], offset=1)))
    world.settle(sink, 10)
    assert ("3 firing of 9" in str(world.slack.posts()), world.letters.written) == (True, [])


@pytest.mark.parametrize(
    ("fault", "word"),
    [
        ({"body": "<html>"}, "not_understood"),
        ({"status": 503}, "server_error"),
        ({"error": "internal_error"}, "server_error"),
        ({"is_silent": True}, "no_answer"),
    ],
)
def test_channel_whose_calls_come_to_nothing_for_minutes_is_shown_until_it_is_well(
    world: SlackWorld, fault: dict[str, Any], word: str
) -> None:
    world.slack.workspace.faults.append(Fault("chat.postMessage", "C1", -1, **fault))
    sink = world.start()
    sink.deliver(batch(OPENED))
    world.settle(sink, int(FAILING_SECONDS) - 30)
    assert world.alerts.sent == []
    world.settle(sink, 60)
    (kept,) = [decode(value, ReceiverTrouble) for value in world.troubles.values.values()]
    assert kept == ReceiverTrouble("slack", "C1", ["oncall", "same"], word, FAILING[word], NOON, 1)
    ((is_firing, alert),) = world.alerts.sent
    assert (is_firing, alert.title) == (True, f"Slack takes no message for oncall and same: {word}")
    mend(world)
    world.settle(sink, 61)
    assert (told(world), world.alerts.sent[-1][0], world.troubles.values) == ((1, 0, 0), False, {})


def test_slack_that_is_not_reached_is_one_trouble_of_all_receivers(world: SlackWorld) -> None:
    sink = world.start()
    client: Any = sink._postman.client
    reached, client._exchange = client._exchange, Exchange("http://127.0.0.1:9/", "", Limits())
    sink.deliver(batch(BOTH))
    world.settle(sink, 200)
    ((_, alert),) = world.alerts.sent
    assert alert.title == "Slack takes no message from us: unreachable"
    client._exchange = reached
    world.settle(sink, 61)
    assert (told(world), told(world, "C2"), world.alerts.sent[-1][0]) == ((1, 0, 0), (1, 0, 0), False)


def test_word_of_slack_s_ends_what_was_not_understood(world: SlackWorld) -> None:
    strange(world, "page")
    sink = world.start()
    sink.deliver(batch(OPENED))
    world.settle(sink, 200)
    mend(world)
    world.slack.workspace.left = frozenset({"C1"})
    world.settle(sink, 61)
    assert world.alerts.sent[-1][1].title.endswith("not_in_channel")


def test_every_word_of_ours_says_what_people_do() -> None:
    assert all(advice(word).startswith("see whether") for word in FAILING)


def test_channel_that_is_not_understood_delays_no_other(world: SlackWorld) -> None:
    strange(world, "page")
    sink = world.start()
    sink.deliver(batch(BOTH))
    assert told(world, "C2") == (1, 0, 0)


def test_other_channel_is_told_while_one_drips(world: SlackWorld) -> None:
    world.limits = Limits(slack_call_seconds=1)
    world.slack.workspace.faults.append(Fault("chat.postMessage", "C1", -1, drip_seconds=0.05))
    sink = world.start()
    incidents = [incident(number=number) for number in range(1, 9)]
    sink.deliver(batch(entry(incidents, [notification(1, incident=one.number) for one in incidents])))
    assert len(world.slack.calls("chat.postMessage")) == 1  # none of the others of that channel was tried after it
    sink.deliver(batch(entry([incident(number=9)], [notification(1, incident=9, receiver="second")], 1)))
    assert told(world, "C2") == (1, 0, 0)


def test_failing_channels_have_their_turn_after_all_others(world: SlackWorld) -> None:
    """However many there are, and whether they are told by a message or by a digest."""
    channels = [f"F{number}" for number in range(4)]
    receivers = {name: Receiver(slack=SlackReceiver(channel=name)) for name in [*channels, "C2"]}
    world.slack.workspace.channels = frozenset(receivers)
    world.configured.current = Applied(msgspec.structs.replace(CONFIGURATION, receivers=receivers), 1, 0)
    world.slack.workspace.faults += [Fault("", name, times=-1, body="<html>") for name in channels]
    sink = world.start()
    for at, name in enumerate(channels):
        sink.deliver(batch(opened(range(100 * at, 100 * at + 15), name, at)))
    world.clock.seconds += 1.5
    before = len(world.slack.calls())
    sink.deliver(batch(opened(range(900, 901), "C2", 4)))
    channels = [one["arguments"]["channel"] for one in world.slack.workspace.calls[before:]]
    assert (channels[0], len(set(channels))) == ("C2", 5)


def opened(numbers: range, receiver: str, offset: int) -> JournalEntry:
    made = [incident(number=number) for number in numbers]
    return entry(made, [notification(1, incident=one.number, receiver=receiver) for one in made], offset)


def test_posts_that_are_not_understood_become_rarer_although_they_can_be_looked_for(world: SlackWorld) -> None:
    strange(world, "page")
    sink = world.start()
    sink.deliver(batch(OPENED))
    world.settle(sink, 120)
    assert 4 <= len(world.slack.calls("chat.postMessage")) <= 9


def test_channel_whose_messages_come_to_nothing_is_shown_although_it_answers_questions(world: SlackWorld) -> None:
    strange(world, "page")
    sink = world.start()
    sink.deliver(batch(OPENED))
    for _ in range(20):
        world.slack.workspace.faults.insert(0, Fault("conversations.history", retry_after=1))
        world.settle(sink, 15)
    assert [is_firing for is_firing, _ in world.alerts.sent] == [True]


def test_channel_is_well_when_it_says_that_one_message_is_at_fault(world: SlackWorld) -> None:
    strange(world, "page")
    sink = world.start()
    sink.deliver(batch(OPENED))
    world.settle(sink, 200)
    mend(world)
    world.slack.workspace.faults.append(Fault("chat.postMessage", error="invalid_blocks"))
    world.settle(sink, 61)
    assert ([is_firing for is_firing, _ in world.alerts.sent], told(world)) == ([True, False], (0, 0, 1))


def slow_posts(world: SlackWorld, sink: SlackSink, seconds: float) -> None:
    """Let each post take so long."""
    client: Any = sink._postman.client
    post = client.post

    def slow(*arguments: Any) -> Any:
        world.clock.seconds += seconds
        return post(*arguments)

    client.post = slow


def test_round_ends_when_its_time_is_over_and_what_is_left_is_done_next(world: SlackWorld) -> None:
    sink = world.start()
    slow_posts(world, sink, 4)
    sink.deliver(batch(BOTH))
    assert len(world.slack.posts()) == 1
    sink.tend()
    assert len(world.slack.posts()) == 2


def test_probe_that_time_ran_out_for_is_made_next(world: SlackWorld) -> None:
    world.slack.workspace.left = frozenset({"C1", "C2"})
    sink = world.start()
    sink.deliver(batch(BOTH))
    world.slack.workspace.left = frozenset()
    world.clock.seconds += 31
    slow_posts(world, sink, 4)
    sink.tend()
    assert len(world.slack.posts()) == 1
    sink.tend()
    assert len(world.slack.posts()) == 2
