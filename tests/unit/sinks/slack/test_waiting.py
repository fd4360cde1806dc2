"""What people can mend is waited for: the newest state of each incident is posted when the channel is well again."""

from __future__ import annotations

import msgspec
import pytest

from schemas.configuration import Receiver, SlackReceiver
from sinks.follow_configuration import Applied
from sinks.slack import refusals
from sinks.slack.sink import SlackSink
from tests.unit.sinks.slack.world import CONFIGURATION, NOON, RECEIVERS, SlackWorld, batch, entry, incident, notification
from tocsin.embedded.fake_slack.workspace import Fault

OPENED = entry([incident()], [notification()])
MINUTE = 60_000
DAY_SECONDS = 86_400


def refuse(world: SlackWorld, error: str, channel: str = "C1") -> None:
    world.slack.workspace.faults.append(Fault("chat.postMessage", channel, times=-1, error=error))
    world.slack.workspace.faults.append(Fault("chat.update", channel, times=-1, error=error))


def mend(world: SlackWorld) -> None:
    world.slack.workspace.faults.clear()


def states(world: SlackWorld, channel: str = "C1") -> list[str]:
    return [post["text"].split(":")[0] for post in world.slack.posts(channel)]


@pytest.mark.parametrize("error", [*refusals.WORKSPACE, *refusals.CHANNEL, "some_new_word"])
def test_message_waits_until_people_have_mended_it_and_is_then_posted(world: SlackWorld, error: str) -> None:
    refuse(world, error)
    sink = world.start()
    sink.deliver(batch(OPENED))
    world.settle(sink, 300)
    assert (states(world), world.letters.written) == ([], [])
    mend(world)
    world.settle(sink, 30)
    assert (states(world), world.slack.replies(), world.letters.written) == (["▲ critical, triggered"], [], [])


@pytest.mark.parametrize(
    ("setting", "broken", "mended"),
    [
        ("left", frozenset({"C1"}), frozenset()),
        ("archived", frozenset({"C1"}), frozenset()),
        ("channels", frozenset({"C2"}), frozenset({"C1"})),
        ("token", "xoxb-2", ""),
        ("refuses", "token_revoked", ""),
    ],
)
def test_workspace_that_refuses_as_slack_does_is_waited_for(
    world: SlackWorld, setting: str, broken: object, mended: object
) -> None:
    setattr(world.slack.workspace, setting, broken)
    sink = world.start()
    sink.deliver(batch(OPENED))
    world.settle(sink, 60)
    assert world.slack.posts() == []
    setattr(world.slack.workspace, setting, mended)
    world.settle(sink, 31)
    assert states(world) == ["▲ critical, triggered"]


def test_channel_is_probed_every_30_s_with_one_call_however_many_wait(world: SlackWorld) -> None:
    refuse(world, "not_in_channel")
    sink = world.start()
    numbers = range(1, 21)
    opened = entry([incident(number=one) for one in numbers], [notification(incident=one) for one in numbers])
    sink.deliver(batch(opened))
    first = len(world.slack.calls())
    assert first <= 3  # those that were chosen together, before the first of them was refused
    world.settle(sink, 300)
    assert len(world.slack.calls()) - first == 10


def test_newest_state_is_told_once_and_what_was_between_is_not(world: SlackWorld) -> None:
    refuse(world, "is_archived")
    sink = world.start()
    sink.deliver(batch(OPENED))
    acknowledged = incident(version=2, status="acknowledged")
    sink.deliver(batch(entry([acknowledged], [notification(2, "acknowledged", actor="ada")], 1)))
    resolved = incident(version=3, status="resolved", resolved_at=NOON + 12 * MINUTE, firing=0)
    sink.deliver(batch(entry([resolved], [notification(3, "resolved", status="resolved", at=NOON + 12 * MINUTE)], 2)))
    world.settle(sink, 90)
    mend(world)
    world.settle(sink, 60)
    assert (states(world), world.slack.replies()) == (["✓ critical, resolved"], [])


