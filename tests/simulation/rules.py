"""The configurations of the simulated projects: all kinds of rules in small numbers, with times in seconds or in minutes.

Not here: what the rules mean.
"""

from __future__ import annotations

from collections.abc import Iterable
from random import Random
from typing import Any

from schemas import records
from tests.world import configured

MAINTENANCE_START = "2027-01-15T08:00:10"
"""Ten seconds after the virtual clock's zero."""


def some_rules(chance: Random, unit: int = 1) -> dict[str, Any]:
    """Make the rules of one project; `unit` is how many seconds a short while is."""
    while_ = unit * 1000
    return {
        "integrations": _integrations(chance, while_),
        "incidents": _some_of(chance, _incident_rules(while_)),
        "inhibit": _some_of(chance, _INHIBIT),
        "maintenance": chance.choices(_maintenance(while_), weights=(6, 1, 4)) if chance.random() < 0.4 else [],
        "notify": _some_of(chance, _routes(while_)),
        "flap_after": chance.choice((2, 5)),
        "flap_window": 20 * while_,
        "sla": {"critical": 15 * while_},
        "forget_after": chance.choice((30 * while_, 24 * 60 * while_)),
        "members": {"ada": "responder", "bob": "viewer"},
    }


def configuration(chance: Random, version: int, projects: Iterable[str], unit: int = 1) -> records.Configuration:
    """Make the record that brings the rules of all projects, of which some have none."""
    rules = {project: some_rules(chance, unit) for project in projects if chance.random() < 0.95}
    components = [
        {"id": f"web-{project}", "name": "Web", "project": project, "match": ['service="web"']} for project in list(rules)[:3]
    ]
    return configured(version, rules, components)


def _some_of(chance: Random, pool: list[Any]) -> list[Any]:
    return chance.sample(pool, chance.randint(0, len(pool)))


def _integrations(chance: Random, while_: int) -> dict[str, Any]:
    direct: dict[str, Any] = {"format": "alertmanager"}
    generic = chance.choice(({}, {"resolve_after": 3 * while_}, {"heartbeat": 2 * while_}, {}))
    found = {"generic": {"format": "generic", **generic}, "prom": {"format": "alertmanager"}, "direct": direct}
    return {name: {**one, "self_alerts": False} for name, one in found.items()}  # the naive model knows of silence alone


def _incident_rules(while_: int) -> list[dict[str, Any]]:
    return [
        {"name": "each", "match": ['severity!~"info|notice"'], "group_by": ["..."], "reopen_within": 5 * while_},
        {"name": "worst", "match": ['severity=~"critical|warning"'], "group_by": ["service"], "resolve_after": 5 * while_},
        {"name": "two", "match": ['service="db"'], "within": 10 * while_, "open_when": {"alerts": 2}},
        {"name": "people", "match": ['cluster="c1"'], "group_by": ["cluster", "title"], "resolve": "never"},
        {
            "name": "public",
            "match": ['service="web"'],
            "publish": "auto",
            "publish_after": 3 * while_,
            "reopen_within": 9 * while_,
        },
        {"name": "all", "within": 30 * while_, "template": "**Impact:**"},
    ]


_INHIBIT = [
    {"source": ['title="A"'], "target": ['title=~"B|C"'], "equal": ["cluster"]},
    {"source": ['severity="critical"'], "target": ['severity=~"critical|low|warn.*"', 'title!="D"']},
]


def _maintenance(while_: int) -> list[dict[str, Any]]:
    return [
        {"name": "once", "match": ['service="db"'], "start": MAINTENANCE_START, "duration": 20 * while_},
        {
            "name": "hourly",
            "match": ['title=~"E|F"'],
            "start": MAINTENANCE_START,
            "duration": 8 * while_,
            "repeat": "FREQ=HOURLY",
        },
        {"name": "daily", "match": [], "start": MAINTENANCE_START, "duration": 30 * while_, "repeat": "FREQ=DAILY"},
    ]


def _routes(while_: int) -> list[dict[str, Any]]:
    return [
        {"match": ['severity=~"critical|high"'], "receivers": ["pager", "chat"], "remind_after": 400 * while_},
        {"match": ['service="db"'], "receivers": ["dba"], "continue": True},
        {"receivers": ["chat"]},
    ]
