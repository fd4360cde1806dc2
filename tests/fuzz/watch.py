"""How much memory each process of a stack has, by the kernel's books, its children with it (PostgreSQL has one a connection).


Not here: how much is too much (`judges.py`).
"""

from __future__ import annotations

import threading
from pathlib import Path

from tests.running import RunningStack

EVERY_SECONDS = 3.0


class MemoryWatch(threading.Thread):
    """Looks every few seconds; `warm` is noted when it is told so, `highest` counts from then on. In megabytes."""

    def __init__(self, stack: RunningStack) -> None:
        super().__init__(name="memory-watch", daemon=True)
        self.stopped = threading.Event()
        self.warm: dict[str, float] = {}
        self.highest: dict[str, float] = {}
        self._stack = stack

    def run(self) -> None:
        while not self.stopped.wait(EVERY_SECONDS):
            self.look()

    def note_warm(self) -> None:
        self.warm = memory_of(self._stack)
        self.highest = dict(self.warm)

    def look(self) -> None:
        if self.warm:
            for name, megabytes in memory_of(self._stack).items():
                self.highest[name] = max(megabytes, self.highest.get(name, 0.0))


def memory_of(stack: RunningStack) -> dict[str, float]:
    """Give the proportional share of memory of each process and its children."""
    state = stack.state()
    roots = {one["name"]: one["pid"] for one in state["processes"] if one["pid"] is not None} if state else {}
    parents = _parents()
    return {name: sum(proportional_megabytes(pid) for pid in _family(root, parents)) for name, root in roots.items()}


def proportional_megabytes(pid: int) -> float:
    """Give the PSS of one process; 0 where it is gone, or nobody may look."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0.0
    return int(text.partition("\nPss:")[2].split()[0]) / 1024


def _parents() -> dict[int, int]:
    found = {}
    for path in Path("/proc").iterdir():
        if path.name.isdigit():
            try:
                found[int(path.name)] = int((path / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:  # it has just ended
                continue
    return found


def _family(root: int, parents: dict[int, int]) -> list[int]:
    family = [root]
    for pid in family:
        family += [child for child, parent in parents.items() if parent == pid]
    return family
