"""What was published, in memory and on the topic `published`: enough to make the page anew. Not here: the page."""

from __future__ import annotations

from collections.abc import Iterable

from schemas.codec import decode, encode
from schemas.errors import MalformedRecord, OperatorError
from schemas.records import IncidentState
from schemas.sink_records import PublishedIncident
from sinks.compacted import Change, Store

PARTITION = 0
PREFIX = "incident/"


class PublishedStore:
    """An incident that was taken back stays, without its publication, until it is forgotten: an older version of it,
    read again after a crash, must not bring it back."""

    def __init__(self, topic: Store) -> None:
        self._topic = topic
        self._incidents: dict[str, PublishedIncident] = {}
        self._changed: dict[str, PublishedIncident | None] = {}

    def load(self) -> None:
        """Read all of it. Raises `Unavailable`, `OperatorError` for what this version cannot read."""
        self._incidents, self._changed = {}, {}
        for key, value in self._topic.load([PARTITION]).items():
            if key.startswith(PREFIX):
                self._incidents[key] = _read(key, value)

    def all(self) -> Iterable[PublishedIncident]:
        return self._incidents.values()

    def take(self, incident: IncidentState) -> bool:
        """Take a newer form of an incident; False: nothing of it is for the public, or it is not news."""
        key = f"{PREFIX}{incident.project}/{incident.number}"
        known = self._incidents.get(key)
        if known is None and incident.published is None:
            return False
        if known is not None and (incident.version <= known.version or incident.published == known.publication):
            return False
        self._incidents[key] = PublishedIncident(incident.project, incident.number, incident.version, incident.published)
        self._changed[key] = self._incidents[key]
        return True

    def forget(self, project: str, number: str) -> bool:
        key = f"{PREFIX}{project}/{number}"
        if self._incidents.pop(key, None) is None:
            return False
        self._changed[key] = None
        return True

    def save(self) -> None:
        """Write what has changed. Raises `Superseded`: load again."""
        changes = [Change(PARTITION, key, None if one is None else encode(one)) for key, one in self._changed.items()]
        self._topic.write(changes)
        self._changed = {}

    def close(self) -> None:
        self._topic.close()


def _read(key: str, value: bytes) -> PublishedIncident:
    try:
        return decode(value, PublishedIncident)
    except MalformedRecord as error:
        raise OperatorError(f"{key} on the topic published cannot be read: {error}") from error
