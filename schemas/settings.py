"""The settings of every process, read once from the environment (prefix `TOCSIN_`).

Not here: the product's configuration (projects, rules, people), which is a YAML file: see `configuration.py`.
"""

# ruff: noqa: RUF009 - the defaults made by `setting` are frozen

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from schemas.errors import SettingsError
from schemas.limits import Limits, render_limits

PREFIX = "TOCSIN_"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a listener binds: a host name or IP address, and a TCP port (0: any free one)."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read `host:port` or `[ipv6]:port`; raises `SettingsError` (the operator's)."""
        host, separator, port = text.rpartition(":")
        if not separator or not port.isdigit() or int(port) > 65535:
            raise SettingsError(f"{text!r} is no listen address: write host:port, for example 127.0.0.1:8080")
        return cls(host.strip("[]") or "127.0.0.1", int(port))

    @property
    def is_loopback(self) -> bool:
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def setting(default: Any, doc: str) -> Any:
    return field(default=default, metadata={"doc": doc})


@dataclass(frozen=True, slots=True)
class Settings(Limits):
    """Everything a process may be told from outside; the limits are in `limits.py`."""

    kafka: str = setting("", "Bootstrap servers, `host:port`, separated by commas. Empty: the embedded Kafka of `tocsin up`.")
    kafka_security_protocol: str = setting("PLAINTEXT", "PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL.")
    kafka_sasl_mechanism: str = setting("PLAIN", "PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512.")
    kafka_sasl_username: str = setting("", "User name for SASL.")
    kafka_sasl_password: str = setting("", "Password for SASL.")
    kafka_ssl_cafile: str = setting("", "File with the CA certificates that signed the brokers' ones.")
    kafka_replication_factor: int = setting(
        1, "Copies of each topic. 1 loses data with its broker; 3 is advised outside the embedded stack."
    )
    kafka_min_insync_replicas: int = setting(1, "Copies that must have a record before it is acknowledged; 2 is advised.")
    topic_prefix: str = setting("tocsin.", "Prefix of every topic and consumer group.")
    partitions: int = setting(
        4, "Partitions of inbox and journal; fixed for the life of a cluster. 16 or more are advised for a cluster of its own."
    )
    database_url: str = setting("", "PostgreSQL, as a libpq URL. Empty: the embedded server of `tocsin up`.")
    retention: int = setting(
        400,
        "Days for which PostgreSQL keeps what is over: resolved alerts with their payloads, resolved incidents with timeline and "
        "notifications, silences that have ended. What is open, or can still be reopened, stays however old it is.",
    )
    data: Path = setting(Path(".tocsin"), "Directory of the embedded stack and of local files.")
    config: str = setting("", "Configuration file that `tocsin up` applies at its start.")
    schema_registry_url: str = setting("", "Confluent-compatible registry. Empty: Avro single-object encoding.")
    webhook_listen: Address = setting(Address("127.0.0.1", 8080), "Webhook doors.")
    operator_listen: Address = setting(Address("127.0.0.1", 8081), "Operator API and console.")
    statuspage_listen: Address = setting(Address("127.0.0.1", 8082), "Status page, embedded stack only.")
    slack_listen: Address = setting(Address("127.0.0.1", 8083), "Slack's commands and buttons.")
    tls_cert: str = setting("", "Certificate chain (PEM) of all listeners.")
    tls_key: str = setting("", "Private key (PEM) of all listeners.")
    trusted_proxy: str = setting(
        "", "IP address of the proxy that ends TLS before a public listener; the last `X-Forwarded-For` it sends is who asks."
    )
    statuspage_dir: str = setting(
        "", "Directory that the status page is published to. Empty: `statuspage` under the data directory."
    )
    slack_token: str = setting("", "Slack bot token (`xoxb-…`). Empty: Slack is off, unless a fake is named by the API URL.")
    slack_signing_secret: str = setting("", "Slack's signing secret.")
    slack_api_url: str = setting("https://slack.com/api/", "Slack's Web API; a fake can stand in.")
    url: str = setting(
        "", "Operator API for the command line, such as https://tocsin.example.com. Empty: the stack on this machine."
    )
    token: str = setting("", "Token for the command line; empty for the stack on this machine: its local admin token.")
    metrics_port_base: int = setting(0, "First of the metrics ports, one for each process, on loopback. 0: no metrics port.")
    watched_disks: str = setting(
        "",
        "Directories, separated by `:`, whose disks must have room before alerts and commands are taken; set by `tocsin up` to "
        "those of its own Kafka and PostgreSQL. Empty: none is watched.",
    )
    instance: str = setting("", "Name of this process among its like, unique in the cluster; set by the supervisor.")

    @classmethod
    def load(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read the environment; an unreadable value raises `SettingsError` naming the variable."""
        environment = os.environ if environment is None else environment
        known = {PREFIX + entry.name.upper(): entry for entry in fields(cls)}
        values: dict[str, Any] = {}
        for variable, entry in known.items():
            if variable in environment:
                values[entry.name] = _read(variable, environment[variable], entry.default)
                if "beyond" in entry.metadata and values[entry.name] < 1:
                    raise SettingsError(f"{variable} is {environment[variable]!r}; a limit is at least 1")
        if values.get("schema_registry_url"):
            raise SettingsError(f"{PREFIX}SCHEMA_REGISTRY_URL is set, but this version writes Avro single-object encoding only")
        return cls(**values)


def _read(variable: str, text: str, default: Any) -> Any:
    if isinstance(default, Address):
        return Address.parse(text)
    if isinstance(default, Path):
        return Path(text)
    if isinstance(default, int):
        if not text.strip().lstrip("-").isdigit():
            raise SettingsError(f"{variable} is {text!r}; it takes a whole number")
        return int(text)
    return text


def render_table() -> str:
    """Render the documentation's table of all settings but the limits, as Markdown."""
    rows = [
        f"| `{PREFIX}{entry.name.upper()}` | {_shown(entry.default)} | {entry.metadata['doc']} |"
        for entry in fields(Settings)
        if "beyond" not in entry.metadata
    ]
    return "\n".join(["| variable | default | meaning |", "|---|---|---|", *rows])


def render_limits_table() -> str:
    """Render the documentation's table of all limits, as Markdown."""
    return render_limits(PREFIX)


def _shown(default: Any) -> str:
    return f"`{default}`" if str(default) else "empty"
