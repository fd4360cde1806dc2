"""The campaign: `python -m tests.crash [--seconds 180] [--seed N] [--events 20000]`; exit 0 when every promise held."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import psycopg

from schemas.first_use import use_each_type_once
from tests.crash import slack
from tests.crash.audit import audit
from tests.crash.kills import Kills
from tests.crash.load import Sender, Told, configuration
from tests.crash.people import Answers, Flood, Person
from tests.crash.shortages import Shortages
from tests.crash.small_disk import enter_namespace, mounted
from tests.running import RunningStack
from tests.servers import scratch_directory, wait_until

SENDERS = 6
PEOPLE = 3
ANSWER_SECONDS = 60
BEGIN_SECONDS = 60
SETTLE_SECONDS = 150
QUIET_SECONDS = 12
ERA_SECONDS = 20


DISK_MEBIBYTES, LOGS_MEBIBYTES = 6 * 1024, 256
"""In memory, but only what is written; a campaign writes about a tenth of it."""
STOP_SECONDS = 10.0


def main() -> int:
    enter_namespace("tests.crash")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=180, help="how long things are killed")
    parser.add_argument("--seed", type=int, default=1, help="of the order of kills and of what is sent")
    parser.add_argument("--events", type=int, default=20_000, help="at least so many must have been accepted")
    parser.add_argument("--only", action="append", default=[], help="do only actions whose name holds this (repeatable)")
    options = parser.parse_args()
    use_each_type_once()
    with scratch_directory() as data:
        return campaign(data, options.seed, options.seconds, options.events, options.only)


def campaign(data: Path, seed: int, seconds: float, least_events: int, only: list[str]) -> int:
    started = time.monotonic()

    def say(what: str) -> None:
        print(f"{time.monotonic() - started:7.1f} s  {what}", flush=True)

    with (
        scratch_directory() as aside,
        slack.running(aside / "slack.json", aside / "slack.log") as fake,
        mounted(data, DISK_MEBIBYTES, "711") as disk,
        mounted(data / "log", LOGS_MEBIBYTES, "700") as logs,
        _configured(data, fake) as stack,
    ):
        say(f"the stack is ready; seed {seed}, {seconds:g} s of kills")
        told = Told()
        shortages = Shortages(stack, disk, logs, told, say)
        kills = Kills(stack, shortages, seed, aside / "others.log", say, only)
        webhook, operator, answers = stack.settings.webhook_listen, stack.settings.operator_listen, Answers()
        senders = [Sender(number, seed, webhook, told, 0.04) for number in range(SENDERS)]
        people: list[Person | Flood] = [Person(number, seed, operator, answers) for number in range(PEOPLE)]
        people.append(Flood(webhook, operator, told, answers))
        threads: list[Sender | Person | Flood] = [*senders, *people]
        try:
            for one in threads:
                one.start()
            # A notifying sink without a position tells nothing of what is there already (DESIGN section 3).
            wait_until(lambda: fake.call_count() > 0, "the Slack sink has begun to tell", BEGIN_SECONDS)
            _run(kills, senders, started + seconds)
            _send_until(told, least_events, started + seconds + 60)
        finally:
            for one in threads:
                one.stopped.set()
            for sender in senders:
                sender.join(15)
            kills.end_all()
            _let_finish(people)
        say(f"{told.events} events accepted, {len(answers.given)} commands answered; waiting until all is through")
        _settle(stack, told, fake)
        problems, facts = audit(stack.settings, told, answers, fake.opened())
        problems += [f"Slack has two messages of one delivery: {name}" for name in fake.repeated_replies()[:5]]
        problems += [f"Slack refused calls: {line}" for line in fake.refused_calls()]
        problems += shortages.problems
        problems += _stop(stack, say)
        facts["kills"] = kills.counts
        print(json.dumps(facts, indent=1, ensure_ascii=False))
        problems += [] if told.events >= least_events else [f"only {told.events} events were accepted"]
        for problem in problems:
            print(f"BROKEN PROMISE: {problem}")
        if problems:
            _keep_logs(data, aside)
    print(f"{len(facts['kills'])} kinds of kills, {len(problems)} broken promises")
    return 1 if problems else 0


def _configured(data: Path, fake: slack.FakeSlack) -> RunningStack:
    config = data / "crash.yaml"
    config.write_text(json.dumps(configuration()))
    return RunningStack(data, config=config, environment=fake.environment)


def _stop(stack: RunningStack, say: Callable[[str], None]) -> list[str]:
    begun = time.monotonic()
    stack.stop()
    seconds = time.monotonic() - begun
    say(f"stopped within {seconds:.1f} s")
    return [f"the stack stopped within {seconds:.1f} s"] if seconds > STOP_SECONDS else []


def _run(kills: Kills, senders: list[Sender], deadline: float) -> None:
    def turn_eras() -> None:
        while time.monotonic() < deadline:
            time.sleep(ERA_SECONDS)
            for sender in senders:
                sender.era += 1

    threading.Thread(target=turn_eras, daemon=True).start()
    kills.run_until(deadline)


def _let_finish(people: Sequence[Person | Flood]) -> None:
    """Wait for the answer to what each has in hand; one that never comes is a broken promise, which the audit tells."""
    for person in people:
        person.join(ANSWER_SECONDS)
        person.given_up.set()
        person.join(15)


def _send_until(told: Told, events: int, deadline: float) -> None:
    while told.events < events and time.monotonic() < deadline:
        time.sleep(0.5)


def _settle(stack: RunningStack, told: Told, fake: slack.FakeSlack) -> None:
    """Wait until every accepted request has its outcomes, and nothing has moved at Slack for a while."""
    wait_until(lambda: _is_through(stack, told), "every accepted request has an outcome", SETTLE_SECONDS)
    last, since = -1, time.monotonic()

    def is_quiet() -> bool:
        nonlocal last, since
        calls = fake.call_count()
        if calls != last:
            last, since = calls, time.monotonic()
        return time.monotonic() - since > QUIET_SECONDS

    wait_until(is_quiet, "nothing more comes to Slack", SETTLE_SECONDS)


def _is_through(stack: RunningStack, told: Told) -> bool:
    try:
        with psycopg.connect(stack.settings.database_url) as database:
            rows = database.execute("SELECT DISTINCT receipt FROM tocsin.outcomes").fetchall()
    except psycopg.Error:
        return False
    return told.accepted.keys() <= {row[0] for row in rows}


def _keep_logs(*places: Path) -> None:
    kept = Path(tempfile.mkdtemp(prefix="tocsin-crash-"))
    for log in (log for place in places for pattern in ("*.log", "*.out", "log/*.log*") for log in place.glob(pattern)):
        (kept / log.name).write_bytes(log.read_bytes())
    print(f"the logs are in {kept}")


if __name__ == "__main__":
    sys.exit(main())
