"""How many messages a channel was given lately, so that a storm of them becomes one digest. Pure: it is told the time.

Not here: the digest itself (`digests.py`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field

MOST = 10
"""Messages of their own that incidents get in one channel within a window (BEHAVIOUR 7, "Slack")."""
WINDOW_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Earlier:
    """An incident that a channel was told of, or was to be: by a message of its own (posted, or still owed), or in a digest."""

    channel: str
    incident: Hashable
    when: float
    is_own: bool
    is_owed: bool


@dataclass(slots=True)
class Openings:
    """One for each process. An incident that was admitted stays so until it is posted, or a window long: a channel that takes
    nothing for hours would else be given all that waited at once.
    """

    _lately: dict[str, deque[float]] = field(default_factory=dict)
    _admitted: dict[Hashable, float] = field(default_factory=dict)

    def admit(self, channel: str, incident: Hashable, now: float) -> bool:
        """Say whether an incident gets a message of its own. It counts either way: a storm lasts until fewer come."""
        if self._admitted.get(incident, float("-inf")) > now - WINDOW_SECONDS:
            return True
        is_calm = self.is_calm(channel, now)
        self._lately[channel].append(now)
        if is_calm:
            self._admitted[incident] = now
        return is_calm

    def is_calm(self, channel: str, now: float) -> bool:
        """Say whether the next incident would get a message of its own."""
        lately = self._lately.setdefault(channel, deque())
        while lately and lately[0] <= now - WINDOW_SECONDS:
            lately.popleft()
        return len(lately) < MOST

    def resume(self, earlier: Iterable[Earlier], now: float) -> None:
        """Count what an earlier process had to do with; what it was about to post stays admitted, as far as ten reach."""
        lately = sorted((one for one in earlier if one.when > now - WINDOW_SECONDS), key=lambda one: one.when)
        for one in lately:
            if one.is_own:
                self._lately.setdefault(one.channel, deque()).append(one.when)
        for one in lately:
            if one.is_owed and len(self._lately.setdefault(one.channel, deque())) < MOST:
                self._lately[one.channel].append(one.when)
                self._admitted[one.incident] = one.when
        for one in lately:
            if not one.is_own and one.incident not in self._admitted:
                self._lately.setdefault(one.channel, deque()).append(one.when)
        self._lately = {channel: deque(sorted(times)) for channel, times in self._lately.items()}

    def note_posted(self, incident: Hashable) -> None:
        self._admitted.pop(incident, None)
