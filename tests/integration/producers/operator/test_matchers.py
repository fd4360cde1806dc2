"""Matchers of a list decide as the core does, whether PostgreSQL compares or Python: on rows as the sink writes them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from random import Random
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import asdict, astuple, replace
from psycopg.rows import dict_row

from processors.core.content import lookup_of
from producers.operator.narrowing import ALERTS, INCIDENTS, Filters, Narrowing, Table, narrow
from producers.operator.paging import Sort
from producers.operator.queries import Query, Scope, list_alerts, list_incidents
from schemas.codec import encode_body
from schemas.matchers import FIELD_NAMES, Matcher, matches_all, parse_matcher
from schemas.records import SEVERITIES, AlertState, Content
from sinks.postgres import tables
from sinks.postgres.migrate import migrate
from sinks.postgres.rows import WholeAlert, encode_rows
from tests.integration.producers.operator.door import INCIDENT, Database
from tests.unit.sinks.alerts import alert

TEXTS = ("", "web", "Web", "low", "warning", "a\nb", "a b", "\n", "web\n", "a|b", "50%", "a_b", "a\\b", "it's", "ÄRGER", " web ")
PATTERNS = (
    *(".*", ".+", "", "a.b", "(?i)web", "(?i)ärger", "low|warning", "warning|", ".*arn.*", "[^x]*", r"\s*", "web|", "(?s)a.b"),
    *("^web$", r"a\nb", "w.b.?", "(?-s)a.b", r"50%|a_b", r"a\\b", "[[:alpha:]]+", r"\w+", r"(web|low)\b.*"),
)
NAMES = (*FIELD_NAMES, "labels.severity", "labels.title", "labels.alertname", "team", "priority")
MATCHERS = st.builds(
    lambda name, operator, text, pattern: Matcher(name, operator, pattern if operator[-1] == "~" else text),
    st.sampled_from(NAMES),
    st.sampled_from(("=", "!=", "=~", "!~")),
    st.sampled_from(TEXTS),
    st.sampled_from(PATTERNS),
)
SCOPE = Scope("shop", "ada", True)


def some_alerts(count: int) -> Iterator[tuple[AlertState, Content]]:
    """Make alerts from a seed, of texts that matchers are about."""
    chance = Random(7)
    for number in range(1, count + 1):
        labels = {name: chance.choice(TEXTS) for name in ("severity", "title", "alertname", "team") if chance.random() < 0.4}
        fields = ("description", "service", "environment", "monitoring_tool")
        said: dict[str, Any] = {name: chance.choice((None, *TEXTS)) for name in fields}
        state = replace(
            alert(number, 1),
            severity=chance.choice(SEVERITIES),
            severity_as_sent=chance.choice((None, *TEXTS[1:])),
            status=chance.choice(("triggered", "acknowledged", "resolved", "ignored")),
            integration=chance.choice(("web", "low")),
        )
        yield state, Content(title=chance.choice(TEXTS[1:]), labels=labels, **said)


STORED = list(some_alerts(80))
CONTENTS = SimpleNamespace(contents={("shop", state.number): encode_body(content) for state, content in STORED})


@pytest.fixture
def database(own_database: str) -> Iterator[Database]:
    """A read model of this test's own: other tests here need no process either, but a broker."""
    migrate(own_database)
    with psycopg.connect(own_database, autocommit=True) as connection:
        yield connection


def store(database: Database, alerts: list[tuple[AlertState, Content]]) -> None:
    """Write alerts as the sink does."""
    for encoded in encode_rows([WholeAlert(*astuple(state), **asdict(content)) for state, content in alerts]):
        database.execute(tables.WHOLE_ALERTS.statement(), [encoded])


@pytest.fixture
def stored(database: Database) -> Database:
    store(database, STORED)
    return database


def found(database: Database, table: Table, alias: Any, ask: Callable[..., Query], matchers: list[Matcher]) -> list[int]:
    narrowing: Narrowing = narrow(table, alias, Filters(matchers=matchers))
    query, keep = ask(SCOPE, narrowing, Sort("number", False), None, 500), narrowing.keep
    with database.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(query.text, query.values).fetchall()
    return [row["number"] for row in rows if keep is None or keep(row)]


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(matchers=st.lists(MATCHERS, min_size=1, max_size=3))
def test_a_list_of_alerts_finds_what_the_core_would(stored: Database, matchers: list[Matcher]) -> None:
    expected = [state.number for state, _ in STORED if matches_all(matchers, lookup_of(CONTENTS, state))]  # type: ignore[arg-type]
    assert found(stored, ALERTS, "a", list_alerts, matchers) == expected


def test_each_name_operator_and_value_finds_what_the_core_would(stored: Database) -> None:
    """All of them once, whatever hypothesis chose above."""
    for name, operator in itertools.product(NAMES, ("=", "!=", "=~", "!~")):
        for value in PATTERNS if operator[-1] == "~" else TEXTS:
            matcher = Matcher(name, operator, value)  # type: ignore[arg-type]
            expected = [state.number for state, _ in STORED if matches_all([matcher], lookup_of(CONTENTS, state))]  # type: ignore[arg-type]
            assert found(stored, ALERTS, "a", list_alerts, [matcher]) == expected, matcher


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('severity="page"', [1]),
        ('severity=~"pa.e"', [1]),
        ('severity="major"', []),
        ('severity="ouch"', [2]),
        ('severity="high"', [1, 2, 3]),
        ('severity!="page"', [2, 3]),
        ('severity!~"page|ouch"', [3]),
        ('severity="critical"', []),
        ('severity=""', []),
        ('severity!=""', [1, 2, 3]),
    ],
)
def test_an_incident_is_found_by_the_word_of_its_first_alert_of_its_severity(
    database: Database, text: str, expected: list[int]
) -> None:
    """Of incident 1 the second alert says otherwise; incident 2's first alert is less severe; a person lowered incident 3."""
    for number in (1, 2, 3):
        database.execute(INCIDENT, (number, "triggered", "2026-01-01", "alert-bot", [], False))
    said = [
        (1, "high", None, {"severity": "page"}), (1, "high", None, {"severity": "major"}),
        (2, "low", None, {"severity": "warning"}), (2, "high", "ouch", {}),
        (3, "critical", None, {"severity": "critical"}),
    ]  # fmt: skip
    states = [
        replace(alert(place, 1), severity=severity, severity_as_sent=word, incident=incident)
        for place, (incident, severity, word, _) in enumerate(said, 1)
    ]
    store(database, [(state, Content(title="A", labels=labels)) for state, (*_, labels) in zip(states, said, strict=True)])
    assert found(database, INCIDENTS, "i", list_incidents, [parse_matcher(text)]) == expected
