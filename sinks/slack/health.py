"""Which channels take nothing until people have mended something, and when to try again. Pure: it is told the time.

Not here: what waits meanwhile (`threads.py`), whom it is told (`trouble.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sinks.slack.refusals import FAILING, place_of

FAILING_SECONDS = 120.0
"""For so long calls of a channel may come to nothing before it is told: Slack has hiccups, and what waits is not lost."""
PROBE_SECONDS = 30.0
"""Between tries of a broken channel. A try is the next call that waits for it: nothing else proves that a post is taken."""
WORKSPACE = ""
"""Stands for all channels at once, where a channel is asked for."""


@dataclass(slots=True)
class Broken:
    """One channel, or the workspace. `since` is wall clock in milliseconds, `probe_at` monotonic seconds."""

    error: str
    since: int
    probe_at: float


@dataclass(slots=True)
class Health:
    """One for each process; `broken` by channel."""

    broken: dict[str, Broken] = field(default_factory=dict)
    _done_at: dict[str, float] = field(default_factory=dict)
    _failing: dict[str, tuple[float, int]] = field(default_factory=dict)
    """Since when a channel's calls have come to nothing (monotonic, milliseconds)."""

    def may_try(self, channel: str, now: float) -> bool:
        """Say whether a call for the channel makes sense now: it is well, or its next probe is due."""
        return all(broken.probe_at <= now for broken in self._of(channel))

    def note_try(self, channel: str, now: float) -> None:
        """Take note of a call that is made now: while the channel is broken, it is the probe."""
        for broken in self._of(channel):
            broken.probe_at = now + PROBE_SECONDS

    def is_broken(self, channel: str) -> bool:
        return bool(self._of(channel))

    def error_of(self, channel: str) -> str:
        """Give Slack's word for what is wrong with a broken channel."""
        return next((broken.error for broken in self._of(channel)), "")

    def note_blocked(self, channel: str, error: str, now: float, millis: int) -> None:
        """Take note of a refusal that people can mend."""
        place = WORKSPACE if place_of(error) == "workspace" else channel
        since = self.broken[place].since if place in self.broken else millis
        self.broken[place] = Broken(error, since, now + PROBE_SECONDS)

    def note_failed(self, channel: str, word: str, now: float, millis: int) -> None:
        """Take note of a call that came to nothing, and why: once they do for minutes, the channel is broken, as `word` says."""
        began, since = self._failing.setdefault(channel, (now, millis))
        if now - began >= FAILING_SECONDS:
            self.note_blocked(channel, word, now, since)

    def note_answered(self, channel: str) -> None:
        """Take note of an answer to a message or an edit that we understand, whatever it says."""
        self._failing.pop(channel, None)
        for place in (channel, WORKSPACE):
            if place in self.broken and self.broken[place].error in FAILING:
                del self.broken[place]

    def note_looked(self, channel: str, now: float) -> None:
        """Take note of a question that was answered: it proves nothing, but the call that it was for need not wait."""
        for broken in self._of(channel):
            broken.probe_at = now

    def note_done(self, channel: str, now: float) -> None:
        """Take note of a message that was taken: the channel is well, and so is the workspace."""
        self._done_at[channel] = now
        self._failing.pop(channel, None)
        self.broken.pop(channel, None)
        self.broken.pop(WORKSPACE, None)

    def forget(self, channel: str) -> None:
        """Take back that a channel is broken: the refusal was of one message alone."""
        self.broken.pop(channel, None)

    def was_done_since(self, channel: str, when: float) -> bool:
        """Say whether the channel has taken a message since."""
        return self._done_at.get(channel, float("-inf")) > when

    def _of(self, channel: str) -> list[Broken]:
        return [self.broken[place] for place in (channel, WORKSPACE) if place in self.broken]
