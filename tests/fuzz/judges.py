"""The judges: each looks at what was seen and says what is wrong; an empty list means that the promise held.

Pure: what they look at is gathered by `__main__.py` and `watch.py`. Each has a test with data that breaks it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.fuzz.requests import Target
from tests.fuzz.sender import Exchange
from tocsin.state import ProcessState

DESIGN = Path(__file__).parents[2] / "docs" / "DESIGN.md"
OPERATOR_STATUSES = (201, 409)
"""What the API answers beside the statuses of the table: something was created, a command was refused."""
AS_CONFIGURED = b"rate limit"
"""In a 503 that an integration's own limit gives, and may give for minutes."""
LEAST_P99_SECONDS = 1.0
TIMES_QUIET = 10
"""The good client's p99 may be ten times its quiet one, or a second: generous, since CI has two cores for all of it."""
GROWTH_MEGABYTES = {"kafka": 600, "": 200}
"""What a process may grow after it is warm; the broker's heap of 512 MB is taken step by step."""
LOG_SIGNS = re.compile(rb"Traceback \(most recent call last\)|request_failed|Exception in ASGI application|was never awaited")

LOG_TIME = re.compile(rb"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)[.,](\d+)")
SLACK_SECONDS = 0.2
"""Between what a log says and when a request was there."""


def documented_statuses(design: str) -> frozenset[int]:
    """Read the statuses from the table of answers of DESIGN section 4."""
    rows = re.findall(r"^\| ((?:\d{3}(?:, )?)+)[^|]*\|", design, re.MULTILINE)
    return frozenset(int(status) for row in rows for status in re.findall(r"\d{3}", row))


def status_problems(exchanges: Iterable[Exchange], documented: frozenset[int]) -> list[str]:
    """Every status is documented; 5xx is 503 with Retry-After and nothing else."""
    allowed: Mapping[Target, frozenset[int]] = {"webhook": documented, "operator": documented | {*OPERATOR_STATUSES}}
    found = []
    for exchange in exchanges:
        for answer in exchange.answers:
            if answer.status >= 500 and (answer.status != 503 or "retry-after" not in answer.headers):
                found.append(f"{answer.status} without a word of when to come again, {answer.body!r}, to {exchange.case}")
            elif answer.status not in allowed[exchange.case.target]:
                found.append(f"{answer.status} is no documented answer, {answer.body!r}, to {exchange.case}")
    return found


def unanswered_problems(exchanges: Iterable[Exchange]) -> list[str]:
    """A request that is whole is answered, whatever it says; what is answered and then closed is answered."""
    return [
        f"no answer ({exchange.end} after {exchange.seconds:.1f} s) to {exchange.case}"
        for exchange in exchanges
        if exchange.case.written.is_whole and not exchange.answers
    ]


def still_unavailable(again: Iterable[Exchange]) -> list[str]:
    """What got 503 under load gets another answer when all is quiet: it was no fault that looks like a shortage."""
    return [
        f"503 again when all was quiet, {answer.body!r}, to {exchange.case}"
        for exchange in again
        for answer in exchange.answers
        if answer.status == 503 and AS_CONFIGURED not in answer.body
    ]


def process_problems(before: Sequence[ProcessState], after: Sequence[ProcessState]) -> list[str]:
    """Each process is the one that it was: running, never ended."""
    now = {one["name"]: one for one in after}
    found = []
    for was in before:
        one = now.get(was["name"])
        if one is None:
            found.append(f"process {was['name']} is gone")
        elif (one["pid"], one["state"], one["restarts"], one["signals"]) != (
            was["pid"],
            "running",
            was["restarts"],
            was["signals"],
        ):
            found.append(f"process {was['name']} did not just run: {one}, before {was}")
    return found


def p99(seconds: Sequence[float]) -> float:
    return sorted(seconds)[int(len(seconds) * 0.99)] if seconds else float("inf")


