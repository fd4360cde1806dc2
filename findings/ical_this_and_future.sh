#!/usr/bin/env bash
# "This and all that follow" (RECURRENCE-ID;RANGE=THISANDFUTURE, RFC 5545 3.2.13) of one series, in three libraries: three answers.
#
# Four days of shifts at 9; from the third on they are at 12. recurring-ical-events 3.8.2 moves the third and the fourth, as the RFC
# has it. icalevents 0.3.1 moves the third alone. ical 14.3.1 moves the third, and leaves both old ones of a series in UTC too (see
# ical_moved_in_utc.sh); with a zone it moves the third alone. None of the two says that RANGE was not understood. So one calendar has
# other people on call by who reads it.
set -euo pipefail
. "$(dirname "$0")/ical_libraries.sh"

series() {
    cat <<'CALENDAR'
BEGIN:VEVENT
UID:shift
DTSTAMP:20260101T000000Z
DTSTART;TZID=Europe/London:20261101T090000
DURATION:PT1H
RRULE:FREQ=DAILY;COUNT=4
SUMMARY:old
END:VEVENT
BEGIN:VEVENT
UID:shift
DTSTAMP:20260101T000000Z
RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/London:20261103T090000
DTSTART;TZID=Europe/London:20261103T120000
DURATION:PT1H
SUMMARY:new
END:VEVENT
CALENDAR
}

seen=$(for name in recurring_ical_events icalevents ical; do series | expand $name | tail -2; done)
expect "$seen" "recurring_ical_events: 03 Nov 12:00 1:00:00 new
recurring_ical_events: 04 Nov 12:00 1:00:00 new
icalevents: 03 Nov 12:00 1:00:00 new
icalevents: 04 Nov 09:00 1:00:00 old
ical: 03 Nov 12:00 1:00:00 new
ical: 04 Nov 09:00 1:00:00 old"
