"""YAML text to a tree that keeps line and column, where every scalar is the text that stands there.

So `on`, `no`, `12:30`, `010` and dates are what was written; the reader decides by what is wanted, not YAML 1.1 by how
it looks. JSON is read too. Not here: what keys mean (`configuration_reading.py`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import yaml

# The C loader is ten times faster; wheels have it, a PyYAML built without libyaml does not.
_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
MAX_NODES = 500_000
"""Aliases are followed, so a small file can mean a large tree; this is ten times the largest configuration accepted."""
MAX_DEPTH = 50
_PLAIN_TAGS = {f"tag:yaml.org,2002:{kind}" for kind in ("str", "map", "seq")}
_LEADING_TABS = re.compile(r"^[ \t]*\t[ \t]*", re.MULTILINE)
_SURROGATE_PAIR = re.compile(r"(?<!\\)((?:\\\\)*)\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where something stands in the file, both counted from 1."""

    line: int
    column: int


class Unreadable(Exception):
    """The text is no YAML that we take; `reason` says why, `place` where."""

    def __init__(self, reason: str, place: Place) -> None:
        super().__init__(reason)
        self.reason = reason
        self.place = place


@dataclass(frozen=True, slots=True)
class Scalar:
    """A text; `is_plain` when it stands without quotes."""

    text: str
    is_plain: bool
    place: Place

    @property
    def is_absent(self) -> bool:
        """Whether nothing is said: `key:`, `key: ~` or JSON's null."""
        return self.is_plain and self.text in ("", "~", "null")


@dataclass(frozen=True, slots=True)
class Sequence:
    items: tuple[Node, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys in order, as written: also twice."""

    entries: tuple[tuple[Scalar, Node], ...]
    place: Place


Node = Scalar | Sequence | Mapping


def compose(text: str) -> Node:
    """Read one document; an empty one is an empty mapping. Raises `Unreadable`."""
    if text.lstrip().startswith(("{", "[")):
        text = _as_yaml(text)
    try:
        _check_depth(text)
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.reader.ReaderError as error:
        raise Unreadable("only printable UTF-8 text can be read", _place_in(text, error.position)) from error
    except yaml.MarkedYAMLError as error:
        raise Unreadable(_reason(error), _place(error.problem_mark or error.context_mark)) from error
    return Mapping((), Place(1, 1)) if node is None else _Converter().convert(node)


def _check_depth(text: str) -> None:
    """Raise `Unreadable` where a level too deep begins, before anything recurses into it: events come one after the other."""
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise Unreadable(f"a configuration nests at most {MAX_DEPTH} levels deep", _place(event.start_mark))
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _as_yaml(text: str) -> str:
    """Write the two things of JSON that YAML does not take: tabs before a token, and characters in two halves."""
    text = _LEADING_TABS.sub(lambda found: " " * len(found[0]), text)
    return _SURROGATE_PAIR.sub(lambda found: f"{found[1]}\\U{_joined(found[2], found[3]):08x}", text)


def _joined(high: str, low: str) -> int:
    return 0x10000 + ((int(high, 16) - 0xD800) << 10) + int(low, 16) - 0xDC00


def _reason(error: yaml.MarkedYAMLError) -> str:
    return "not YAML: " + " ".join(part for part in (error.problem, error.context) if part)


def _place(mark: Any) -> Place:
    return Place(mark.line + 1, mark.column + 1) if mark is not None else Place(1, 1)


def _place_in(text: str, position: int) -> Place:
    before = text[:position]
    return Place(before.count("\n") + 1, position - (before.rfind("\n") + 1) + 1)


class _Converter:
    def __init__(self) -> None:
        self.count = 0

    def convert(self, node: yaml.Node, depth: int = 0) -> Node:
        place = _place(node.start_mark)
        self.count += 1
        if depth > MAX_DEPTH or self.count > MAX_NODES:
            raise Unreadable("too deep or too large: does an alias contain itself?", place)
        if node.tag not in _PLAIN_TAGS and not (isinstance(node, yaml.ScalarNode) and node.tag == "!"):
            raise Unreadable(f"the tag {node.tag} has no meaning here; leave it out", place)
        if isinstance(node, yaml.ScalarNode):
            return Scalar(node.value, node.style in (None, ""), place)
        if isinstance(node, yaml.SequenceNode):
            return Sequence(tuple(self.convert(item, depth + 1) for item in node.value), place)
        return Mapping(tuple(self._entry(key, value, depth + 1) for key, value in node.value), place)

    def _entry(self, key: yaml.Node, value: yaml.Node, depth: int) -> tuple[Scalar, Node]:
        name = self.convert(key, depth)
        if not isinstance(name, Scalar):
            raise Unreadable("a key is a text", name.place)
        return name, self.convert(value, depth)
