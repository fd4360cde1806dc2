"""What happened to one alert, on real PostgreSQL: of all incidents it was in and of none, in order, without what is hidden."""

from __future__ import annotations

from producers.operator.narrowing import TIMELINE, Filters, narrow
from producers.operator.queries import Scope, list_alert_timeline
from tests.integration.producers.operator.door import ALERT, INCIDENT, Asking, Database, alert

PATH = "alerts/7/timeline?limit=1"
ENTRY = """
INSERT INTO tocsin.timeline (project, incident, alert, number, inbox_offset, kind, at, actor, text, details, inbox_index)
SELECT 'shop', v.*, timestamptz '2026-01-01' + v.inbox_offset * interval '1 s', 'ada', '', '{}', 0
FROM (VALUES (%s::bigint, %s::bigint, %s::bigint, %s::bigint, %s::text)) v (incident, alert, number, inbox_offset, kind)"""
HISTORY = [
    (2, 7, 1, 20, "alert_joined"),
    (None, 7, 1, 10, "alert_acknowledged"),
    (2, 7, 2, 30, "alert_left"),
    (1, 7, 9, 30, "alert_joined"),  # moved: in one step, and into an incident of a smaller number
    (1, 8, 10, 35, "comment"),
    (1, None, 11, 36, "severity"),
    (1, 7, 12, 40, "alert_left"),
    (None, 8, 1, 45, "comment"),
    (None, 7, 2, 50, "comment"),
]
"""Of alert 7 and of others: incident, alert, number, offset of its cause, kind."""


def fill(database: Database, *, is_confidential: bool = False) -> None:
    database.execute(INCIDENT, (1, "triggered", "2026-01-01", "alert-bot", [], False))
    database.execute(INCIDENT, (2, "triggered", "2026-01-01", "alert-bot", ["carl"], is_confidential))
    database.execute(ALERT, alert(7))
    with database.cursor() as cursor:
        cursor.executemany(ENTRY, HISTORY)


def test_what_happened_to_an_alert_is_told_in_order_whichever_incident_it_was_in(asking: Asking, database: Database) -> None:
    fill(database)
    told = list(zip(asking.all(PATH, "incident"), asking.all(PATH, "kind"), strict=True))
    assert told == [
        (None, "alert_acknowledged"), (2, "alert_joined"), (2, "alert_left"), (1, "alert_joined"), (1, "alert_left"),
        (None, "comment"),
    ]  # fmt: skip
    assert asking.all(f"{PATH}&kind=alert_left&kind=comment&from=2026-01-01T00:00:40", "incident") == [1, None]


def test_what_happened_in_a_confidential_incident_is_told_to_those_concerned(asking: Asking, database: Database) -> None:
    fill(database, is_confidential=True)
    told = {who: asking.all(PATH, "incident", who) for who in ("ada", "bob", "carl")}
    everything = [None, 2, 2, 1, 1, None]
    assert told == {"ada": everything, "bob": [None, 1, 1, None], "carl": everything}


def test_entries_about_an_alert_are_found_by_an_index(database: Database) -> None:
    fill(database)
    database.execute("SET enable_seqscan = off")  # so few would rather be read all
    for sees_confidential in (True, False):
        scope = Scope("shop", "bob", sees_confidential)
        query = list_alert_timeline(scope, 7, narrow(TIMELINE, "t", Filters()), None, 10)
        plan = "\n".join(line for (line,) in database.execute("EXPLAIN " + query.text, query.values))
        assert "timeline_about_alert" in plan, plan


def test_a_cursor_of_another_list_is_malformed(asking: Asking, database: Database) -> None:
    fill(database)
    cursor = asking.get("/api/v1/projects/shop/incidents/1/timeline?limit=1").json()["next"]
    answer = asking.get(f"/api/v1/projects/shop/{PATH}&cursor={cursor}")
    assert (answer.status_code, answer.json()["title"]) == (422, "Malformed")
