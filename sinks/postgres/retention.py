"""Deletes what has long been over: alerts with their payloads, incidents with all that is told of them, silences.

Never what is open, nor what the core may still change: that would come back without what was deleted. An incident goes after
its alerts, its timeline and its notifications, so that no statement is large. Not here: when (`housekeeping.py`).
"""

from __future__ import annotations

from typing import LiteralString

import psycopg

DAY_MILLIS = 86_400_000
MOST_ROWS = 500
"""In one statement. The incidents looked at for it are fewer, for they may have many rows each."""
MOST_INCIDENTS = 50

_TIMES: LiteralString = "WITH times AS (SELECT tocsin.at(%(now)s) AS now, tocsin.at(%(before)s) AS before), "
_IS_OVER: LiteralString = "status = 'resolved' AND {0}.resolved_at < (SELECT before FROM times)"
_FORGOTTEN: LiteralString = "coalesce({0}, '-infinity') < (SELECT now FROM times)"

_ALERTS: LiteralString = f"""{_TIMES}
old AS MATERIALIZED (
    SELECT a.project, a.number FROM tocsin.alerts a
    WHERE a.{_IS_OVER.replace("{0}", "a")} AND {_FORGOTTEN.replace("{0}", "a.forget_at")}
      AND NOT EXISTS (
        SELECT FROM tocsin.incidents i WHERE i.project = a.project AND i.number = a.incident
           AND NOT (i.{_IS_OVER.replace("{0}", "i")} AND {_FORGOTTEN.replace("{0}", "i.forget_alerts_at")}))
    ORDER BY a.resolved_at LIMIT %(most)s FOR UPDATE OF a SKIP LOCKED),
gone_payloads AS (DELETE FROM tocsin.payloads p USING old WHERE p.project = old.project AND p.number = old.number),
gone_timeline AS (
    DELETE FROM tocsin.timeline t USING old WHERE t.project = old.project AND t.alert = old.number AND t.incident IS NULL),
counted AS (
    UPDATE tocsin.projects p SET alerts_deleted = p.alerts_deleted + gone.count
    FROM (SELECT project, count(*) FROM old GROUP BY project) gone WHERE p.project = gone.project)
DELETE FROM tocsin.alerts a USING old WHERE a.project = old.project AND a.number = old.number"""

_OLD_INCIDENTS: LiteralString = f"""{_TIMES}
old AS MATERIALIZED (
    SELECT i.project, i.number FROM tocsin.incidents i
    WHERE i.{_IS_OVER.replace("{0}", "i")} AND {_FORGOTTEN.replace("{0}", "i.forget_at")}
      AND NOT EXISTS (SELECT FROM tocsin.alerts a WHERE a.project = i.project AND a.incident = i.number)
    ORDER BY i.resolved_at LIMIT %(most_incidents)s FOR UPDATE OF i SKIP LOCKED)"""
_OF_INCIDENTS: LiteralString = f"""{_OLD_INCIDENTS}
DELETE FROM tocsin.{{table}} WHERE ctid = ANY (ARRAY(
    SELECT t.ctid FROM tocsin.{{table}} t JOIN old ON t.project = old.project AND t.incident = old.number LIMIT %(most)s))"""
_INCIDENTS: LiteralString = f"""{_OLD_INCIDENTS}
DELETE FROM tocsin.incidents i USING old WHERE i.project = old.project AND i.number = old.number
   AND NOT EXISTS (SELECT FROM tocsin.timeline t WHERE t.project = old.project AND t.incident = old.number)
   AND NOT EXISTS (SELECT FROM tocsin.notifications n WHERE n.project = old.project AND n.incident = old.number)"""
_SILENCES: LiteralString = f"""{_TIMES}
old AS MATERIALIZED (
    SELECT s.project, s.id FROM tocsin.silences s WHERE s.ends_at < (SELECT before FROM times)
    LIMIT %(most)s FOR UPDATE SKIP LOCKED)
DELETE FROM tocsin.silences s USING old WHERE s.project = old.project AND s.id = old.id"""

STATEMENTS: tuple[LiteralString, ...] = (
    _ALERTS,
    _OF_INCIDENTS.replace("{table}", "timeline"),
    _OF_INCIDENTS.replace("{table}", "notifications"),
    _INCIDENTS,
    _SILENCES,
)


def delete_old(connection: psycopg.Connection, now_millis: int, days: int) -> int:
    """Delete a few of what was over so many days ago; say how many rows, 0: nothing is left to delete.

    Each statement stands alone, and passes over what another process is deleting.
    """
    values = {
        "now": now_millis,
        "before": now_millis - days * DAY_MILLIS,
        "most": MOST_ROWS,
        "most_incidents": MOST_INCIDENTS,
    }
    return sum(connection.execute(statement, values).rowcount for statement in STATEMENTS)
