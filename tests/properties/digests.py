"""One digest of all decisions about each of some fixed inboxes, for comparing runs of Python that hash texts otherwise.

`python -m tests.properties.digests` prints them. Not here: the comparison.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from random import Random

from tests.properties.inboxes import inbox_from
from tests.simulation.arriving import inbox_of
from tests.world import World

INBOXES = 25
RECORDS = 40


def digest_of(numbers: Iterable[int]) -> list[str]:
    """Run each inbox and hash its journal, which holds every decision as bytes."""
    return [_digest(Random(number)) for number in numbers]


def _digest(chance: Random) -> str:
    world = World(inbox=inbox_of(inbox_from([chance.randrange(2**32) for _ in range(RECORDS)])))
    world.run()
    return blake2b(b"".join(world.journal), digest_size=16).hexdigest()


if __name__ == "__main__":
    print(*digest_of(range(INBOXES)), sep="\n")  # read by the process that started this one
