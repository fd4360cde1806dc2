"""One call of Slack: may it be made now, and what its end says of pace and health. Not here: what for (`postman.py`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import structlog

from schemas.errors import TocsinError
from sinks.slack import metrics
from sinks.slack.errors import Blocked, Failed, Gone, NotUnderstood, Refused, Throttled, TooLong, Unreached, Unsure
from sinks.slack.health import Health
from sinks.slack.rate import Method, Rate
from sinks.slack.refusals import NO_LOOKING

log = structlog.get_logger()
Step = Literal["look_up", "post", "edit", "look_up_replies", "reply"]
METHODS: dict[Step, Method] = {
    "look_up": "conversations.history",
    "post": "chat.postMessage",
    "edit": "chat.update",
    "look_up_replies": "conversations.replies",
    "reply": "chat.postMessage",
}
POSTING: frozenset[Step] = frozenset({"post", "reply"})
"""Not safe to repeat: what is posted must stand in the store as intended before."""
OUTCOMES: dict[type[TocsinError], str] = {
    Unreached: "unreached", Unsure: "unsure", Failed: "unsure", NotUnderstood: "not_understood", TooLong: "not_understood",
}  # fmt: skip
LOOKING: frozenset[Step] = frozenset({"look_up", "look_up_replies"})


@dataclass(slots=True)
class Calls:
    """Everything that all calls of a process share."""

    now_millis: Callable[[], int]
    monotonic: Callable[[], float]
    rate: Rate = field(default_factory=Rate)
    health: Health = field(default_factory=Health)

    def may(self, step: Step, channel: str) -> bool:
        """Say whether the step may be done now for a channel; if so, it counts as done for the rate, and as the probe."""
        now = self.monotonic()
        if not self.health.may_try(channel, now) or not self.rate.take(METHODS[step], channel, now):
            return False
        self.health.note_try(channel, now)
        return True

    def is_still_due(self, channel: str) -> bool:
        """Say whether a call that was allowed still makes sense: another of its channel may have come to nothing since."""
        return not self.rate.is_resting(channel, self.monotonic())

    def give_back(self, step: Step, channel: str) -> None:
        """Take back that a step is done now: it was allowed, and is left for later."""
        self.rate.give_back(METHODS[step], channel)
        self.health.note_looked(channel, self.monotonic())  # the probe that it would have been is still due

    def attempt(self, step: Step, channel: str, subject: str, act: Callable[[], None]) -> TocsinError | None:
        """Make a call; gives what kept it from being done, whose meaning for the message is the caller's to know.

        What nobody may look up is `Refused`, not `Blocked`. Raises what is not the client's.
        """
        try:
            act()
        except Throttled as error:
            self.rate.hold(METHODS[step], channel, error.seconds, self.monotonic())
            return self._note_answered(step, channel, subject, "throttled", error)
        except (Unreached, Unsure) as error:
            return self._note_failed(step, channel, subject, error)
        except Blocked as error:
            return self._note_blocked(step, channel, subject, error)
        except Gone as error:
            return self._note_answered(step, channel, subject, "gone", error)
        except Refused as error:
            return self._note_answered(step, channel, subject, "refused", error)
        self._note_done(step, channel)
        return None

    def _note_done(self, step: Step, channel: str) -> None:
        if step in LOOKING:
            self.health.note_looked(channel, self.monotonic())
        else:
            self.rate.note_success(channel)
            self.health.note_done(channel, self.monotonic())
        metrics.CALLS.labels(METHODS[step], "done").inc()

    def _note_failed(self, step: Step, channel: str, subject: str, error: Unreached | Unsure) -> TocsinError:
        self.rate.note_failure(channel, self.monotonic())
        self.health.note_failed(channel, error.word, self.monotonic(), self.now_millis())
        return self._note(step, channel, subject, OUTCOMES[type(error)], error)

    def _note_answered(self, step: Step, channel: str, subject: str, outcome: str, error: TocsinError) -> TocsinError:
        """An answer to a question proves nothing of messages: these may still come to nothing."""
        if step not in LOOKING:
            self.rate.note_success(channel)
            self.health.note_answered(channel)
        return self._note(step, channel, subject, outcome, error)

    def _note_blocked(self, step: Step, channel: str, subject: str, error: Blocked) -> TocsinError:
        if step in LOOKING and error.error in NO_LOOKING:
            self.health.note_looked(channel, self.monotonic())
            return self._note(step, channel, subject, "refused", Refused(error.error))
        noted = self._note_answered(step, channel, subject, "blocked", error)
        self.health.note_blocked(channel, error.error, self.monotonic(), self.now_millis())
        return noted

    def _note(self, step: Step, channel: str, subject: str, outcome: str, error: TocsinError) -> TocsinError:
        metrics.CALLS.labels(METHODS[step], outcome).inc()
        log.warning(f"call_{outcome}", step=step, channel=channel, about=subject, error=str(error))
        return error
