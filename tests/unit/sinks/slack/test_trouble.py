"""What is broken is told: on the topic `receivers`, and as an alert for everyone whom the broken cannot tell."""

from __future__ import annotations

from uuid import UUID

import msgspec
import pytest
from prometheus_client import REGISTRY

from schemas.codec import decode, decode_body, encode
from schemas.configuration import Receiver, SlackReceiver
from schemas.errors import Unavailable
from schemas.own_alerts import OWN_IDENTITY, OWN_INTEGRATION, fingerprint_of
from schemas.records import Content, Frame
from schemas.sink_records import ReceiverTrouble
from schemas.topics import partition_of
from sinks.follow_configuration import Applied
from sinks.own_alerts import build_frame
from sinks.sink import Assignment
from sinks.slack.sink import SlackSink
from tests.unit.sinks.slack.world import CONFIGURATION, NOON, RECEIVERS, SlackWorld, batch, entry, incident, notification

OPENED = entry([incident()], [notification()])
SUBJECT = "receivers of slack/C1"


def broken(world: SlackWorld) -> SlackSink:
    world.slack.workspace.left = frozenset({"C1"})
    sink = world.start()
    sink.deliver(batch(OPENED))
    world.settle(sink, 1)
    return sink


def mend(world: SlackWorld) -> None:
    world.slack.workspace.left = frozenset()
    world.slack.workspace.refuses = ""


def sent(world: SlackWorld) -> list[tuple[bool, str]]:
    return [(is_firing, alert.subject) for is_firing, alert in world.alerts.sent]


def kept(world: SlackWorld) -> dict[str, ReceiverTrouble]:
    return {key: decode(value, ReceiverTrouble) for key, value in world.troubles.values.items()}


def test_broken_channel_is_kept_where_status_reads_it(world: SlackWorld) -> None:
    broken(world)
    advice = "invite the app to the channel: /invite in Slack"
    expected = ReceiverTrouble("slack", "C1", ["oncall", "same"], "not_in_channel", advice, NOON, 1)
    assert kept(world) == {"slack/C1": expected}


def test_broken_channel_is_an_alert_of_each_project_that_tells_it_until_it_is_well(world: SlackWorld) -> None:
    sink = broken(world)
    ((is_firing, alert),) = world.alerts.sent
    assert (is_firing, alert.project, alert.subject, alert.receivers) == (True, "shop", SUBJECT, ("oncall", "same"))
    assert alert.title == "Slack takes no message for oncall and same: not_in_channel"
    world.settle(sink, 120)
    assert len(world.alerts.sent) == 1
    mend(world)
    world.settle(sink, 31)
    assert (sent(world), kept(world)) == ([(True, SUBJECT), (False, SUBJECT)], {})


def test_alert_is_sent_again_every_five_minutes_so_that_it_does_not_end(world: SlackWorld) -> None:
    sink = broken(world)
    world.settle(sink, 900)
    assert sent(world) == [(True, SUBJECT)] * 4


def test_project_that_tells_nobody_there_is_not_alerted(world: SlackWorld) -> None:
    world.slack.workspace.left = frozenset({"C3"})
    sink = world.start()
    sink.deliver(batch(entry([incident()], [notification(receiver="secret")])))
    world.settle(sink, 60)
    assert (world.alerts.sent, list(kept(world))) == ([], ["slack/C3"])


def test_revoked_token_is_one_alert_about_all_receivers_in_slack(world: SlackWorld) -> None:
    world.slack.workspace.refuses = "token_revoked"
    sink = world.start()
    sink.deliver(batch(entry([incident()], [notification(1), notification(2, receiver="second")])))
    world.settle(sink, 60)
    ((_, alert),) = world.alerts.sent
    assert (alert.subject, alert.receivers) == ("receivers of slack/", ("oncall", "second", "same", "secret"))
    assert alert.title == "Slack takes no message from us: token_revoked"
    assert list(kept(world)) == ["slack/*"]


