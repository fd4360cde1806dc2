"""What may reach a terminal: no control characters of senders, which could rewrite the screen. Not here: what is shown."""

from __future__ import annotations

import re
from typing import Any, TextIO

SHOWN = "\N{REPLACEMENT CHARACTER}"
_HARMFUL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_HARMFUL_BUT_COLOURS = re.compile(r"\x1b(?!\[[0-9;]*m)|[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_HARMFUL_BYTES = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xaa-\xae]|\xe2\x81[\xa6-\xa9]")


def harmless(text: str) -> str:
    """Replace control characters and overrides of the writing direction; line ends and tabs stay."""
    return _HARMFUL.sub(SHOWN, text)


def harmless_bytes(line: bytes) -> bytes:
    """Do the same to UTF-8."""
    return _HARMFUL_BYTES.sub(SHOWN.encode(), line)


class HarmlessStream:
    """A terminal's stream that lets through what `harmless` does, and colours, which are ours.

    The last net: whoever shows a sender's text makes it harmless before, since a colour can hide as well.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        return self._stream.write(_HARMFUL_BUT_COLOURS.sub(SHOWN, text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def guarded(stream: TextIO) -> Any:
    """Give the stream, made harmless where it is a terminal; what a program reads it reads as it is."""
    return HarmlessStream(stream) if stream.isatty() else stream
