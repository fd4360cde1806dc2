"""The Slack sink: takes in what the journal says; `rounds.py` works through what is then due.

What is to be posted is saved before it is posted, and what must wait (a 429, Slack away, a channel that takes nothing) is
saved and done later: a batch is applied when all of it is posted or safely owed. Not here: words (`blocks.py`).
"""

from __future__ import annotations

import time
from collections.abc import Mapping

import structlog

from schemas.chain import Position
from schemas.clock import now_millis
from schemas.configuration import SlackReceiver
from schemas.records import IncidentState, Notification
from schemas.settings import Settings
from schemas.topics import JOURNAL, RECEIVERS, SLACK_THREADS
from sinks.compacted import CompactedTopic
from sinks.dead_letters import DeadLetterTopic
from sinks.follow_configuration import ConfigurationFollower, FollowedConfiguration
from sinks.own_alerts import InboxAlerts
from sinks.sink import Assignment, Batch, JournalEntry, NotTaken, Section, Superseded
from sinks.slack.client import SlackClient
from sinks.slack.context import Context, operator_url
from sinks.slack.postman import Postman
from sinks.slack.rounds import Rounds
from sinks.slack.threads import Thread, Threads, begin
from sinks.slack.trouble import Trouble

log = structlog.get_logger()


def build(settings: Settings) -> SlackSink:
    """Make the sink from settings; connects when it is first needed."""
    is_on = bool(settings.slack_token) or settings.slack_api_url != Settings().slack_api_url
    postman = Postman(
        client=SlackClient(settings.slack_api_url, settings.slack_token, settings),
        letters=DeadLetterTopic(settings),
        now_millis=now_millis,
        monotonic=time.monotonic,
        origin_topic=JOURNAL.full_name(settings.topic_prefix),
        context=Context(operator_url(settings)),
    )
    threads = Threads(CompactedTopic(settings, SLACK_THREADS), settings.partitions)
    trouble = Trouble(CompactedTopic(settings, RECEIVERS), InboxAlerts(settings), settings.partitions, time.monotonic)
    return SlackSink(ConfigurationFollower(settings), threads, postman, trouble, is_on)


