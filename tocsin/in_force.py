"""The configuration in force, for commands that go on without one. Not here: applying it (`producers/clock/publish.py`)."""

from __future__ import annotations

import sys

from schemas.configuration import Configuration
from schemas.errors import Unavailable
from schemas.settings import Settings
from tocsin.quiet import log_warnings_to_stderr
from tocsin.state import find_servers


def configuration_in_force(settings: Settings) -> Configuration:
    """Read it from Kafka; an empty one, and a line that says why, when that cannot be reached."""
    located = find_servers(settings)
    if not located.kafka:
        return Configuration()
    from producers.clock.publish import read_configuration

    log_warnings_to_stderr()
    try:
        applied = read_configuration(located)
    except Unavailable as error:
        print(f"tocsin: {error}; going on without the configuration in force", file=sys.stderr)
        return Configuration()
    return applied[1] if applied is not None else Configuration()
