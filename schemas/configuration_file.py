"""The configuration file: YAML text to a `Configuration`, checked as a whole, and back to text.

All problems are reported at once, each as `file:line:col: what is wrong and what to write`. Not here: publishing it
(`producers/clock/publish.py`).
"""

from __future__ import annotations

from pathlib import Path

from schemas.configuration import Configuration
from schemas.configuration_checks import check_references
from schemas.configuration_reading import Findings, read_tree
from schemas.errors import ConfigurationError
from schemas.yaml_tree import Place, Unreadable, compose


def load_configuration(path: Path) -> Configuration:
    """Read and check a file.

    Raises `ConfigurationError` (the operator's) with every problem, also when the file cannot be read.
    """
    try:
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise ConfigurationError([f"{path}: {error.strerror}"]) from error
    except UnicodeDecodeError as error:
        raise ConfigurationError([f"{path}: not UTF-8 text: {error.reason} at byte {error.start}"]) from error
    return parse_configuration(text, str(path))


def parse_configuration(text: str, file: str) -> Configuration:
    """Read and check YAML (or JSON) text; `file` names it in problems. Raises `ConfigurationError`."""
    findings = Findings()
    try:
        configuration = read_tree(compose(text), Configuration, findings)
    except Unreadable as error:
        raise ConfigurationError([_line(file, error.place, error.reason)]) from error
    check_references(configuration, findings)
    if findings.problems:
        raise ConfigurationError([_line(file, place, problem) for place, problem in sorted(findings.problems)])
    return configuration


def _line(file: str, place: Place, problem: str) -> str:
    return f"{file}:{place.line}:{place.column}: {problem}"
