"""What each process of a running stack has cost: CPU seconds and peak memory, from the kernel's own books."""

from __future__ import annotations

import os
from pathlib import Path

from tests.running import RunningStack

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(stack: RunningStack) -> dict[str, float]:
    """Give the CPU seconds that each process has used so far, its children (PostgreSQL's backends) with it."""
    parents = {int(path.name): _stat(path) for path in Path("/proc").iterdir() if path.name.isdigit()}
    roots = _roots(stack)
    return {
        name: sum(_seconds(stat) for pid, stat in parents.items() if stat and _is_of(pid, root, parents))
        for name, root in roots.items()
    }


def peak_megabytes(stack: RunningStack) -> dict[str, int]:
    """Give the most memory that each process itself ever had in RAM."""
    return {name: _peak(pid) for name, pid in _roots(stack).items()}


def _roots(stack: RunningStack) -> dict[str, int]:
    state = stack.state()
    assert state is not None
    return {one["name"]: one["pid"] for one in state["processes"] if one["pid"] is not None}


def _stat(path: Path) -> list[str]:
    try:
        return (path / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _seconds(stat: list[str]) -> float:
    """utime and stime, and those of children that were waited for."""
    return sum(map(int, stat[11:15])) / TICKS


def _is_of(pid: int, root: int, stats: dict[int, list[str]]) -> bool:
    while pid > 1:
        if pid == root:
            return True
        stat = stats.get(pid)
        pid = int(stat[1]) if stat else 0
    return False


def _peak(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024
