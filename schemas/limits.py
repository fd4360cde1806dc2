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
    max_expression_characters: int = limit(
        500,
        "Length of a regular expression in a matcher, other than a choice of texts (`a|b|c`). Compiling one holds up everything "
        "else in a process for up to 30 µs a character.",
        "422; of the configuration: a problem with its line",
    )
    max_expression_instructions: int = limit(
        500,
        "Instructions of the program that RE2 makes of an expression, of which each may look at each character of a text. "
        "`.*disk.*full.*` has 40.",
        "422; of the configuration: a problem with its line",
    )
    max_list_matchers: int = limit(20, "Matchers that narrow one list.", "422")
    max_list_expressions: int = limit(
        5, "Expressions among them: PostgreSQL cannot run RE2's, so each is run on up to 10,000 rows.", "422"
    )
    max_silence_matchers: int = limit(50, "Matchers of one silence, or of one command to many alerts.", "422")
    max_silence_expressions: int = limit(5, "Expressions among them.", "422")
    max_project_silences: int = limit(
        10_000, "Pending and active silences of a project; 10,000 cost an alert nothing that can be measured.", "422"
    )
    max_project_instructions: int = limit(
        8_000,
        "Instructions of all expressions in a project's pending and active silences: 200 to 800 of the usual ones. "
        "They are run together, once for each new or changed alert.",
        "422",
    )
    max_project_exclusions: int = limit(
        5,
        "Pending and active silences of a project that only exclude (`!=`, `!~`): each must be asked about each new or changed "
        "alert by itself.",
        "422",
    )

    # -- memory that senders and people take --------------------------------------------------------------------------

    # -- answers of Slack ---------------------------------------------------------------------------------------------

    # -- the disk -----------------------------------------------------------------------------------------------------


def render_limits(prefix: str) -> str:
    """Render the documentation's table of all limits, as Markdown; `prefix` is that of the environment variables."""
    rows = [
        f"| `{prefix}{entry.name.upper()}` | `{entry.default}` | {entry.metadata['doc']} | {entry.metadata['beyond']} |"
        for entry in fields(Limits)
    ]
    return "\n".join(["| variable | default | what it bounds, and why | beyond it |", "|---|---|---|---|", *rows])
