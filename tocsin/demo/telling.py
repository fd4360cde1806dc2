"""How the demo speaks: one line for each thing that happens, with its time, and a ✓ or ▲ for each expectation.

Colour only on a terminal, `NO_COLOR` honoured (both by rich). Not here: what is told.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

from rich.console import Console

T = TypeVar("T")
ACTOR_WIDTH = 14
INDENT = " " * 14
POLL_SECONDS = 0.02
LOST_SECONDS = 2.0
"""To wait once an expectation did not hold: each scene builds on those before, so that most that follow do not come either."""
SEVERITY_STYLES = {"critical": "red", "high": "dark_orange", "medium": "yellow", "low": "cyan"}


class Teller:
    """Tells a story line by line, and remembers which of its expectations did not hold."""

    def __init__(self, console: Console, now_millis: Callable[[], int]) -> None:
        self._console = console
        self._now_millis = now_millis
        self.held = 0
        self.differences: list[str] = []

    def scene(self, title: str) -> None:
        """Begin a part of the story."""
        self._print(f"\n{title}", style="bold")

    def tell(self, actor: str, text: str, style: str = "") -> None:
        """Say that something has happened, now."""
        self._print(f"{clock(self._now_millis())}  {actor:{ACTOR_WIDTH}}{text}", style)

    def add(self, text: str, style: str = "") -> None:
        """Say more about the line above."""
        self._print(f"{INDENT}{'':{ACTOR_WIDTH}}{text}", style)

    def say(self, text: str = "", style: str = "") -> None:
        """Print a line as it is."""
        self._print(text, style)

    def expect(self, what: str, wanted: T, got: T) -> bool:
        """Say whether an expectation of the story holds, and remember it when it does not."""
        if wanted == got:
            self.held += 1
            self._print(f"{INDENT}✓ {what}", "green")
            return True
        self.differences.append(f"{what}: expected {wanted!r}, found {got!r}")
        self._print(f"{INDENT}▲ not so: {self.differences[-1]}", "red")
        return False

    def await_that(
        self, what: str, wanted: T, read: Callable[[], T], tell: Callable[[], None] = lambda: None, seconds: float = 15
    ) -> None:
        """Read until what is read is what is wanted, or time is up; tell what happened, then say whether it is so."""
        patience = min(seconds, LOST_SECONDS) if self.differences else seconds
        got = until(read, lambda value: value == wanted, patience)
        tell()
        self.expect(what, wanted, got)

    def _print(self, text: str, style: str = "") -> None:
        self._console.print(text, style=style or None, markup=False, highlight=False, soft_wrap=True)


def until(read: Callable[[], T], is_good: Callable[[T], bool], seconds: float) -> T:
    """Read until it is good, or time is up; give what was read last."""
    deadline = time.monotonic() + seconds
    while not is_good(value := read()) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    return value


def clock(millis: int) -> str:
    """Write a time of day, UTC, to the millisecond."""
    return datetime.fromtimestamp(millis / 1000, UTC).strftime("%H:%M:%S.%f")[:-3]


def count(number: int, noun: str, plural: str | None = None) -> str:
    """Write a number with what it counts: 1 alert, 2,000 alerts."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
