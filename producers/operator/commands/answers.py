"""What a command's outcome is answered with (DESIGN section 4, "command").

Not here: waiting for it (`outcomes.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from urllib.parse import quote

import msgspec
from msgspec import UNSET, UnsetType
from starlette.responses import Response

from producers.operator import queries, shapes
from producers.operator.problems import Malformed
from producers.operator.queries import Query, Scope
from producers.operator.reading import ReadModel, answer
from producers.operator.redaction import redact_text
from producers.operator.shapes import Row
from schemas.records import EventOutcome


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """It was carried out, or was so already; with what it was about, as that is now."""

    outcome: Literal["done"] = "done"
    alert: shapes.Alert | UnsetType = UNSET
    incident: shapes.Incident | UnsetType = UNSET
    silence: shapes.Silence | UnsetType = UNSET
    warnings: list[str] | UnsetType = UNSET
    """Matchers that can match nothing, or exclude nothing."""


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """It is impossible as things are; nothing has changed."""

    reason: str
    outcome: Literal["refused"] = "refused"


class OneOfMany(msgspec.Struct, frozen=True):
    """What became of one of the alerts that a command named."""

    number: int
    outcome: str
    reason: str | None


class Many(msgspec.Struct, frozen=True):
    outcomes: list[OneOfMany]
    warnings: list[str] | UnsetType = UNSET


class Pending(msgspec.Struct, frozen=True, kw_only=True):
    """It is durable and will be decided; the answer's `Location` tells what became of it."""

    command_id: str
    outcome: Literal["pending"] = "pending"


def answer_pending(project: str, command_id: str) -> Response:
    location = f"/api/v1/projects/{quote(project, safe='')}/commands/{quote(command_id, safe='')}"
    return answer(Pending(command_id=command_id), 202, {"Location": location})


async def answer_outcome(
    model: ReadModel,
    scope: Scope,
    events: Sequence[EventOutcome],
    now: datetime,
    *,
    is_many: bool,
    done_status: int = 200,
    warnings: Sequence[str] = (),
) -> Response:
    """Answer what became of a command; raises `Malformed` for one that could not be carried out as it was written."""
    whole = events[0] if len(events) == 1 else None
    if whole is not None and whole.outcome == "rejected" and (whole.alert is None or not is_many):
        raise Malformed(await redact_text(model.database, scope, whole.reason or "The command was rejected."))
    if is_many or whole is None:
        many = [_one_of_many(event, await redact_text(model.database, scope, event.reason or "")) for event in events]
        return answer(Many(many, list(warnings) or UNSET))
    if whole.outcome == "refused":
        reason = await redact_text(model.database, scope, whole.reason or "That is not possible now.")
        return answer(Refused(reason=reason), 409)
    done = await _done(model, scope, whole, now)
    return answer(msgspec.structs.replace(done, warnings=list(warnings) or UNSET), done_status)


def _one_of_many(event: EventOutcome, reason: str) -> OneOfMany:
    return OneOfMany(event.alert or 0, event.outcome, reason or None)


async def _done(model: ReadModel, scope: Scope, event: EventOutcome, now: datetime) -> Done:
    """Read what an outcome names; what may not be seen is left out."""

    async def read(query: Query) -> Row | None:
        return next(iter(await model.database.rows(query)), None)

    alert = await read(queries.one_alert(scope, event.alert)) if event.alert is not None else None
    incident = await read(queries.one_incident(scope, event.incident)) if event.incident is not None else None
    silence = await read(queries.one_silence(scope.project, event.silence, now)) if event.silence is not None else None
    return Done(
        alert=UNSET if alert is None else await model.show(scope, shapes.alert(alert)),
        incident=UNSET if incident is None else await model.show(scope, shapes.incident(incident)),
        silence=UNSET if silence is None else shapes.silence(silence),
    )
