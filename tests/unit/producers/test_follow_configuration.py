"""Which of the records of topic `config` is in force."""

from __future__ import annotations

from dataclasses import dataclass

from structlog.testing import capture_logs

from producers.follow_configuration import NO_VERSION, CurrentConfiguration
from schemas.configuration import Configuration, Project, pack

ONE = Configuration(projects={"one": Project(title="One")})
TWO = Configuration(projects={"two": Project(title="Two")})


@dataclass(frozen=True)
class ARecord:
    offset: int
    value: bytes | None
    key: bytes | None = b"current"


def test_before_the_first_record_the_configuration_is_empty() -> None:
    assert CurrentConfiguration().current == (NO_VERSION, Configuration())


def test_the_newest_is_in_force_and_its_version_is_its_offset() -> None:
    seen: list[tuple[int, Configuration]] = []
    held = CurrentConfiguration(lambda version, configuration: seen.append((version, configuration)))
    for record in (ARecord(3, pack(ONE)), ARecord(8, pack(TWO))):
        held.apply(record)
    assert held.current == (8, TWO)
    assert seen == [(3, ONE), (8, TWO)]


def test_what_was_read_before_another_key_and_a_tombstone_change_nothing() -> None:
    held = CurrentConfiguration()
    held.apply(ARecord(8, pack(TWO)))
    for record in (
        ARecord(3, pack(ONE)),
        ARecord(8, pack(ONE)),
        ARecord(9, pack(ONE), b"other"),
        ARecord(9, pack(ONE), None),
        ARecord(9, None),
    ):
        held.apply(record)
    assert held.current == (8, TWO)


def test_bytes_that_cannot_be_read_leave_what_is_in_force() -> None:
    held = CurrentConfiguration()
    held.apply(ARecord(1, pack(ONE)))
    with capture_logs() as logs:
        held.apply(ARecord(2, b"not a configuration"))
    assert held.current == (1, ONE)
    assert [entry["event"] for entry in logs] == ["configuration_unreadable"]
