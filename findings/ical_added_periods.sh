#!/usr/bin/env bash
# An occurrence added as a period (RDATE;VALUE=PERIOD, RFC 5545 3.8.5.2), in three libraries: three answers.
#
# One shift on 1 November, and one more of five hours on the 5th. recurring-ical-events 3.8.2 gives both. ical 14.3.1 gives the added
# one alone, with the length of the first: the event's own DTSTART is gone as soon as there is an RDATE without an RRULE. icalevents
# 0.3.1 gives the first alone. None of them says anything. RFC 5545: DTSTART is the first of the set, RDATE adds to it.
set -euo pipefail
. "$(dirname "$0")/ical_libraries.sh"

event() {  # what follows RDATE
    cat <<CALENDAR
BEGIN:VEVENT
UID:shift
DTSTAMP:20260101T000000Z
DTSTART:20261101T090000Z
DURATION:PT1H
RDATE$1
SUMMARY:shift
END:VEVENT
CALENDAR
}

seen=$(for name in recurring_ical_events ical icalevents; do event ";VALUE=PERIOD:20261105T090000Z/PT5H" | expand $name; done
    event ":20261105T090000Z" | expand ical)
expect "$seen" "recurring_ical_events: 01 Nov 09:00 1:00:00 shift
recurring_ical_events: 05 Nov 09:00 5:00:00 shift
ical: 05 Nov 09:00 1:00:00 shift
icalevents: 01 Nov 09:00 1:00:00 shift
ical: 05 Nov 09:00 1:00:00 shift"
