"""`tocsin topics …`: create, list, print ACLs, read along. Not here: what the topics are (`schemas/topics.py`)."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Annotated, Any

import typer

from schemas.clock import now_millis
from schemas.errors import OperatorError
from schemas.settings import Settings
from schemas.topics import TOPICS
from tocsin import exits
from tocsin.state import find_servers

app = typer.Typer(help="The Kafka topics.", no_args_is_help=True)


@app.command()
def create(
    wait: Annotated[float, typer.Option(help="Seconds to wait for the cluster.")] = 10,
    mend: Annotated[bool, typer.Option(help="Mend what would be refused, where that can be mended.")] = False,
) -> None:
    """Create what is missing; refuse existing topics by which a promise would not hold, and say how others differ."""
    from tocsin.embedded.topics import create as create_topics

    settings = find_servers(Settings.load())
    created = create_topics(settings, wall_clock_millis=now_millis(), wait_seconds=wait, mends=mend, say=_say)
    print(f"{len(created)} topics created, {len(TOPICS) - len(created)} were there")


@app.command("list")
def list_topics(as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False) -> None:
    """List the declared topics, with partitions and records where they exist."""
    from tocsin.cluster import admin_client, end_offsets, partitions_of

    settings = find_servers(Settings.load())
    names = {topic.full_name(settings.topic_prefix): topic for topic in TOPICS}
    with admin_client(settings) as client:
        counts = partitions_of(client, list(names))
        ends = end_offsets(client, counts)
    rows = [
        {"topic": name, "partitions": counts.get(name, 0), "end": sum(end for (of, _), end in ends.items() if of == name),
         "cleanup": topic.cleanup, "retention_days": topic.retention_days, "key": topic.key, "value": topic.value}
        for name, topic in names.items()
    ]  # fmt: skip
    if as_json:
        print(json.dumps(rows))
        return
    print(f"{'topic':28} {'partitions':>10} {'end':>12}  kept")
    for row in rows:
        kept = "compacted" if row["cleanup"] == "compact" else f"{row['retention_days']} d"
        print(f"{row['topic']:28} {row['partitions'] or 'missing':>10} {row['end']:>12,}  {kept}")


@app.command()
def check(as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False) -> None:
    """Compare existing topics with what is declared; exit code 1 when a difference breaks or degrades something."""
    from tocsin.cluster import admin_client
    from tocsin.topic_check import find_differences

    settings = find_servers(Settings.load())
    with admin_client(settings) as client:
        differences = find_differences(client, settings, TOPICS)
    if as_json:
        print(json.dumps([asdict(difference) for difference in differences], indent=1))
    elif not differences:
        print("all topics that exist are as declared")
    else:
        print("\n".join(f"{difference.weight}: {difference}" for difference in differences))
    if any(difference.weight != "differs" for difference in differences):
        raise typer.Exit(exits.REFUSED)


@app.command()
def mend(names: Annotated[list[str] | None, typer.Argument(help="Topics, by short name (inbox); none: all.")] = None) -> None:
    """Make existing topics what is declared; never their partitions. Kafka applies it at once."""
    from tocsin.cluster import admin_client
    from tocsin.topic_check import find_differences
    from tocsin.topic_mending import mend_topics

    settings = find_servers(Settings.load())
    unknown = set(names or ()) - {topic.name for topic in TOPICS}
    if unknown:
        raise OperatorError(
            f"there is no topic {', '.join(sorted(unknown))}; there are: {', '.join(topic.name for topic in TOPICS)}"
        )
    wanted = [topic for topic in TOPICS if not names or topic.name in names]
    with admin_client(settings) as client:
        changed = 0
        for line in mend_topics(client, settings, find_differences(client, settings, wanted)):
            print(line)
            changed += 1
    if not changed:
        print("nothing differs from what is declared")


@app.command()
def acls() -> None:
    """Print the ACLs as commands of Kafka's own tool, one principal for each process."""
    from tocsin.acls import render

    settings = Settings.load()
    print("\n".join(render(settings.topic_prefix, settings.kafka or "localhost:9092")))


@app.command()
def tail(
    topic: Annotated[str, typer.Argument(help="Short name (inbox) or full name.")],
    from_beginning: Annotated[bool, typer.Option(help="From the first record on.")] = False,
) -> None:
    """Print a topic's records as they come, one JSON object a line, until Ctrl-C."""
    from tocsin.tail import follow

    settings = find_servers(Settings.load())
    names = {known.name: known.full_name(settings.topic_prefix) for known in TOPICS}
    for record in follow(settings, names.get(topic, topic), from_beginning=from_beginning):
        print(json.dumps(_describe(record), ensure_ascii=False), flush=True)


def _say(line: str) -> None:
    print(f"tocsin: {line}", file=sys.stderr)


def _describe(record: Any) -> dict[str, Any]:
    return {
        "partition": record.partition,
        "offset": record.offset,
        "timestamp": record.timestamp,
        "key": record.key.decode(errors="replace") if record.key is not None else None,
        "value": _decode(record.value),
    }


def _decode(value: bytes | None) -> Any:
    """Show a record of ours as what it holds, sections by their size; other text as text, the rest as hex."""
    import msgspec

    from schemas.codec import HEADER_BYTES, MARKER, decode, schemas_by_fingerprint

    if value is None:
        return None
    schema = schemas_by_fingerprint().get(value[2:HEADER_BYTES]) if value[:2] == MARKER else None
    if schema is None:
        return value.decode() if value.isascii() else value.hex()
    return {"schema": schema.name, **_readable(msgspec.to_builtins(decode(value, schema.record), builtin_types=(bytes,)))}


def _readable(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _readable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_readable(item) for item in value]
    return f"<{len(value)} bytes>" if isinstance(value, bytes) else value