class SlackSink:
    """A `Sink`. With `is_on` false it follows the journal and does nothing else."""

    sections: frozenset[Section] = frozenset({"incidents", "notifications", "forgettings"})
    stores_positions = False
    takes_all_partitions = False
    linger_seconds = 0.0

    def __init__(
        self,
        configuration: FollowedConfiguration,
        threads: Threads,
        postman: Postman,
        trouble: Trouble,
        is_on: bool = True,
    ) -> None:
        self._configuration = configuration
        self._threads = threads
        self._postman = postman
        self._trouble = trouble
        self._rounds = Rounds(threads, postman)
        self._is_on = is_on
        self._partitions: tuple[int, ...] = ()
        self._said_off = False

    def assign(self, assignment: Assignment) -> Mapping[int, Position]:
        """See `Sink`: reads the threads of these partitions; what they owe is due."""
        if not self._is_on:
            self._say_off()
            return {}
        self._configure()
        self._partitions = assignment.partitions
        self._load()
        return {}

    def deliver(self, batch: Batch) -> None:
        """See `Sink`."""
        if not self._is_on:
            return
        for entry in batch.entries:
            self._absorb(entry)
        self._rounds.work()

    def tend(self) -> None:
        """See `Sink`: does what had to wait."""
        if not self._is_on:
            return
        self._configure()
        try:
            self._follow_receivers()
            self._rounds.work()
            configuration = self._configuration.current.configuration
            self._trouble.tell(self._postman.calls.health, configuration, self._rounds.waiting(), self._rounds.alone())
        except NotTaken:
            raise
        except Superseded as error:
            log.warning("threads_taken_over", reason=str(error))
            self._load()

    def close(self) -> None:
        """See `Sink`."""
        self._threads.close()
        self._postman.letters.close()
        self._trouble.close()
        self._configuration.close()

    # -- what the journal says --------------------------------------------------

    def _absorb(self, entry: JournalEntry) -> None:
        incidents = {(one.project, one.number): one for one in entry.incidents}
        for notification in () if entry.is_history else entry.notifications:
            incident = incidents.get((notification.project, notification.incident))
            if incident is not None:  # it changes with each notification, so it is there; unless it is forgotten with it
                self._queue(notification, incident, (entry.partition, entry.position.offset))
        for incident in incidents.values():
            self._refresh(incident, entry)
        for forgetting in entry.forgettings:
            if forgetting.kind == "incident":
                self._forget(forgetting.project, int(forgetting.id))

    def _queue(self, notification: Notification, incident: IncidentState, origin: tuple[int, int]) -> None:
        """Owe a notification to the channel of its receiver, once for each change."""
        receiver = self._receiver(notification.receiver)
        if receiver is None:
            return
        thread = self._threads.of(incident.project, incident.number).get(receiver.channel)
        if thread is None:
            if incident.is_confidential and not receiver.confidential:
                return
            thread = begin(incident, receiver.channel, self._postman.now_millis())
            self._threads.add(thread)
        if notification.number <= thread.last_number:
            return
        thread.see(incident)
        self._owe(notification, thread)
        thread.origin = origin
        self._rounds.add(thread)

    def _owe(self, notification: Notification, thread: Thread) -> None:
        pending = thread.record.pending
        now = self._postman.monotonic()
        if self._rounds.digests.is_told_by_digest(thread, notification.kind, now):
            thread.change(told=notification.number)
        elif pending and _is_same_change(notification, pending[-1]):
            # Two receivers with one channel. Both stand in one entry, so that the number cannot have been used yet.
            thread.change(pending=[*pending[:-1], notification])
        elif notification.kind == "opened" and thread.posted is not None and not pending:
            thread.change(told=notification.number, shown_version=0, shown_hash=b"")  # told by the message, as it is now
        else:
            thread.change(pending=[*pending, notification])
            thread.is_checked = False

    def _refresh(self, incident: IncidentState, entry: JournalEntry) -> None:
        """Let all channels that show the incident see its newest form; from history it is only learnt."""
        for thread in self._threads.of(incident.project, incident.number).values():
            thread.see(incident)
            if entry.is_history:
                self._learn(thread, entry)
                continue
            if self._postman.is_hidden(thread):
                thread.change(told=thread.last_number, pending=[])
            self._rounds.add(thread)

    def _learn(self, thread: Thread, entry: JournalEntry) -> None:
        """Take as told what was decided before this sink was there; what it owes from an earlier life it still owes."""
        numbers = [one.number for one in entry.notifications if (one.project, one.incident) == thread.key[:2]]
        if not thread.record.pending:
            thread.change(told=max((thread.record.told, *numbers)))
        self._threads.mark(thread)

    def _forget(self, project: str, incident: int) -> None:
        for thread in self._threads.of(project, incident).values():
            self._rounds.drop(thread)
        self._threads.forget(project, incident)

    def _receiver(self, name: str) -> SlackReceiver | None:
        """Find a receiver; one that is not known may stand in a configuration that came a moment ago."""
        receivers = self._configuration.current.configuration.receivers
        if name not in receivers:
            self._configure()
            receivers = self._configuration.current.configuration.receivers
        return receivers[name].slack if name in receivers else None

    # -- what else changes --------------------------------------------------------

    def _load(self) -> None:
        self._postman.calls.health.broken = self._trouble.load(self._partitions)
        self._rounds.load(self._partitions)

    def _configure(self) -> None:
        configuration = self._configuration.refresh().configuration
        receivers = (receiver.slack for receiver in configuration.receivers.values())
        confidential = frozenset(one.channel for one in receivers if one is not None and one.confidential)
        self._postman.context = Context(self._postman.context.operator_url, configuration.people)
        self._postman.is_open_to = confidential.__contains__

    def _follow_receivers(self) -> None:
        """Where a broken channel was mended by naming another, tell that one what waits; nobody is told in the old one."""
        health, known = self._postman.calls.health, self._configuration.current.configuration.receivers
        for thread in [one for one in self._rounds.due.values() if health.is_broken(one.record.channel)]:
            names = {one.receiver for one in thread.record.pending if one.receiver}
            receivers = [known[name].slack for name in sorted(names) if name in known]
            named = [one for one in receivers if one is not None]
            if thread.posted is None and names and all(one.channel != thread.record.channel for one in named):
                self._move(thread, named)

    def _move(self, thread: Thread, receivers: list[SlackReceiver]) -> None:
        thread.keep_newest()
        newest = thread.record.pending[-1]
        for receiver in receivers:
            is_allowed = receiver.confidential or not thread.incident.is_confidential
            if is_allowed and receiver.channel not in self._threads.of(*thread.key[:2]):
                moved = begin(thread.incident, receiver.channel, self._postman.now_millis())
                moved.change(told=thread.record.told, pending=[newest])
                self._threads.add(moved)
                self._rounds.add(moved)
        thread.change(told=thread.last_number, pending=[])
        self._rounds.add(thread)

    def _say_off(self) -> None:
        if not self._said_off:
            log.info("slack_is_off", why="there is no TOCSIN_SLACK_TOKEN; the journal is followed, nothing is posted")
            self._said_off = True


def _is_same_change(one: Notification, other: Notification) -> bool:
    return (one.kind, one.offset, one.index) == (other.kind, other.offset, other.index)
