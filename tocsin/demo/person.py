"""A person of the shop at work: silences, acknowledges and merges through the operator API, with a token of her own.

Not here: how a command is waited for (`tocsin/act_api.py`), what she does when (`people.py`).
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import msgspec

from tocsin.act_api import Done, carry_out
from tocsin.asking import Asking
from tocsin.demo.shop import iso


class Person:
    """Gives commands about one project; each raises `RefusedByDoor` with the reason, or `Unavailable`."""

    def __init__(self, asking: Asking, project: str) -> None:
        self._asking = asking
        self._path = f"/api/v1/projects/{project}"

    def silence(self, matchers: Sequence[str], ends_at: int, comment: str) -> Done:
        """Mute all that match until a time, in milliseconds."""
        return self._do("silences", {"matchers": matchers, "ends_at": iso(ends_at), "comment": comment})

    def acknowledge(self, incident: int) -> Done:
        """Say that she is at it."""
        return self._do(f"incidents/{incident}/acknowledge", {})

    def merge(self, incident: int, into: int) -> Done:
        """Put an incident's alerts into another."""
        return self._do(f"incidents/{incident}/merge", {"into": into})

    def _do(self, what: str, body: object) -> Done:
        answer = carry_out(self._asking, "POST", f"{self._path}/{what}", body, time.monotonic, time.sleep)
        return msgspec.json.decode(answer, type=Done)
