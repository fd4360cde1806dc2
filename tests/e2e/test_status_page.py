"""The status page in Debian's Chromium: what a visitor sees, on a phone and on a large screen, by day and by night."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import httpx
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.e2e.conftest import TOKEN, Live
from tests.servers import wait_until

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
SUMMARY = "Downloads stop half way on dl-7.internal, token=hunter2"
TITLE = "Downloads: down"
WIDTHS = {"phone": 390, "large screen": 1440}
BACKGROUNDS = {"light": "rgb(251, 251, 250)", "dark": "rgb(20, 21, 23)"}
Scheme = Literal["light", "dark"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    assert CHROMIUM.exists(), "Debian's chromium is not installed: make setup does that as root"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture(scope="module")
def burning(live: Live) -> str:
    """The page's address, while an incident is published on it."""
    labels = {"alertname": "DownloadsStop", "service": "downloads", "severity": "critical"}
    alert = {"status": "firing", "labels": labels, "annotations": {"summary": SUMMARY}, "startsAt": datetime.now(UTC).isoformat()}
    headers = {"Authorization": f"Bearer {TOKEN}"}
    body = {"version": "4", "alerts": [alert]}
    httpx.post(f"{live.webhook}/in/e2e/alertmanager", json=body, headers=headers, trust_env=False).raise_for_status()
    wait_until(lambda: TITLE in [one["name"] for one in live.summary()["incidents"]], "the incident is published")
    return live.page


def visit(browser: Browser, address: str, width: int, scheme: Scheme) -> Page:
    page = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme).new_page()
    page.goto(address)
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_a_visitor_sees_what_is_broken_in_words(browser: Browser, burning: str, width: int, scheme: Scheme) -> None:
    page = visit(browser, burning, width, scheme)
    text = page.inner_text("body")
    for words in ("End to end status", "Billing", "Downloads", "Major outage", TITLE, "Investigating", "UTC"):
        assert words.casefold() in text.casefold()
    page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_the_page_fits_its_window_and_follows_the_theme(browser: Browser, burning: str, width: int, scheme: Scheme) -> None:
    page = visit(browser, burning, width, scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == BACKGROUNDS[scheme]
    page.context.close()


def test_the_page_needs_no_script_and_breaks_none_of_its_own_rules(browser: Browser, burning: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text))
    page.on("requestfailed", lambda request: problems.append(request.url))
    page.goto(burning)
    assert page.get_by_text(TITLE).first.is_visible()
    assert problems == []
    context.close()


def test_nothing_but_the_published_reaches_the_page(live: Live, burning: str) -> None:
    everything = httpx.get(burning, trust_env=False).text + httpx.get(f"{burning}/api/v2/summary.json", trust_env=False).text
    assert [
        word
        for word in ("DownloadsStop", "alertname", "e2e-oncall", "triggered", "half way", "dl-7", "hunter2")
        if word in everything
    ] == []
