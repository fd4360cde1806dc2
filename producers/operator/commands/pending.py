"""Which commands may still be on their way though PostgreSQL does not know them: those of the last hour, as with receipts.

Ids that tocsin made say by themselves when; others are remembered. Not here: what became of those that are known.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from ulid import ULID

PENDING_MILLIS = 60 * 60_000
MOST_REMEMBERED = 100_000
RANDOM_BYTES = 10


class Pending:
    """Remembers ids that were answered as pending; used from one event loop."""

    def __init__(self, now_millis: Callable[[], int], random_bytes: Callable[[int], bytes]) -> None:
        self._now_millis = now_millis
        self._random_bytes = random_bytes
        self._given: OrderedDict[tuple[str, str, str], int] = OrderedDict()

    def new_id(self) -> str:
        """Make an id for a command that came without one."""
        return str(ULID(self._now_millis().to_bytes(6, "big") + self._random_bytes(RANDOM_BYTES)))

    def remember(self, project: str, actor: str, command_id: str) -> None:
        self._given[project, actor, command_id] = self._now_millis()
        self._given.move_to_end((project, actor, command_id))
        if len(self._given) > MOST_REMEMBERED:
            self._given.popitem(last=False)

    def may_be(self, project: str, actor: str, command_id: str) -> bool:
        """Say whether a command of somebody that PostgreSQL does not know may be on its way."""
        at = self._given.get((project, actor, command_id), _made_at(command_id))
        return at is not None and abs(self._now_millis() - at) < PENDING_MILLIS


def _made_at(command_id: str) -> int | None:
    try:
        return int.from_bytes(ULID.from_str(command_id).bytes[:6], "big")
    except ValueError:
        return None
