"""Logs of the pipeline's code inside a command that people or scripts read: warnings alone, and never on standard output.

Not here: the logs of processes (`schemas/telemetry.py`).
"""

from __future__ import annotations

import logging
import sys

import structlog


def log_warnings_to_stderr() -> None:
    """Set it up for this process; standard output is then the command's own."""
    logging.getLogger("kafka").setLevel(logging.CRITICAL)  # what it cannot do reaches us as an exception
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
