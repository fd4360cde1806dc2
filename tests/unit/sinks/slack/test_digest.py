"""More than ten openings a minute in a channel are one message, kept up to date; afterwards each has its own again."""

from __future__ import annotations

import pytest

from sinks.sink import JournalEntry, Superseded
from sinks.slack.sink import SlackSink
from tests.unit.sinks.slack.world import NOON, SlackWorld, batch, entry, incident, notification
from tocsin.embedded.fake_slack.workspace import Fault

MINUTE = 60_000


def opened(first: int, last: int, offset: int = 0) -> JournalEntry:
    numbers = range(first, last + 1)
    made = [incident(number=one, title=f"disk {one} full") for one in numbers]
    return entry(made, [notification(incident=one) for one in numbers], offset)


def storm(world: SlackWorld, count: int = 25) -> SlackSink:
    sink = world.start()
    sink.deliver(batch(opened(1, count)))
    world.settle(sink, 20)
    return sink


def own(world: SlackWorld) -> list[str]:
    return [post["text"] for post in world.slack.posts() if "(shop #" in post["text"]]


def digests(world: SlackWorld) -> list[str]:
    return [post["text"] for post in world.slack.posts() if "(shop #" not in post["text"]]


def shown(world: SlackWorld) -> str:
    return str([post["blocks"] for post in world.slack.posts() if "(shop #" not in post["text"]])


def test_eleventh_opening_of_a_minute_and_all_after_it_are_one_message(world: SlackWorld) -> None:
    storm(world)
    assert (len(own(world)), digests(world)) == (10, ["▲ 15 incidents opened at once"])
    assert all(f"shop #{number} disk {number} full" in shown(world) for number in range(11, 26))


def test_ten_openings_a_minute_are_ten_messages(world: SlackWorld) -> None:
    storm(world, 10)
    assert (len(own(world)), digests(world)) == (10, [])


def test_digest_comes_at_once_and_not_after_the_messages_before_it(world: SlackWorld) -> None:
    sink = world.start()
    sink.deliver(batch(opened(1, 100)))
    world.settle(sink, 1)
    assert digests(world) == ["▲ 90 incidents opened at once"]


def test_incidents_of_a_digest_change_and_end_in_it(world: SlackWorld) -> None:
    sink = storm(world)
    resolved = [
        incident(number=one, title=f"disk {one} full", version=2, status="resolved", resolved_at=NOON + MINUTE, firing=0)
        for one in range(11, 26)
    ]
    ends = [notification(2, "resolved", incident=one, status="resolved") for one in range(11, 26)]
    sink.deliver(batch(entry(resolved[:5], ends[:5], 1)))
    world.settle(sink, 5)
    assert digests(world) == ["▲ 15 incidents opened at once, 10 still open"]
    sink.deliver(batch(entry(resolved[5:], ends[5:], 2)))
    world.settle(sink, 5)
    assert (len(own(world)), digests(world), world.slack.replies()) == (10, ["✓ 15 incidents, all resolved"], [])


def test_incident_that_somebody_takes_on_gets_a_message_and_a_thread_of_its_own(world: SlackWorld) -> None:
    sink = storm(world)
    world.settle(sink, 60)
    taken = incident(number=20, title="disk 20 full", version=2, status="acknowledged")
    sink.deliver(batch(entry([taken], [notification(2, "acknowledged", incident=20, actor="ada")], 1)))
    world.settle(sink, 5)
    assert own(world)[-1] == "▲ critical, acknowledged: disk 20 full (shop #20)"
    assert (len(own(world)), world.slack.replies()) == (11, ["Acknowledged by Ada after 0 s"])
    assert "acknowledged" in shown(world)


def test_storm_of_acknowledgements_is_no_storm_of_messages(world: SlackWorld) -> None:
    sink = storm(world)
    numbers = range(11, 26)
    taken = [incident(number=one, version=2, status="acknowledged") for one in numbers]
    sink.deliver(batch(entry(taken, [notification(2, "acknowledged", incident=one, actor="ada") for one in numbers], 1)))
    world.settle(sink, 60)
    assert len(own(world)) == 10
    assert shown(world).count("acknowledged") == 15


