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

    # -- the disk -----------------------------------------------------------------------------------------------------

    min_free_disk_mebibytes: int = limit(
        256,
        "Free space of the disk that the embedded Kafka and PostgreSQL write to, in MiB. Both end when it is full; this is for "
        "what is on its way (64 MiB of alerts, as much of the journal, some of PostgreSQL's log) and for saying so.",
        "alerts and commands get 503 until an eighth more is free; reading goes on, and so do ticks and what was accepted",
    )
    min_free_disk_inodes: int = limit(
        1_000,
        "Free inodes of the same disk: each segment of a partition takes four files, each table of PostgreSQL three.",
        "as with too little space",
    )


def render_limits(prefix: str) -> str:
    """Render the documentation's table of all limits, as Markdown; `prefix` is that of the environment variables."""
    rows = [
        f"| `{prefix}{entry.name.upper()}` | `{entry.default}` | {entry.metadata['doc']} | {entry.metadata['beyond']} |"
        for entry in fields(Limits)
    ]
    return "\n".join(["| variable | default | what it bounds, and why | beyond it |", "|---|---|---|---|", *rows])
