"""The fake Slack over real HTTP inside a test's process: its workspace can be looked into and told to fail.

Not here: the fake itself (`tocsin/embedded/fake_slack`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import uvicorn

from tocsin.embedded.fake_slack.app import build_app
from tocsin.embedded.fake_slack.workspace import Workspace


@dataclass(frozen=True)
class RunningSlack:
    """`url` is for TOCSIN_SLACK_API_URL."""

    url: str
    workspace: Workspace

    def reset(self, **workspace: Any) -> None:
        """Make the workspace as new, so that one server serves many tests."""
        self.workspace.__init__(**{"now": time.time, **workspace})  # type: ignore[misc]

    def posts(self, channel: str | None = None) -> list[dict[str, Any]]:
        """Messages that are no replies, oldest first."""
        return [one for one in self._of(channel) if "thread_ts" not in one]

    def replies(self, channel: str | None = None) -> list[str]:
        """Texts of all replies, oldest first."""
        return [one["text"] for one in self._of(channel) if "thread_ts" in one]

    def calls(self, method: str | None = None) -> list[tuple[str, str]]:
        """Method and result of each call."""
        return [(one["method"], one["result"]) for one in self.workspace.calls if method in (None, one["method"])]

    def _of(self, channel: str | None) -> list[dict[str, Any]]:
        return [one for one in self.workspace.messages.values() if channel in (None, one["channel"])]


@contextmanager
def running_slack(**workspace: Any) -> Iterator[RunningSlack]:
    """Serve a workspace on a free port of loopback."""
    made = Workspace(**{"now": time.time, **workspace})
    server = uvicorn.Server(
        uvicorn.Config(build_app(made), port=0, log_level="critical", access_log=False, ws="none", lifespan="off")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started:
        assert time.monotonic() < deadline, "the fake Slack does not start"
        time.sleep(0.005)
    try:
        port = server.servers[0].sockets[0].getsockname()[1]
        yield RunningSlack(f"http://127.0.0.1:{port}/api/", made)
    finally:
        server.should_exit = True
        thread.join(10)
