"""What the supervisor tells `tocsin status`: the state file, which is renewed each second, and its own troubles.

It only reports: a full disk costs what is told, and whoever reads sees by the file's age that it is not to be believed.
Not here: what the state holds (`up.py`), reading it (`state.py`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from schemas.settings import Settings
from schemas.troubles import Troubles
from tocsin import state
from tocsin.output import Output
from tocsin.state import StackState
from tocsin.supervisor import Supervisor

NAME = "up"
INTERVAL_SECONDS = 1.0


class Report:
    """Writes for one stack. Nothing here raises for a disk that cannot be written."""

    def __init__(self, settings: Settings, output: Output, supervisor: Supervisor, describe: Callable[[], StackState]) -> None:
        self._data = settings.data
        self._output = output
        self._supervisor = supervisor
        self._describe = describe
        self._is_written = False
        self._troubles = Troubles(settings.data, NAME)

    def write(self) -> None:
        """Write the state as it is now."""
        self._try(lambda: state.write(self._data, self._describe()))

    def renew(self) -> None:
        """Say that the written state still holds, or write what could not be written; and tell our troubles."""
        if self._is_written:
            self._try(lambda: state.renew(self._data))
        else:
            self.write()
        lost = self._output.trouble
        self._troubles.tell("logs", f"log lines are lost, since DATA/log cannot be written: {lost}" if lost else "")
        self._troubles.tell("supervisor", self._supervisor.trouble)

    async def repeat(self) -> None:
        """Renew until cancelled."""
        while True:
            self.renew()
            await asyncio.sleep(INTERVAL_SECONDS)

    def end(self) -> None:
        """Remove all of it: nothing runs any more."""
        with suppress(OSError):
            (self._data / "state.json").unlink(missing_ok=True)
        self._troubles.tell("logs", "")
        self._troubles.tell("supervisor", "")

    def _try(self, tell: Callable[[], None]) -> None:
        try:
            tell()
        except OSError:
            self._is_written = False
        else:
            self._is_written = True
