"""Retrying a dead letter: what that means depends on where it comes from (DESIGN section 2, "Dead letters").

A message to the world is not sent as it was: the core is asked to tell the receiver anew, and what it then hears is how
things stand. Bytes of a topic are written back to it, once. Not here: the letters (`dead_letters.py`).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec

from schemas.codec import decode, encode
from schemas.configuration import Configuration
from schemas.errors import MalformedRecord, OperatorError
from schemas.records import ALERT_BOT, AlertBatch, Command, Frame
from schemas.settings import Settings
from schemas.topics import EVENTS_HEADER, INBOX, JOURNAL, partition_of
from tocsin.dead_letters import Letter, Note, send, write_note
from tocsin.following import Answer, find_written, outcome_of

RETRIED_HEADER = "dead-letter"
"""Of a record that was written back: the letter's id."""
INTAKE = "alerts."


class Told(msgspec.Struct, frozen=True):
    """What a sink kept of a message that it gave up."""

    channel: str = ""
    project: str = ""
    incident: int = 0
    receiver: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Retrier:
    """What retries need. `configuration` tells who is in a channel; `resolved`: also tell of incidents that are over."""

    settings: Settings
    configuration: Configuration
    now_millis: Callable[[], int]
    resolved: bool = False

    def retry(self, letter: Letter, again: bool = False) -> Note:
        """Retry a letter and give what was done; one that was retried before only if `again`. Raises `Unavailable`.

        Safe to repeat: whatever it had done when it died is found, and not done twice.
        """
        if letter.is_done and not again:
            return Note("done", "was retried before: " + next(one.note.text for one in letter.tried if one.note.state == "done"))
        if letter.record.origin_topic == JOURNAL.full_name(self.settings.topic_prefix):
            return self._keep(letter, self._tell(letter))
        refusal = self._refusal(letter)
        return self._keep(letter, Note("refused", refusal)) if refusal else self._write_back(letter)

    def _keep(self, letter: Letter, note: Note) -> Note:
        write_note(self.settings, letter, note, self.now_millis())
        return note

    # -- messages to the world ---------------------------------------------------

    def _tell(self, letter: Letter) -> Note:
        try:
            told = msgspec.json.decode(letter.record.original, type=Told)
        except msgspec.DecodeError:
            return Note("refused", "it is no message that a sink kept")
        if told.digest:
            return Note("refused", "it was a digest: its incidents are told of when they change, or by `tocsin incident notify`")
        receiver = self._receiver(told)
        if not told.project or receiver is None:
            return Note("refused", f"no receiver of the configuration is in channel {told.channel} any more")
        answer = self._ask(letter, told, receiver)
        about = f"incident {told.project} #{told.incident}"
        match answer.outcome:
            case "done":
                return Note("done", f"{receiver} is told how {about} stands")
            case "pending":
                return Note("begun", f"the core was asked to tell {receiver} of {about}, and has not answered yet: retry to see")
            case _:
                return Note("refused", answer.reason or answer.outcome)

    def _receiver(self, told: Told) -> str | None:
        """Give whom to tell: the receiver by its name, wherever it is now, else one in the same channel."""
        known = self.configuration.receivers
        if told.receiver in known:
            return told.receiver
        in_channel = (name for name, one in known.items() if one.slack is not None and one.slack.channel == told.channel)
        return next(in_channel, None)

    def _ask(self, letter: Letter, told: Told, receiver: str) -> Answer:
        """Give the core the command; the same one after a crash, which it then answers without doing it again."""
        count = sum(one.note.state != "begun" for one in letter.tried)
        arguments = msgspec.json.encode({"receiver": receiver, "resolved": self.resolved})
        id = f"dead-letter {letter.id} {count} {receiver} {self.resolved}"
        command = Command(told.project, id, ALERT_BOT, "notify", "incident", told.incident, arguments)
        partition = partition_of(told.project, self.settings.partitions)
        return outcome_of(self.settings, partition, lambda: self._send_inbox(partition, encode(Frame([command])), b"{}"))

    # -- bytes of a topic ----------------------------------------------------------

    def _refusal(self, letter: Letter) -> str:
        """Say why bytes are not written back; empty: they are."""
        record, prefix = letter.record, self.settings.topic_prefix
        if record.origin_topic == INBOX.full_name(prefix):
            try:
                decode(record.original, Frame)
            except MalformedRecord as error:
                return f"the frame cannot be read, and would be rejected again: {error}"
            return ""
        if record.origin_topic.startswith(prefix + INTAKE):
            return ""
        return f"nothing of {record.origin_topic} is written back"

    def _write_back(self, letter: Letter) -> Note:
        record = letter.record
        if letter.begun_at is not None:
            found = find_written(
                self.settings, record.origin_topic, record.origin_partition, letter.begun_at, RETRIED_HEADER, letter.id
            )
            if found is not None:
                return self._keep(letter, Note("done", _place(letter, found)))
        write_note(self.settings, letter, Note("begun", f"written back to {record.origin_topic}"), self.now_millis())
        headers = [(RETRIED_HEADER, letter.id.encode())]
        if record.origin_topic == INBOX.full_name(self.settings.topic_prefix):
            headers.insert(0, (EVENTS_HEADER, events_of(decode(record.original, Frame))))
        offset = send(self.settings, record.origin_topic, record.origin_partition, record.original, headers)
        return self._keep(letter, Note("done", _place(letter, offset)))

    def _send_inbox(self, partition: int, value: bytes, events: bytes) -> int:
        topic = INBOX.full_name(self.settings.topic_prefix)
        return send(self.settings, topic, partition, value, [(EVENTS_HEADER, events)])


def events_of(frame: Frame) -> bytes:
    """Give the `events` header of a frame: how many alert events of each project, refusals included."""
    counts: Counter[str] = Counter()
    for item in frame.items:
        if isinstance(item, AlertBatch):
            counts[item.project] += len(item.events) + len(item.refusals)
    return json.dumps(counts).encode()


def choose(letters: Sequence[Letter], found: Sequence[Letter], every: bool) -> Sequence[Letter]:
    """Give the letters to retry: those named, or all that were not retried yet; raises `OperatorError` for both or neither."""
    if every == bool(found):
        raise OperatorError("name dead letters by their ids, or all of them with --all")
    return [letter for letter in letters if not letter.is_done] if every else found


def _place(letter: Letter, offset: int) -> str:
    return f"written back to {letter.record.origin_topic}, partition {letter.record.origin_partition}, offset {offset}"
