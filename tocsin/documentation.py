"""Writes the reference pages under `docs/` from the code that they describe: `make docs`, or `python -m tocsin.documentation`.

A test compares the pages with the code. Not here: what a setting or key means; that stands where each is declared.
"""

from __future__ import annotations

import types
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from schemas.configuration import Configuration, Doc, Kind
from schemas.durations import render_duration
from schemas.settings import render_limits_table, render_table

DOCS = Path(__file__).parent.parent / "docs"
SETTINGS = """# Settings

Environment variables of every process, and of `tocsin up`, which hands them on. Written by `make docs`.

"""
LIMITS = """
## Limits

Each keeps one sender, viewer or server from taking what the others need. They are environment variables too. What went beyond one
is counted in `tocsin_over_limit_total{limit="…"}` of the process that kept it.

"""
CONFIGURATION = """# Configuration

The keys of the YAML file that `tocsin up --config FILE` and `tocsin config apply FILE` take. `tocsin config check FILE` names
each mistake with its line and column. Durations are written `90s`, `5m`, `1h30m`, `7d`; matchers as in Alertmanager. Written by
`make docs`. Some keys are accepted and not acted on yet; the README says what is missing.
"""
WORDS = {str: "text", bool: "true or false", int: "number"}


def render_pages() -> dict[str, str]:
    """Render each page, by its file name."""
    return {
        "settings.md": SETTINGS + render_table() + "\n" + LIMITS + render_limits_table() + "\n",
        "configuration.md": CONFIGURATION + "".join(render_configuration()),
    }


def render_configuration() -> Iterator[str]:
    """Render a table for each kind of object in the configuration, each once, the outermost first."""
    waiting: list[tuple[str, Any]] = [("The file", Configuration)]
    seen: set[type[msgspec.Struct]] = {Configuration}
    while waiting:
        name, struct = waiting.pop(0)
        yield f"\n## {name}\n\n{struct.__doc__}\n\n| key | value | default | meaning |\n|---|---|---|---|\n"
        hints = get_type_hints(struct, include_extras=True)
        for field in msgspec.structs.fields(struct):
            hint = hints[field.name]
            yield f"| `{field.encode_name}` | {_type(hint)} | {_default(field, hint)} | {_doc(hint)} |\n"
            for inner in _structs(hint):
                if inner not in seen:
                    seen.add(inner)
                    waiting.append((_title(inner), inner))


def _title(struct: type) -> str:
    return "".join(f" {letter}" if letter.isupper() else letter for letter in struct.__name__).strip().capitalize()


def _type(hint: Any) -> str:
    """Say how a value is written."""
    origin, arguments = get_origin(hint), get_args(hint)
    kind = next((note for note in getattr(hint, "__metadata__", ()) if isinstance(note, Kind)), None)
    if kind is not None:
        return kind.value
    if origin is Annotated:
        return _type(arguments[0])
    if origin is list:
        return f"list of {_type(arguments[0])}"
    if origin is dict:
        return f"{_type(arguments[0])} → {_type(arguments[1])}"
    if origin is Literal:
        return ", ".join(f"`{word}`" for word in arguments)
    if origin in (Union, types.UnionType):
        return _type(next(part for part in arguments if part is not type(None)))
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        title = _title(hint)
        return f"[{title.lower()}](#{title.lower().replace(' ', '-')})"
    return WORDS[hint]


def _structs(hint: Any) -> Iterator[type[msgspec.Struct]]:
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        yield hint
    for inner in get_args(hint):
        yield from _structs(inner)


def _doc(hint: Any) -> str:
    return next(note.text for note in hint.__metadata__ if isinstance(note, Doc))


def _default(field: msgspec.structs.FieldInfo, hint: Any) -> str:
    if field.required:
        return "required"
    is_duration = field.default is not None and _type(hint) == Kind.DURATION.value
    value = field.default_factory() if field.default is msgspec.NODEFAULT else field.default
    if value is True or value is False:
        return str(value).lower()
    if (not value and not is_duration) or isinstance(value, msgspec.Struct):
        return "–"
    return f"`{render_duration(value)}`" if is_duration else f"`{value}`"


if __name__ == "__main__":
    DOCS.mkdir(exist_ok=True)
    for name, text in render_pages().items():
        (DOCS / name).write_text(text, "utf-8")
