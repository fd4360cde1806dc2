"""The Slack sink: takes in what the journal says, and lets the postman work through what is due.

What is to be posted is saved before it is posted, and what must wait (a 429, Slack away) is saved and done later: a
batch is applied when all of it is posted or safely owed. Not here: one thread's steps (`postman.py`), words (`blocks.py`).
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping

import structlog

from schemas.chain import Position
from schemas.clock import now_millis
from schemas.configuration import SlackReceiver
from schemas.records import IncidentState, Notification
from schemas.settings import Settings
from schemas.topics import JOURNAL, SLACK_THREADS
from sinks.compacted import CompactedTopic
from sinks.dead_letters import DeadLetterTopic
from sinks.follow_configuration import ConfigurationFollower, FollowedConfiguration
from sinks.sink import Assignment, Batch, JournalEntry, NotTaken, Section, Superseded
from sinks.slack import metrics
from sinks.slack.client import SlackClient
from sinks.slack.context import Context, operator_url
from sinks.slack.postman import POSTING, Postman, Step
from sinks.slack.threads import Key, Thread, Threads, begin

log = structlog.get_logger()
ROUND = 10
"""Threads that are claimed, and then called for, together."""
CLAIM_SECONDS = 5.0
"""How long a claim is trusted: less than the consumer's session (10 s), after which somebody else may have the partition."""
WORK_SECONDS = 3.0
"""How long one delivery works on Slack; the rest is owed. One call may take 5 s more; the process must end within 10 s."""


def build(settings: Settings) -> SlackSink:
    """Make the sink from settings; connects when it is first needed."""
    is_on = bool(settings.slack_token) or settings.slack_api_url != Settings().slack_api_url
    postman = Postman(
        client=SlackClient(settings.slack_api_url, settings.slack_token),
        letters=DeadLetterTopic(settings),
        now_millis=now_millis,
        monotonic=time.monotonic,
        origin_topic=JOURNAL.full_name(settings.topic_prefix),
        context=Context(operator_url(settings)),
    )
    threads = Threads(CompactedTopic(settings, SLACK_THREADS), settings.partitions)
    return SlackSink(ConfigurationFollower(settings), threads, postman, is_on)


class SlackSink:
    """A `Sink`. With `is_on` false it follows the journal and does nothing else."""

    sections: frozenset[Section] = frozenset({"incidents", "notifications", "forgettings"})
    stores_positions = False
    takes_all_partitions = False
    linger_seconds = 0.0

    def __init__(self, configuration: FollowedConfiguration, threads: Threads, postman: Postman, is_on: bool = True) -> None:
        self._configuration = configuration
        self._threads = threads
        self._postman = postman
        self._is_on = is_on
        self._partitions: tuple[int, ...] = ()
        self._due: dict[Key, Thread] = {}
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
        self._work()

    def tend(self) -> None:
        """See `Sink`: does what had to wait."""
        if not self._is_on:
            return
        self._configure()
        try:
            self._work()
        except NotTaken:
            raise
        except Superseded as error:
            log.warning("threads_taken_over", reason=str(error))
            self._load()

    def close(self) -> None:
        """See `Sink`."""
        self._threads.close()
        self._postman.letters.close()
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
        self._owe(notification, thread)
        thread.origin = origin
        self._is_due(thread)

    def _owe(self, notification: Notification, thread: Thread) -> None:
        pending = thread.record.pending
        if pending and _is_same_change(notification, pending[-1]):
            # Two receivers with one channel. Both stand in one entry, so that the number cannot have been used yet.
            thread.change(pending=[*pending[:-1], notification])
        elif notification.kind == "opened" and thread.posted is not None and not pending:
            thread.change(told=notification.number)
        else:
            thread.change(pending=[*pending, notification])

    def _refresh(self, incident: IncidentState, entry: JournalEntry) -> None:
        """Let all channels that show the incident see its newest form; from history it is only learnt."""
        for thread in self._threads.of(incident.project, incident.number).values():
            thread.see(incident)
            if entry.is_history:
                self._learn(thread, entry)
                continue
            if self._postman.is_hidden(thread):
                thread.change(told=thread.last_number, pending=[])
            self._is_due(thread)

    def _learn(self, thread: Thread, entry: JournalEntry) -> None:
        """Take as told what was decided before this sink was there; what it owes from an earlier life it still owes."""
        numbers = [one.number for one in entry.notifications if (one.project, one.incident) == thread.key[:2]]
        if not thread.record.pending:
            thread.change(told=max((thread.record.told, *numbers)))
        self._threads.mark(thread)

    def _forget(self, project: str, incident: int) -> None:
        for thread in self._threads.of(project, incident).values():
            self._due.pop(thread.key, None)
        self._threads.forget(project, incident)

    def _receiver(self, name: str) -> SlackReceiver | None:
        """Find a receiver; one that is not known may stand in a configuration that came a moment ago."""
        receivers = self._configuration.current.configuration.receivers
        if name not in receivers:
            self._configure()
            receivers = self._configuration.current.configuration.receivers
        return receivers[name].slack if name in receivers else None

    # -- what is due ------------------------------------------------------------

    def _work(self) -> None:
        """Round by round: claim, call, go on while the rate allows something; then save what is left."""
        deadline = self._postman.monotonic() + WORK_SECONDS
        while self._postman.monotonic() < deadline and (chosen := self._choose()):
            self._threads.save(claimed=[thread for thread, step in chosen if step in POSTING])
            self._call(chosen)
        self._threads.save()
        metrics.PENDING.set(len(self._due))

    def _choose(self) -> list[tuple[Thread, Step]]:
        chosen: list[tuple[Thread, Step]] = []
        for thread in list(self._due.values()):
            if next(self._postman.steps(thread), None) is None:
                del self._due[thread.key]
            elif (step := self._postman.choose(thread)) is not None:
                chosen.append((thread, step))
                if len(chosen) == ROUND:
                    break
        return chosen

    def _call(self, chosen: Iterable[tuple[Thread, Step]]) -> None:
        trusted_until = self._postman.monotonic() + CLAIM_SECONDS
        for thread, step in chosen:
            if step in POSTING and self._postman.monotonic() > trusted_until:
                return  # still due; it is claimed anew
            self._threads.mark(thread)
            self._postman.do(thread, step)

    def _is_due(self, thread: Thread) -> None:
        self._due[thread.key] = thread
        self._threads.mark(thread)

    def _load(self) -> None:
        self._due = {thread.key: thread for thread in self._threads.load(self._partitions)}

    def _configure(self) -> None:
        configuration = self._configuration.refresh().configuration
        receivers = (receiver.slack for receiver in configuration.receivers.values())
        confidential = frozenset(one.channel for one in receivers if one is not None and one.confidential)
        self._postman.context = Context(self._postman.context.operator_url, configuration.people)
        self._postman.is_open_to = confidential.__contains__

    def _say_off(self) -> None:
        if not self._said_off:
            log.info("slack_is_off", why="there is no TOCSIN_SLACK_TOKEN; the journal is followed, nothing is posted")
            self._said_off = True


def _is_same_change(one: Notification, other: Notification) -> bool:
    return (one.kind, one.offset, one.index) == (other.kind, other.offset, other.index)
