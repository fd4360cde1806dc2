"""The errors that cross folders, as a tree: whose fault it is, and whether trying again can help.

TocsinError
├── SenderError            whoever sent the bytes; never helps to try again
│   └── MalformedRecord    bytes on a topic that no schema of ours reads
├── OperatorError          whoever set tocsin up; says what to change
│   ├── SettingsError      an environment variable
│   ├── ConfigurationError the YAML file, with line and column
│   └── BrokenChain        the journal does not follow on: a newer base, an unknown schema, a gap in its retention
└── Unavailable            a server we depend on did not answer; trying again helps

A client library's exception never leaves the folder that uses the client: it becomes one of these.
"""

from __future__ import annotations


class TocsinError(Exception):
    """Anything that tocsin raises on purpose."""


class SenderError(TocsinError):
    """What was sent can never be processed; trying again does not help."""


class MalformedRecord(SenderError):
    """Bytes on a topic that cannot be decoded."""


class OperatorError(TocsinError):
    """The set-up must change before this can work."""


class SettingsError(OperatorError):
    """An environment variable has a value that cannot be used."""


class ConfigurationError(OperatorError):
    """The configuration file is wrong; `problems` has one line each, with line and column."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class BrokenChain(OperatorError):
    """The journal cannot be followed from here; nothing was applied beyond the last good entry."""


class Unavailable(TocsinError):
    """Kafka, PostgreSQL or another server did not answer in time; safe to try again."""
