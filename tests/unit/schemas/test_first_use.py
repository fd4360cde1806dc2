"""That no type of ours is missed by `use_each_type_once`. When each process calls it: `tests/integration/tocsin`."""

from __future__ import annotations

import ast
import builtins
import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest

from schemas import codec, first_use, records

PIPELINE = ("schemas", "producers", "processors", "sinks")
PACKAGES = (*PIPELINE, "tocsin")
PLACES = {"convert": 1, "decode": -1, "Decoder": 0}
"""Functions of msgspec that are given a type to read, and its place; -1 where it is always named `type`."""


class Named(msgspec.Struct):
    name: str


class Shaped(Named):
    shape: Named


def modules() -> Iterator[ModuleType]:
    for package in PACKAGES:
        for found in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
            if not found.name.endswith("__main__"):
                yield importlib.import_module(found.name)


def source_of(module: ModuleType) -> ast.Module:
    assert module.__file__ is not None
    return ast.parse(Path(module.__file__).read_text())


@pytest.fixture
def worked_out(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What msgspec was told to work out."""
    told: list[Any] = []
    monkeypatch.setattr(first_use.msgspec.json, "Decoder", told.append)  # type: ignore[attr-defined]
    return told


def test_each_loaded_type_is_used_once_whoever_declared_it(worked_out: list[Any]) -> None:
    first_use.use_each_type_once()
    assert {Named, Shaped, *codec.SCHEMA_FILES, *codec.FRAME_ITEMS.values()} <= set(worked_out)
    assert len(worked_out) == len(set(worked_out))


def test_a_type_that_cannot_be_read_keeps_no_other_from_being_used() -> None:
    class Unreadable(msgspec.Struct):
        field: Nowhere  # type: ignore[name-defined]  # noqa: F821

    with pytest.raises(NameError):
        msgspec.json.Decoder(Unreadable)
    first_use.use_each_type_once()


def test_each_type_of_ours_can_be_read_but_the_one_whose_items_are_read_one_by_one() -> None:
    list(modules())
    ours = [kind for kind in first_use.loaded_types() if kind.__module__.split(".")[0] in PACKAGES]
    assert len(ours) > 100
    assert [kind for kind in ours if not is_readable(kind)] == [records.Frame]


def is_readable(kind: type) -> bool:
    try:
        msgspec.json.Decoder(kind)
    except TypeError:
        return False
    return True


def test_no_type_has_parameters_since_msgspec_keeps_what_it_knows_of_them_elsewhere() -> None:
    list(modules())
    assert [kind for kind in first_use.loaded_types() if getattr(kind, "__parameters__", ())] == []


def test_what_is_read_is_one_of_these_types_or_made_of_them() -> None:
    """msgspec would also read dataclasses, named tuples, typed dicts and enums; nothing would use those beforehand."""
    asked = [kind for module in modules() for kind in types_asked_for(module)]
    assert len(asked) > 20
    assert [kind for kind in asked if not is_made_of_structs(msgspec.inspect.type_info(kind))] == []


def types_asked_for(module: ModuleType) -> Iterator[Any]:
    """Give the types that a module asks msgspec to read, where it names them; else a parameter holds them."""
    known = {**vars(builtins), **vars(module)}
    for call in ast.walk(source_of(module)):
        package, _, name = ast.unparse(call.func).rpartition(".") if isinstance(call, ast.Call) else ("", "", "")
        if isinstance(call, ast.Call) and name in PLACES and package.startswith("msgspec"):
            given = [word.value for word in call.keywords if word.arg == "type"]
            given += [kind for place, kind in enumerate(call.args) if place == PLACES[name]]
            for kind in given:
                if all(part.id in known for part in ast.walk(kind) if isinstance(part, ast.Name)):
                    yield eval(ast.unparse(kind), known)


def is_made_of_structs(info: Any) -> bool:
    """Say whether a type is a Struct, text, a number or anything, or a list or dict of such."""
    inner = [getattr(info, name) for name in ("item_type", "key_type", "value_type") if hasattr(info, name)]
    plain = (msgspec.inspect.StructType, msgspec.inspect.AnyType, msgspec.inspect.StrType, msgspec.inspect.RawType)
    return all(map(is_made_of_structs, inner)) if inner else isinstance(info, plain)


@pytest.mark.parametrize("package", PIPELINE)
def test_modules_are_loaded_at_the_start_since_a_type_loaded_later_would_be_used_in_a_thread(package: str) -> None:
    late = [
        f"{module.__name__}:{node.lineno}"
        for module in modules()
        if module.__name__.startswith(f"{package}.")
        for function in ast.walk(source_of(module))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom) and names_ours(node)
    ]
    assert late == []


def names_ours(node: ast.Import | ast.ImportFrom) -> bool:
    names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
    return any(name.split(".")[0] in PACKAGES for name in names)
