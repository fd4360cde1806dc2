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

    max_body_bytes: int = limit(
        MEBIBYTE,
        "The body of a request to a generic integration. Some thousand alerts; larger ones are mistakes, such as a log file.",
        "413",
    )
    max_alertmanager_body_bytes: int = limit(
        32 * MEBIBYTE,
        "The body of a request to an Alertmanager integration, and at `/api/v2/alerts`. A group of 50,000 alerts, which a "
        "large team's outage makes, has 29 MiB, and cannot be sent in parts.",
        "413",
    )
    max_alerts: int = limit(10_000, "Alerts of one generic request: as many as 1 MiB holds that say anything.", "413")
    max_alertmanager_alerts: int = limit(
        250_000,
        "Alerts of one Alertmanager, Grafana or Prometheus request: more than 32 MiB of real ones (145 bytes at least) hold.",
        "413",
    )
    max_alert_bytes: int = limit(
        256 * 1024,
        "One alert. Its payload goes through Kafka and into PostgreSQL as it is, and is read in one go while others wait.",
        "the alert is rejected with the reason; the others of its request go on",
    )
    max_alert_values: int = limit(
        5_000,
        "Values (members, elements, texts, numbers) that one alert may hold. Reading one takes about a microsecond, so that "
        "others wait for no alert much longer than 5 ms.",
        "the alert is rejected with the reason; the others of its request go on",
    )
    max_labels: int = limit(
        1_000,
        "Labels of one alert, and annotations of one. Each is cleaned, sorted, hashed and written, 2 µs; real ones have 5 to 50.",
        "the alert is rejected with the reason; the others of its request go on",
    )
    max_value_bytes: int = limit(
        320 * 1024,
        "One alert, or one other member, of a large body: where it ends is looked for in one go, while others wait. "
        "More than an alert may have; what is between the two is rejected alone.",
        "413",
    )
    max_levels: int = limit(
        100,
        "How deep JSON may nest (the root is level 1). Tools nest 5 to 10 levels; parsers recurse, and over 500 Python's "
        "own limit comes first.",
        "413",
    )
    webhook_body_seconds: int = limit(
        10,
        "Seconds within which the body of a request with alerts must be here, and one more for each MiB that came.",
        "408, and the connection is closed",
    )
    max_large_bodies_bytes: int = limit(
        64 * MEBIBYTE,
        "Bodies over 128 KiB that are in memory at once: two of the longest. Smaller ones are bounded by the connections.",
        "503 with `Retry-After`",
    )
    max_unacknowledged_bytes: int = limit(
        64 * MEBIBYTE,
        "What waits for Kafka's acknowledgement: about two seconds of the fastest stream measured. More would only make "
        "senders wait and memory grow.",
        "503 with `Retry-After`",
    )
    max_listed_refusals: int = limit(
        1_000,
        "Rejected alerts that one answer lists: nobody reads more, and 250,000 would take 60 MB. The receipt has all of them.",
        "`rejected_in_all` in the answer says how many there are",
    )
    max_listed_outcomes: int = limit(
        10_000,
        "Alerts whose outcomes one answer of `/receipts` lists, the first ones; 250,000 would hold all others up.",
        "`alerts_in_all` in the answer says how many there are",
    )
    max_alerts_per_minute: int = limit(
        120_000,
        "Alerts a minute of one integration without a `rate_limit`, a full minute's worth at once: twice the largest group "
        "known, and 2,000 a second for good, a quarter of what one machine takes from all senders.",
        "503 with `Retry-After` for Alertmanager, Grafana and Prometheus, else 429; an alert of its own says so",
    )
    max_bytes_per_minute: int = limit(
        128 * MEBIBYTE,
        "Bytes a minute of bodies of one integration, a full minute's worth at once: four of the longest. Reading them "
        "takes about a sixth of the webhook's time.",
        "503 with `Retry-After`; an alert of its own says so",
    )

    # -- regular expressions and matchers -----------------------------------------------------------------------------

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
