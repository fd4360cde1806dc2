"""What the public is not told: passwords in links, however these are written."""

from __future__ import annotations

import string
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.public_text import SECRET_NAMES, public_text

SECRET = "S3cr3tValue"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Join https://zoom.us/j/123?pwd=S3cr3tValue now", "Join https://zoom.us/j/123 now"),
        ("zoom.us:443/j/123?pwd=S3cr3tValue", "zoom.us:443/j/123"),
        ("ZOOM.US/j/123?PWD=S3cr3tValue.", "ZOOM.US/j/123."),
        ("[call](https://zoom.us/j/1?a=1&pwd=S3cr3tValue&b=2)", "[call](https://zoom.us/j/1?a=1&b=2)"),
        ("https://zoom.us/j/1#success?pwd=S3cr3tValue", "https://zoom.us/j/1#success"),
        ("https://zoom.us/j/1?p%77d=S3cr3tValue", "https://zoom.us/j/1"),
        ("https://go.example.com/?to=https%3A%2F%2Fzoom.us%2Fj%2F1%3Fpwd%3DS3cr3tValue", "https://go.example.com/?to=https%3A%2F%2Fzoom.us%2Fj%2F1"),
        ("https://ada:S3cr3tValue@example.com/x", "https://example.com/x"),
        ("ada:S3cr3tValue@example.com/x", "example.com/x"),
        ("see https://a.example/?token=S3cr3tValue&amp;pwd=S3cr3tValue", "see https://a.example/"),
    ],
)  # fmt: skip
def test_a_secret_is_taken_out_and_the_rest_stays(text: str, shown: str) -> None:
    assert public_text(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "", "We are looking into this.", "50 % = half; is it?", "mail ada@example.com", "mailto:ada@example.com", "at 10:30@noon",
        "https://example.com/?q=pwd&page=2#top", "a=b&c=d", "x ? pwd : y", "https://example.com/@ada/1",
    ],
)  # fmt: skip
def test_what_gives_nothing_away_stays(text: str) -> None:
    assert public_text(text) == text


WORDS = st.text(string.ascii_letters + string.digits + " .,:!?()[]*\n", max_size=20)
NAMES = st.sampled_from(sorted(SECRET_NAMES)).flatmap(
    lambda name: st.sampled_from([name, name.upper(), name.title(), "".join(f"%{ord(letter):02x}" for letter in name)])
)
LINKS = st.builds(
    "{}{}{}{}{}{}{}={}{}{}".format,
    st.sampled_from(["", "https://", "HTTP://", "//", "<https://", "[call](https://", "zoommtg://"]),
    st.sampled_from(["zoom.us", "acme.zoom.us", "ZOOM.us", "meet.example.com", "127.0.0.1"]),
    st.sampled_from(["", ":443", ":8443"]),
    st.sampled_from(["", "/", "/j/123", "/my/room/"]),
    st.sampled_from(["?", "?a=1&", "?a&", "#", "#/x?", "?a=1&amp;", ";", "?u=%3A%2F&"]),
    st.just(""),
    NAMES,
    st.text(string.ascii_letters + string.digits + "._-%~+", max_size=6).map(lambda noise: SECRET + noise),
    st.sampled_from(["", "&b=2", "#end", "&pwd=" + SECRET]),
    st.sampled_from(["", ")", ">", ".", ",", "?", "**", "'", '"']),
)


@given(WORDS, st.lists(LINKS, min_size=1, max_size=3), WORDS)
def test_no_secret_of_any_link_survives(before: str, links: list[str], after: str) -> None:
    assert SECRET not in public_text(f"{before} {' '.join(links)} {after}")


@given(LINKS)
def test_nor_does_one_in_a_link_within_a_link(link: str) -> None:
    assert SECRET not in public_text(f"https://go.example.com/?to={quote(link, safe='')}")
    assert SECRET not in public_text(f"https://go.example.com/?to={quote(quote(link, safe=''), safe='')}&x=1")


@given(st.text(max_size=200).filter(lambda text: "=" not in text and "%" not in text and "@" not in text))
def test_a_text_without_parameters_stays(text: str) -> None:
    assert public_text(text) == text


@given(st.text(max_size=200))
def test_doing_it_again_changes_nothing(text: str) -> None:
    assert public_text(public_text(text)) == public_text(text)
