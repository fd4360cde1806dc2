"""Works through what is due, round by round: choose what may be done now, claim it, call, save.

Not here: what makes something due (`sink.py`), one thread's or digest's steps (`postman.py`, `digest_post.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sinks.slack import metrics
from sinks.slack.calls import POSTING, Step
from sinks.slack.digest_post import DigestPostman
from sinks.slack.digests import Digest, Digests
from sinks.slack.postman import Postman
from sinks.slack.threads import Key, Thread, Threads

ROUND = 10
"""Threads and digests that are claimed, and then called for, together."""
CLAIM_SECONDS = 5.0
"""How long a claim is trusted: less than the consumer's session (10 s), after which somebody else may have the partition."""
WORK_SECONDS = 3.0
"""How long one delivery works on Slack; the rest is owed. One call may take `slack_call_seconds` more; the process must end
within 10 s."""


@dataclass(frozen=True, slots=True)
class Alone:
    """What Slack does not take of a channel that takes others: its word, since when (milliseconds), how many messages."""

    error: str
    since: int
    count: int


@dataclass(frozen=True, slots=True)
class Chosen:
    """A step of a thread or a digest that is to be done now."""

    what: Thread | Digest
    step: Step


class Rounds:
    """What is due in the partitions that are ours."""

    def __init__(self, threads: Threads, postman: Postman) -> None:
        self._threads = threads
        self._postman = postman
        self._digest_postman = DigestPostman(postman)
        self.digests = Digests()
        self.due: dict[Key, Thread] = {}

    def load(self, partitions: Iterable[int]) -> None:
        """Read all anew; what it owes is due. Raises `Unavailable`."""
        threads, digests = self._threads.load(partitions)
        self.digests.load(digests, threads, self._postman.monotonic(), self._postman.now_millis())
        self.due = {thread.key: thread for thread in threads}

    def add(self, thread: Thread) -> None:
        """Look at a thread again, and at the digest that it is in: it has changed."""
        self.due[thread.key] = thread
        self._threads.mark(thread)
        self.digests.note(thread)

    def drop(self, thread: Thread) -> None:
        """Let go of a forgotten thread."""
        self.due.pop(thread.key, None)
        emptied = self.digests.drop(thread)
        if emptied is not None:
            self._threads.forget_digest(emptied.record)

    def waiting(self) -> Mapping[str, int]:
        """Count what is due for broken channels, by channel."""
        health = self._postman.calls.health
        return Counter(one.record.channel for one in self.due.values() if health.is_broken(one.record.channel))

    def alone(self) -> Mapping[str, Alone]:
        """Give messages that Slack does not take in channels that take others, by channel."""
        due: list[Thread | Digest] = [*self.digests.due.values(), *self.due.values()]
        resting = [one for one in due if one.pause.error]
        counts = Counter(one.record.channel for one in resting)
        oldest = sorted(resting, key=lambda one: -one.pause.since)  # the oldest is the last, and stays
        return {one.record.channel: Alone(one.pause.error, one.pause.since, counts[one.record.channel]) for one in oldest}

    def work(self) -> None:
        """Go on while the rate allows something and time is left; then save what is owed. Raises `Superseded`, `Unavailable`."""
        deadline = self._postman.monotonic() + WORK_SECONDS
        self.digests.close_calm(self._postman.monotonic())
        while self._postman.monotonic() < deadline and (chosen := self._choose()):
            claimed = [one for one in chosen if one.step in POSTING]
            for one in claimed:
                if isinstance(one.what, Digest):
                    self.digests.mark(one.what)
            self._save([one.what for one in claimed if isinstance(one.what, Thread)])
            self._call(chosen, deadline)
        self._save()
        metrics.PENDING.set(len(self.due) + len(self.digests.due))

    def _save(self, claimed: Iterable[Thread] = ()) -> None:
        self._threads.save(claimed, self.digests.take_changed())

    def _choose(self) -> list[Chosen]:
        """Digests first, but for one that was refused: as the probe of its channel it would keep all others waiting."""
        refused = {name for name, digest in self.digests.due.items() if digest.blocked_at is not None}
        first = self._choose_digests(self.digests.due.keys() - refused)
        chosen = [*first, *self._choose_threads(), *self._choose_digests(refused)]
        return sorted(chosen, key=lambda one: self._is_slow(one.what))

    def _is_slow(self, what: Thread | Digest) -> bool:
        """Whether a call may take long, as the channel's last one did: such calls come after all others."""
        return self._postman.calls.rate.has_failed(what.record.channel)

    def _choose_threads(self) -> list[Chosen]:
        chosen: list[Chosen] = []
        for thread in sorted(self.due.values(), key=self._is_slow):
            if self._postman.calls.health.is_broken(thread.record.channel):
                self._keep_waiting(thread)
            elif thread.pause.error:
                self._let_go_if_over(thread)
            if self._needs_nothing(thread):
                del self.due[thread.key]
            elif (step := self._postman.choose(thread)) is not None:
                chosen.append(Chosen(thread, step))
                if len(chosen) == ROUND:
                    break
        return chosen

    def _keep_waiting(self, thread: Thread) -> None:
        before = thread.record
        thread.keep_newest()
        if thread.record is not before:
            self._threads.mark(thread)
        self._let_go_if_over(thread)

    def _let_go_if_over(self, thread: Thread) -> None:
        before = thread.record
        self._postman.let_go_if_over(thread)
        if thread.record is not before:
            self._threads.mark(thread)

    def _needs_nothing(self, thread: Thread) -> bool:
        """Whether all is said; one that is to be posted may go into a digest instead."""
        step = next(self._postman.steps(thread), None)
        if step != "post" or not self._may_try(thread):
            return step is None
        if self.digests.place(thread, self._postman.monotonic(), self._postman.now_millis()):
            self._threads.mark(thread)
            return True
        return False

    def _may_try(self, thread: Thread) -> bool:
        now = self._postman.monotonic()
        return not thread.pause.is_on(now) and self._postman.calls.health.may_try(thread.record.channel, now)

    def _choose_digests(self, names: Collection[str]) -> list[Chosen]:
        chosen: list[Chosen] = []
        for name, digest in [(name, digest) for name, digest in self.digests.due.items() if name in names]:
            if self._postman.calls.health.is_broken(digest.record.channel) or digest.pause.error:
                self._digest_postman.let_go_if_over(digest)
            if self._digest_postman.is_settled(digest):
                del self.digests.due[name]
            elif (step := self._digest_postman.choose(digest)) is not None:
                chosen.append(Chosen(digest, step))
        return chosen

    def _call(self, chosen: Sequence[Chosen], deadline: float) -> None:
        """Do what was chosen, but for what time has run out for, and what a call before it shows to make no sense now."""
        trusted_until = self._postman.monotonic() + CLAIM_SECONDS
        for one in chosen:
            now, channel = self._postman.monotonic(), one.what.record.channel
            is_claim_old = one.step in POSTING and now > trusted_until
            if is_claim_old or now > deadline or not self._postman.calls.is_still_due(channel):
                self._postman.calls.give_back(one.step, channel)  # still due; what is to be posted is claimed anew
            elif isinstance(one.what, Digest):
                self.digests.mark(one.what)
                self._digest_postman.do(one.what, one.step)
            else:
                self._do(one.what, one.step)

    def _do(self, thread: Thread, step: Step) -> None:
        self._threads.mark(thread)
        self._postman.do(thread, step)
        if thread.posted is not None:
            self.digests.openings.note_posted(thread.key)
        if self._postman.calls.health.is_broken(thread.record.channel):
            self.due[thread.key] = self.due.pop(thread.key)  # another is the next probe
