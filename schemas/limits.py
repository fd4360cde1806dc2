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

    max_header_bytes: int = limit(
        64 * 1024,
        "Bytes of all headers of one request, trailers included: senders use about 1 kB, browsers with long cookies stay "
        "under 32 kB. Kept while they come, before a token is looked at.",
        "431, and the connection is closed",
    )
    max_headers: int = limit(
        100,
        "Headers of one request: senders and proxies write 5 to 30. As many as Python's own server takes.",
        "431, and the connection is closed",
    )
    max_target_bytes: int = limit(
        8 * 1024,
        "Bytes of a request's target, its path with the query: the longest that browsers and proxies pass on.",
        "414, and the connection is closed",
    )
    max_head_seconds: int = limit(
        10,
        "Seconds until a connection has said a request's head, and before that its TLS handshake: these are a few packets. "
        "Longer only keeps places for connections that say nothing.",
        "408 where a head has begun, and the connection is closed",
    )
    max_body_seconds: int = limit(
        10,
        "Seconds for a request's body, with one more for each MiB that came: 1 MiB a second is slow for a sender.",
        "408, and the connection is closed",
    )
    max_idle_seconds: int = limit(
        75,
        "Seconds that a connection may wait between two requests: longer than senders pause, so that they seldom meet one "
        "that is just being closed.",
        "the connection is closed",
    )
    max_answer_seconds: int = limit(
        30,
        "Seconds in which an answer must be taken off our hands, with one more for each 64 KiB of it: until then it is kept in "
        "memory.",
        "the connection is cut",
    )
    max_pipelined_requests: int = limit(
        16,
        "Requests that one connection may send before it has its answers: senders wait for each answer, and each of these costs "
        "kilobytes.",
        "503 after the answers to those before, and the connection is closed",
    )
    max_connections: int = limit(
        1000,
        "Connections to one listener, those in a TLS handshake included. Each may keep 72 KiB of a head in "
        "memory, and needs a file: a process whose limit of open files is too low says so and takes fewer.",
        "one that waits between requests is closed for the new one; where none does, 503 with Retry-After",
    )
    max_connections_per_address: int = limit(
        256,
        "Connections from one IPv4 address or one /64 of IPv6: a busy sender has a few dozen. Not kept for "
        "`TOCSIN_TRUSTED_PROXY`, behind which all share an address.",
        "as for `TOCSIN_MAX_CONNECTIONS`",
    )
    max_metrics_connections: int = limit(
        32,
        "Connections to one metrics port, each with a thread: Prometheus and probes have one at a time.",
        "the oldest is cut",
    )

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
        60_000,
        "Alerts whose outcomes one answer of `/receipts` lists, the first ones: the largest group known has 50,000, and "
        "250,000 would hold all others up.",
        "`alerts_in_all` in the answer says how many there are",
    )
    max_alerts_per_minute: int = limit(
        600_000,
        "Alerts a minute of one integration without a `rate_limit`, a full minute's worth at once: twelve of the largest group "
        "known, 10,000 a second for good. It stops what has gone wild; that others are not slowed is the work of turns.",
        "503 with `Retry-After` for Alertmanager, Grafana and Prometheus, else 429; an alert of its own says so",
    )
    max_bytes_per_minute: int = limit(
        1024 * MEBIBYTE,
        "Bytes a minute of bodies of one integration, a full minute's worth at once: 32 of the longest.",
        "503 with `Retry-After`; an alert of its own says so",
    )

    # -- regular expressions and matchers -----------------------------------------------------------------------------
    max_expression_characters: int = limit(
        500,
        "Length of a regular expression in a matcher; a choice of texts is free. Compiling one holds up everything else in a "
        "process for up to 30 µs a character.",
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
