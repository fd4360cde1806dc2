"""JSON as it came: what is refused, what is kept byte for byte, and how deep it may go."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from producers.webhook import limits
from producers.webhook.document import Document, document_steps, finish
from producers.webhook.limits import check_size, max_body_bytes
from producers.webhook.reading import WINDOW_BYTES, check_utf8, read, repair, split_whole
from producers.webhook.refused import NotJson, TooLarge
from producers.webhook.text import Json
from schemas.limits import Limits

LIMITS = Limits()

NOT_JSON = [
    b"", b" ", b"{bad}", b'{"a":1,}', b"[1,]", b"{} x", b"{'a':1}", b"NaN", b"[Infinity]", b"-Infinity", b"01", b"1.", b"nul",
    b'{"a"}',
    b'"\x01"', b'"\\q"', b'"\\ud8"', b"\x00", b'{"a":-0,}', b"[-0,NaN]", b'["\\ud800",NaN]',
]  # fmt: skip


def document(body: bytes) -> Document:
    return finish(document_steps(body, LIMITS, 10))


@pytest.mark.parametrize("body", NOT_JSON)
def test_what_is_not_json_is_refused(body: bytes) -> None:
    with pytest.raises(NotJson):
        document(body).read()


@pytest.mark.parametrize("body", [b'"\xff"', b'{"a":"\xed\xa0\x80"}', b"\xff\xfe{\x00}\x00", '"ä"'.encode("latin-1")])
def test_what_is_no_utf8_is_refused(body: bytes) -> None:
    with pytest.raises(NotJson, match="UTF-8"):
        document(body)


def test_a_byte_order_mark_is_passed_over() -> None:
    assert document(b'\xef\xbb\xbf{"a":1}').read() == {"a": 1}


def test_of_two_members_with_one_name_the_last_counts() -> None:
    assert read(b'{"a":1,"b":3,"a":2}') == {"a": 2, "b": 3}


def test_lone_surrogates_are_read_as_replacement_characters_and_pairs_are_not() -> None:
    assert read(rb'["\ud800","\udc00x","\ud83d\ude00","\\ud800","\ud800\ud83d\ude00","\ud800\u0041"]') == [
        "\ufffd", "\ufffdx", "\U0001f600", "\\ud800", "\ufffd\U0001f600", "\ufffdA",
    ]  # fmt: skip


def test_elements_keep_their_bytes_whatever_is_in_them() -> None:
    elements = [rb'{ "a" : "\ud800" }', b"5.50", rb'"\udfff"', b"-0", "\"ä\"".encode()]  # fmt: skip
    assert [bytes(element) for element in split_whole(b"[ " + b" ,\n".join(elements) + b" ]")] == elements


@given(st.text())
def test_repairing_keeps_the_length_and_makes_text_readable(text: str) -> None:
    written = json.dumps(text).encode()
    repaired = repair(written)
    assert len(repaired) == len(written)
    assert read(repaired) == read(written) == text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


@given(
    st.recursive(
        st.none() | st.floats(allow_nan=False, allow_infinity=False) | st.integers() | st.text(),
        lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),  # see test_properties
    )
)
def test_both_parsers_read_the_same(value: object) -> None:
    written = json.dumps(value).encode()
    assert plain(read(written)) == plain(read(b"[-0," + written + b"]"), is_wrapped=True)


def plain(value: Json, is_wrapped: bool = False) -> object:
    if is_wrapped:
        assert isinstance(value, list)
        return plain(value[1])
    if isinstance(value, Raw) or (isinstance(value, int) and not isinstance(value, bool)):
        return bytes(value).decode() if isinstance(value, Raw) else str(value)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def check_depth(body: bytes) -> None:
    limits.check_depth(body, LIMITS.max_levels)


def nested(levels: int) -> bytes:
    return b'{"a":' * (levels // 2) + b"[" * (levels - levels // 2) + b"]" * (levels - levels // 2) + b"}" * (levels // 2)


def test_a_hundred_levels_pass_and_one_more_does_not() -> None:
    check_depth(nested(100))
    with pytest.raises(TooLarge):
        check_depth(nested(101))


@pytest.mark.parametrize("hidden", [rb'"]]]]]]"', rb'"\"]]]]"', rb'"\\"', rb'"\\\"]]"', b'"[[[[[["'])
def test_brackets_in_text_are_not_levels(hidden: bytes) -> None:
    check_depth(b"[" * 100 + b",".join([hidden] * 50) + b"]" * 100)
    with pytest.raises(TooLarge):
        check_depth(b"[" * 50 + b"[" + hidden + b"]," + b"[" * 51 + b"]" * 101)


def test_levels_are_counted_on_from_window_to_window_and_a_string_may_lie_in_two() -> None:
    texts = b",".join([b'"["'] * (limits.WINDOW_BYTES // 3))
    check_depth(b"[" * 50 + texts + b",[" * 50 + b"]" * 100)
    with pytest.raises(TooLarge):
        check_depth(b"[" * 50 + texts + b",[" * 51 + b"]" * 101)


@pytest.mark.parametrize("body", [b"[" * 1_000_000, b'{"a":' * 200_000, b"[" * 101 + b"]" * 101])
def test_deep_nesting_is_refused_before_any_parser_meets_it(body: bytes) -> None:
    with pytest.raises(TooLarge, match="levels"):
        document(body)


def test_a_generic_body_may_have_one_mebibyte_and_alertmanagers_thirty_two() -> None:
    assert [max_body_bytes(LIMITS, "generic"), max_body_bytes(LIMITS, "generic", is_api_v2=True)] == [2**20, 2**25]
    assert max_body_bytes(LIMITS, "alertmanager") == 2**25
    check_size(2**20, 2**20, LIMITS)
    with pytest.raises(TooLarge, match="1 MiB"):
        check_size(2**20 + 1, 2**20, LIMITS)


@pytest.mark.parametrize("before", [0, 1, WINDOW_BYTES - 2, WINDOW_BYTES - 1, WINDOW_BYTES, 2 * WINDOW_BYTES - 3])
def test_text_is_read_window_by_window_and_the_wrong_byte_is_named(before: int) -> None:
    check_utf8(b"x" * before + "\N{BELL}".encode() + b"x" * WINDOW_BYTES)
    with pytest.raises(NotJson, match=f"byte {before} is"):
        check_utf8(b"x" * before + b"\xf0\x9f\x94x" + b"x" * WINDOW_BYTES)
    with pytest.raises(NotJson, match=f"byte {before} is"):
        check_utf8(b"x" * before + b"\xf0\x9f")
