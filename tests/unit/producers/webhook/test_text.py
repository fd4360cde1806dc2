"""Text, hosts, labels and links out of JSON values."""

from __future__ import annotations

import pytest
from msgspec import Raw

from producers.webhook.labels import clean_map, text_pairs
from producers.webhook.links import link, links_in, query_of
from producers.webhook.text import Json, cut, hosts_of, is_blank, text
from schemas.limits import Limits
from schemas.records import Link


@pytest.mark.parametrize("value", [None, False, "", "  \t\n", [], {}, ["a"], {"a": 1}])
def test_null_false_blank_text_lists_and_objects_are_no_text(value: Json) -> None:
    assert text(value) is None


@pytest.mark.parametrize(
    ("value", "wanted"),
    [(0, "0"), (True, "true"), (Raw("5.50"), "5.50"), (Raw("1e3"), "1e3"),
     (10**40, "1" + "0" * 40), (" x ", " x ")]
)  # fmt: skip
def test_scalars_become_text_with_the_digits_that_were_sent(value: Json, wanted: str) -> None:
    assert text(value) == wanted


def test_a_nul_becomes_a_replacement_character() -> None:
    assert text("a\0b") == "a\ufffdb"


def test_the_cut_counts_its_dots() -> None:
    assert (cut("abcdef", 6), cut("abcdefg", 6), cut(None, 6)) == ("abcdef", "abc...", None)


def test_hosts_are_flattened_and_blank_ones_false_ones_and_objects_dropped() -> None:
    assert hosts_of(["a", ["b", [" ", False, None, {"c": 1}]], 7, True]) == ["a", "b", "7", "true"]


def test_a_host_that_fills_the_room_leaves_none_for_the_next() -> None:
    assert hosts_of(["x" * 254, "yz", "w"]) == ["x" * 254, "y"]


def test_what_nothing_but_blanks_are_in_is_blank() -> None:
    assert is_blank({"a": [{}, None, {"b": " "}], "c": False})
    assert not is_blank({"a": [{"b": 0}]})


def test_labels_are_scalars_as_text_sorted_by_name_without_empty_ones() -> None:
    labels: Json = {"z": "last", "b": 1, "a": True, "c": None, "d": "", "e": {"f": 1}, "g": ["h"], "i": False}
    assert text_pairs(Limits(), labels) == [("a", "true"), ("b", "1"), ("i", "false"), ("z", "last")]


def test_labels_that_are_no_object_are_none() -> None:
    assert text_pairs(Limits(), ["a", "b"]) == []


def test_names_and_values_of_labels_lose_their_nuls() -> None:
    assert clean_map([("a\0", "b\0")]) == {"a\ufffd": "b\ufffd"}


def test_labels_stay_sorted_whatever_was_replaced_in_their_names() -> None:
    pairs = [("a\0", "1"), ("ab", "2")]
    assert list(clean_map(pairs).items()) == [("ab", "2"), ("a\ufffd", "1")]


@pytest.mark.parametrize(
    "value", ["javascript:alert(1)", "ftp://x", "https://", "http://a b", "//x", "https://x\x07", 7, None, ["http://x"]]
)
def test_only_web_addresses_are_links(value: Json) -> None:
    assert link("url", value) == []


def test_a_links_scheme_may_be_in_any_case() -> None:
    assert link("url", "HTTPS://x.example/y") == [Link("url", "HTTPS://x.example/y")]


def test_a_list_of_addresses_is_many_links() -> None:
    assert links_in("url", ["http://a.example", "no", ["http://b.example"]]) == [
        Link("url", "http://a.example"), Link("url", "http://b.example"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("url", "query"),
    [
        ("http://p/graph?g0.expr=up+%3D%3D+0&g0.tab=1", "up == 0"),
        ("http://p/graph?g0.tab=1&g0.expr=a%2Bb#x", "a+b"),
        ("http://p/graph?g0.expr=", None),
        ("http://p/g0.expr=up", None),
        ("http://p/graph?g0.expr=%FF%00", "\ufffd\ufffd"),
        ("http://p/graph?g0.expr=" + "x" * 5000, "x" * 5000),
        (None, None),
    ],
)
def test_the_query_is_decoded_from_the_generator_url(url: str | None, query: str | None) -> None:
    assert query_of(url) == query
