"""What became of an alert that was sent: its receipt, asked for until the outcome is known.

Not here: sending (`send.py`).
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from producers.webhook.outcomes import AlertOutcome
from schemas.errors import Unavailable
from tocsin.asking import Asking
from tocsin.terminal import muted_words

PAUSE_SECONDS = 0.1
EFFECTIVE = ("created", "merged", "recovered")
"""Outcomes that changed an alert; the others say why nothing has changed."""
MEANINGS = {
    "created": "a new alert",
    "merged": "counted to an open alert",
    "recovered": "the open alert has ended",
    "unmatched": "nothing to end: no alert with this title, severity and labels is open",
    "stale": "nothing changed: this alert has just ended, and this looks like a late repeat",
    "rejected": "refused while it was decided",
}


class Outcomes(msgspec.Struct, frozen=True):
    """What a receipt tells, an item for each alert of the request."""

    alerts: list[AlertOutcome]


def await_outcome(
    asking: Asking, receipt: str, seconds: float, monotonic: Callable[[], float], pause: Callable[[float], None]
) -> AlertOutcome:
    """Ask until the outcome of a request's only alert is known.

    Raises `RefusedByDoor`; `Unavailable` that says where to look when time is up, or PostgreSQL has not answered until then.
    """
    deadline = monotonic() + seconds
    while True:
        try:
            (found,) = _read(asking, receipt)
            problem = f"not decided within {seconds:g} s"
        except Unavailable as error:
            found, problem = AlertOutcome(0), str(error)
        if found.outcome != "pending":
            return found
        if monotonic() >= deadline:
            raise Unavailable(
                f"{problem}. The alert is kept in Kafka and nothing is lost; `tocsin status` says which process is behind, "
                f"and {asking.url}/receipts/{receipt} (with the same token) later what became of it"
            )
        pause(PAUSE_SECONDS)


def render_outcome(project: str, outcome: AlertOutcome) -> str:
    """Say it for people: what became of it, which alert, which incident, and why."""
    parts = [f"{outcome.outcome}: {MEANINGS[outcome.outcome]}"]
    if outcome.alert is not None:
        parts.append(f"alert #{outcome.alert} (tocsin alert show {project} {outcome.alert})")
        is_in = outcome.incident is not None
        parts.append(
            f"incident #{outcome.incident} (tocsin incident show {project} {outcome.incident})" if is_in else "no incident"
        )
    if outcome.suppressed_by is not None:
        parts.append(muted_words(outcome.suppressed_by.kind, outcome.suppressed_by.id))
    if outcome.reason:
        parts.append(f"because: {outcome.reason}")
    return "\n".join(parts)


def _read(asking: Asking, receipt: str) -> list[AlertOutcome]:
    try:
        found = msgspec.json.decode(asking.get(f"/receipts/{receipt}"), type=Outcomes).alerts
    except msgspec.DecodeError as error:
        raise Unavailable(f"{asking.url} tells nothing of receipts: it answers something else") from error
    return found if len(found) == 1 else [AlertOutcome(0)]
