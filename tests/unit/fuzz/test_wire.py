"""Answers are read from what came back: one after the other, with a length or in chunks, whole or not yet."""

from __future__ import annotations

import pytest

from tests.fuzz.wire import Answer, read_answers

PLAIN = b"HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\nok"


def test_several_answers_are_read_in_their_order() -> None:
    second = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    found, rest = read_answers(PLAIN + second + b"HTT")
    assert [answer.status for answer in found] == [202, 400]
    assert (found[0].body, found[1].headers["connection"], rest) == (b"ok", "close", b"HTT")


@pytest.mark.parametrize("length", range(len(PLAIN)))
def test_part_of_an_answer_is_none_yet(length: int) -> None:
    assert read_answers(PLAIN[:length]) == ([], PLAIN[:length])


def test_chunks_are_joined() -> None:
    data = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"
    assert read_answers(data) == ([Answer(200, {"transfer-encoding": "chunked"}, b"abcde")], b"")
    assert read_answers(data[:-4]) == ([], data[:-4])


def test_answer_to_head_has_no_body() -> None:
    assert read_answers(PLAIN[:-2], is_head=True)[0] == [Answer(202, {"content-length": "2"}, b"")]


def test_word_to_go_on_is_no_answer() -> None:
    found, _ = read_answers(b"HTTP/1.1 100 Continue\r\n\r\n" + PLAIN)
    assert [answer.status for answer in found] == [202]
