"""Kafka refuses records of a whole tocsin for a while, as it does when a topic's limit is lowered; then it takes them again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from schemas.topics import INBOX, JOURNAL, Topic
from tests.e2e.conftest import TOKEN, Live
from tests.limits import set_limit
from tests.servers import wait_until

LIMIT = 3_000
LARGE = "x" * 8_000


@contextmanager
def lowered(live: Live, topic: Topic, limit_bytes: int) -> Iterator[Callable[[], None]]:
    """Lower a topic's limit; give what restores it, which the end does too."""
    settings, name = live.stack.settings, topic.full_name(live.stack.settings.topic_prefix)
    set_limit(settings, name, limit_bytes)
    try:
        yield lambda: set_limit(settings, name)
    finally:
        set_limit(settings, name)


def post(live: Live, *alerts: str, description: str = "") -> httpx.Response:
    """Post alerts of these names in one request."""
    body = {
        "version": "4",
        "alerts": [
            {"status": "firing", "labels": {"alertname": name}, "annotations": {"description": description}} for name in alerts
        ],
    }
    headers = {"Authorization": f"Bearer {TOKEN}"}
    return httpx.post(f"{live.webhook}/in/e2e/alertmanager", json=body, headers=headers, trust_env=False, timeout=20)


def events(live: Live, like: str) -> dict[str, int]:
    """How many events each alert of a title that is like this has."""
    rows = live.rows("SELECT title, events FROM tocsin.alerts WHERE title LIKE %s", like)
    return {row["title"]: row["events"] for row in rows}


def troubles(live: Live) -> dict[str, Any]:
    return dict(live.stack.status()["troubles"])


def ready(live: Live) -> tuple[int, str]:
    answer = httpx.get(f"{live.webhook}/-/ready", trust_env=False, timeout=20)
    return answer.status_code, answer.text


def test_an_alert_that_is_too_large_is_told_so_and_closes_the_door_to_nobody(live: Live) -> None:
    with lowered(live, INBOX, LIMIT) as restore:
        refused = post(live, "RefusedLarge", description=LARGE)
        after = [post(live, f"RefusedAfter{number}").status_code for number in range(5)]
        assert (refused.status_code, "3,000 bytes" in refused.text, after) == (413, True, [202] * 5), refused.text
        mixed = post(live, "RefusedBeside")
        assert mixed.status_code == 202
        wait_until(lambda: "3,000 bytes" in str(troubles(live).get("webhook")), "`tocsin status` says so")
        assert ready(live)[0] == 200
        assert f"at most {LIMIT:,} bytes" in ready(live)[1]
        restore()
        assert post(live, "RefusedLarge", description=LARGE).status_code == 202
    wait_until(lambda: troubles(live) == {}, f"nothing is wrong any more: {troubles(live)}", 15)
    wanted = {**{f"RefusedAfter{number}": 1 for number in range(5)}, "RefusedBeside": 1, "RefusedLarge": 1}
    wait_until(lambda: events(live, "Refused%") == wanted, f"each is there once{live.problems()}")


def test_a_worker_whose_entries_are_refused_goes_on_when_they_are_taken_and_loses_nothing(live: Live) -> None:
    wanted = {f"Journal{number}": 1 for number in range(30)}
    with lowered(live, JOURNAL, 500) as restore:
        assert {post(live, name).status_code for name in wanted} == {202}
        wait_until(lambda: "max.message.bytes" in str(troubles(live).get("process")), "`tocsin status` says so")
        assert (live.stack.status()["health"], events(live, "Journal%")) == ("degraded", {})
        restore()
        wait_until(lambda: events(live, "Journal%") == wanted, f"each is there once{live.problems()}", 15)
    wait_until(lambda: troubles(live) == {}, f"nothing is wrong any more: {troubles(live)}", 15)
