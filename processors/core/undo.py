"""Writing to dictionaries so that it can be undone: a record that fails half way leaves nothing behind.

Not here: what is written (`state.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

from processors.core.decisions import Decisions

MISSING: Any = object()
Write = Callable[[MutableMapping[Any, Any], Hashable, Any], None]
Remove = Callable[[MutableMapping[Any, Any], Hashable], None]


class Index:
    """What is kept beside the entities; it changes by the state's own writing alone, so that it is undone with them."""

    def __init__(self, write: Write, remove: Remove) -> None:
        self._write, self._remove = write, remove

    def _bucket(self, index: dict[Any, Any], key: Hashable) -> Any:
        bucket = index.get(key)
        if bucket is None:
            bucket = {}
            self._write(index, key, bucket)
        return bucket


class Undoable:
    """Dictionaries that are only changed by `_set` and `_remove`, and the decisions made meanwhile."""

    decisions: Decisions

    def __init__(self) -> None:
        self._undo: list[tuple[MutableMapping[Any, Any], Hashable, Any]] | None = None

    @contextmanager
    def all_or_nothing(self) -> Iterator[None]:
        """Undo every change made within, should an exception leave it."""
        decisions = self.decisions
        lists: tuple[list[Any], ...] = (
            decisions.timeline,
            decisions.outcomes,
            decisions.notifications,
            decisions.forgettings,
            decisions.commands,
        )
        lengths = [len(items) for items in lists]
        changed = self._undo = []
        try:
            yield
        except BaseException:
            for mapping, key, old in reversed(changed):
                if old is MISSING:
                    del mapping[key]
                else:
                    mapping[key] = old
            for items, length in zip(lists, lengths, strict=True):
                del items[length:]
            raise
        finally:
            self._undo = None

    def _set(self, mapping: MutableMapping[Any, Any], key: Hashable, value: Any) -> None:
        if self._undo is not None:
            self._undo.append((mapping, key, mapping.get(key, MISSING)))
        mapping[key] = value

    def _remove(self, mapping: MutableMapping[Any, Any], key: Hashable) -> None:
        if key in mapping:
            old = mapping.pop(key)
            if self._undo is not None:
                self._undo.append((mapping, key, old))

    def _bucket(self, index: dict[Any, dict[int, None]], key: Hashable) -> dict[int, None]:
        bucket = index.get(key)
        if bucket is None:
            bucket = {}
            self._set(index, key, bucket)
        return bucket
