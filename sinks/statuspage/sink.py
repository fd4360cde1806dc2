"""The status page sink: takes in publications, keeps them on `published`, and swaps the page in when it has changed.

What is published is safe on its topic before the page shows it, and before the reader commits. Not here: what the page
looks like (`render.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from schemas.chain import Position
from schemas.clock import now_millis
from schemas.settings import Settings
from schemas.topics import PUBLISHED
from sinks.compacted import CompactedTopic
from sinks.follow_configuration import ConfigurationFollower, FollowedConfiguration
from sinks.sink import Assignment, Batch, JournalEntry, Section
from sinks.statuspage import metrics
from sinks.statuspage.model import build_page
from sinks.statuspage.publish import Publisher
from sinks.statuspage.render import DAY_MILLIS, render_site
from sinks.statuspage.store import PublishedStore


def build(settings: Settings) -> StatusPageSink:
    """Make the sink from settings; connects when it is first needed."""
    directory = Path(settings.statuspage_dir or settings.data / "statuspage")
    store = PublishedStore(CompactedTopic(settings, PUBLISHED))
    return StatusPageSink(ConfigurationFollower(settings), store, Publisher(directory), now_millis)


class StatusPageSink:
    """A `Sink`. One process has all partitions and the directory; another waits with none and touches nothing."""

    sections: frozenset[Section] = frozenset({"incidents", "forgettings"})
    stores_positions = False
    takes_all_partitions = True
    linger_seconds = 0.25
    """Nobody sees a page so soon, and most entries hold nothing for it: reading each by itself was all of its cost."""

    def __init__(
        self, configuration: FollowedConfiguration, store: PublishedStore, publisher: Publisher, now_millis: Callable[[], int]
    ) -> None:
        self._configuration = configuration
        self._store = store
        self._publisher = publisher
        self._now_millis = now_millis
        self._is_active = False
        self._is_behind = True
        self._shown: tuple[int, int] = (-1, -1)
        """Configuration version and day of the page as it is."""

    def assign(self, assignment: Assignment) -> Mapping[int, Position]:
        """See `Sink`: reads what was published, and makes the page if it is not there."""
        self._is_active = bool(assignment.partitions)
        if self._is_active:
            self._store.load()
            self._configuration.refresh()
            self._publish()
        return {}

    def deliver(self, batch: Batch) -> None:
        """See `Sink`. History is taken in without showing its old states one after the other."""
        for entry in batch.entries:
            self._absorb(entry)
        self._store.save()
        if self._is_behind and not batch.entries[-1].is_history:
            self._publish()

    def tend(self) -> None:
        """See `Sink`: follows the configuration, lets old incidents go at midnight, and repairs a lost directory."""
        if not self._is_active:
            return
        self._configuration.refresh()
        if self._is_behind or self._shown != self._wanted() or self._publisher.is_missing:
            self._publish()

    def close(self) -> None:
        """See `Sink`."""
        self._store.close()
        self._configuration.close()

    def _absorb(self, entry: JournalEntry) -> None:
        for incident in entry.incidents:
            self._is_behind |= self._store.take(incident)
        for forgetting in entry.forgettings:
            if forgetting.kind == "incident":
                self._is_behind |= self._store.forget(forgetting.project, forgetting.id)

    def _publish(self) -> None:
        wanted = self._wanted()
        page = build_page(self._store.all(), self._configuration.current)
        if self._publisher.publish(render_site(page, self._now_millis())):
            metrics.PUBLICATIONS.inc()
        metrics.OPEN.set(len(page.open_incidents))
        self._shown, self._is_behind = wanted, False

    def _wanted(self) -> tuple[int, int]:
        return self._configuration.current.version, self._now_millis() // DAY_MILLIS
