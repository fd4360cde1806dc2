"""`tocsin status`: what runs, how it is, and how far behind each group is."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from schemas.clock import now_millis
from schemas.disk import Disks
from schemas.errors import Unavailable
from schemas.settings import Settings
from schemas.topics import TOPICS
from schemas.troubles import read_troubles
from tocsin import exits, state
from tocsin.masked import masked

Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Answers:
    """What Kafka says: how far behind each group is, the ledger, how topics differ where that does harm, who is told nothing."""

    lag: dict[str, int] = field(default_factory=dict)
    ledger: Rows = field(default_factory=list)
    topics: Rows = field(default_factory=list)
    receivers: Rows = field(default_factory=list)
    problem: str | None = None


SHAPES = {"running": "✓", "starting": "○", "waiting": "▲", "stopped": "▲"}


def status(
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
    data: Annotated[Path | None, typer.Option(help="Directory of the embedded stack [TOCSIN_DATA, .tocsin].")] = None,
) -> None:
    """Tell which processes run, and how far behind each group is. Exit code 3 when nothing is reachable."""
    settings = Settings.load()
    found = collect(replace(settings, data=data) if data is not None else settings)
    print(json.dumps(found, indent=1) if as_json else render(found))
    if found["health"] in ("stopped", "unreachable"):
        raise typer.Exit(exits.NOT_REACHABLE)


def collect(settings: Settings) -> dict[str, Any]:
    """Gather everything that `status --json` prints."""
    stack = state.read(settings.data)
    located = state.find_servers(settings)
    answers = _ask_kafka(located)
    problem = answers.problem
    health = stack["health"] if stack is not None else "existing servers" if located.kafka else "stopped"
    troubles = read_troubles(settings.data) if health != "stopped" else {}
    if stack is not None and (seen := _look_at(settings, stack)):
        troubles = {**troubles, "status": seen}
    if troubles and health == "ready":
        health = "degraded"
    if problem and health != "stopped":
        health = "unreachable" if stack is None else "degraded"
    broken = [topic for topic in answers.topics if topic["weight"] == "breaks"]
    if broken and health in ("ready", "existing servers"):
        health, problem = "degraded", f"topic {broken[0]['topic']}: {broken[0]['consequence']}"
    return {
        "health": health,
        "problem": problem,
        "pid": stack["pid"] if stack is not None else None,
        "processes": stack["processes"] if stack is not None else [],
        "troubles": troubles,
        "lag": answers.lag,
        "ledger": answers.ledger,
        "topics": answers.topics,
        "receivers": answers.receivers,
        "kafka": located.kafka,
        "database_url": masked(located.database_url),
        "addresses": stack["addresses"] if stack is not None else {},
        "data": str(settings.data.resolve()),
    }


def _look_at(settings: Settings, stack: state.StackState) -> list[str]:
    """Say what can be seen from here alone: on a full disk nobody can write down how he is, and what was written says "ready"."""
    seen = []
    disks = Disks(stack.get("watched_disks", ""), settings)  # a supervisor of an earlier version does not say
    disks.look()
    if disks.words:
        seen.append(f"{disks.words} (of {stack['watched_disks']}); alerts and commands are refused until there is room")
    age = state.seconds_since_written(settings.data, now_millis())
    if age > state.STALE_SECONDS:
        seen.append(
            f"the supervisor has not written its state for {age:.0f} s: it cannot (a full disk?) or hangs, and processes are "
            "shown as they were then"
        )
    return seen


def render(found: dict[str, Any]) -> str:
    """Lay it out for a terminal: aligned columns, a word and a shape for each state."""
    lines = [f"health    {found['health']}" + (f" ({found['problem']})" if found["problem"] else "")]
    lines.append(f"kafka     {found['kafka'] or 'none'}")
    lines.append(f"database  {found['database_url'] or 'none'}")
    lines.append(f"data      {found['data']}")
    lines += [f"{name:18} http://{address}" for name, address in found["addresses"].items()]
    if found["processes"]:
        lines += ["", f"  {'process':18} {'state':9} {'pid':>8} {'restarts':>9}"]
    for process in found["processes"]:
        shape = SHAPES.get(process["state"], "○")
        lines.append(f"{shape} {process['name']:18} {process['state']:9} {process['pid'] or '–':>8} {process['restarts']:>9}")
    lines += _ends(found["processes"], found["data"])
    lines += [""] * bool(found["troubles"])
    lines += [f"▲ {name}: {words}" for name, told in found["troubles"].items() for words in told]
    if found["receivers"]:
        from tocsin.status_receivers import render_receivers

        lines += render_receivers(found["receivers"], now_millis())
    if found["lag"]:
        lines += ["", f"  {'consumer group':28} {'records behind':>14}"]
    lines += [f"  {group:28} {lag:>14,}" for group, lag in found["lag"].items()]
    if found["ledger"]:
        from tocsin.status_ledger import render_ledger

        lines += render_ledger(found["ledger"])
    if found["topics"]:
        lines.append("")
    for topic in found["topics"]:
        lines.append(f"▲ topic {topic['topic']}: {topic['setting']} is {topic['actual']}, declared is {topic['declared']}")
        lines.append(f"  {topic['consequence']}. To mend it: {topic['mend']}")
    return "\n".join(lines)


def _ends(processes: list[dict[str, Any]], data: str) -> list[str]:
    """Tell of each process that ended by itself how it did so last, and of what it died how often."""
    lines = []
    for process in processes:
        if process.get("last_end") is not None:  # a supervisor of an earlier version does not say
            counts = ", ".join(f"{name} {count}×" for name, count in process["signals"].items())
            died = f" (died by {counts})" if counts else ""
            log = f"{data}/log/{process['name']}.log"
            lines.append(f"▲ {process['name']} {process['last_end']} at {process['last_end_at']}{died}; its last words: {log}")
    return ["", *lines] if lines else []


def _ask_kafka(settings: Settings) -> Answers:
    """Ask what Kafka alone knows, or say what keeps it from answering."""
    if not settings.kafka:
        return Answers()
    from tocsin.cluster import admin_client, lag_by_group
    from tocsin.status_ledger import read_ledger
    from tocsin.status_receivers import read_receivers
    from tocsin.topic_check import find_differences

    try:
        with admin_client(settings, wait_seconds=3) as client:
            lag = lag_by_group(client, settings.topic_prefix)
            differences = find_differences(client, settings, TOPICS)
        topics = [asdict(difference) for difference in differences if difference.weight != "differs"]
        return Answers(lag, read_ledger(settings), topics, read_receivers(settings))
    except Unavailable as error:
        return Answers(problem=str(error))
