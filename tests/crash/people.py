"""People who give commands without rest, each again and again under the same id until it is answered, and write down the answers.

Not here: alerts (`load.py`), and whether what was answered is so (`audit.py`).
"""

from __future__ import annotations

import http.client
import json
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from schemas.settings import Address
from tests.crash.load import ALERTS_OF_A_SERVICE, LARGE, PERSON, PROJECTS, RETRY_SECONDS, TOKEN, Told

OK, CREATED, PENDING, CONFLICT, NOT_FOUND = 200, 201, 202, 409, 404
ANSWERED = (OK, CREATED, CONFLICT)
REPEATED = 0.3
"""The share of commands that are given once more after their answer."""
SILENCED_SECONDS = 5
LARGE_COUNT, LARGE_PER_REQUEST = 6_000, 500
"""More than what a worker and a sink call a large entry."""
LARGE_ROUNDS = 6


@dataclass(frozen=True)
class Asked:
    """A command and its answer; `mark` is a text of its own that stands in what it changes."""

    project: str
    verb: str
    mark: str
    is_done: bool


@dataclass
class Answers:
    """What people were answered, and what was wrong with it."""

    given: list[Asked] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, asked: Asked) -> None:
        with self.lock:
            self.given.append(asked)

    def complain(self, problem: str) -> None:
        with self.lock:
            self.problems.append(problem)


class Door:
    """Requests with a token, made anew after each failure until `stopped`."""

    def __init__(self, address: Address, stopped: threading.Event) -> None:
        self._address = address
        self._stopped = stopped

    def post(self, path: str, body: Any, wanted: tuple[int, ...]) -> tuple[int, Any] | None:
        """Post until the status is one of these; None: stopped before. A client's mistake raises: it is one of the campaign's."""
        while not self._stopped.is_set():
            status, answer = self._ask("POST", path, body)
            if status in wanted:
                return status, answer
            assert status not in (400, 401, 403, 422), f"{path} {body}: {status} {answer}"
            self._stopped.wait(RETRY_SECONDS)
        return None

    def give(self, project: str, path: str, body: dict[str, Any]) -> int | None:
        """Give a command until it is answered, and ask again for what is pending; gives the status, None: stopped before."""
        while (posted := self.post(path, body, (*ANSWERED, PENDING, NOT_FOUND))) is not None:
            status = posted[0]
            while status == PENDING and not self._stopped.wait(RETRY_SECONDS):
                status, _ = self._ask("GET", f"/api/v1/projects/{project}/commands/{quote(body['command_id'])}")
            if status in ANSWERED or posted[0] == NOT_FOUND:
                return status
        return None

    def _ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Give the status, 0 when the connection broke, and the answer."""
        connection = http.client.HTTPConnection(self._address.host, self._address.port, timeout=10)
        try:
            headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        except (OSError, http.client.HTTPException, ValueError):
            return 0, None
        finally:
            connection.close()


class Person(threading.Thread):
    """Gives one command after the other. `stopped` ends it after the answer to the one in hand, `given_up` at once."""

    def __init__(self, number: int, seed: int, operator: Address, answers: Answers) -> None:
        super().__init__(name=f"person-{number}", daemon=True)
        self.stopped, self.given_up = threading.Event(), threading.Event()
        self._random = random.Random(f"people/{seed}/{number}")
        self._door = Door(operator, self.given_up)
        self._answers = answers
        self._count = 0

    def run(self) -> None:
        while not self.stopped.wait(self._random.uniform(0, 0.3)):
            self._count += 1
            self._give(f"mark {self.name} {self._count}")

    def _give(self, mark: str) -> None:
        project = self._random.choice(PROJECTS)
        verb, path, body = self._random.choice(self._commands())(mark)
        path, body = f"/api/v1/projects/{project}{path}", {**body, "command_id": mark}
        first = self._door.give(project, path, body)
        if first is None:
            self._answers.complain(f"{mark} was never answered: {path} {body}")
        if first is None or first == NOT_FOUND:  # of what is not there, or not yet
            return
        self._answers.note(Asked(project, verb, mark, first != CONFLICT))
        if self._random.random() < REPEATED:
            again = self._door.give(project, path, body)
            if again is not None and (again == CONFLICT) != (first == CONFLICT):
                self._answers.complain(f"{mark} was answered {first}, and once more {again}: {path} {body}")

    def _commands(self) -> list[Callable[[str], tuple[str, str, dict[str, Any]]]]:
        incident = f"/incidents/{self._random.randrange(1, 20)}"
        alert = f"/alerts/{self._random.randrange(1, 2 * ALERTS_OF_A_SERVICE)}"
        severity = self._random.choice(("critical", "high", "medium", "low"))
        ends_at = (datetime.now(UTC) + timedelta(seconds=SILENCED_SECONDS)).isoformat()
        silence = {"matchers": ['service="steady"', f'alertname="A{self._random.randrange(9)}"'], "ends_at": ends_at}
        return [
            lambda mark: ("comment", f"{incident}/comment", {"text": mark}),
            lambda mark: ("title", f"{incident}/title", {"title": mark}),
            lambda mark: ("create", "/incidents", {"title": mark, "severity": severity}),
            lambda mark: ("silence", "/silences", {**silence, "comment": mark}),
            lambda mark: ("other", f"{incident}/acknowledge", {}),
            lambda mark: ("other", f"{incident}/resolve", {}),
            lambda mark: ("other", f"{incident}/reopen", {}),
            lambda mark: ("other", f"{incident}/severity", {"severity": severity}),
            lambda mark: ("other", f"{incident}/assign", {"assignee": PERSON}),
            lambda mark: ("other", f"{incident}/unassign", {"assignee": PERSON}),
            lambda mark: ("other", f"{alert}/acknowledge", {}),
            lambda mark: ("other", f"{alert}/ignore", {}),
            lambda mark: ("other", f"{alert}/resolve", {}),
        ]


class Flood(threading.Thread):
    """Lets thousands of alerts make one incident and has it resolved by one command, again and again."""

    def __init__(self, webhook: Address, operator: Address, told: Told, answers: Answers) -> None:
        super().__init__(name="flood", daemon=True)
        self.stopped, self.given_up = threading.Event(), threading.Event()
        self._webhook, self._operator = Door(webhook, self.given_up), Door(operator, self.given_up)
        self._told = told
        self._answers = answers

    def run(self) -> None:
        for number in range(1, LARGE_ROUNDS + 1):
            if self.stopped.is_set():
                return
            self._fill(number)
            self._resolve(number)

    def _fill(self, number: int) -> None:
        for first in range(0, LARGE_COUNT, LARGE_PER_REQUEST):
            names = [f"round {number} alert {one}" for one in range(first, first + LARGE_PER_REQUEST)]
            body = [{"title": name, "fingerprint": name, "service": "large"} for name in names]
            taken = self._webhook.post(f"/in/{LARGE}/generic", body, (202,))
            if taken is not None:
                self._told.accept(LARGE, taken[1]["receipt"], len(body))

    def _resolve(self, number: int) -> None:
        """Resolve the round's incident; it has its number, since each is resolved before the next begins."""
        mark = f"mark flood {number}"
        path = f"/api/v1/projects/{LARGE}/incidents/{number}/resolve"
        status: int | None = NOT_FOUND
        while status == NOT_FOUND:  # its row is on its way
            status = self._operator.give(LARGE, path, {"command_id": mark})
        if status is None:
            self._answers.complain(f"{mark} was never answered")
        else:
            self._answers.note(Asked(LARGE, "flood", mark, status != CONFLICT))
