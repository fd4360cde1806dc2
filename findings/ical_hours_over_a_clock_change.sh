#!/usr/bin/env bash
# Eight hours that last nine, and an hour that lasts none: how iCalendar libraries add a duration over a change of the clock.
#
# `DURATION:PT8H` is an exact duration by RFC 5545 (3.3.6: hours are exact, days and weeks follow the clock on the wall). A night shift
# from 22:00 that lasts PT8H ends at 05:00 in the night that is an hour longer. recurring-ical-events 3.8.2, ical 14.3.1 and
# icalevents 0.3.1 all add it to the clock on the wall: 06:00, nine hours. An event at 02:30 on the day when that hour is left out
# (02:30 is then 03:30, RFC 5545 3.3.5) lasts no time at all in the first two, so that a search for who is there at any moment
# of it finds nobody; icalevents has it an hour early, at 01:30.
set -euo pipefail
. "$(dirname "$0")/ical_libraries.sh"

event() {  # start, duration
    cat <<CALENDAR
BEGIN:VEVENT
UID:shift
DTSTAMP:20260101T000000Z
DTSTART;TZID=Europe/Berlin:$1
DURATION:$2
RRULE:FREQ=DAILY;COUNT=2
SUMMARY:shift
END:VEVENT
CALENDAR
}

seen=$(for name in recurring_ical_events ical icalevents; do
    event 20261023T220000 PT8H | expand $name
    event 20260328T023000 PT1H | expand $name
done)
expect "$seen" "recurring_ical_events: 23 Oct 20:00 8:00:00 shift
recurring_ical_events: 24 Oct 20:00 9:00:00 shift
recurring_ical_events: 28 Mar 01:30 1:00:00 shift
recurring_ical_events: 29 Mar 01:30 0:00:00 shift
ical: 23 Oct 20:00 8:00:00 shift
ical: 24 Oct 20:00 9:00:00 shift
ical: 28 Mar 01:30 1:00:00 shift
ical: 29 Mar 01:30 0:00:00 shift
icalevents: 23 Oct 20:00 8:00:00 shift
icalevents: 24 Oct 20:00 9:00:00 shift
icalevents: 28 Mar 01:30 1:00:00 shift
icalevents: 29 Mar 00:30 1:00:00 shift"
