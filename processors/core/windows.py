"""When a maintenance window is open: once or by a rule of RFC 5545, on the clocks of its zone (BEHAVIOUR 5).

A window starts when the zone's clocks show its start; one that the clocks skip starts as if they had not (RFC 5545,
3.3.5), one that they show twice at the first time. Days and weeks of its duration are the clocks' (3.3.6), hours are hours;
an `end` comes when the clocks show it, for each repetition: a window from Friday 18:00 to Monday 06:00 is that all year.
(RFC 5545 would have it as long in hours as the first one; nobody who writes a time of day means that.)
Pure: the same time always gives the same answer; what is remembered only spares looking again. Not here: what a window mutes.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from dateutil.rrule import rrule, rrulestr

from schemas.configuration import Maintenance
from schemas.durations import Span, parse_span
from schemas.zones import load_zone

FOR_EVER = 1 << 62
SLACK = timedelta(days=2)
"""How much longer than its days a window may be, and how far a zone's clocks may be from UTC; a zone has skipped a whole day."""
CLOCK_CHANGE_MILLIS = 3 * 3_600_000
"""Within so long starts may come in another order than the clocks show them; the largest change in use is two hours."""
LOOK_AHEAD = timedelta(days=366)
"""A rule without an occurrence for so long is looked at again then."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Window:
    """One window of the configuration. Times are milliseconds since 1970, UTC."""

    def __init__(self, settings: Maintenance) -> None:
        """Raises `ValueError` for a start, zone or rule that `config check` would have refused."""
        self.name = settings.name
        self._span = _read_span(settings.duration)
        self._zone = load_zone(settings.zone)
        self._start = datetime.fromisoformat(settings.start)
        self._local_length = None if settings.end is None else datetime.fromisoformat(settings.end) - self._start
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
        since, until = local - self._longest() - SLACK, _millis(local + LOOK_AHEAD)
        for local_start in self._starts(since.replace(tzinfo=None), (local + LOOK_AHEAD + SLACK).replace(tzinfo=None)):
            start, end = self._instant(local_start), self._end_of(local_start)
            if start <= now < end:
                return now, end, True  # one that the next overlaps is asked again then: still open
            if start > until + CLOCK_CHANGE_MILLIS:
                break
            if start > now:
                until = min(until, start)
        return now, until, False

    def _starts(self, after: datetime, before: datetime) -> Iterator[datetime]:
        if self._rule is None:
            yield self._start
            return
        for local in self._rule.xafter(after, inc=True):
            if local > before:
                return
            yield local

    def _longest(self) -> timedelta:
        return self._local_length or timedelta(days=self._span.days, milliseconds=self._span.millis)

    def _end_of(self, local_start: datetime) -> int:
        """Give when the window ends that starts then; not after its start where the clocks skip its end, and then it is none."""
        if self._local_length is not None:
            return self._instant(local_start + self._local_length)
        return self._instant(local_start + timedelta(days=self._span.days)) + self._span.millis

    def _instant(self, local: datetime) -> int:
        return _millis(local.replace(tzinfo=self._zone, fold=0))


def _millis(time: datetime) -> int:
    return (time.astimezone(UTC) - EPOCH) // timedelta(milliseconds=1)


def _read_span(duration: int | str | None) -> Span:
    """Read a duration; a number is exact milliseconds, as all were before days were the clocks'."""
    return parse_span(duration) if isinstance(duration, str) else Span(0, duration or 0)


def _read_rule(text: str, start: datetime, zone: ZoneInfo) -> rrule:
    """Read a rule on local times; its UNTIL is turned into the zone's clocks, as the rule counts by them."""
    parts = [_local_until(part, zone) for part in text.removeprefix("RRULE:").split(";")]
    rule = rrulestr(";".join(parts), dtstart=start, cache=True)
    if not isinstance(rule, rrule):
        raise ValueError(f"{text!r} is not one rule")
    return rule


def _local_until(part: str, zone: ZoneInfo) -> str:
    name, _, value = part.partition("=")
    if name == "UNTIL" and "T" not in value:
        return f"{part}T235959"  # a day is meant with all that starts in it; dateutil takes it for its midnight
    if name != "UNTIL" or not value.endswith("Z"):
        return part
    until = datetime.strptime(value, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    return f"UNTIL={until.astimezone(zone):%Y%m%dT%H%M%S}"
