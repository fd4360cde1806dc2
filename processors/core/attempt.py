"""Trying something as a whole: it happens, or nothing of it does and the error is told."""

from __future__ import annotations

from collections.abc import Callable

from processors.core.state import State

FAULTS = (MemoryError, ImportError, SystemError)
"""Errors that are not a function of the record: they stop the worker, whatever was being tried."""


def attempt(state: State, act: Callable[[], object]) -> Exception | None:
    """Do something to the state; gives the error that undid it, None when it is done. Raises only `FAULTS`.

    What becomes of the error is the caller's to say: a rejection with its reason, or a word for the log.
    """
    try:
        with state.all_or_nothing():
            act()
    except FAULTS:
        raise
    except Exception as error:  # noqa: BLE001 - one record or rule is to blame, and must not stop the others
        return error
    return None