def latency_problems(quiet: Sequence[float], busy: Sequence[float]) -> list[str]:
    """The good client does not wait much longer for all that is sent beside it."""
    bound = max(LEAST_P99_SECONDS, TIMES_QUIET * p99(quiet))
    return [f"the good client's p99 is {p99(busy):.3f} s, over {bound:.3f} s"] if p99(busy) > bound else []


def memory_problems(warm: Mapping[str, float], highest: Mapping[str, float]) -> list[str]:
    """No process takes much more memory than when it was warm; in megabytes."""
    return [
        f"{name} grew from {warm[name]:.0f} to {most:.0f} MB"
        for name, most in highest.items()
        if name in warm and most - warm[name] > GROWTH_MEGABYTES.get(name, GROWTH_MEGABYTES[""])
    ]


def log_problems(logs: Mapping[str, bytes], exchanges: Iterable[Exchange] = ()) -> list[str]:
    """No process met a fault of its own; the first of each log is shown, with the requests that were there at that moment."""
    found, sent = [], list(exchanges)
    for name, text in logs.items():
        if first := LOG_SIGNS.search(text):
            signs = dict(Counter(sign.decode() for sign in LOG_SIGNS.findall(text)))
            start = text.rfind(b"\n", 0, max(0, first.start() - 100)) + 1
            cases = [f"--only {number}" for number in sorted(underway(text[start : first.end()], sent))]
            found.append(f"{name} has {signs}; underway then: {cases}\n{text[start : start + 3000].decode(errors='replace')}")
    return found


def underway(line: bytes, exchanges: Iterable[Exchange]) -> set[int]:
    """Give the numbers of the cases that were being sent at the last time that stands in a piece of log."""
    times = LOG_TIME.findall(line)
    if not times:
        return set()
    day, second, part = (text.decode() for text in times[-1])
    at = datetime.fromisoformat(f"{day}T{second}").replace(tzinfo=UTC).timestamp() + float(f"0.{part}")
    return {
        one.case.number for one in exchanges if one.begun_at - SLACK_SECONDS <= at <= one.begun_at + one.seconds + SLACK_SECONDS
    }


def ledger_problems(rows: Iterable[Mapping[str, object]]) -> list[str]:
    """Received is the sum of what became of it, and nothing is pending, in each project; and there are books at all."""
    kept = list(rows)
    wrong = [row for row in kept if row["state"] != "adds up" or row["pending"] or row["difference"]]
    return [f"the ledger: {dict(row)}" for row in wrong] if kept else ["the ledger has no books"]


def good_alerts_problems(accepted: Counter[str], uncertain: Counter[str], stored: Sequence[tuple[str, int]]) -> list[str]:
    """Each acknowledged good alert is one row with its count; what got no answer may be counted or not."""
    rows, counts = Counter(title for title, _ in stored), dict(stored)
    found = [f"{title!r} is there {rows[title]} times" for title in accepted if rows[title] != 1]
    found += [
        f"{title!r} was acknowledged {times} times (uncertain {uncertain[title]}) and is counted {counts[title]} times"
        for title, times in accepted.items()
        if rows[title] == 1 and not times <= counts[title] <= times + uncertain[title]
    ]
    return found + [f"{title!r} was never sent" for title in rows if title not in accepted and title not in uncertain]


def receipt_problems(receipts: Mapping[str, int], read: Mapping[str, Sequence[str] | int]) -> list[str]:
    """Each receipt can be read (a number is the status that it got instead) and has so many outcomes, all of them final."""
    found = []
    for receipt, count in receipts.items():
        outcomes = read.get(receipt, 0)
        if isinstance(outcomes, int):
            found.append(f"receipt {receipt} cannot be read: {outcomes}")
        elif len(outcomes) != count or "pending" in outcomes:
            found.append(f"receipt {receipt} of {count} has {dict(Counter(outcomes))}")
    return found


def good_client_problems(refused: Sequence[str], answered: int) -> list[str]:
    """The good client gets nothing but 2xx, or 503; and it must have been there."""
    nothing = [] if answered else ["the good client got no answer at all: nothing was judged"]
    return [*nothing, *(f"the good client: {text}" for text in refused)]