def test_another_word_for_the_same_trouble_changes_the_alert(world: SlackWorld) -> None:
    sink = broken(world)
    world.slack.workspace.left, world.slack.workspace.archived = frozenset(), frozenset({"C1"})
    world.settle(sink, 31)
    assert [alert.title[-14:] for _, alert in world.alerts.sent] == ["not_in_channel", "e: is_archived"]
    assert [alert.since for _, alert in world.alerts.sent] == [NOON, NOON]


def test_restart_knows_what_is_broken_and_ends_the_alert_of_the_process_before(world: SlackWorld) -> None:
    broken(world)
    mend(world)
    sink = world.start()
    world.settle(sink, 2)
    assert sent(world) == [(True, SUBJECT), (False, SUBJECT)]


def test_alert_that_cannot_be_written_is_written_later(world: SlackWorld) -> None:
    world.alerts.is_reachable = False
    world.slack.workspace.left = frozenset({"C1"})
    sink = world.start()
    sink.deliver(batch(OPENED))
    with pytest.raises(Unavailable):
        world.settle(sink, 1)
    world.alerts.is_reachable = True
    world.settle(sink, 1)
    assert sent(world) == [(True, SUBJECT)]


def test_channel_that_no_receiver_names_any_more_is_nobody_s_trouble(world: SlackWorld) -> None:
    sink = broken(world)
    receivers = {**RECEIVERS, "oncall": Receiver(slack=SlackReceiver(channel="C3")), "same": Receiver()}
    world.configured.current = Applied(msgspec.structs.replace(CONFIGURATION, receivers=receivers), 1, 0)
    world.settle(sink, 2)
    assert (sent(world), kept(world)) == ([(True, SUBJECT), (False, SUBJECT)], {})


def test_alert_is_an_ordinary_event_that_ends_when_it_is_not_repeated(world: SlackWorld) -> None:
    broken(world)
    ((_, alert),) = world.alerts.sent
    frame = decode(encode(build_frame(alert, is_firing=True)), Frame)
    (made,) = frame.items
    (event,) = made.events  # type: ignore[union-attr]
    assert (made.project, made.integration, made.total) == ("shop", OWN_INTEGRATION, 1)  # type: ignore[union-attr]
    assert (event.fingerprint, event.identity, event.expires_after_millis) == (fingerprint_of(SUBJECT), OWN_IDENTITY, 900_000)
    assert decode_body(event.content, Content).labels == {"alertname": "ReceiverBroken", "receivers": "oncall,same"}


def test_channel_that_no_receiver_names_is_still_probed_no_oftener_than_another(world: SlackWorld) -> None:
    sink = world.start()
    sink.deliver(batch(OPENED))
    world.slack.workspace.left = frozenset({"C1"})
    sink.deliver(batch(entry([incident(version=2, total=9)], offset=1)))
    receivers = {**RECEIVERS, "oncall": Receiver(slack=SlackReceiver(channel="C3")), "same": Receiver()}
    world.configured.current = Applied(msgspec.structs.replace(CONFIGURATION, receivers=receivers), 1, 0)
    before = len(world.slack.calls())
    world.settle(sink, 120)
    assert len(world.slack.calls()) - before == 4


def test_project_of_another_process_is_that_one_s_to_alert(world: SlackWorld) -> None:
    sink = world.start()
    sink.assign(Assignment(tuple(one for one in range(4) if one != partition_of("shop", 4)), UUID(int=1)))
    world.slack.workspace.left = frozenset({"C1"})
    sink.deliver(batch(entry([incident(project="blog")], [notification(project="blog")])))
    world.settle(sink, 60)
    assert (world.alerts.sent, list(kept(world))) == ([], ["slack/C1"])


def test_metrics_name_each_broken_receiver_while_it_is(world: SlackWorld) -> None:
    sink = broken(world)
    labels = {"receiver": "oncall", "error": "not_in_channel"}
    assert REGISTRY.get_sample_value("tocsin_slack_receiver_broken", labels) == 1
    mend(world)
    world.settle(sink, 31)
    assert REGISTRY.get_sample_value("tocsin_slack_receiver_broken", labels) is None
