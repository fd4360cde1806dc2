"""Post a test alert through the webhook's real door.

It goes as Alertmanager's webhook, which every integration takes, whatever its format. Not here: what a payload of the
integration's own shape would become (`sample_check.py`).
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from schemas.configuration import Configuration
from schemas.errors import Unavailable
from schemas.records import Refusal
from tocsin.asking import Asking
from tocsin.sample_check import choose
from tocsin.sample_payload import alertmanager_body


class Receipt(msgspec.Struct, frozen=True):
    """The door's answer: how many alerts are durable in Kafka, and which it refused."""

    receipt: str
    accepted: int
    rejected: list[Refusal]


def labels_of(title: str, severity: str, labels: Mapping[str, str]) -> dict[str, str]:
    """Make the labels, which are the alert's identity: the same title, severity and labels are the same alert."""
    return {"alertname": title, "severity": severity, **labels}


def only_integration(configuration: Configuration, project: str) -> str:
    """Name the project's only integration that takes HTTP; raises `OperatorError` that lists what there is."""
    known = configuration.projects.get(project)
    return choose(Configuration(projects={project: known} if known else {}), None)[1]


def send_alert(asking: Asking, door: tuple[str, str], labels: dict[str, str], title: str, *, is_firing: bool) -> Receipt:
    """Send one alert to the door of (project, integration); raises `RefusedByDoor`, `Unavailable`."""
    project, integration = door
    answer = asking.post(f"/in/{project}/{integration}", alertmanager_body(labels, title, is_firing=is_firing))
    try:
        return msgspec.json.decode(answer, type=Receipt)
    except msgspec.DecodeError as error:
        raise Unavailable(f"{asking.url} is no webhook of tocsin: it answers something else") from error


def render_receipt(receipt: Receipt) -> str:
    """Say it for people."""
    refused = [f"refused: {one.reason}" for one in receipt.rejected]
    return "\n".join([f"accepted {receipt.accepted}, receipt {receipt.receipt}", *refused])
