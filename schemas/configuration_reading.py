"""A YAML tree to the structs of `configuration.py`, by their types; every problem is gathered with its place.

Not here: what must hold between parts of the file (`configuration_checks.py`).
"""

from __future__ import annotations

import types
from collections.abc import Callable
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import partial
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

import msgspec

from schemas.configuration import Kind, Maintenance, Secret, Settings
from schemas.configuration_kinds import READERS, read_matcher_text
from schemas.limits import Limits
from schemas.yaml_tree import Mapping, Node, Place, Scalar, Sequence

Path = tuple[str | int, ...]
"""Keys and list places from the root: `("projects", "shop", "notify", 0)`."""
S = TypeVar("S", bound=Settings)
MEANT: dict[tuple[type[Settings], str], str] = {
    (Maintenance, "until"): "write end: for when the first window ends, or UNTIL= in repeat: for the last day of all",
}
"""Keys that people write for something that has another name here."""
SECRET_HINT = "a secret never stands in this file; write {env: NAME} or {file: PATH}"


@dataclass(slots=True)
class Findings:
    """What is wrong, and where everything stands."""

    limits: Limits = field(default_factory=Limits)
    """What an expression may cost."""
    problems: list[tuple[Place, str]] = field(default_factory=list)
    places: dict[Path, Place] = field(default_factory=dict)
    matchers: list[tuple[Path, Place, list[str]]] = field(default_factory=list)
    """Every text that holds matchers, and these."""

    def add(self, place: Place, text: str) -> None:
        self.problems.append((place, text))

    def add_at(self, path: Path, text: str) -> None:
        """Add a problem of what stands at a path, or of the nearest part of the path that stands in the file.

        Nothing is added where there is a problem already: the second may only follow from the first.
        """
        while path and path not in self.places:
            path = path[:-1]
        place = self.places.get(path, Place(1, 1))
        if all(other != place for other, _ in self.problems):
            self.add(place, text)


def read_tree(node: Node, kind: type[S], findings: Findings) -> S:
    """Read a tree as a struct.

    Always gives one, so that what is right can be checked further: where the findings name a problem, something of the
    wanted type stands in.
    """
    value = _Reader(findings).read(node, kind, ())
    return value if isinstance(value, kind) else kind()


@dataclass(frozen=True, slots=True)
class _Reader:
    findings: Findings

    def read(self, node: Node, wanted: Any, path: Path) -> Any:
        """Read a node as the type that is wanted."""
        self.findings.places.setdefault(path, node.place)
        written, wanted = _split(wanted)
        if written is not None:
            return self._read_scalar(node, self._reader(written), _stand_in(wanted))
        origin = get_origin(wanted)
        if origin in (Union, types.UnionType):
            return self._read_optional(node, wanted, path)
        if origin is Literal:
            return self._read_scalar(node, _one_of(get_args(wanted)), "")
        if origin is list:
            return self._read_list(node, get_args(wanted)[0], path)
        if origin is dict:
            return self._read_dict(node, get_args(wanted), path)
        if isinstance(wanted, type) and issubclass(wanted, Settings):
            return self._read_struct(node, wanted, path)
        return self._read_scalar(node, *((_boolean, False) if wanted is bool else (_text, "")))

    def _reader(self, written: Kind) -> Callable[[str], Any]:
        return partial(read_matcher_text, limits=self.findings.limits) if written is Kind.MATCHER else READERS[written]

    def _read_optional(self, node: Node, wanted: Any, path: Path) -> Any:
        (inner,) = (part for part in get_args(wanted) if part is not types.NoneType)
        return None if isinstance(node, Scalar) and node.is_absent else self.read(node, inner, path)

    def _read_scalar(self, node: Node, reader: Callable[[str], Any], stand_in: Any) -> Any:
        if not isinstance(node, Scalar) or node.is_absent:
            self.findings.add(node.place, f"a text is expected here, not {_what(node)}")
            return stand_in
        try:
            return reader(_checked(node.text))
        except ValueError as error:
            self.findings.add(node.place, str(error))
            return node.text if stand_in == "" else stand_in

    def _read_list(self, node: Node, wanted: Any, path: Path) -> list[Any]:
        if not isinstance(node, Sequence):
            text = f"a list is expected here, not {_what(node)}; write [one, two] or lines with -"
            self.findings.add(node.place, text)
            return []
        items = [self.read(item, wanted, (*path, place)) for place, item in enumerate(node.items)]
        if _split(wanted)[0] is Kind.MATCHER:
            read = [(item, node.items[place].place) for place, item in enumerate(items) if isinstance(item, list)]
            self.findings.matchers += [(path, place, texts) for texts, place in read]
            return [text for item in items if isinstance(item, list) for text in item]
        return items

    def _read_dict(self, node: Node, types: tuple[Any, Any], path: Path) -> dict[Any, Any]:
        if not isinstance(node, Mapping):
            self.findings.add(node.place, f"keys with values are expected here, not {_what(node)}")
            return {}
        self._refuse_duplicates(node)
        found: dict[Any, Any] = {}
        for key, value in node.entries:
            below = (*path, key.text)
            self.findings.places[below] = key.place
            read_key = self.read(key, types[0], below)
            found[read_key] = self.read(value, types[1], below)
        return found

    def _read_struct(self, node: Node, wanted: type[Settings], path: Path) -> Settings:
        if not isinstance(node, Mapping):
            self.findings.add(node.place, SECRET_HINT if wanted is Secret else _struct_hint(node, wanted))
            return _empty(wanted)
        self._refuse_duplicates(node)
        known = {entry.encode_name: entry for entry in msgspec.structs.fields(wanted)}
        values: dict[str, Any] = {}
        for key, value in node.entries:
            self.findings.places[(*path, key.text)] = key.place
            entry = known.get(key.text)
            if entry is None:
                self.findings.add(key.place, _unknown_key(key.text, list(known), path, MEANT.get((wanted, key.text))))
            elif entry.required or not (isinstance(value, Scalar) and value.is_absent):
                # A key with nothing after it, as when all below is commented out, is as if it were not there.
                values[entry.name] = self.read(value, entry.type, (*path, key.text))
        for name, entry in known.items():
            if entry.required and entry.name not in values:
                self.findings.add(node.place, f"{name!r} is missing{_within(path)}")
                values[entry.name] = _stand_in(entry.type)
        if wanted is Secret and len(values) != 1:
            self.findings.add(node.place, SECRET_HINT)
        return wanted(**values)

    def _refuse_duplicates(self, node: Mapping) -> None:
        first: dict[str, Place] = {}
        for key, _ in node.entries:
            if key.text in first:
                self.findings.add(key.place, f"{key.text!r} stands twice; it is also on line {first[key.text].line}")
            first.setdefault(key.text, key.place)