def test_after_the_storm_each_incident_has_its_own_message_and_the_next_storm_its_own_digest(world: SlackWorld) -> None:
    sink = storm(world)
    world.settle(sink, 61)
    sink.deliver(batch(opened(26, 27, 1)))
    world.settle(sink, 61)
    assert (len(own(world)), len(digests(world))) == (12, 1)
    sink.deliver(batch(opened(28, 50, 2)))
    world.settle(sink, 20)
    assert (len(own(world)), digests(world)) == (22, ["▲ 15 incidents opened at once", "▲ 13 incidents opened at once"])


def test_storm_that_goes_on_goes_on_in_its_digest(world: SlackWorld) -> None:
    sink = world.start()
    for minute in range(4):
        sink.deliver(batch(opened(20 * minute + 1, 20 * minute + 20, minute)))
        world.settle(sink, 50)
    assert (len(own(world)), digests(world)) == (10, ["▲ 70 incidents opened at once"])


def test_storm_goes_on_in_its_digest_after_a_restart(world: SlackWorld) -> None:
    storm(world, 25)
    sink = world.start()
    sink.deliver(batch(opened(26, 40, 1)))
    world.settle(sink, 20)
    assert (len(own(world)), digests(world)) == (10, ["▲ 30 incidents opened at once"])


def test_digest_of_an_earlier_storm_takes_nothing_of_the_next_after_a_restart(world: SlackWorld) -> None:
    sink = storm(world, 25)
    world.clock.seconds = 600
    later = [incident(number=one, title=f"disk {one} full", created_at=NOON + 600_000) for one in range(26, 41)]
    sink.deliver(batch(entry(later[:10], [notification(incident=one.number) for one in later[:10]], 1)))
    world.settle(sink, 10)
    sink = world.start()
    sink.deliver(batch(entry(later[10:], [notification(incident=one.number) for one in later[10:]], 2)))
    world.settle(sink, 20)
    assert (len(own(world)), digests(world)) == (20, ["▲ 15 incidents opened at once", "▲ 5 incidents opened at once"])


def test_each_channel_has_a_digest_of_its_own(world: SlackWorld) -> None:
    sink = world.start()
    numbers = range(1, 13)
    receivers = tuple(enumerate(("oncall", "second"), 1))
    both = [notification(place, incident=one, receiver=name) for one in numbers for place, name in receivers]
    sink.deliver(batch(entry([incident(number=one) for one in numbers], both)))
    world.settle(sink, 20)
    assert [sum("(shop #" not in post["text"] for post in world.slack.posts(channel)) for channel in ("C1", "C2")] == [1, 1]


def test_digest_is_edited_no_oftener_than_every_three_seconds(world: SlackWorld) -> None:
    sink = storm(world)
    for version in range(2, 62):
        sink.deliver(batch(entry([incident(number=20, version=version, total=version)], offset=version)))
        world.settle(sink, 1)
    (digest,) = [post for post in world.slack.posts() if "(shop #" not in post["text"]]
    assert digest["edits"] <= 21
    world.settle(sink, 3)
    assert "3 of 61 firing" in shown(world)


@pytest.mark.parametrize("write", range(1, 14))
def test_process_that_dies_at_any_write_has_told_of_each_incident_once(world: SlackWorld, write: int) -> None:
    world.store.fail_at = write
    sink = world.start()
    storm_entry = opened(1, 25)
    for _ in range(3):
        try:
            sink.deliver(batch(storm_entry))
            break
        except Superseded:
            sink = world.start()
    world.settle(sink, 30)
    named = [number for number in range(1, 26) if f"shop #{number} disk" in shown(world)]
    assert len(digests(world)) == 1
    assert len(set(own(world))) == len(own(world))
    assert len(own(world)) + len(named) == 25
    assert len(own(world)) <= 10


