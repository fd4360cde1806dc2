"""How many connections there are, in all and by address, and whether one more may come.

Not here: accepting (`accept.py`), what a connection may do (`limited_protocol.py`).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from producers.networks import is_loopback, network_of, plain_address

RESERVED = 16
"""Beyond the cap, for this machine alone: probes and `tocsin status` find a door that others have filled."""


@dataclass(frozen=True, slots=True)
class Full:
    """Which cap is reached; `network` is None where it is that of all."""

    most: int
    network: str | None


class Places:
    """Used from the event loop alone."""

    def __init__(self, most: int, most_per_address: int, trusted_proxy: str = "") -> None:
        self.most = most
        self._most_per_address = most_per_address
        self._trusted = network_of(plain_address(trusted_proxy)) if trusted_proxy else None
        self._taken: Counter[str] = Counter()
        self._count = 0

    @property
    def count(self) -> int:
        return self._count

    def full(self, network: str) -> Full | None:
        """Say which cap one more connection of this network would go beyond."""
        if network != self._trusted and self._taken[network] >= self._most_per_address:
            return Full(self._most_per_address, network)
        if self._count >= self.most + (RESERVED if is_loopback(network) else 0):
            return Full(self.most, None)
        return None

    def take(self, network: str) -> Place:
        """Count one more, whether there is room or not."""
        self._taken[network] += 1
        self._count += 1
        return Place(self, network)

    def give_back(self, network: str) -> None:
        self._count -= 1
        self._taken[network] -= 1
        if not self._taken[network]:
            del self._taken[network]


@dataclass(slots=True)
class Place:
    """One connection's; given back once, however often it is said."""

    places: Places
    network: str
    _is_free: bool = field(default=False)

    def free(self) -> None:
        if not self._is_free:
            self._is_free = True
            self.places.give_back(self.network)
