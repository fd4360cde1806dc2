"""What reaches a terminal."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.harmless import HarmlessStream, guarded, harmless, harmless_bytes


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("text", ["\x1b[2J", "\x1b]0;title\x07", "\x9b2J", "\u202eabc", "\x08\x08", "\x1b[31", "\x7f"])
def test_what_could_rewrite_the_screen_is_replaced(text: str) -> None:
    out = Terminal()
    guarded(out).write(f"a {text} b\n")
    assert "\ufffd" in out.getvalue()
    assert not set(out.getvalue()) & {"\x1b", "\x9b", "\u202e", "\x07", "\x08", "\x7f"}


def test_our_colours_stay_and_a_program_reads_what_is() -> None:
    out, pipe = Terminal(), io.StringIO()
    HarmlessStream(out).write("\x1b[1;31mred\x1b[0m\n")
    assert out.getvalue() == "\x1b[1;31mred\x1b[0m\n"
    assert guarded(pipe) is pipe


@given(st.text())
def test_bytes_are_made_harmless_as_texts_are(text: str) -> None:
    assert harmless_bytes(text.encode("utf-8", "surrogatepass")) == harmless(text).encode("utf-8", "surrogatepass")