@pytest.mark.parametrize("has_effect", [True, False])
def test_digest_that_may_have_been_posted_is_looked_for(world: SlackWorld, has_effect: bool) -> None:
    sink = world.start()
    sink.deliver(batch(opened(1, 10)))
    world.settle(sink, 10)
    world.slack.workspace.faults.append(Fault("chat.postMessage", is_silent=True, has_effect=has_effect))
    sink.deliver(batch(opened(11, 25, 1)))
    world.settle(world.start(), 20)
    assert (len(own(world)), digests(world)) == (10, ["▲ 15 incidents opened at once"])


def test_deleted_digest_is_posted_anew(world: SlackWorld) -> None:
    sink = storm(world)
    (digest,) = [post for post in world.slack.posts() if "(shop #" not in post["text"]]
    world.slack.workspace.delete(digest["ts"])
    sink.deliver(batch(entry([incident(number=20, version=2, total=9)], offset=1)))
    world.settle(sink, 10)
    assert digests(world) == ["▲ 15 incidents opened at once"]
    assert len([key for key in world.store.values if key.startswith("_digest/")]) == 1


def test_channel_that_was_broken_gets_one_digest_of_what_waited(world: SlackWorld) -> None:
    world.slack.workspace.left = frozenset({"C1"})
    sink = world.start()
    for number in range(1, 31):
        sink.deliver(batch(opened(number, number, number)))
        world.settle(sink, 60)
    world.slack.workspace.left = frozenset()
    world.settle(sink, 60)
    assert (len(own(world)), digests(world)) == (10, ["▲ 20 incidents opened at once"])


def test_confidential_incident_is_not_named_in_a_digest(world: SlackWorld) -> None:
    sink = storm(world)
    secret = incident(number=20, title="disk 20 full", version=2, is_confidential=True)
    sink.deliver(batch(entry([secret], offset=1)))
    world.settle(sink, 5)
    assert (digests(world), "disk 20" in shown(world)) == (["▲ 14 incidents opened at once"], False)


def test_digest_is_forgotten_with_the_last_of_its_incidents(world: SlackWorld) -> None:
    from schemas.codec import encode
    from schemas.records import Forgetting, ForgettingSection
    from tests.unit.sinks.slack.world import with_forgettings

    sink = storm(world)
    gone = [Forgetting("shop", "incident", str(number)) for number in range(1, 26)]
    sink.deliver(batch(with_forgettings(entry(offset=1), encode(ForgettingSection(gone)))))
    assert world.store.values == {}


def test_incident_whose_digest_another_process_has_is_told_anew(world: SlackWorld) -> None:
    storm(world, 12)
    (name,) = [key for key in world.store.values if key.startswith("_digest/")]
    del world.store.values[name]  # it lies in a partition that is not ours any more
    world.settle(world.start(), 20)
    assert (len(own(world)), digests(world)) == (10, ["▲ 2 incidents opened at once"] * 2)


def test_digest_and_messages_whose_answers_are_not_understood_are_posted_once(world: SlackWorld) -> None:
    world.slack.workspace.faults.append(Fault("chat.postMessage", times=-1, body="<html>", has_effect=True))
    sink = storm(world)
    world.settle(sink, 100)
    world.slack.workspace.faults.clear()
    world.settle(sink, 200)
    assert (len(own(world)), digests(world), world.letters.written) == (10, ["▲ 15 incidents opened at once"], [])


def test_digest_that_is_refused_alone_with_a_new_word_waits_and_is_shown(world: SlackWorld) -> None:
    sink = storm(world)
    world.settle(sink, 60)
    world.slack.workspace.faults.append(Fault("chat.update", times=-1, error="too_purple"))
    ended = incident(number=20, title="disk 20 full", version=2, status="resolved", resolved_at=NOON, firing=0)
    sink.deliver(batch(entry([ended], offset=1)))
    sink.deliver(batch(opened(30, 31, 2)))
    world.settle(sink, 120)
    assert (len(own(world)), world.letters.written) == (12, [])
    assert world.alerts.sent[-1][1].title == "Slack does not take some messages for oncall and same: too_purple"
    world.slack.workspace.faults.clear()
    world.settle(sink, 600)
    assert (digests(world), world.alerts.sent[-1][0]) == (["▲ 15 incidents opened at once, 14 still open"], False)
