"""What becomes of a call to Slack, in our own words. Not here: reading it from an answer (`answers.py`)."""

from __future__ import annotations

from typing import ClassVar

from schemas.errors import TocsinError, Unavailable


class Throttled(Unavailable):
    """Slack wants us to wait; nothing was done."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"Slack asks to wait {seconds:g} s")
        self.seconds = seconds


class Unreached(Unavailable):
    """Slack was not reached; nothing was done."""

    word: ClassVar[str] = "unreachable"


class Unsure(Unavailable):
    """Nobody knows whether it was done: look before trying again. `word` says why, as `refusals.py` knows it."""

    word: ClassVar[str] = "no_answer"


class Failed(Unsure):
    """Slack says that it has a fault of its own; it may have been done all the same."""

    word: ClassVar[str] = "server_error"


class NotUnderstood(Unsure):
    """The answer is none that Slack gives: perhaps not Slack's at all. It may have been done all the same."""

    word: ClassVar[str] = "not_understood"


class TooLong(NotUnderstood):
    """The answer is longer than we read."""


class Refused(TocsinError):
    """Slack will not do this, however often it is asked; `error` is its word for why."""

    def __init__(self, error: str) -> None:
        super().__init__(f"Slack refuses: {error}")
        self.error = error


class Blocked(TocsinError):
    """Slack will not do this until people have mended something: nothing was done. `error` is its word for what.

    Also for a word that we do not know: to wait loses nothing.
    """

    def __init__(self, error: str) -> None:
        super().__init__(f"Slack takes nothing: {error}")
        self.error = error


class Gone(TocsinError):
    """The message that this is about is not there any more: a person has deleted it."""

    def __init__(self, error: str) -> None:
        super().__init__(f"the message is gone: {error}")
        self.error = error