def test_thread_that_was_there_gets_one_edit_and_the_newest_change_as_a_reply(world: SlackWorld) -> None:
    sink = world.start()
    sink.deliver(batch(OPENED))
    refuse(world, "not_in_channel")
    for number in range(2, 6):
        sink.deliver(batch(entry([incident(version=number, total=number)], [notification(number, "reminder")], number)))
    raised = incident(version=6, severity="high", total=6)
    sink.deliver(batch(entry([raised], [notification(6, "acknowledged", actor="ada")], 6)))
    world.settle(sink, 90)
    mend(world)
    world.settle(sink, 60)
    (message,) = world.slack.posts()
    assert ("3 firing of 6" in str(message["blocks"]), message["edits"]) == (True, 1)
    assert world.slack.replies() == ["Acknowledged by Ada after 0 s"]


def test_other_channels_go_on_when_one_is_broken(world: SlackWorld) -> None:
    refuse(world, "not_in_channel", "C1")
    sink = world.start()
    sink.deliver(batch(entry([incident()], [notification(1), notification(2, receiver="second")])))
    assert (states(world, "C1"), states(world, "C2")) == ([], ["▲ critical, triggered"])


def test_revoked_token_stops_all_channels_and_one_probe_finds_them_well(world: SlackWorld) -> None:
    world.slack.workspace.refuses = "token_revoked"
    sink = world.start()
    sink.deliver(batch(entry([incident()], [notification(1), notification(2, receiver="second")])))
    before = len(world.slack.calls())
    world.settle(sink, 120)
    assert len(world.slack.calls()) - before == 4
    world.slack.workspace.refuses = ""
    world.settle(sink, 30)
    assert (states(world, "C1"), states(world, "C2")) == (["▲ critical, triggered"], ["▲ critical, triggered"])


def test_what_waits_survives_a_restart_and_is_told_once(world: SlackWorld) -> None:
    refuse(world, "channel_not_found")
    world.start().deliver(batch(OPENED))
    sink = world.start()
    world.settle(sink, 60)
    mend(world)
    sink = world.start()
    world.settle(sink, 60)
    assert (states(world), world.letters.written) == (["▲ critical, triggered"], [])


def test_nothing_is_given_up_before_the_incident_has_been_over_for_a_day(world: SlackWorld) -> None:
    sink = resolved_while_broken(world)
    world.clock.seconds = DAY_SECONDS - 2
    world.settle(sink, 1)
    assert world.letters.written == []
    world.settle(sink, 2)
    (letter,) = world.letters.written
    assert letter.reason.startswith("Slack takes nothing: not_in_channel, until a day after the incident's end (channel C1")
    assert "resolved: Checkout is slow" in msgspec.json.decode(letter.original)["text"]
    mend(world)
    world.settle(world.start(), 60)
    assert world.slack.posts() == []


def test_incident_that_is_open_waits_for_ever(world: SlackWorld) -> None:
    refuse(world, "not_in_channel")
    sink = world.start()
    sink.deliver(batch(OPENED))
    world.clock.seconds = 90 * DAY_SECONDS
    world.settle(sink, 60)
    assert world.letters.written == []


def resolved_while_broken(world: SlackWorld) -> SlackSink:
    refuse(world, "not_in_channel")
    sink = world.start()
    sink.deliver(batch(OPENED))
    resolved = incident(version=2, status="resolved", resolved_at=NOON, firing=0)
    sink.deliver(batch(entry([resolved], [notification(2, "resolved", status="resolved")], 1)))
    return sink


