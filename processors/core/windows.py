"""When a maintenance window is open: once or by a rule of RFC 5545, on the clocks of its zone (BEHAVIOUR 5).

A window starts when the zone's clocks show its start; one that the clocks skip starts as if they had not (RFC 5545,
3.3.5), one that they show twice at the first time. It lasts its duration, whatever the clocks do meanwhile.
Pure: the same time always gives the same answer; what is remembered only spares looking again. Not here: what a window mutes.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from dateutil.rrule import rrule, rrulestr

from schemas.configuration import Maintenance
from schemas.zones import load_zone

FOR_EVER = 1 << 62
DAY = timedelta(days=1)
LOOK_AHEAD = timedelta(days=366)
"""A rule without an occurrence for so long is looked at again then."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Window:
    """One window of the configuration. Times are milliseconds since 1970, UTC."""

    def __init__(self, settings: Maintenance) -> None:
        """Raises `ValueError` for a start, zone or rule that `config check` would have refused."""
        self.name = settings.name
        self._duration = settings.duration
        self._zone = load_zone(settings.zone)
        self._start = datetime.fromisoformat(settings.start)
        self._rule = None if settings.repeat is None else _read_rule(settings.repeat, self._start, self._zone)
        self._known = (FOR_EVER, FOR_EVER, False)

    def is_open(self, now: int) -> bool:
        """Say whether it is open: from its start on, until its end."""
        return self._stretch(now)[2]

    def next_change(self, now: int) -> int:
        """Give when it next opens or closes after `now`, or an earlier time at which to ask again."""
        return self._stretch(now)[1]

    def _stretch(self, now: int) -> tuple[int, int, bool]:
        """Give a stretch of time that holds `now` and in which the window is open throughout, or closed throughout."""
        if not self._known[0] <= now < self._known[1]:
            self._known = self._look(now)
        return self._known

    def _look(self, now: int) -> tuple[int, int, bool]:
        local = EPOCH + timedelta(milliseconds=now)
        since = local - timedelta(milliseconds=self._duration) - DAY
        until = _millis(local + LOOK_AHEAD)
        for start in self._starts(since.replace(tzinfo=None), (local + LOOK_AHEAD + DAY).replace(tzinfo=None)):
            if start <= now < start + self._duration:
                return now, start + self._duration, True  # one that the next overlaps is asked again then: still open
            if start > now:
                return now, min(until, start), False
        return now, until, False

    def _starts(self, after: datetime, before: datetime) -> Iterator[int]:
        if self._rule is None:
            yield self._instant(self._start)
            return
        for local in self._rule.xafter(after, inc=True):
            if local > before:
                return
            yield self._instant(local)

    def _instant(self, local: datetime) -> int:
        return _millis(local.replace(tzinfo=self._zone, fold=0))


def _millis(time: datetime) -> int:
    return (time.astimezone(UTC) - EPOCH) // timedelta(milliseconds=1)


def _read_rule(text: str, start: datetime, zone: ZoneInfo) -> rrule:
    """Read a rule on local times; an UNTIL in UTC is turned into the zone's clocks, as the rule counts by them."""
    parts = [_local_until(part, zone) for part in text.removeprefix("RRULE:").split(";")]
    rule = rrulestr(";".join(parts), dtstart=start, cache=True)
    if not isinstance(rule, rrule):
        raise ValueError(f"{text!r} is not one rule")
    return rule


def _local_until(part: str, zone: ZoneInfo) -> str:
    name, _, value = part.partition("=")
    if name != "UNTIL" or not value.endswith("Z"):
        return part
    until = datetime.strptime(value, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    return f"UNTIL={until.astimezone(zone):%Y%m%dT%H%M%S}"
