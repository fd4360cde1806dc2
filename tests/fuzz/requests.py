"""Good requests of every kind, which the mutators then break: real payloads of senders, and the API's own examples.

Not here: breaking them (`mutate_*.py`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, Literal
from urllib.parse import urlencode

import msgspec

from producers.operator.commands.examples import REQUESTS
from producers.operator.paging import Cursor, write_cursor
from producers.operator.permissions import READING
from tests.fuzz.stack import GITLAB_PATH, PEOPLE, PROJECTS, SENDER_TOKEN, person_token

Target = Literal["webhook", "operator"]
PAYLOADS = Path(__file__).parents[1] / "payloads"
INTEGRATIONS = ("alertmanager", "generic", "fields", "grafana", "limited", "off")
LARGEST_SEED_BYTES = 64 * 1024
GENERIC = {"title": "Checkout is slow", "severity": "high", "service": "checkout", "hosts": ["web-1"], "labels": {"team": "shop"}}
FIELDS = {"check": {"name": "Orders", "level": "critical", "state": "ALARM", "id": 17, "service": "orders"}}
GRAFANA = {
    "receiver": "tocsin", "status": "firing", "orgId": 1, "state": "alerting", "title": "[FIRING:1] Slow", "version": "1",
    "alerts": [{"status": "firing", "labels": {"alertname": "Slow"}, "annotations": {}, "startsAt": "2026-03-01T12:00:00Z",
                "endsAt": "0001-01-01T00:00:00Z", "values": {"B": 2.5}, "fingerprint": "c6eadffa33fcdf37"}],
}  # fmt: skip
SORTS = ("-started_at", "number", "ended_at", "severity", "-urgency")
SORTS_OF = {
    "alerts": (*SORTS, "-events"),
    "incidents": SORTS,
    "silences": ("ends_at", "-ends_at", "starts_at"),
    "timeline": ("at",),
}
FILTERS: dict[str, tuple[str, ...]] = {
    "status": ("open", "resolved", "ignored"),
    "severity": ("high", "critical"),
    "assignee": ("me", "rita"),
    "integration": ("generic",),
    "matcher": ('service="checkout"', 'service=~"check.*|orders"', 'team!="shop"', 'severity=~"critical|high"', "title=Slow"),
    "from": ("2026-03-01T12:00:00Z", "2026-03-01"),
    "to": ("2099-01-01T00:00:00+01:00",),
    "search": ("slow", "100%", "_"),
    "sort": SORTS,
    "limit": ("1", "100", "500"),
    "kind": ("comment",),
    "actor": ("me", "alert-bot"),
    "state": ("active",),
}
FILTERS_OF = {
    "timeline": ("kind", "actor", "from", "to", "limit"),
    "silences": ("state", "search", "sort", "limit"),
    "counts": ("status", "severity", "assignee", "integration", "matcher", "from", "to", "search"),
    "alerts": ("status", "severity", "assignee", "integration", "matcher", "from", "to", "search", "sort", "limit"),
    "incidents": ("status", "severity", "assignee", "matcher", "from", "to", "search", "sort", "limit"),
}
"""What each list takes, by the end of its path."""
STRAY_SHARE = 0.05
"""Of queries with a filter that the path may not take."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request before it is written; `document` is its JSON, None where it has no body."""

    target: Target
    method: str
    path: str
    token: str
    query: tuple[tuple[str, str], ...] = ()
    document: Any = None
    headers: tuple[tuple[str, str], ...] = ()

    def head(self) -> list[tuple[bytes, bytes]]:
        """Give the headers, without those of the body's length."""
        own = [("Host", "tocsin.example"), ("Authorization", f"Bearer {self.token}"), ("Content-Type", "application/json")]
        return [(name.encode(), value.encode()) for name, value in (*own, *self.headers)]

    def path_and_query(self) -> bytes:
        query = f"?{urlencode(self.query, errors='surrogateescape')}" if self.query else ""
        return (self.path + query).encode()


