"""What is said publicly of an incident that comes back; all else of publications is told in stories."""

from __future__ import annotations

from processors.core.publication import CAME_BACK, KEEPS_COMING_BACK, RESOLVED, come_back
from processors.core.state import State
from schemas.records import Publication, PublicUpdate


def texts_after_coming_back(*texts: str) -> list[str]:
    state = State()
    shown = Publication("t", "minor", [], 0, [PublicUpdate(at, "s", text) for at, text in enumerate(texts)])
    return [update.text for update in come_back(state, shown).updates]


def test_only_the_words_about_the_last_return_are_replaced() -> None:
    assert texts_after_coming_back("first", RESOLVED) == ["first", RESOLVED, CAME_BACK]
    for text in (CAME_BACK, KEEPS_COMING_BACK):
        assert texts_after_coming_back("first", RESOLVED, text, RESOLVED) == ["first", RESOLVED, KEEPS_COMING_BACK]


def test_words_of_people_are_never_replaced() -> None:
    assert texts_after_coming_back(CAME_BACK, "people's") == [CAME_BACK, "people's", CAME_BACK]
    assert texts_after_coming_back("people's", RESOLVED) == ["people's", RESOLVED, CAME_BACK]
