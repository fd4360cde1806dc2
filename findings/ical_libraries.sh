# Sourced by the findings about calendars: a temporary folder with three Python libraries that expand iCalendar series, and a program
# that lists what each makes of one calendar. Runs nothing of this project. Gives `expand NAME [icalevents]`, which reads events on
# standard input; `icalevents` behind a name imports that library as well.

WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
python3 -m venv "$WORK/venv"
"$WORK/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    icalendar==7.3.2 recurring-ical-events==3.8.2 ical==14.3.1 icalevents==0.3.1

cat > "$WORK/expand.py" <<'PYTHON'
"""Print start, length and summary of each event that a library finds from 2026 to 2027, in UTC."""
import sys
from datetime import datetime, timezone

if "icalevents" in sys.argv:  # not otherwise: its import alone changes the others (icalevents_changes_others.sh)
    import icalevents.icalevents

import icalendar, recurring_ical_events
from ical.calendar_stream import IcsCalendarStream

BEGIN, END = datetime(2026, 1, 1, tzinfo=timezone.utc), datetime(2028, 1, 1, tzinfo=timezone.utc)


def by_recurring_ical_events(text):
    found = recurring_ical_events.of(icalendar.Calendar.from_ical(text)).between(BEGIN, END)
    return [(event.start, event.end, str(event["SUMMARY"])) for event in found]


def by_ical(text):
    found = IcsCalendarStream.calendar_from_ics(text).timeline_tz(timezone.utc).overlapping(BEGIN, END)
    return [(event.start, event.end, event.summary) for event in found]


def by_icalevents(text):
    found = icalevents.icalevents.events(string_content=text.encode(), start=BEGIN, end=END)
    return [(event.start, event.end, event.summary) for event in found]


name = sys.argv[1]
body = sys.stdin.read().strip().replace("\n", "\r\n")
text = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//finding//EN\r\n{body}\r\nEND:VCALENDAR\r\n"
for start, end, summary in sorted(globals()["by_" + name](text)):
    start, end = start.astimezone(timezone.utc), end.astimezone(timezone.utc)
    print(f"{name}: {start:%d %b %H:%M} {end - start} {summary}")
PYTHON

expand() { "$WORK/venv/bin/python" "$WORK/expand.py" "$@"; }

expect() {  # seen, expected
    echo "$1"
    [ "$1" = "$2" ] || { echo "that has changed; it was:" >&2; echo "$2" >&2; exit 1; }
}
