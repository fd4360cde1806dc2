"""What an incident is called on the status page where nobody wrote a title: a template of fixed words and three placeholders.

No placeholder holds a sender's text: an alert may say anything, and the page is public (BEHAVIOUR 7). Not here: which
components and which impact (`processors/core/publication.py`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches

DEFAULT_TITLE = "{component}: {state}"
PLACEHOLDERS = ("component", "severity", "state")
MAX_CHARACTERS = 200
"""Of a title, as in the command `publish`."""
CLOSE = 0.7
"""How alike a word must be to be meant: `title` is not `state`."""
_PART = re.compile(r"\{([^{}]*)\}|[{}]")


def check_title(text: str) -> str:
    """Check a template; raises `ValueError` that says what is wrong and what to write."""
    if not text.strip():
        raise ValueError("the title is empty; it is shown to the public")
    if len(text) > MAX_CHARACTERS:
        raise ValueError(f"a title has at most {MAX_CHARACTERS} characters, this one {len(text)}")
    for found in _PART.finditer(text):
        _check_placeholder(found[0], found[1], found.start() + 1)
    return text


def _check_placeholder(written: str, name: str | None, at: int) -> None:
    known = ", ".join(f"{{{word}}}" for word in PLACEHOLDERS)
    if name is None:
        raise ValueError(f"{written!r} at character {at} of the title stands alone; placeholders are {known}")
    if name not in PLACEHOLDERS:
        close = get_close_matches(name.strip().lower(), PLACEHOLDERS, 1, CLOSE)
        hint = f"; did you mean {{{close[0]}}}?" if close else ""
        raise ValueError(f"{written!r} at character {at} of the title is no placeholder{hint} (there are: {known})")


def render_title(template: str, values: Mapping[str, str]) -> str:
    """Fill in a template that was checked; a title that grows too long ends with three dots."""
    text = _PART.sub(lambda found: values[found[1]], template)
    return text if len(text) <= MAX_CHARACTERS else f"{text[: MAX_CHARACTERS - 3]}..."
