"""Starts what the demo runs on: a fresh data directory, free addresses, random tokens, the fake Slack,
`tocsin up` and a Prometheus.

The demo always uses servers of its own: it would apply its configuration to any other. Not here: the story.
"""

from __future__ import annotations

import hashlib
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path
from string import Template
from typing import Any

import tocsin
from schemas.errors import OperatorError, Unavailable
from schemas.settings import Address, Settings
from tocsin import state
from tocsin.demo import watching
from tocsin.embedded import launch, ports, prometheus
from tocsin.embedded.launch import Child
from tocsin.up import environment_of

TEMPLATE = Path(tocsin.__file__).parent.parent / "deploy" / "demo" / "tocsin.yaml"
LISTENERS = {
    "webhook_listen": "webhook",
    "operator_listen": "operator API",
    "statuspage_listen": "status page",
    "slack_listen": "Slack's buttons",
}
INTEGRATIONS = ("alertmanager", "uptime")
"""Of the shop: those that the story itself sends through."""
PERSON = "ada"
"""Who acts in the story."""
READY_SECONDS = 120
STOP_SECONDS = 12
POLL_SECONDS = 0.1
TAIL_LINES = 25


@dataclass(frozen=True, slots=True)
class Demo:
    """A running demo: its settings, with the addresses in use, the tokens of its integrations and person, Prometheus' address."""

    settings: Settings
    tokens: dict[str, str]
    is_slack_fake: bool
    moved: tuple[str, ...]
    seconds: float
    supervisor: subprocess.Popen[bytes]
    prometheus: str

    @property
    def data(self) -> Path:
        return self.settings.data

    @property
    def webhook(self) -> str:
        return f"http://{self.settings.webhook_listen}"

    @property
    def operator(self) -> str:
        return f"http://{self.settings.operator_listen}"

    @property
    def statuspage(self) -> str:
        return f"http://{self.settings.statuspage_listen}/"


@contextmanager
def running(settings: Settings) -> Iterator[Demo]:
    """Run everything; at the end stop it, and remove the data when all went well or somebody said stop.

    Raises `OperatorError` or `Unavailable` when it does not come up; the data is then kept, with its logs.
    """
    settings.data.mkdir(mode=0o711, parents=True, exist_ok=True)
    data = Path(tempfile.mkdtemp(prefix="demo-", dir=settings.data.resolve()))
    try:
        with _all_processes(settings, data) as demo:
            yield demo
    except KeyboardInterrupt:
        _remove(data)
        raise
    _remove(data)


@contextmanager
def _all_processes(settings: Settings, data: Path) -> Iterator[Demo]:
    prometheus.find_program()  # says so before anything has started
    begun = time.monotonic()
    with ExitStack() as stack:
        settings, moved = _free_addresses(_alone(settings, data))
        is_slack_fake = not settings.slack_token
        if is_slack_fake:
            settings = stack.enter_context(_fake_slack(settings))
        tokens = {name: secrets.token_urlsafe(32) for name in (*INTEGRATIONS, watching.INTEGRATION, PERSON)}
        settings = replace(settings, config=str(_configure(settings, tokens)), metrics_port_base=watching.free_ports_base())
        supervisor = stack.enter_context(_process("up", ("-m", "tocsin", "up"), settings))
        watch = watching.watch_of(settings, tokens[watching.INTEGRATION])
        prometheus_url = stack.enter_context(prometheus.running(watching.directory_of(settings), watch))
        settings = _wait_until_ready(settings, supervisor)
        yield Demo(settings, tokens, is_slack_fake, moved, time.monotonic() - begun, supervisor, prometheus_url)


def _remove(data: Path) -> None:
    """Remove the data, and PostgreSQL's where that had to be put elsewhere."""
    if (data / "postgres").is_symlink():
        shutil.rmtree((data / "postgres").resolve())
    shutil.rmtree(data)


def _alone(settings: Settings, data: Path) -> Settings:
    """Drop all that leads to other servers than the demo's own."""
    own: dict[str, Any] = {entry.name: entry.default for entry in fields(Settings) if entry.name.startswith("kafka")}
    return replace(settings, **own, database_url="", statuspage_dir="", instance="", data=data)


def _free_addresses(settings: Settings) -> tuple[Settings, tuple[str, ...]]:
    """Give each listener its address, or a free port where that is taken; say which had to move."""
    moved: list[str] = []
    taken: set[int] = set()
    for field, name in LISTENERS.items():
        wanted: Address = getattr(settings, field)
        if wanted.port in taken or not wanted.port or not ports.is_free(wanted.port):
            address = replace(wanted, port=ports.any_free(frozenset(taken)))
            change: dict[str, Any] = {field: address}
            settings = replace(settings, **change)
            moved.append(f"port {wanted.port} is taken: {name} is on {address.port}")
        taken.add(getattr(settings, field).port)
    return settings, tuple(moved)


def _configure(settings: Settings, tokens: dict[str, str]) -> Path:
    """Fill in the template, and keep the tokens where only we read them."""
    for name, token in tokens.items():
        state.write_private(settings.data / f"token-{name}", token + "\n")
    hashes = {f"{name}_token_hash": hash_of(token) for name, token in tokens.items()}
    text = Template(TEMPLATE.read_text("utf-8")).substitute(hashes, statuspage_address=settings.statuspage_listen)
    file = settings.data / "tocsin.yaml"
    file.write_text(text, "utf-8")
    return file


def hash_of(token: str) -> str:
    """Hash a token as the configuration writes it."""
    return "sha256:" + hashlib.sha256(token.encode()).hexdigest()


@contextmanager
def _fake_slack(settings: Settings) -> Iterator[Settings]:
    address = Address("127.0.0.1", ports.any_free())
    arguments = ("-m", "tocsin.embedded.fake_slack", "--listen", str(address), "--per-second", "1", "--tell")
    with _process("fake-slack", arguments, settings) as process:
        _wait(lambda: ports.is_answering(address.port), process, settings.data / "fake-slack.log", 20)
        yield replace(settings, slack_api_url=f"http://{address}/api/")


@contextmanager
def _process(name: str, arguments: tuple[str, ...], settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """Run a child whose end comes with ours, whatever ends us."""
    child = Child(name, (sys.executable, *arguments), environment_of(settings))
    process = launch.start(child, settings.data / f"{name}.log")
    try:
        yield process
    finally:
        launch.stop(process, child, STOP_SECONDS)


def _wait_until_ready(settings: Settings, supervisor: subprocess.Popen[bytes]) -> Settings:
    def is_ready() -> bool:
        found = state.read(settings.data)
        return found is not None and found["health"] == "ready"

    _wait(is_ready, supervisor, settings.data / "up.log", READY_SECONDS)
    return state.find_servers(settings)


def _wait(is_ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not is_ready():
        if process.poll() is not None:
            raise OperatorError(f"it has ended with exit code {process.returncode}; {log} ends with\n{tail(log)}")
        if time.monotonic() > deadline:
            raise Unavailable(f"it did not come up within {seconds:g} s; {log} ends with\n{tail(log)}")
        time.sleep(POLL_SECONDS)


def tail(log: Path) -> str:
    """Give the last lines of a log."""
    return "\n".join(log.read_text("utf-8", errors="replace").splitlines()[-TAIL_LINES:])
