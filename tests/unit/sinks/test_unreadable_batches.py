"""What a reader of a topic does about a batch that its client cannot read: a second poll of that consumer would not return."""

from __future__ import annotations

from typing import Any

import pytest
from kafka.errors import CorruptRecordError, NodeNotReadyError, UnsupportedCodecError

from schemas.errors import OperatorError, Unavailable
from schemas.settings import Settings
from sinks import journal
from sinks.ledger import inbox


def readers(monkeypatch: pytest.MonkeyPatch, error: Exception) -> list[Any]:
    """Give a reader of the journal and one of the inbox whose consumers raise this when they are polled."""

    class Consumer:
        def __init__(self, **options: Any) -> None: ...
        def subscribe(self, topics: list[str], listener: Any) -> None: ...
        def assign(self, partitions: list[Any]) -> None: ...
        def seek(self, partition: Any, offset: int) -> None: ...
        def poll(self, timeout_ms: int) -> dict[Any, Any]:
            raise error

    for module in (journal, inbox):
        monkeypatch.setattr(module, "KafkaConsumer", Consumer)
    of_inbox = inbox.KafkaInbox(Settings(kafka="k:1"))
    of_inbox.place({0: 0})
    return [journal.KafkaJournal(Settings(kafka="k:1"), "memory", takes_all_partitions=False), of_inbox]


@pytest.mark.parametrize("error", [CorruptRecordError(), UnsupportedCodecError()])
def test_a_batch_that_cannot_be_read_ends_the_process(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    for reader in readers(monkeypatch, error):
        with pytest.raises(OperatorError, match="cannot be read"):
            reader.poll(0.1)


def test_what_passes_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    for reader in readers(monkeypatch, NodeNotReadyError()):
        with pytest.raises(Unavailable):
            reader.poll(0.1)
