"""What a process cannot do at this moment although it runs, in words: for `/-/ready`, and in a file for `tocsin status`.

Not here: how it is noticed.
"""

from __future__ import annotations

import json
from pathlib import Path
from threading import Lock

DIRECTORY = "troubles"


class Troubles:
    """The troubles of one process, by what they are about; may be used from any thread.

    Kept as DATA/troubles/PROCESS.json while there are any. What an earlier run left there is removed.
    """

    def __init__(self, data: Path, process: str) -> None:
        self._path = data / DIRECTORY / f"{process}.json"
        self._words: dict[str, str] = {}
        self._lock = Lock()
        self._keep()

    def tell(self, about: str, words: str) -> None:
        """Say what is wrong about something now; no words: nothing is."""
        with self._lock:
            if self._words.get(about, "") == words:
                return
            self._words[about] = words
            self._keep()

    @property
    def text(self) -> str:
        """All of them, in one line; empty while there are none."""
        with self._lock:
            return "; ".join(words for _, words in sorted(self._words.items()) if words)

    def _keep(self) -> None:
        told = [words for _, words in sorted(self._words.items()) if words]
        try:
            if not told:
                self._path.unlink(missing_ok=True)
                return
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            unfinished = self._path.with_suffix(".new")
            unfinished.write_text(json.dumps(told))
            unfinished.replace(self._path)
        except OSError:
            pass  # a data directory that cannot be written costs the line in `tocsin status`, not the work


def read_troubles(data: Path) -> dict[str, list[str]]:
    """Read what each process has told, by its name."""
    found: dict[str, list[str]] = {}
    for path in sorted((data / DIRECTORY).glob("*.json")):
        try:
            found[path.stem] = json.loads(path.read_text())
        except (OSError, ValueError):
            continue  # it has just ended
    return found
