"""Identity: FNV-1a of labels, SHA-1 of text and of canonical JSON."""

from __future__ import annotations

import json
from hashlib import sha1

from fnv_c import fnv1a_64
from hypothesis import given
from hypothesis import strategies as st

from producers.webhook import fingerprints
from producers.webhook.fingerprints import canonical_json
from producers.webhook.labels import text_pairs
from producers.webhook.paths import parse_path, walk, without
from producers.webhook.reading import read
from producers.webhook.text import Json, JsonObject
from schemas.limits import Limits

scalars = st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"]))
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4)
    ),
    max_leaves=12,
)


def test_the_published_fingerprint_of_a_label_set() -> None:
    assert fingerprints.of_labels([("alertname", "test")])[0] == "1f56cb8f931d1bd4"


@given(st.binary())
def test_fnv_in_python_equals_fnv_in_c(data: bytes) -> None:
    assert fingerprints.fnv1a_in_python(data) == fnv1a_64(data)


def test_the_fast_hash_is_used_where_it_is_installed() -> None:
    assert fingerprints.fnv1a is fnv1a_64


def test_empty_values_count_neither_for_the_fingerprint_nor_for_the_identity() -> None:
    assert fingerprints.of_labels([("alertname", "test"), ("team", "")]) == fingerprints.of_labels([("alertname", "test")])


def test_a_minus_zero_alone_keeps_its_sign() -> None:
    assert [canonical_json(read(text)) for text in (b"-0", b'{"a":-0}', b'{"a":[-0 ,1]}')] == [
        b"-0",
        b'{"a":-0}',
        b'{"a":[-0,1]}',
    ]


def test_two_label_sets_with_one_hash_have_two_identities() -> None:
    one = fingerprints.of_labels([("8yn0iYCKYHlIj4-BwPqk", "x"), ("alertname", "one")])
    other = fingerprints.of_labels([("GReLUrM4wMqfg9yzV3KQ", "x"), ("alertname", "one")])
    assert one[0] == other[0]
    assert one[1] != other[1]


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"]))))
def test_labels_are_hashed_in_the_order_of_their_bytes_without_empty_values(labels: dict[str, str]) -> None:
    parts = [name.encode() + b"\xff" + value.encode() + b"\xff" for name, value in labels.items() if value]
    ordered = sorted(parts, key=lambda part: part.split(b"\xff")[0])
    assert fingerprints.label_bytes(text_pairs(Limits(), dict(labels))) == b"".join(ordered)


@given(values)
def test_canonical_json_is_pythons_own_with_sorted_keys(value: object) -> None:
    text = json.dumps(value, ensure_ascii=False)
    wanted = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert canonical_json(read(text.encode())) == wanted


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), values, max_size=4))
def test_canonical_json_does_not_depend_on_the_order_of_keys(value: dict[str, object]) -> None:
    backwards = json.dumps({key: value[key] for key in reversed(value)}).encode()
    assert canonical_json(read(backwards)) == canonical_json(read(json.dumps(value).encode()))


def test_numbers_are_hashed_with_the_digits_that_were_sent() -> None:
    digits = "9" * 5000
    text = f'{{"b":5.50,"a":1e3,"c":-0,"d":-0.0,"e":{digits},"f":[1.0,0]}}'
    assert canonical_json(read(text.encode())).decode() == f'{{"a":1e3,"b":5.50,"c":-0,"d":-0.0,"e":{digits},"f":[1.0,0]}}'


def test_a_list_with_nothing_in_it_is_no_fingerprint() -> None:
    nothing: list[Json] = [[], [[], ""], [None, False, " "], {}, {"a": None}, " "]
    assert [fingerprints.explicit(value) for value in nothing] == [None] * 6


def test_objects_in_a_list_are_their_canonical_text() -> None:
    assert fingerprints.explicit(["a", {"c": 1, "b": True}]) == sha1(b'a{"b":true,"c":1}').hexdigest()


def test_a_path_steps_into_objects_and_lists_and_leads_nowhere_else() -> None:
    payload: JsonObject = {"a": {"b": [{"c": 1}]}}
    found = [
        walk(parse_path(path), payload) for path in ("a.b[0].c", "a.b[1].c", "a.c", "a[0]", "a.b.c", "", "a..b", "a[x]", "a]")
    ]
    assert found == [1, None, None, None, None, None, None, None, None]


def test_without_a_path_the_rest_stays_and_the_payload_too() -> None:
    payload: Json = {"a": {"b": 1, "c": 2}, "l": [{"x": 1}, 2]}
    rests = [without(parse_path(path), payload) for path in ("a.b", "l[0].x", "l[0]", "n.o", "l[7]", "")]
    assert [canonical_json(rest).decode() for rest in rests] == [
        '{"a":{"c":2},"l":[{"x":1},2]}',
        '{"a":{"b":1,"c":2},"l":[{},2]}',
        '{"a":{"b":1,"c":2},"l":[2]}',
        *['{"a":{"b":1,"c":2},"l":[{"x":1},2]}'] * 3,
    ]
    assert payload == {"a": {"b": 1, "c": 2}, "l": [{"x": 1}, 2]}
