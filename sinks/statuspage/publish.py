"""Puts a site into a directory so that a reader sees the old one or the new one, never half of each.

`releases/<generation>/` holds each site whole; `current` is a link that is swapped in one step. Not here: what a site
holds (`render.py`).
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import structlog

from schemas.errors import Unavailable

log = structlog.get_logger()
KEPT_RELEASES = 5
"""For going back by hand, and for a reader who is in the middle of the one before."""


class Publisher:
    """Owns a directory; one process at a time may."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._releases = directory / "releases"
        self._current = directory / "current"
        self._published: bytes | None = None

    @property
    def is_missing(self) -> bool:
        """Whether nothing is published, or somebody has removed it."""
        return not (self._current / "index.html").exists()

    def publish(self, site: Mapping[str, bytes]) -> bool:
        """Swap the site in; False: the same is published already. Raises `Unavailable` (disk full, no permission)."""
        try:
            if self._published is None and not self.is_missing:
                self._published = _hash_directory(self._current)
            wanted = _hash(site)
            if wanted == self._published and not self.is_missing:
                return False
            generation = self._swap_in(site)
            self._published = wanted
            self._prune(generation)
        except OSError as error:
            raise Unavailable(f"the status page cannot be written to {self._directory}: {error}") from error
        log.info("page_published", generation=generation, files=len(site))
        return True

    def _swap_in(self, site: Mapping[str, bytes]) -> int:
        generation = max(self._generations(), default=0) + 1
        release, unfinished = self._releases / str(generation), self._releases / f".{generation}"
        for planted in (unfinished, release):
            _clear(planted)
        for path, content in site.items():
            _place(unfinished / path, content, self._current / path)
        unfinished.rename(release)
        _sync(self._releases)
        link = self._directory / ".current"
        link.unlink(missing_ok=True)
        link.symlink_to(Path("releases") / str(generation))
        link.replace(self._current)
        _sync(self._directory)
        return generation

    def _prune(self, generation: int) -> None:
        for old in sorted(self._generations())[:-KEPT_RELEASES]:
            if old != generation:
                shutil.rmtree(self._releases / str(old), ignore_errors=True)

    def _generations(self) -> list[int]:
        if not self._releases.exists():
            return []
        return [int(entry.name) for entry in self._releases.iterdir() if entry.name.isdigit() and not entry.is_symlink()]


def _clear(place: Path) -> None:
    """Remove what an attempt has left, or somebody has planted: nothing is ever written through a link."""
    if place.is_symlink() or place.is_file():
        place.unlink()
    else:
        shutil.rmtree(place, ignore_errors=True)


def _place(file: Path, content: bytes, old: Path) -> None:
    """Write a file, or share the old release's when it is the same: most are, and each write to the disk is waited for."""
    file.parent.mkdir(parents=True, exist_ok=True)
    if old.is_file() and not old.is_symlink() and old.read_bytes() == content:
        os.link(old, file, follow_symlinks=False)
        return
    with file.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())


def _sync(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _hash(site: Mapping[str, bytes]) -> bytes:
    sums = [f"{path} {hashlib.sha256(content).hexdigest()}" for path, content in sorted(site.items())]
    return hashlib.sha256("\n".join(sums).encode()).digest()


def _hash_directory(directory: Path) -> bytes:
    root = directory.resolve()
    return _hash(
        {str(file.relative_to(root)): file.read_bytes() for file in root.rglob("*") if file.is_file() and not file.is_symlink()}
    )
