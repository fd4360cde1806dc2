"""Commands through the operator API as the command line gives them: sent, and waited for until they are decided.

Not here: HTTP and its errors (`asking.py`), which commands there are (`cli/`), how what was done looks (`show_done.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from producers.operator.commands.answers import Many
from producers.operator.shapes import AlertInList, Incident, Silence
from schemas.errors import Unavailable
from tocsin.asking import Asking

PAUSE_SECONDS = 0.2
PATIENCE_SECONDS = 15.0
"""After the API's own 2 seconds: longer than a worker needs to come back."""


class Done(msgspec.Struct, frozen=True):
    """What a command was about, as it is now."""

    alert: AlertInList | None = None
    incident: Incident | None = None
    silence: Silence | None = None


class Outcomes(Many, frozen=True):
    """What became of each of many alerts."""


def carry_out(
    asking: Asking, method: str, path: str, body: Any, monotonic: Callable[[], float], pause: Callable[[float], None]
) -> bytes:
    """Give a command and its answer once it is decided.

    Raises `RefusedByDoor` with the reason; `Unavailable` that says what is known when it is not decided in time.
    """
    answer = asking.change(method, path, body)
    deadline = monotonic() + PATIENCE_SECONDS
    while answer.is_pending:
        if monotonic() >= deadline:
            raise Unavailable(
                "not decided yet. The command is kept in Kafka and will be carried out, so do not give it again; "
                f"`tocsin status` says which process is behind, and {asking.url}{answer.location} what becomes of it"
            )
        pause(PAUSE_SECONDS)
        answer = asking.look(answer.location)
    return answer.content
