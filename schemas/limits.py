"""The limits that a process keeps, as settings: what each bounds and why, and what is answered beyond it.

`Settings` has them all, so each is also an environment variable, and a row of the table in `docs/settings.md`. Whoever refuses or
cuts something because of one counts it (`over_limit.py`). Not here: limits that decide what the core decides. These are constants
of the core, since the same inbox must give the same decisions on each machine.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

MEBIBYTE = 1024 * 1024


def limit(default: Any, doc: str, beyond: str) -> Any:
    """Declare a limit: what it bounds and why, and what becomes of what is beyond it."""
    return field(default=default, metadata={"doc": doc, "beyond": beyond})


@dataclass(frozen=True, slots=True)
class Limits:
    """Each is named for what it bounds, with its unit."""

    # -- heads of requests, and connections ---------------------------------------------------------------------------

    # -- bodies of requests, and fairness between senders -------------------------------------------------------------

    # -- regular expressions and matchers -----------------------------------------------------------------------------

    # -- memory that senders and people take --------------------------------------------------------------------------

    # -- answers of Slack ---------------------------------------------------------------------------------------------

    slack_call_seconds: int = limit(
        5,
        "Seconds for one call of Slack in all: looking up its name, connecting, and the answer to its last byte. Other channels "
        "wait meanwhile; 3 s of work and one call more are what a stop within 10 s has room for, and Kafka's session too.",
        "nobody knows whether it was done: looked for before it is tried again",
    )
    slack_answer_bytes: int = limit(
        MEBIBYTE,
        "Bytes read of one answer of Slack, which are kept in memory. The largest are 200 messages of its history; where these "
        "are longer, fewer are asked for.",
        "not understood: looked for before it is tried again",
    )
    slack_retry_after_seconds: int = limit(
        3600,
        "Seconds that Slack may ask one method and channel to wait (`Retry-After`). It asks for some 30; in a day "
        "what is urgent would be lost.",
        "cut to it",
    )

    # -- the disk -----------------------------------------------------------------------------------------------------


def render_limits(prefix: str) -> str:
    """Render the documentation's table of all limits, as Markdown; `prefix` is that of the environment variables."""
    rows = [
        f"| `{prefix}{entry.name.upper()}` | `{entry.default}` | {entry.metadata['doc']} | {entry.metadata['beyond']} |"
        for entry in fields(Limits)
    ]
    return "\n".join(["| variable | default | what it bounds, and why | beyond it |", "|---|---|---|---|", *rows])
