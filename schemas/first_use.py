"""Uses each type that msgspec reads or writes once, in the main thread, before any other thread starts.

What msgspec knows of a type it works out at the type's first use and keeps with the type; while one thread is at that,
msgspec 0.22.0 lets another use what is only half there, and the process dies of a segmentation fault. So each process
that has threads calls `use_each_type_once` when all of its modules are loaded. A plug-in that loads modules later, in a
thread, calls it after that itself. Not here: the types.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

# The records of all topics, the configuration and the commands; what else a process reads, its own modules have loaded.
from schemas import codec, commands, configuration  # noqa: F401 - loaded, so that their types are there


def use_each_type_once() -> None:
    """Let msgspec work out every type that is loaded. Safe to repeat; 20 ms for all of tocsin's."""
    for kind in loaded_types():
        try:
            msgspec.json.Decoder(kind)
        except Exception:  # noqa: BLE001 - whatever a plug-in's annotations raise: what cannot be read here is read nowhere
            continue


def loaded_types() -> Iterator[type[msgspec.Struct]]:
    """Give every type that modules have declared so far, ours and those of plug-ins."""
    waiting: list[type[msgspec.Struct]] = [msgspec.Struct]
    while waiting:
        found = waiting.pop().__subclasses__()
        yield from found
        waiting += found