def _stand_in(wanted: Any) -> Any:
    """Give something of a type, in place of what could not be read."""
    wanted = _split(wanted)[1]
    if isinstance(wanted, type) and issubclass(wanted, Settings):
        return _empty(wanted)
    if get_origin(wanted) in (list, dict):
        return get_origin(wanted)()
    return 1 if wanted is int else ""


def _empty(wanted: type[Settings]) -> Settings:
    return wanted(**{entry.name: _stand_in(entry.type) for entry in msgspec.structs.fields(wanted) if entry.required})


def _split(wanted: Any) -> tuple[Kind | None, Any]:
    """Take the documentation off a type, and give how it is written, if that is said."""
    if get_origin(wanted) is not Annotated:
        return None, wanted
    inner, *notes = get_args(wanted)
    written = next((note for note in notes if isinstance(note, Kind)), None)
    return written, inner


def _one_of(words: tuple[Any, ...]) -> Any:
    def read(text: str) -> str:
        if text not in words:
            raise ValueError(f"{text!r} is not one of {', '.join(words)}{_suggest(text, list(words))}")
        return str(words[words.index(text)])  # the very object that the default is, so that it is left out when written

    return read


def _text(text: str) -> str:
    return text


def _boolean(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError(f"{text!r} is not true or false")
    return text == "true"


def _checked(text: str) -> str:
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("a text holds no NUL and no half character")
    return text


def _what(node: Node) -> str:
    if isinstance(node, Scalar):
        return "nothing" if node.is_absent else f"the text {node.text[:40]!r}"
    return "a list" if isinstance(node, Sequence) else "keys with values"


def _struct_hint(node: Node, wanted: type[Settings]) -> str:
    names = ", ".join(entry.encode_name for entry in msgspec.structs.fields(wanted)[:4])
    return f"keys such as {names} are expected here, not {_what(node)}"


def _unknown_key(key: str, known: list[str], path: Path, meant: str | None) -> str:
    hint = f"; {meant}" if meant else _suggest(key, known) or "; known are " + ", ".join(known)
    return f"unknown key {key!r}{_within(path)}{hint}"


def _suggest(text: str, known: list[str]) -> str:
    close = get_close_matches(text.lower(), known, 1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _within(path: Path) -> str:
    return f" in {'.'.join(map(str, path))}" if path else ""
