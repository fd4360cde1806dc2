"""The two corrections without which Faust drops messages at a start or a rebalance under load.

Found in faust-streaming 0.15.3 with mode-streaming 0.7.1, which are pinned for that. They make losses rare, not impossible:
the worker still compares every offset. Not here: the worker (`worker.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mode.utils.queues import FlowControlEvent


def apply() -> None:
    """Replace `FlowControlEvent.resume`; call before an app is built. Safe to repeat."""
    FlowControlEvent.resume = resume_without_clearing  # type: ignore[method-assign]


def resume_without_clearing(self: Any) -> None:
    """Resume flow, and clear the queues only when it was suspended.

    The library's own always clears, and Faust resumes flow that is active already: what was fetched between its two
    calls vanished from the queues, with nothing logged.
    """
    was_suspended = not self.is_active()
    self._suspend.clear()
    self._resume.set()
    if was_suspended:
        self.clear()


async def start_from(consumer: Any, offsets: Mapping[Any, int]) -> None:
    """Make Faust's consumer begin exactly at these offsets, before its partitions are resumed.

    The library resumes partitions and seeks after that, so that what is fetched in between is delivered, then skipped or
    doubled. Faust can only seek to what the group has committed: hence the commit. Call it from `on_rebalance_complete`.
    `offsets` must be of assigned partitions, not be empty (the commit would raise and kill the consumer), and hold
    no 0 (a partition may stay unread).
    """
    assert offsets
    assert all(offset > 0 for offset in offsets.values())
    await consumer._commit(offsets)
    await consumer.perform_seek()
