"""The campaign: `python -m tests.fuzz [--seed N] [--seconds 180] [--only K …]`; exit 0 when every judge is content.

One whole `tocsin up`; requests broken in ways that a seed decides, at a bounded rate; a good client beside them.
With `--only` the named cases of the seed are sent alone, and what came back is printed.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import psycopg

from schemas.first_use import use_each_type_once
from schemas.settings import Address, Settings
from tests.fuzz import judges
from tests.fuzz.cases import Case, build_case
from tests.fuzz.good_client import GoodClient, Told
from tests.fuzz.requests import Target
from tests.fuzz.sender import Notes, Senders, send_again, send_one
from tests.fuzz.stack import GOOD_PROJECT, GOOD_TOKEN, SENDER_TOKEN, configuration
from tests.fuzz.watch import MemoryWatch
from tests.running import RunningStack
from tests.servers import scratch_directory, wait_until
from tocsin.state import ProcessState
from tocsin.status_ledger import read_ledger

QUIET_SECONDS = 10.0
SETTLE_SECONDS = 120.0
PER_SECOND = 60.0
WARM_SHARE = 0.2
"""Of the time: connections, pools and caches are filled, and each process has its size."""
SENT_AGAIN = 20
SHOWN = 8
"""Of what one judge found; the rest is counted."""
REPEAT_SECONDS = 2.0
"""Until a fault that a case alone has led to stands in a log."""
Say = Callable[[str], None]
Found = dict[str, list[str]]
"""What each judge found, by its name."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=180, help="how long broken requests are sent")
    parser.add_argument("--seed", type=int, default=1, help="of the requests")
    parser.add_argument("--per-second", type=float, default=PER_SECOND, help="at most so many requests")
    parser.add_argument("--only", type=int, action="append", default=[], help="send only this case of the seed (repeatable)")
    options = parser.parse_args()
    use_each_type_once()
    started = time.monotonic()

    def say(what: str) -> None:
        print(f"{time.monotonic() - started:7.1f} s  {what}", flush=True)

    with scratch_directory() as data:
        config = data / "fuzz.yaml"
        config.write_text(json.dumps(configuration()))
        with RunningStack(data, config=config) as stack:
            say(f"the stack is ready; seed {options.seed}")
            if options.only:
                return repeat([build_case(options.seed, number) for number in options.only], stack)
            found = campaign(stack, options.seed, options.seconds, options.per_second, say)
        problems = [line for name, problems in found.items() for line in few(name, problems)]
        for problem in problems:
            print(f"FOUND (seed {options.seed}): {problem}")
        if problems:
            print(f"a case alone: python -m tests.fuzz --seed {options.seed} --only K; the logs are in {keep_logs(data)}")
    print(f"{len(problems)} found")
    return 1 if problems else 0


def addresses_of(settings: Settings) -> Mapping[Target, Address]:
    return {"webhook": settings.webhook_listen, "operator": settings.operator_listen}


def repeat(cases: Sequence[Case], stack: RunningStack) -> int:
    """Send cases alone and print what came back."""
    for case in cases:
        exchange = send_one(case, addresses_of(stack.settings), Notes())
        print(case)
        print(f"  {exchange.end} after {exchange.seconds:.2f} s: {exchange.answers}")
    time.sleep(REPEAT_SECONDS)
    print("\n".join(judges.log_problems(logs_of(stack.data))))
    return 0


def campaign(stack: RunningStack, seed: int, seconds: float, per_second: float, say: Say) -> Found:
    """Send, settle, and ask every judge; gives what each found."""
    addresses, before, notes = addresses_of(stack.settings), processes_of(stack), Notes()
    client, watch = GoodClient(addresses["webhook"], addresses["operator"]), MemoryWatch(stack)
    senders = Senders(seed, addresses, notes, per_second)
    client.start()
    time.sleep(QUIET_SECONDS)
    begun = time.monotonic()
    say("the quiet time is over; sending broken requests")
    watch.start()
    senders.start()
    time.sleep(seconds * WARM_SHARE)
    watch.note_warm()
    time.sleep(seconds * (1 - WARM_SHARE))
    senders.stop()
    ended = time.monotonic()
    for thread in (client, watch):
        thread.stopped.set()
        thread.join(40)
    say(f"{len(notes.exchanges)} requests sent; waiting until all is through")
    kept = settled_problems(stack, notes, client.told)
    watch.look()
    quiet = [taken for at, taken in client.told.seconds if at < begun]
    busy = [taken for at, taken in client.told.seconds if begun <= at < ended]
    print(json.dumps(facts(notes, client.told, quiet, busy, watch), indent=1))
    unavailable = [one.case for one in notes.exchanges if any(answer.status == 503 for answer in one.answers)]
    documented = judges.documented_statuses(judges.DESIGN.read_text())
    return {
        "status": judges.status_problems(notes.exchanges, documented),
        "answer": judges.unanswered_problems(notes.exchanges),
        "503": judges.still_unavailable(send_again(unavailable[:SENT_AGAIN], addresses)),
        "p99": judges.latency_problems(quiet, busy),
        "memory": judges.memory_problems(watch.warm, watch.highest),
        "good client": judges.good_client_problems(client.told.refused, len(client.told.receipts)),
        **kept,
        "process": judges.process_problems(before, processes_of(stack)),
        "sender": notes.failures,
        "log": judges.log_problems(logs_of(stack.data), notes.exchanges),  # now: libraries complain of being stopped
    }


