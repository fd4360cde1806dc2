"""`tocsin status` names what a running process cannot do."""

from __future__ import annotations

from typing import Any

from tocsin.cli.status import render

FOUND: dict[str, Any] = {
    "health": "degraded", "problem": None, "kafka": "", "database_url": "", "data": "/data", "addresses": {}, "lag": {},
    "ledger": [], "processes": [{"name": "webhook", "state": "running", "pid": 7, "restarts": 0}],
    "troubles": {"webhook": ["Kafka refuses records", "another"], "process": ["Kafka refuses an entry"]},
}  # fmt: skip


def test_each_trouble_has_a_line_with_its_process() -> None:
    assert render(FOUND).splitlines()[-4:] == [
        "",
        "▲ webhook: Kafka refuses records",
        "▲ webhook: another",
        "▲ process: Kafka refuses an entry",
    ]
    assert "▲" not in render(FOUND | {"troubles": {}})