def test_word_that_is_new_to_us_holds_up_no_other_message(world: SlackWorld) -> None:
    """One message that Slack refuses with a word we do not know, in a channel that takes all others."""
    sink = world.start()
    world.slack.workspace.faults.append(Fault("chat.postMessage", "C1", times=1, error="too_purple"))
    sink.deliver(batch(OPENED))
    sink.deliver(batch(entry([incident(number=13)], [notification(incident=13)], 1)))
    world.settle(sink, 29)
    assert world.slack.posts() == []
    world.slack.workspace.faults.append(Fault("chat.postMessage", "C1", times=1, error="too_purple"))
    world.settle(sink, 3)
    first = len(world.slack.posts())
    world.settle(sink, 120)
    assert (first, len(world.slack.posts())) == (0, 2)


def refused_alone(world: SlackWorld) -> SlackSink:
    """One message's edit is refused with a word that we do not know, in a channel that takes all others."""
    sink = world.start()
    world.slack.workspace.faults.append(Fault("chat.update", "C1", times=-1, error="too_purple"))
    sink.deliver(batch(OPENED))
    sink.deliver(batch(entry([incident(version=2, total=9)], offset=1)))
    sink.deliver(batch(entry([incident(number=13)], [notification(incident=13)], 2)))
    world.settle(sink, 120)
    return sink


def test_message_alone_that_is_refused_with_a_new_word_waits_and_is_shown(world: SlackWorld) -> None:
    sink = refused_alone(world)
    (alert,) = {alert.title for _, alert in world.alerts.sent[1:]}
    assert (alert, world.letters.written) == ("Slack does not take some messages for oncall and same: too_purple", [])
    assert len(world.slack.posts()) == 2
    mend(world)
    world.settle(sink, 600)
    assert ("3 firing of 9" in str(world.slack.posts()), world.alerts.sent[-1][0]) == (True, False)


def test_message_alone_that_is_refused_is_tried_at_ever_longer_intervals(world: SlackWorld) -> None:
    sink = refused_alone(world)
    before = len(world.slack.calls("chat.update"))
    world.settle(sink, 4 * 3600)
    assert 6 <= len(world.slack.calls("chat.update")) - before <= 10


def test_message_alone_that_is_refused_holds_up_no_other(world: SlackWorld) -> None:
    sink = refused_alone(world)
    for number in range(14, 20):
        sink.deliver(batch(entry([incident(number=number)], [notification(incident=number)], number)))
        world.settle(sink, 15)
    assert len(world.slack.posts()) == 8


def test_message_alone_that_is_refused_is_given_up_a_day_after_the_incident(world: SlackWorld) -> None:
    sink = refused_alone(world)
    resolved = incident(version=3, status="resolved", resolved_at=NOON, firing=0)
    sink.deliver(batch(entry([resolved], offset=3)))
    world.clock.seconds = DAY_SECONDS + 1
    world.settle(sink, 2)
    assert [letter.reason[:32] for letter in world.letters.written] == ["Slack takes nothing: too_purple,"]


def test_look_up_that_may_not_be_made_does_not_make_the_channel_broken(world: SlackWorld) -> None:
    lookups = Fault("conversations.history", error="missing_scope", times=-1)
    world.slack.workspace.faults += [Fault("chat.postMessage", error="internal_error"), lookups]
    sink = world.start()
    sink.deliver(batch(OPENED))
    world.settle(sink, 10)
    assert (states(world), world.alerts.sent) == (["▲ critical, triggered"], [])


def test_channel_that_is_corrected_in_the_configuration_is_told_what_waited(world: SlackWorld) -> None:
    refuse(world, "channel_not_found")
    sink = world.start()
    sink.deliver(batch(OPENED))
    receivers = {**RECEIVERS, "oncall": Receiver(slack=SlackReceiver(channel="C3")), "same": Receiver()}
    world.configured.current = Applied(msgspec.structs.replace(CONFIGURATION, receivers=receivers), 1, 0)
    world.settle(sink, 5)
    assert (states(world, "C1"), states(world, "C3")) == ([], ["▲ critical, triggered"])
    mend(world)
    world.settle(world.start(), 60)
    assert (states(world, "C1"), len(states(world, "C3"))) == ([], 1)
