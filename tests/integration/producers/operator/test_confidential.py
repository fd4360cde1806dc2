"""What is confidential, asked for by everybody at every path of the API: nothing of it is told, nor that it is there.

The paths are those of the table of permissions, which a unit test holds to the application's own; one that has no sample here
fails, so that a new one is not forgotten.
"""

from __future__ import annotations

import json

import pytest

from producers.operator.permissions import RULES
from tests.integration.producers.operator.door import ALERT, INCIDENT, TIMELINE, Asking, Database, alert

SECRET_INCIDENT, SECRET_ALERT, OPEN_INCIDENT, OPEN_ALERT, NOWHERE = 70707, 60606, 8, 5, 99999
CANARIES = ("C4n4ry", str(SECRET_INCIDENT), str(SECRET_ALERT))
MAY_NOT = ("bob", "eve", "nobody", "")
"""A viewer, somebody of no project, a token that nobody has, and none."""
MAY = ("ada", "carl", "local-token")
"""A responder, an assignee, an admin."""
OUTCOME = """
INSERT INTO tocsin.outcomes (partition, inbox_offset, item, project, receipt, actor, at, total, events)
VALUES (0, 1, 0, 'shop', 'guessed', 'ada', now(), 1, %s)"""


@pytest.fixture
def secrets(database: Database) -> Database:
    """A confidential incident with an alert, and an open one that knows of both in all ways that there are."""
    database.execute(INCIDENT, (SECRET_INCIDENT, "triggered", "2026-01-01", "alert-bot", ["carl"], True))
    database.execute(INCIDENT, (OPEN_INCIDENT, "resolved", "2026-01-02", "alert-bot", [], False))
    database.execute("UPDATE tocsin.incidents SET title = 'C4n4ry', description = 'C4n4ry' WHERE is_confidential")
    database.execute("UPDATE tocsin.incidents SET merged_into = %s WHERE NOT is_confidential", [SECRET_INCIDENT])
    with database.cursor() as cursor:
        cursor.executemany(ALERT, [alert(SECRET_ALERT % 60, incident=SECRET_INCIDENT), alert(OPEN_ALERT, incident=OPEN_INCIDENT)])
    moved = "UPDATE tocsin.alerts SET number = %s, title = 'C4n4ry', labels = '{\"a\": \"C4n4ry\"}' WHERE incident = %s"
    database.execute(moved, [SECRET_ALERT, SECRET_INCIDENT])
    known = "UPDATE tocsin.alerts SET previous = %s, suppressed_by_kind = 'inhibition', suppressed_by_id = %s WHERE number = %s"
    database.execute(known, [SECRET_ALERT, str(SECRET_ALERT), OPEN_ALERT])
    database.execute(TIMELINE, (SECRET_INCIDENT, 1, "2026-01-01T00:00:01Z", "C4n4ry"))
    for number, text in enumerate(
        (f"merged into incident #{SECRET_INCIDENT}", f"alert #{SECRET_ALERT} joined", f"see #{SECRET_INCIDENT}"), 1
    ):
        database.execute(TIMELINE, (OPEN_INCIDENT, number, f"2026-01-01T00:00:0{number}Z", text))
    database.execute("UPDATE tocsin.timeline SET alert = %s WHERE incident = %s", [OPEN_ALERT, OPEN_INCIDENT])
    refused = [{"index": 0, "outcome": "refused", "reason": f"incident #{SECRET_INCIDENT} is confidential"}]
    database.execute(OUTCOME, [json.dumps(refused)])
    return database


def routes() -> list[tuple[str, str]]:
    """Give each method and path of the API; a unit test holds the table to what the application answers."""
    found = [(method, path) for method, _, path in (endpoint.partition(" ") for endpoint in sorted(RULES))]
    return [(method, path) for method, path in found if path.startswith("/api/v1/")]


def filled(path: str, incident: int, alert_number: int) -> str:
    """Fill a path in."""
    command = "unheard-of" if incident == NOWHERE else "guessed"
    samples = {"{project}": "shop", "{command_id}": command, "{id}": "1", "{number}": str(incident)}
    if "/alerts/" in path:
        samples["{number}"] = str(alert_number)
    for name, sample in samples.items():
        path = path.replace(name, sample)
    assert "{" not in path, f"{path} has no sample: say what to put in"
    return path


@pytest.mark.parametrize("who", MAY_NOT)
def test_nobody_else_is_told_anything_at_any_path(asking: Asking, secrets: Database, who: str) -> None:
    told = {}
    for method, path in routes():
        for incident, about in ((SECRET_INCIDENT, SECRET_ALERT), (OPEN_INCIDENT, OPEN_ALERT)):
            place = filled(path, incident, about)
            answer = asking.request(method, place, who)
            told[method, place] = answer.text + str(answer.headers)
    asked = {at: said for at, said in told.items() if any(canary in said for canary in CANARIES)}
    assert len(told) > 60
    assert asked == {}


@pytest.mark.parametrize("who", MAY_NOT)
def test_what_is_confidential_is_answered_as_what_is_not_there(asking: Asking, secrets: Database, who: str) -> None:
    for method, path in routes():
        there = asking.request(method, filled(path, SECRET_INCIDENT, SECRET_ALERT), who)
        nowhere = asking.request(method, filled(path, NOWHERE, NOWHERE), who)
        assert (there.status_code, there.text) == (nowhere.status_code, nowhere.text), (method, path)


@pytest.mark.parametrize("who", MAY)
def test_those_concerned_are_told(asking: Asking, secrets: Database, who: str) -> None:
    paths = (
        f"incidents/{SECRET_INCIDENT}",
        f"alerts/{SECRET_ALERT}",
        f"incidents/{SECRET_INCIDENT}/timeline",
        "alerts",
        "incidents",
    )
    answers = [asking.get(f"/api/v1/projects/shop/{path}", who) for path in paths]
    assert [(answer.status_code, "C4n4ry" in answer.text) for answer in answers] == [(200, True)] * len(paths)
    assert str(SECRET_INCIDENT) in asking.get(f"/api/v1/projects/shop/incidents/{OPEN_INCIDENT}", who).text


def test_the_counts_of_a_list_are_of_what_is_seen(asking: Asking, secrets: Database) -> None:
    counts = {who: asking.get("/api/v1/projects/shop/alerts/counts", who).json()["triggered"] for who in ("ada", "bob")}
    assert counts == {"ada": 2, "bob": 1}
