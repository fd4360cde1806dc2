"""When a Slack method may be called again for a channel: our own pace, Retry-After, and backing off after failures.

Pure: it is told the time (monotonic seconds). Source: Slack, "Rate limits": `chat.postMessage` about one a second and
channel with short bursts; `chat.update` and the look-ups are tier 3, some 50 a minute and workspace, 429 tells the rest.
Not here: calling.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Method = Literal["chat.postMessage", "chat.update", "conversations.history", "conversations.replies"]
PER_SECOND = 1.0
BURST = 3.0
"""Calls that may follow one another at once after a quiet time: a message, its first reply, and one more."""
FIRST_BACK_OFF_SECONDS, LAST_BACK_OFF_SECONDS = 1.0, 30.0
"""The last is as long as between the probes of a broken channel: half a minute is what people are told."""


@dataclass(slots=True)
class _Lane:
    tokens: float = BURST
    at: float = 0.0
    held_until: float = 0.0


@dataclass(slots=True)
class Rate:
    """One for each process: channels do not share a pace, so that a slow one delays no other."""

    _lanes: dict[tuple[Method, str], _Lane] = field(default_factory=dict)
    _failures: dict[str, int] = field(default_factory=dict)
    _resting_until: dict[str, float] = field(default_factory=dict)

    def take(self, method: Method, channel: str, now: float) -> bool:
        """Say whether the method may be called for the channel now; if so, it counts as called."""
        lane = self._lanes.setdefault((method, channel), _Lane(at=now))
        lane.tokens = min(BURST, lane.tokens + (now - lane.at) * PER_SECOND)
        lane.at = now
        if lane.tokens < 1 or now < lane.held_until or self.is_resting(channel, now):
            return False
        lane.tokens -= 1
        return True

    def give_back(self, method: Method, channel: str) -> None:
        """Take back that a call was made."""
        self._lanes[method, channel].tokens += 1

    def is_resting(self, channel: str, now: float) -> bool:
        """Say whether the channel's last call came to nothing, and its next one is not due yet."""
        return now < self._resting_until.get(channel, 0.0)

    def has_failed(self, channel: str) -> bool:
        """Say whether the channel's last calls came to nothing: a call of it may take long."""
        return channel in self._failures

    def hold(self, method: Method, channel: str, seconds: float, now: float) -> None:
        """Take note of a 429: Slack names the seconds to wait, for this method and channel."""
        lane = self._lanes.setdefault((method, channel), _Lane(at=now))
        lane.held_until = max(lane.held_until, now + seconds)

    def note_failure(self, channel: str, now: float) -> float:
        """Rest the whole channel, longer each time; gives the seconds."""
        failures = self._failures.get(channel, 0)
        seconds = min(LAST_BACK_OFF_SECONDS, FIRST_BACK_OFF_SECONDS * 2.0**failures)
        self._failures[channel] = failures + 1
        self._resting_until[channel] = now + seconds
        return seconds

    def note_success(self, channel: str) -> None:
        self._failures.pop(channel, None)
        self._resting_until.pop(channel, None)
