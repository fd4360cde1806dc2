#!/usr/bin/env bash
# icalevents 0.3.1 with icalendar 7.3.2 and recurring-ical-events 3.8.2 (PyPI): importing one calendar library changes the answers of
# another in the same process.
#
# `import icalevents.icalevents` calls `icalendar.use_pytz()`, for the whole process. recurring-ical-events, which never heard of it,
# then has times of pytz instead of zoneinfo, whose sums differ over a change of the clock: the same shift of one calendar
# lasts nine hours before the import and eight after it. Nothing is called but the import. Expected: a library's import leaves the
# settings of others alone. What helps: one of the two in a process.
set -euo pipefail
. "$(dirname "$0")/ical_libraries.sh"

event() {
    cat <<'CALENDAR'
BEGIN:VEVENT
UID:shift
DTSTAMP:20260101T000000Z
DTSTART;TZID=Europe/Berlin:20261024T220000
DURATION:PT8H
RRULE:FREQ=DAILY;COUNT=1
SUMMARY:shift
END:VEVENT
CALENDAR
}

seen=$(event | expand recurring_ical_events; event | expand recurring_ical_events icalevents)
expect "$seen" "recurring_ical_events: 24 Oct 20:00 9:00:00 shift
recurring_ical_events: 24 Oct 20:00 8:00:00 shift"
