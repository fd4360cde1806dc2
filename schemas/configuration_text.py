"""A configuration back to YAML, as people write it: durations, rates, without defaults.

Not here: reading it (`configuration_file.py`), the documentation of its keys.
"""

from __future__ import annotations

import types
from typing import Annotated, Any, Union, get_args, get_origin

import msgspec
import yaml

from schemas.configuration import Configuration, Kind, Settings
from schemas.durations import render_duration, render_exact

WIDTH = 130


def render_configuration(configuration: Configuration) -> str:
    """Write YAML that reads back equal."""
    plain = _plain(configuration, Configuration)
    return yaml.dump(plain, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=WIDTH)


class _Dumper(yaml.SafeDumper):
    """Writes no anchors: people read this."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _plain(value: Any, wanted: Any) -> Any:
    written, wanted = _split(wanted)
    if written is Kind.SPAN:
        return render_exact(value) if isinstance(value, int) else value
    if get_origin(wanted) in (Union, types.UnionType):
        return None if value is None else _plain(value, next(part for part in get_args(wanted) if part is not types.NoneType))
    if written is Kind.DURATION:
        return render_duration(value)
    if written is Kind.RATE:
        return f"{value}/m"
    if isinstance(value, Settings):
        fields = [(entry, getattr(value, entry.name)) for entry in msgspec.structs.fields(type(value))]
        return {entry.encode_name: _plain(one, entry.type) for entry, one in fields if entry.required or one != _unset(entry)}
    if isinstance(value, list):
        return [_plain(item, get_args(wanted)[0]) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item, get_args(wanted)[1]) for key, item in value.items()}
    return value


def _split(wanted: Any) -> tuple[Kind | None, Any]:
    if get_origin(wanted) is not Annotated:
        return None, wanted
    inner, *notes = get_args(wanted)
    return next((note for note in notes if isinstance(note, Kind)), None), inner


def _unset(entry: msgspec.structs.FieldInfo) -> Any:
    if entry.default is not msgspec.NODEFAULT:
        return entry.default
    return entry.default_factory() if entry.default_factory is not msgspec.NODEFAULT else None
