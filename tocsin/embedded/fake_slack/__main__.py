"""The fake Slack as a process: `python -m tocsin.embedded.fake_slack --listen 127.0.0.1:8090 --tell`.

The token, if it is to check one, comes from TOCSIN_SLACK_TOKEN, so that no process list shows it.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import uvicorn

from schemas.settings import Address
from tocsin.embedded.fake_slack.app import build_app
from tocsin.embedded.fake_slack.workspace import Workspace

SIGNS = {"post": "+", "edit": "~", "reply": "  ↳"}


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="fake-slack", description="A Slack for the demo and for tests; loopback only.")
    parser.add_argument("--listen", type=Address.parse, default=Address("127.0.0.1", 8090), help="host:port")
    parser.add_argument("--channel", action="append", default=[], help="a channel it knows (repeatable); none: any")
    parser.add_argument("--per-second", type=float, default=0.0, help="calls a second for each method and channel; 0: no limit")
    parser.add_argument("--file", type=Path, help="keeps the messages across restarts")
    parser.add_argument("--tell", action="store_true", help="prints what would have been posted")
    chosen = parser.parse_args()
    if not chosen.listen.is_loopback:
        parser.error("a fake listens on loopback only")
    workspace = Workspace(
        now=time.time,
        token=os.environ.get("TOCSIN_SLACK_TOKEN", ""),
        channels=frozenset(chosen.channel),
        per_second=chosen.per_second,
        file=chosen.file,
        tell=tell if chosen.tell else lambda what, message: None,
    )
    listen = chosen.listen
    uvicorn.run(build_app(workspace), host=listen.host, port=listen.port, log_level="warning", access_log=False, ws="none")


def tell(what: str, message: Mapping[str, Any]) -> None:
    """Print one line for what happened in a channel."""
    print(f"slack {message['channel']} {SIGNS[what]} {message['text']}", flush=True)


if __name__ == "__main__":
    main()
