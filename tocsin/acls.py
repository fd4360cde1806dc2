"""Kafka's ACLs, generated from who writes and who reads each topic. Not here: setting them; an administrator does."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.topics import TOPICS


def render(prefix: str, bootstrap_servers: str) -> Iterator[str]:
    """Yield one `kafka-acls.sh` command for each permission, as principals `User:tocsin-<process>`."""
    command = f"kafka-acls.sh --bootstrap-server {bootstrap_servers} --add"
    looking = "--operation Describe --operation DescribeConfigs"  # each process compares its topics with what is declared
    readers: set[str] = set()
    for topic in TOPICS:
        name = topic.full_name(prefix)
        for writer in sorted(topic.writers):
            yield f"{command} --allow-principal {_principal(writer)} --operation Write {looking} --topic {name}"
        for reader in sorted(topic.readers):
            yield f"{command} --allow-principal {_principal(reader)} --operation Read {looking} --topic {name}"
            readers.add(reader)
    for reader in sorted(readers):
        yield (
            f"{command} --allow-principal {_principal(reader)} --operation Read --group {prefix} --resource-pattern-type prefixed"
        )


def _principal(process: str) -> str:
    return "'User:*'" if process == "everyone" else f"User:tocsin-{process}"
