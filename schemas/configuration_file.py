"""The configuration file: YAML text to a `Configuration`, checked as a whole, and back to text.

All problems are reported at once, each as `file:line:col: what is wrong and what to write`; so is, of a file without
problems, what is odd. Not here: publishing it
(`producers/clock/publish.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from schemas.configuration import Configuration
from schemas.configuration_checks import check_references
from schemas.configuration_reading import Findings, read_tree
from schemas.configuration_warnings import warnings_of
from schemas.errors import ConfigurationError
from schemas.limits import Limits
from schemas.yaml_tree import Place, Unreadable, compose

DEFAULT_LIMITS = Limits()
MAX_BYTES = 32 * 1024 * 1024
"""Three times what was ever packed into the 900 KiB that are the limit (`producers/clock/publish.py`)."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A configuration without problems, and what is odd in it: lines as problems have them."""

    configuration: Configuration
    warnings: tuple[str, ...]


def load_configuration(path: Path, limits: Limits = DEFAULT_LIMITS) -> Configuration:
    """Read and check a file; raises as `check_file` does."""
    return check_file(path, limits).configuration


def check_file(path: Path, limits: Limits = DEFAULT_LIMITS) -> Checked:
    """Read and check a file, by the limits of whoever applies it.

    Raises `ConfigurationError` (the operator's) with every problem, also when the file cannot be read.
    """
    try:
        _check_length(path)
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise ConfigurationError([f"{path}: {error.strerror}"]) from error
    except UnicodeDecodeError as error:
        raise ConfigurationError([f"{path}: not UTF-8 text: {error.reason} at byte {error.start}"]) from error
    return check_text(text, str(path), limits)


def _check_length(path: Path) -> None:
    if path.is_file() and path.stat().st_size > MAX_BYTES:
        raise ConfigurationError([f"{path}: a configuration has at most {MAX_BYTES // 1024 // 1024} MiB"])


def parse_configuration(text: str, file: str) -> Configuration:
    """Read and check text; raises as `check_text` does."""
    return check_text(text, file).configuration


def check_text(text: str, file: str, limits: Limits = DEFAULT_LIMITS) -> Checked:
    """Read and check YAML (or JSON) text; `file` names it in problems. Raises `ConfigurationError`."""
    findings = Findings(limits)
    try:
        configuration = read_tree(compose(text), Configuration, findings)
    except Unreadable as error:
        raise ConfigurationError([_line(file, error.place, error.reason)]) from error
    check_references(configuration, findings)
    if findings.problems:
        raise ConfigurationError([_line(file, place, problem) for place, problem in sorted(findings.problems)])
    warnings = sorted(warnings_of(configuration, findings.matchers))
    return Checked(configuration, tuple(_line(file, place, f"warning: {text}") for place, text in warnings))


def _line(file: str, place: Place, problem: str) -> str:
    return f"{file}:{place.line}:{place.column}: {problem}"
