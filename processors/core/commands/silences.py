"""What people do to silences: make, change, end. Another choice of alerts is another silence (BEHAVIOUR 5).

Not here: what a silence mutes (`suppress.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from processors.core.commands.request import Refused, Request
from processors.core.suppress import touch_silence
from schemas import commands
from schemas.records import SilenceState


def create(request: Request, asked: commands.Silence) -> None:
    state = request.state
    starts_at = state.now if asked.starts_at is None else commands.millis(asked.starts_at)
    ends_at = commands.millis(asked.ends_at)
    _check_times(request, starts_at, ends_at)
    request.silence = str(state.next_number(request.project, "silences"))
    silence = SilenceState(
        project=request.project,
        id=request.silence,
        version=1,
        offset=state.cause.offset,
        index=state.cause.index,
        matchers=asked.matchers,
        starts_at=starts_at,
        ends_at=ends_at,
        comment=asked.comment,
        created_by=request.actor,
        muted_7d=asked.muted_7d,
    )
    state.put_silence(silence)
    touch_silence(state, silence)


def edit(request: Request, asked: commands.Silence) -> None:
    silence = request.find_silence()
    if silence.ends_at <= request.state.now:
        raise Refused(f"silence {silence.id} has ended: make a new one")
    if asked.matchers != silence.matchers:
        _end(request, silence)
        create(request, asked)
        return
    starts_at = silence.starts_at if asked.starts_at is None else commands.millis(asked.starts_at)
    ends_at = commands.millis(asked.ends_at)
    _check_times(request, starts_at, ends_at)
    changes = {"starts_at": starts_at, "ends_at": ends_at, "comment": asked.comment}
    if any(getattr(silence, name) != value for name, value in changes.items()):
        touch_silence(request.state, request.state.change_silence(silence, **changes))


def expire(request: Request, _: commands.Nothing) -> None:
    silence = request.find_silence()
    if silence.ends_at > request.state.now:
        _end(request, silence)


def _end(request: Request, silence: SilenceState) -> None:
    now = request.state.now
    touch_silence(request.state, request.state.change_silence(silence, starts_at=min(silence.starts_at, now), ends_at=now))


def _check_times(request: Request, starts_at: int, ends_at: int) -> None:
    if ends_at <= request.state.now:
        raise Refused("a silence must end in the future")
    if ends_at <= starts_at:
        raise Refused("a silence must end after it starts")


HANDLERS: Mapping[str, Callable[[Request, Any], None]] = {"create": create, "edit": edit, "expire": expire}
