"""What the campaign runs on: two projects that broken requests go to, one for the good client, and a person of each role.

Tokens are no secrets here, and the same each time, so that a request can be repeated from its seed.
Not here: starting it (`tests/running.py`), what is sent (`cases.py`).
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any

PROJECTS = ("fuzz-a", "fuzz-b")
GITLAB_PATH = "acme/fuzz-a"
GOOD_PROJECT = "steady"
SENDER_TOKEN = "sender-of-the-fuzz-campaign"
GOOD_TOKEN = "good-client-of-the-fuzz-campaign"
PEOPLE = {"vera": "viewer", "rita": "responder", "alma": "admin", "omar": None}
"""People by their role in the projects; omar has none in them, so that all of it is 404 for him."""
PARTITIONS = 4


def person_token(person: str) -> str:
    return f"token-of-{person}-in-the-fuzz-campaign"


def _hashed(token: str) -> list[str]:
    return ["sha256:" + sha256(token.encode()).hexdigest()]


def configuration() -> dict[str, Any]:
    """Give the configuration (JSON is YAML)."""
    projects = {project: _project(project) for project in PROJECTS}
    projects[PROJECTS[0]]["gitlab_path"] = GITLAB_PATH
    return {
        "projects": {**projects, GOOD_PROJECT: _good_project()},
        "people": {
            name: {"name": name.title(), "tokens": _hashed(person_token(name)), **({"admin": True} if role == "admin" else {})}
            for name, role in PEOPLE.items()
        },
        "receivers": {"oncall": {"slack": {"channel": "C0123456789", "project": PROJECTS[0]}}},
        "status_page": {
            "title": "Fuzz campaign",
            "url": "https://status.example",
            "publishers": ["rita"],
            "components": [{"id": "checkout", "name": "Checkout", "project": PROJECTS[0], "match": ['service="checkout"']}],
        },
    }


def _project(name: str) -> dict[str, Any]:
    tokens = _hashed(SENDER_TOKEN)
    fields = {"title": "check.name", "severity": "check.level", "status": "check.state", "fingerprint": "check.id"}
    return {
        "title": name,
        "integrations": {
            "alertmanager": {"format": "alertmanager", "tokens": tokens, "resolve_after": "1h"},
            "generic": {"format": "generic", "tokens": tokens},
            "fields": {
                "format": "generic",
                "tokens": tokens,
                "fields": fields,
                "status_map": {"ALARM": "firing", "0": "resolved"},
            },
            "grafana": {"format": "generic", "tokens": tokens},
            "limited": {"format": "generic", "tokens": tokens, "rate_limit": "60/m"},
            "off": {"format": "generic", "tokens": tokens, "enabled": False},
        },
        "incidents": [{"name": "by service", "group_by": ["service"], "publish": "auto", "resolve_after": "5s"}],
        "inhibit": [{"source": ['alertname="ClusterDown"'], "target": ['severity=~"high|low"'], "equal": ["cluster"]}],
        "notify": [{"receivers": ["oncall"]}],
        "flap_after": 3,
        "members": {person: role for person, role in PEOPLE.items() if role in ("viewer", "responder")},
    }


def _good_project() -> dict[str, Any]:
    return {
        "title": "The good client's",
        "integrations": {"generic": {"format": "generic", "tokens": _hashed(GOOD_TOKEN)}},
        "incidents": [{"name": "by service", "group_by": ["service"]}],
        "members": {"omar": "viewer"},
    }
