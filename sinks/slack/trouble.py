"""What is broken, told to everyone but the broken: on the topic `receivers`, as alerts of the projects, as metrics.

Not here: finding it out (`calls.py`, `health.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import msgspec

from schemas.codec import decode, encode
from schemas.configuration import Configuration
from schemas.errors import MalformedRecord
from schemas.sink_records import ReceiverTrouble
from schemas.topics import partition_of
from sinks.compacted import Change, Store
from sinks.own_alerts import REPEAT_SECONDS, OwnAlert, OwnAlerts
from sinks.slack import metrics
from sinks.slack.health import WORKSPACE, Broken, Health
from sinks.slack.refusals import advice
from sinks.slack.rounds import Alone

SINK = "slack"
WAITING_SECONDS = 30.0
"""Between writings of how many wait, while nothing else changes."""


@dataclass(slots=True)
class Trouble:
    """Of one process. Each of its partitions holds all of it, so that whoever gets one knows."""

    store: Store
    alerts: OwnAlerts
    partition_count: int
    monotonic: Callable[[], float]
    _partitions: tuple[int, ...] = ()
    _written: dict[str, ReceiverTrouble] = field(default_factory=dict)
    _written_at: float = float("-inf")
    _sent: dict[tuple[str, str], tuple[OwnAlert, float]] = field(default_factory=dict)
    _shown: set[tuple[str, str]] = field(default_factory=set)
    _partial: set[str] = field(default_factory=set)
    """Channels that take messages, but for some."""

    def load(self, partitions: tuple[int, ...]) -> dict[str, Broken]:
        """Read what was found broken before, by channel; its probes are due at once. Raises `Unavailable`."""
        self._partitions = partitions
        self._sent = {key: sent for key, sent in self._sent.items() if self._is_ours(key[0])}
        self._written = {}
        for value in self.store.load(partitions).values():
            try:
                trouble = decode(value, ReceiverTrouble)
            except MalformedRecord:
                continue  # of a newer version; what is broken is found out again
            self._written[trouble.place] = trouble
        self._written_at = self.monotonic()
        return {place: Broken(one.error, one.since, self.monotonic()) for place, one in self._written.items()}

    def tell(self, health: Health, configuration: Configuration, waiting: Mapping[str, int], alone: Mapping[str, Alone]) -> None:
        """Bring all that is told up to date; `waiting` counts incidents by broken channel, `alone` is of channels that are well.

        A channel that no receiver is in any more is nobody's trouble. Raises `Superseded`, `Unavailable`.
        """
        self._partial = {place for place in alone if place not in health.broken}
        single = {place: Broken(alone[place].error, alone[place].since, 0.0) for place in self._partial}
        counts = {**waiting, **{place: alone[place].count for place in self._partial}}
        places = {place: one for place, one in {**health.broken, **single}.items() if receivers_at(configuration, place)}
        found = {place: _trouble(configuration, place, one, counts) for place, one in places.items()}
        self._send(found, configuration)
        self._write(found)
        self._show({(receiver, one.error) for one in found.values() for receiver in one.receivers})

    def close(self) -> None:
        self.store.close()
        self.alerts.close()

    def _show(self, broken: set[tuple[str, str]]) -> None:
        for gone in self._shown - broken:
            metrics.BROKEN.remove(*gone)
        for receiver, error in broken:
            metrics.BROKEN.labels(receiver, error).set(1)
        self._shown = broken

    # -- the topic --------------------------------------------------------------

    def _write(self, found: Mapping[str, ReceiverTrouble]) -> None:
        now = self.monotonic()
        is_count_due = now - self._written_at >= WAITING_SECONDS
        changed = [
            one for place, one in found.items() if _without_count(one) != _without_count(self._written.get(place))
            or (is_count_due and one != self._written.get(place))
        ]  # fmt: skip
        ended = [place for place in self._written if place not in found]
        if not changed and not ended:
            return
        values = [(_key(one.place), encode(one)) for one in changed] + [(_key(place), None) for place in ended]
        self.store.write([Change(partition, key, value) for partition in self._partitions for key, value in values])
        self._written, self._written_at = dict(found), now

    # -- the alerts -------------------------------------------------------------

    def _send(self, found: Mapping[str, ReceiverTrouble], configuration: Configuration) -> None:
        wanted = {(alert.project, alert.subject): alert for one in found.values() for alert in self._alerts(one, configuration)}
        now = self.monotonic()
        ended = (one for place, one in self._written.items() if place not in found)
        for alert in (alert for one in ended for alert in self._alerts(one, configuration)):
            self._sent.setdefault((alert.project, alert.subject), (alert, now))  # an earlier process may have sent it
        for key, alert in wanted.items():
            before, sent_at = self._sent.get(key, (None, now))
            if before != alert or now - sent_at >= REPEAT_SECONDS:
                self.alerts.send(alert, is_firing=True)
                self._sent[key] = alert, now
        for key in [key for key in self._sent if key not in wanted]:
            self.alerts.send(self._sent[key][0], is_firing=False)
            del self._sent[key]

    def _alerts(self, trouble: ReceiverTrouble, configuration: Configuration) -> Iterator[OwnAlert]:
        """Give an alert for each project of ours that tells one of these receivers."""
        for name, project in configuration.projects.items():
            routed = {receiver for route in project.notify for receiver in route.receivers}
            if self._is_ours(name) and routed & set(trouble.receivers):
                yield _alert(name, trouble, trouble.place in self._partial)

    def _is_ours(self, project: str) -> bool:
        return partition_of(project, self.partition_count) in self._partitions


def receivers_at(configuration: Configuration, place: str) -> list[str]:
    """Give the receivers in a channel, or all of Slack."""
    return [
        name
        for name, receiver in configuration.receivers.items()
        if receiver.slack is not None and place in (WORKSPACE, receiver.slack.channel)
    ]


def _trouble(configuration: Configuration, place: str, broken: Broken, waiting: Mapping[str, int]) -> ReceiverTrouble:
    count = sum(waiting.values()) if place == WORKSPACE else waiting.get(place, 0)
    receivers = receivers_at(configuration, place)
    return ReceiverTrouble(SINK, place, receivers, broken.error, advice(broken.error), broken.since, count)


def _alert(project: str, trouble: ReceiverTrouble, is_partial: bool) -> OwnAlert:
    who = _names(trouble.receivers)
    where = "from us" if trouble.place == WORKSPACE else f"for {who}"
    get = "gets" if len(trouble.receivers) == 1 else "get"
    if is_partial:
        title = f"Slack does not take some messages {where}"
        effect, comfort = "others, but not these", "they wait, and are tried again within the hour"
    else:
        title, effect = f"Slack takes no message {where}", "no messages"
        comfort = "the newest state of each incident waits, and is posted within half a minute of the mending"
    return OwnAlert(
        project,
        f"receivers of {SINK}/{trouble.place}",
        f"{title}: {trouble.error}",
        f"{who} {get} {effect}. To mend it: {trouble.advice}. Nothing is lost: {comfort}.",
        tuple(trouble.receivers),
        trouble.since,
    )


def _names(receivers: Iterable[str]) -> str:
    *others, last = receivers
    return f"{', '.join(others)} and {last}" if others else last


def _without_count(trouble: ReceiverTrouble | None) -> ReceiverTrouble | None:
    return None if trouble is None else msgspec.structs.replace(trouble, waiting=0)


def _key(place: str) -> str:
    return f"{SINK}/{place or '*'}"