def few(name: str, problems: Sequence[str]) -> list[str]:
    """Give the first of one judge's problems, and how many more there are."""
    more = [f"{name}: {len(problems) - SHOWN} more"] if len(problems) > SHOWN else []
    return [f"{name}: {problem}" for problem in problems[:SHOWN]] + more


def settled_problems(stack: RunningStack, notes: Notes, told: Told) -> Found:
    """Wait until nothing is pending, then ask the judges of what is kept."""
    settings = stack.settings
    try:
        wait_until(lambda: not judges.ledger_problems(read_ledger(settings)), "the ledger adds up", SETTLE_SECONDS)
    except AssertionError:
        return {"ledger": judges.ledger_problems(read_ledger(settings))}
    with psycopg.connect(settings.database_url) as database:
        stored = database.execute("SELECT title, events FROM tocsin.alerts WHERE project = %s", [GOOD_PROJECT]).fetchall()
    good = dict.fromkeys(told.receipts, 1)
    sent = {receipt: count for receipt, (count, _) in notes.receipts.items()}
    receipts = judges.receipt_problems(good, read_receipts(settings.webhook_listen, good, GOOD_TOKEN))
    receipts += judges.receipt_problems(sent, read_receipts(settings.webhook_listen, sent, SENDER_TOKEN))
    return {"good alerts": judges.good_alerts_problems(told.accepted, told.uncertain, stored), "receipt": receipts}


def read_receipts(webhook: Address, receipts: Mapping[str, int], token: str) -> dict[str, list[str] | int]:
    """Read each receipt: the outcome of each alert, or the status where there is none."""
    found: dict[str, list[str] | int] = {}
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=f"http://{webhook.host}:{webhook.port}", headers=headers, timeout=30) as client:
        for receipt in receipts:
            answer = client.get(f"/receipts/{receipt}")
            is_there = answer.status_code == 200
            found[receipt] = [one["outcome"] for one in answer.json()["alerts"]] if is_there else answer.status_code
    return found


def processes_of(stack: RunningStack) -> list[ProcessState]:
    state = stack.state()
    return state["processes"] if state else []


def logs_of(data: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((*data.glob("log/*.log*"), *data.glob("*.out")))}


def keep_logs(data: Path) -> Path:
    kept = Path(tempfile.mkdtemp(prefix="tocsin-fuzz-"))
    for name, text in logs_of(data).items():
        (kept / name).write_bytes(text)
    return kept


def facts(notes: Notes, told: Told, quiet: Sequence[float], busy: Sequence[float], watch: MemoryWatch) -> dict[str, Any]:
    """Give what was seen, for people."""
    statuses = Counter(f"{one.case.target} {answer.status}" for one in notes.exchanges for answer in one.answers)
    return {
        "requests": dict(Counter(one.case.level for one in notes.exchanges)),
        "answers": dict(sorted(statuses.items())),
        "ends": dict(Counter(one.end for one in notes.exchanges)),
        "receipts": len(notes.receipts),
        "good client": {"accepted": told.accepted.total(), "uncertain": told.uncertain.total()},
        "good client p99, ms": {"quiet": round(judges.p99(quiet) * 1000), "busy": round(judges.p99(busy) * 1000)},
        "memory, MB": {name: f"{watch.warm.get(name, 0):.0f} to {most:.0f}" for name, most in watch.highest.items()},
    }


if __name__ == "__main__":
    sys.exit(main())