@cache
def payloads() -> tuple[tuple[str, Any], ...]:
    """Read the recorded payloads that are not large: each with the folder that it stands in."""
    files = sorted(path for path in PAYLOADS.glob("*/*.json") if path.stat().st_size <= LARGEST_SEED_BYTES)
    return tuple((path.parent.name, json.loads(path.read_text())["json"]) for path in files)


def webhook_request(random: Random) -> Request:
    """Give a request to a door for alerts; documents are copies, which a mutator may change."""
    project, integration = random.choice(PROJECTS), random.choice(INTEGRATIONS)
    path = f"/in/{project}/{integration}"
    match random.randrange(16):
        case 0 | 1 | 2 | 3:
            folder, document = random.choice(payloads())
            is_v2 = folder == "prometheus-direct"
            path = f"/in/{project}/alertmanager/api/v2/alerts" if is_v2 else f"/in/{project}/{random.choice(INTEGRATIONS)}"
        case 4 | 5:
            path, document = f"/in/{project}/grafana", GRAFANA
        case 6 | 7:
            path, document = f"/in/{project}/fields", FIELDS
        case 8 | 9:
            path = f"/{GITLAB_PATH}/alerts/notify/any/generic.json"
            document = GENERIC
        case 10:
            receipt = f"01KAVA8XQ0ENJ6T8QW2D1M4C5R-{random.randrange(1, 4)}"
            return Request("webhook", "GET", f"/receipts/{receipt}", SENDER_TOKEN)
        case _:
            document = {**GENERIC, "title": f"Slow {random.randrange(50)}", "status": random.choice(("firing", "resolved"))}
            document = document if random.random() < 0.5 else [document] * random.randrange(1, 4)
    return Request("webhook", "POST", path, SENDER_TOKEN, document=json.loads(json.dumps(document)))


def operator_request(random: Random, number: int) -> Request:
    """Give a request of one of the people to the API: a command or a list; `number` makes its command id."""
    endpoint = random.choice(list(REQUESTS if random.random() < 0.5 else READING))
    method, _, path = endpoint.partition(" ")
    names = {"{project}": random.choice(PROJECTS), "{number}": str(random.randrange(1, 9)), "{id}": str(random.randrange(1, 9))}
    names["{command_id}"] = f"fuzz-{random.randrange(number + 1)}"
    for name, value in names.items():
        path = path.replace(name, value)
    request = Request("operator", method, path, person_token(random.choices(list(PEOPLE), (2, 4, 4, 1))[0]))
    if endpoint not in REQUESTS:
        return replace(request, query=_query(random, path.rpartition("/")[2]))
    document = msgspec.to_builtins(REQUESTS[endpoint])
    if "silences" in path and "ends_at" in document and random.random() < 0.9:
        document |= {"starts_at": None, "ends_at": "2099-01-01T00:00:00Z", "matchers": [f'team="{random.randrange(20)}"']}
    return replace(request, document=document | {"command_id": f"fuzz-{number}"})


def _query(random: Random, of: str) -> tuple[tuple[str, str], ...]:
    """Give some of the filters that a list takes, and perhaps a cursor; rarely some that it may not take."""
    known = list(FILTERS) if random.random() < STRAY_SHARE else list(FILTERS_OF.get(of, ()))
    names = random.sample(known, min(len(known), random.randrange(4)))
    query = {name: random.choice(FILTERS[name]) for name in names}
    if "limit" in known and random.random() < 0.4:
        sort = random.choice(SORTS_OF.get(of, SORTS))
        query |= {"sort": sort} if "sort" in known else {}
        key = random.choice(("2026-03-01 12:00:00+00", "", "x", "3"))
        last: int | str = random.choice((1, 0, -1, 2**63 - 1, 2**63, "4", "", "\0"))
        query["cursor"] = write_cursor(Cursor(sort, key, last))
    return tuple(query.items())
