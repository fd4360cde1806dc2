"""Words of senders' statuses that have no meaning here, by integration: how often, and when last. Pure, and bounded.

Whoever sends such a word is taken to be firing (BEHAVIOUR 2); somebody should give the word a meaning in `status_map`.
Not here: the books (`book.py`), and who shows them.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from schemas.reasons import unknown_status_in
from schemas.records import Outcome

MAX_WORDS = 20
"""For each integration, since senders may put anything there; what comes beyond is counted under `OTHERS`."""
OTHERS = "(others)"
KEPT_MILLIS = 86_400_000
"""A word that was not sent for a day is no longer shown: it has got a meaning, or its sender has gone."""


class Word(msgspec.Struct, frozen=True):
    count: int
    last_at: int


Words = dict[str, dict[str, Word]]
"""By `project/integration`, then by word."""


def note_words(words: Words, outcome: Outcome) -> None:
    """Count the words that the outcomes of one request name as unknown."""
    for event in outcome.events:
        word = unknown_status_in(event.reason)
        if word is not None:
            _count(words.setdefault(f"{outcome.project}/{outcome.integration}", {}), word, outcome.at)


def _count(known: dict[str, Word], word: str, at: int) -> None:
    if word not in known and len(known) >= MAX_WORDS:
        word = OTHERS
    before = known.get(word, Word(0, at))
    known[word] = Word(before.count + 1, max(before.last_at, at))


def recent(words: Mapping[str, Mapping[str, Word]], now_millis: int) -> Words:
    """Give the words that were sent within the last day."""
    since = now_millis - KEPT_MILLIS
    found = {name: {word: one for word, one in known.items() if one.last_at >= since} for name, known in words.items()}
    return {name: known for name, known in found.items() if known}
