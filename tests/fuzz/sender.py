"""Sends cases, each on a connection of its own, and notes what came back. Bounded: so many a second, so long for each.

Not here: what is sent (`cases.py`), whether what came back is right (`judges.py`).
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from schemas.settings import Address
from tests.fuzz.cases import Case, build_case
from tests.fuzz.requests import Target
from tests.fuzz.wire import Answer, read_answers

WORKERS = 8
ANSWER_SECONDS = 30.0
"""More than anything may take: 10 s for a body, 5 s for guessed tokens, 2 s for a command, and a slow machine."""
BROKEN_SECONDS = 2.0
"""How long the sender of what is no whole request waits for an answer to it."""
End = Literal["answered", "closed", "silent", "left"]
"""All answers came; the connection was closed before; nothing more came in time; the sender left by himself."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A case and what came back."""

    case: Case
    answers: list[Answer]
    end: End
    seconds: float
    begun_at: float = 0.0
    """By the wall clock, as logs have it."""


def send_case(case: Case, address: Address) -> Exchange:
    """Send one case and read what comes back."""
    started, begun_at = time.monotonic(), time.time()
    with socket.create_connection((address.host, address.port), 10, source_address=(case.address, 0)) as connection:
        answers, end = _send_and_read(case, connection)
    return Exchange(case, answers, end, time.monotonic() - started, begun_at)


def _send_and_read(case: Case, connection: socket.socket) -> tuple[list[Answer], End]:
    written = case.written
    try:
        for place, piece in enumerate(written.pieces()):
            if place:
                time.sleep(written.pause_seconds)
            connection.sendall(piece)
    except OSError:  # answered and closed before all was sent: what was answered is read
        pass
    if not written.waits:
        return [], "left"
    deadline = time.monotonic() + (ANSWER_SECONDS if written.is_whole else BROKEN_SECONDS)
    return _read(connection, deadline, written.count, written.method == b"HEAD")


def _read(connection: socket.socket, deadline: float, count: int, is_head: bool) -> tuple[list[Answer], End]:
    data, answers = b"", list[Answer]()
    while len(answers) < count:
        connection.settimeout(max(0.01, deadline - time.monotonic()))
        try:
            piece = connection.recv(65_536)
        except TimeoutError:
            return answers, "silent"
        except OSError:
            piece = b""
        if not piece:
            return answers, "closed"
        more, data = read_answers(data + piece, is_head=is_head)
        answers += more
    return answers, "answered"


@dataclass
class Notes:
    """What the senders have seen; kept small: bodies only of what is of interest later."""

    exchanges: list[Exchange] = field(default_factory=list)
    receipts: dict[str, tuple[int, Case]] = field(default_factory=dict)
    """Each receipt that a 2xx gave: how many alerts it is for, and the case."""
    failures: list[str] = field(default_factory=list)
    """What went wrong with a sender itself."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, exchange: Exchange) -> None:
        for answer in exchange.answers:
            if exchange.case.target == "webhook" and 200 <= answer.status < 300 and b'"receipt"' in answer.body:
                said = json.loads(answer.body)
                self.receipts[said["receipt"]] = (said["accepted"] + len(said["rejected"]), exchange.case)
        short = [Answer(answer.status, answer.headers, answer.body[:300]) for answer in exchange.answers]
        with self.lock:
            self.exchanges.append(replace(exchange, answers=short))


class Senders:
    """Some threads that send the cases of a seed in their order, at a bounded rate, until stopped."""

    def __init__(self, seed: int, addresses: Mapping[Target, Address], notes: Notes, per_second: float) -> None:
        self._seed, self._addresses, self._notes = seed, addresses, notes
        self._pause_seconds = WORKERS / per_second
        self._numbers: Iterator[int] = iter(range(10**9))
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._threads = [threading.Thread(target=self._run, name=f"fuzz-{at}", daemon=True) for at in range(WORKERS)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let each finish the case that it has in hand."""
        self._stopped.set()
        for thread in self._threads:
            thread.join(ANSWER_SECONDS + 15)

    def _run(self) -> None:
        while not self._stopped.is_set():
            with self._lock:
                number = next(self._numbers)
            started = time.monotonic()
            try:
                send_one(build_case(self._seed, number), self._addresses, self._notes)
            except Exception as error:
                self._notes.failures.append(f"--only {number}: the sender itself failed: {error!r}")
            self._stopped.wait(max(0.0, started + self._pause_seconds - time.monotonic()))


def send_one(case: Case, addresses: Mapping[Target, Address], notes: Notes) -> Exchange:
    exchange = send_case(case, addresses[case.target])
    notes.note(exchange)
    return exchange


def send_again(cases: Iterable[Case], addresses: Mapping[Target, Address]) -> list[Exchange]:
    """Send cases once more, one after the other."""
    return [send_case(case, addresses[case.target]) for case in cases]
