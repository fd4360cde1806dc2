"""Runs `tocsin` with the arguments given until it starts its first thread or child, or first turns to the network, after
which others may start threads; then prints which types msgspec had used and which not, as JSON, and ends.

A program of its own: `python -m tests.first_thread webhook`. A process compares its topics with what is declared before
anything else, and the thread that this needs has ended then; to look at that thread instead: `--comparing webhook`.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from schemas import first_use
from tocsin import topic_check
from tocsin.cli.main import main

STEPS = ("_thread.start_new_thread", "socket.bind", "socket.connect", "socket.getaddrinfo")
CHILD = "subprocess.Popen"
"""Both: Python's audit events."""


def names_of(kinds: set[type]) -> list[str]:
    return sorted(f"{kind.__module__}.{kind.__qualname__}" for kind in kinds)


def run() -> None:
    """Run `tocsin`, told by `sys.argv`."""
    use, used = first_use.use_each_type_once, set[type]()

    def note_use() -> None:
        use()
        used.update(first_use.loaded_types())

    def tell_and_end(event: str, arguments: tuple[Any, ...]) -> None:
        # A library asks the program `file` about Python while it is loaded; our own children are Pythons.
        if event in STEPS or (event == CHILD and arguments[0] == sys.executable):
            unused = set(first_use.loaded_types()) - used
            print(json.dumps({"used": names_of(used), "unused": names_of(unused)}), flush=True)
            os._exit(0)

    first_use.use_each_type_once = topic_check.use_each_type_once = note_use
    if sys.argv[1] == "--comparing":
        del sys.argv[1]
    else:
        topic_check.check_at_start = lambda *_: None
    sys.addaudithook(tell_and_end)
    main()


if __name__ == "__main__":
    run()
