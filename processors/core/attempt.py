"""Trying something as a whole: it happens, or nothing of it does and the error is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TypeVar

from processors.core.state import State

FAULTS = (MemoryError, ImportError, SystemError)
"""Errors that are not a function of the record: they stop the worker, whatever was being tried."""
T = TypeVar("T")


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


def attempt_each(state: State, things: Iterable[T], act: Callable[[T], object], problem: Callable[[T, Exception], str]) -> None:
    """Do something for each of many, in their order; one for which it fails is undone alone, told as a problem, and passed over.

    All are tried as one first, which costs less; so `act` may be called twice for one thing, the first time undone.
    Raises only `FAULTS`.
    """
    things = list(things)

    def act_for_all() -> None:
        for thing in things:
            act(thing)

    if attempt(state, act_for_all) is None:
        return
    for thing in things:
        error = attempt(state, partial(act, thing))
        if error is not None:
            state.decisions.problems.append(problem(thing, error))
