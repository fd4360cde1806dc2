"""What was published, in memory and on the topic `published`: enough to make the page anew. Not here: the page.

Kept by the page's entry, not by incident: an entry that another incident takes over changes in one write, so that it is never
missing in between.
"""

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
        """Take a newer form of an incident; False: nothing of it is for the public, or it is not news.

        One whose entry another has taken over has none, and so no news: the other says what becomes of it.
        """
        entry = str(incident.number) if incident.page_entry is None else incident.page_entry
        key = f"{PREFIX}{incident.project}/{entry}"
        known = self._incidents.get(key)
        if not _is_news(incident, known):
            return False
        self._incidents[key] = PublishedIncident(
            incident.project, incident.number, incident.version, incident.published, entry, incident.offset
        )
        self._changed[key] = self._incidents[key]
        return True

    def forget(self, project: str, number: str) -> bool:
        """Drop the entries of an incident; one that another has taken over stays."""
        gone = [key for key, one in self._incidents.items() if (one.project, str(one.number)) == (project, number)]
        for key in gone:
            del self._incidents[key]
            self._changed[key] = None
        return bool(gone)

    def save(self) -> None:
        """Write what has changed. Raises `Superseded`: load again."""
        changes = [Change(PARTITION, key, None if one is None else encode(one)) for key, one in self._changed.items()]
        self._topic.write(changes)
        self._changed = {}

    def close(self) -> None:
        self._topic.close()


def _is_news(incident: IncidentState, known: PublishedIncident | None) -> bool:
    if known is None:
        return incident.published is not None
    if known.number != incident.number:  # taken over: versions of two incidents say nothing, their project's one order does
        return incident.offset > known.offset
    return incident.version > known.version and incident.published != known.publication


def _read(key: str, value: bytes) -> PublishedIncident:
    try:
        return decode(value, PublishedIncident)
    except MalformedRecord as error:
        raise OperatorError(f"{key} on the topic published cannot be read: {error}") from error
