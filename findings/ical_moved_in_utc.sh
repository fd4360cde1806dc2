#!/usr/bin/env bash
# ical 14.3.1 (PyPI): an occurrence that was moved is there twice when the series is written in UTC.
#
# A series whose DTSTART ends in Z, and one occurrence of it with RECURRENCE-ID and another DTSTART: `Calendar.timeline_tz` gives the
# occurrence at its old time and at its new one. With `DTSTART;TZID=…`, or with dates alone, the old one is left out as RFC 5545 has
# it. A cancelled occurrence (STATUS:CANCELLED) stays likewise, beside the one that says so. recurring-ical-events 3.8.2 and
# icalevents 0.3.1 leave the old time out in each form. Whoever takes shifts from such a calendar has two people on call, or one who
# is on leave. What helps: another library, or the series rewritten to a zone before it is read.
set -euo pipefail
. "$(dirname "$0")/ical_libraries.sh"

series() {  # what follows DTSTART and RECURRENCE-ID, and what ends a time
    cat <<CALENDAR
BEGIN:VEVENT
UID:shift
DTSTAMP:20260101T000000Z
DTSTART$1:20261101T090000$2
DURATION:PT1H
RRULE:FREQ=DAILY;COUNT=2
SUMMARY:shift
END:VEVENT
BEGIN:VEVENT
UID:shift
DTSTAMP:20260101T000000Z
RECURRENCE-ID$1:20261102T090000$2
DTSTART$1:20261102T150000$2
DURATION:PT1H
SUMMARY:moved
END:VEVENT
CALENDAR
}

seen=$(series "" Z | expand ical; series ";TZID=Europe/London" "" | expand ical
    series "" Z | expand recurring_ical_events; series "" Z | expand icalevents)
expect "$seen" "ical: 01 Nov 09:00 1:00:00 shift
ical: 02 Nov 09:00 1:00:00 shift
ical: 02 Nov 15:00 1:00:00 moved
ical: 01 Nov 09:00 1:00:00 shift
ical: 02 Nov 15:00 1:00:00 moved
recurring_ical_events: 01 Nov 09:00 1:00:00 shift
recurring_ical_events: 02 Nov 15:00 1:00:00 moved
icalevents: 01 Nov 09:00 1:00:00 shift
icalevents: 02 Nov 15:00 1:00:00 moved"
