"""The page in HTML: what can be read from it, and what cannot be done with it."""

from __future__ import annotations

import re

import pytest

from sinks.statuspage.model import build_page
from sinks.statuspage.render import render_duration, render_moment, render_site
from tests.unit.sinks.statuspage.world import APPLIED, DAY, NOON, publication, published

EVIL = '<script>alert(1)</script><img src=x onerror="x">'


def index(*incidents: object, now: int = NOON) -> str:
    return render_site(build_page(incidents, APPLIED), now)["index.html"].decode()  # type: ignore[arg-type]


def test_published_text_is_text_and_never_markup() -> None:
    site = render_site(build_page([published(1, publication("major", ("checkout",), EVIL, title=EVIL))], APPLIED), NOON)
    html = b"".join(content for path, content in site.items() if path.endswith(".html")).decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&lt;img" in html
    assert not re.search(r"<script|<img", html)


def test_policy_allows_no_script_and_there_is_no_inline_style_or_handler() -> None:
    html = index(published(1, publication()))
    assert "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'" in html
    assert not re.search(r"<script|<style| style=| on\w+=", html)


def test_each_state_is_a_shape_and_a_word() -> None:
    words = " ".join(re.sub(r"<[^>]+>", " ", index(published(1, publication("critical")))).split())
    assert "▲ Major Service Outage" in words
    assert "▲ Critical impact Affects Checkout" in words
    assert "Checkout Paying ▲ Major outage Search ✓ Operational" in words


def test_every_time_names_its_zone_and_the_instant() -> None:
    assert render_moment(NOON) == '<time datetime="2027-01-15T12:00:00.000Z">15 Jan 2027, 12:00 UTC</time>'
    times = re.findall(r"<time[^>]*>([^<]*)</time>", index(published(1, publication())))
    assert times
    assert all(text.endswith(" UTC") for text in times)


def test_worst_open_incident_comes_first() -> None:
    html = index(
        published(1, publication("minor", title="mild", at=NOON + 9)), published(2, publication("critical", title="grave"))
    )
    assert html.index("grave") < html.index("mild")


@pytest.mark.parametrize(("age_days", "is_shown"), [(0, True), (13, True), (14, True), (15, False)])
def test_past_incident_is_shown_for_fourteen_days_and_keeps_its_own_page(age_days: int, is_shown: bool) -> None:
    ended = publication("major", ("checkout",), "investigating", "resolved", title="gone by", at=NOON - age_days * DAY)
    page = build_page([published(1, ended)], APPLIED)
    site = render_site(page, NOON)
    assert (b"gone by" in site["index.html"]) == is_shown
    assert b"gone by" in site[f"incidents/{page.incidents[0].id}/index.html"]


def test_style_is_named_after_its_content_and_linked_from_every_page() -> None:
    page = build_page([published(1, publication())], APPLIED)
    site = render_site(page, NOON)
    (style,) = [path for path in site if path.endswith(".css")]
    assert f'href="{style}"'.encode() in site["index.html"]
    assert f'href="../../{style}"'.encode() in site[f"incidents/{page.incidents[0].id}/index.html"]


@pytest.mark.parametrize(
    ("minutes", "said"),
    [(0, "under a minute"), (42, "42 min"), (60, "1 h"), (200, "3 h 20 min"), (1440, "1 d"), (1500, "1 d 1 h")],
)
def test_duration_is_short(minutes: int, said: str) -> None:
    assert render_duration(minutes * 60_000) == said


def test_merged_incident_names_and_links_the_one_it_continues_in_and_is_not_called_resolved() -> None:
    merged = publication("major", ("checkout",), title="Merged", continues_in="2")
    page = build_page([published(1, merged), published(2, publication(title="Home"))], APPLIED)
    site = render_site(page, NOON)
    ids = {one.title: one.id for one in page.incidents}
    own = site[f"incidents/{ids['Merged']}/index.html"].decode()
    assert f'Continues in <a href="incidents/{ids["Home"]}/">Home</a>' in site["index.html"].decode()
    assert f'Continues in <a href="../../incidents/{ids["Home"]}/">Home</a>' in own
    assert "1 open incident<" in site["index.html"].decode()
    assert "Resolved" not in own
