"""One-node Apache Kafka (KRaft) on loopback, with SASL on both of its listeners.

Not here: running it (`tocsin/supervisor.py`), topics (`topics.py`). Settings and the JAAS trick: STACK, "Kafka for one machine".
"""

from __future__ import annotations

import base64
import dataclasses
import os
import secrets
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from schemas.errors import OperatorError
from schemas.settings import Settings
from tocsin.embedded import launch, ports
from tocsin.embedded.launch import Child

DEFAULT_PORT = 9092
USER = "tocsin"
HEAP = "512m"
FORMAT_TIMEOUT_SECONDS = 60
LIBRARIES = Path(__file__).parents[2] / "build" / "kafka" / "libs"
LOGGING = Path(__file__).parent / "log4j2.xml"

# The session of a killed broker must expire before its successor may register: 3 s instead of 9.
PROPERTIES = """\
# Written by tocsin at each start; changes here are lost.
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=CLIENT://127.0.0.1:{client},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=CLIENT://127.0.0.1:{client}
inter.broker.listener.name=CLIENT
controller.listener.names=CONTROLLER
listener.security.protocol.map=CLIENT:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT
sasl.enabled.mechanisms=PLAIN
sasl.mechanism.inter.broker.protocol=PLAIN
sasl.mechanism.controller.protocol=PLAIN
listener.name.client.plain.sasl.jaas.config={jaas}
listener.name.controller.plain.sasl.jaas.config={jaas}
log.dirs={logs}
auto.create.topics.enable=false
default.replication.factor=1
min.insync.replicas=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
num.network.threads=2
num.io.threads=4
log.cleaner.dedupe.buffer.size=33554432
"""
JAAS = (
    "org.apache.kafka.common.security.plain.PlainLoginModule required "
    'username="{user}" password="{password}" user_{user}="{password}";'
)


@dataclass(frozen=True, slots=True)
class Broker:
    """A broker that can be started: its process, and where clients find it."""

    child: Child
    port: int
    password: str

    def client_settings(self, settings: Settings) -> Settings:
        """Give the settings with which every other process reaches this broker."""
        return dataclasses.replace(
            settings,
            kafka=f"127.0.0.1:{self.port}",
            kafka_security_protocol="SASL_PLAINTEXT",
            kafka_sasl_mechanism="PLAIN",
            kafka_sasl_username=USER,
            kafka_sasl_password=self.password,
        )

    def is_ready(self) -> bool:
        """Say whether it accepts connections; that it also accepts our password, the first client finds out."""
        return ports.is_answering(self.port)


def prepare(data: Path, *, default_port: int = DEFAULT_PORT) -> Broker:
    """Make the data directory ready: ports, password, properties, formatted storage. Safe to repeat.

    `default_port` 0 takes any free one. Raises `OperatorError` when Java or the jars are missing.
    """
    java = shutil.which("java")
    if java is None:
        raise OperatorError("no java found; the embedded Kafka needs Java 17 or later (or set TOCSIN_KAFKA to an existing one)")
    if not LIBRARIES.is_dir():
        raise OperatorError("the embedded Kafka's jars are missing: run `make setup` (or set TOCSIN_KAFKA to an existing one)")
    home = data / "kafka"
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    chosen = ports.choose(home / "ports.json", {"client": default_port, "controller": 0})
    password = _keep_password(home / "password")
    _write_private(home / "server.properties", _render(home / "logs", chosen, password))
    if not (home / "logs" / "meta.properties").exists():
        _format(java, home)
    child = Child("kafka", _command(java, HEAP, "kafka.Kafka", str((home / "server.properties").resolve())), _environment())
    return Broker(child, chosen["client"], password)


def read_password(data: Path) -> str:
    """Read the password that `prepare` has made; raises `OperatorError` when there is none."""
    path = data / "kafka" / "password"
    if not path.exists():
        raise OperatorError(f"no embedded Kafka in {data}")
    return path.read_text().strip()


def _render(logs: Path, chosen: dict[str, int], password: str) -> str:
    jaas = JAAS.format(user=USER, password=password)
    return PROPERTIES.format(**chosen, jaas=jaas, logs=str(logs.resolve()).replace("\\", "\\\\"))


def _format(java: str, home: Path) -> None:
    cluster_id = base64.urlsafe_b64encode(b"\x01" + secrets.token_bytes(15)).decode().rstrip("=")  # never starts with "-"
    properties = str((home / "server.properties").resolve())
    command = _command(java, "128m", "kafka.tools.StorageTool", "format", "--config", properties, "--cluster-id", cluster_id)
    code, output = launch.run(Child("kafka format", command, _environment()), FORMAT_TIMEOUT_SECONDS)
    if code != 0:
        raise OperatorError(f"Kafka's storage in {home} could not be formatted: {output.strip()}")


def _command(java: str, heap: str, main: str, *arguments: str) -> tuple[str, ...]:
    return (
        java, f"-Xmx{heap}", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20", "-XX:+ExitOnOutOfMemoryError", "-Djava.awt.headless=true",
        f"-Dlog4j2.configurationFile={LOGGING}", "-cp", f"{LIBRARIES}/*", main, *arguments,
    )  # fmt: skip


def _environment() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if not key.startswith(("TOCSIN_", "KAFKA_"))}


def _keep_password(path: Path) -> str:
    if not path.exists():
        _write_private(path, secrets.token_urlsafe(32) + "\n")
    return path.read_text().strip()


def _write_private(path: Path, text: str) -> None:
    """Write a file for our eyes only, whole or not at all."""
    handle, name = tempfile.mkstemp(dir=path.parent)  # 0600 from its first moment
    with os.fdopen(handle, "w") as file:
        file.write(text)
    os.replace(name, path)
