"""What would become of a payload at an integration's door: the alerts it makes, and what of it would be refused.

Nothing is sent. Not here: the reading itself (`producers/webhook/formats`), the terminal (`terminal.py`).
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from producers.webhook.door import Door, build_door
from producers.webhook.formats import prometheus, recognise
from producers.webhook.formats.parsed import Parsed
from producers.webhook.limits import check_size, max_body_bytes
from producers.webhook.reading import BOM
from schemas.codec import decode_body
from schemas.configuration import Configuration, Integration
from schemas.errors import OperatorError
from schemas.reasons import is_ignored
from schemas.records import AlertEvent, Content, Link, Refusal
from tocsin.terminal import NONE, Terminal, exact, iso, millis_of, one_line, render_fields, severity_cell

ABSENT_TIME = "when it arrives"
WITHOUT_FINGERPRINT = "none: every event is an alert of its own"


class SampleAlert(msgspec.Struct, frozen=True, kw_only=True):
    """One alert event, with the API's names; times are null where the payload says none and arrival counts."""

    index: int
    title: str
    description: str | None
    severity: str
    is_default_severity: bool
    status: str
    unknown_status: str | None
    """The payload's word for its status when it means neither firing nor resolved; such an alert counts as firing."""
    started_at: str | None
    ended_at: str | None
    expires_at: str | None
    end_reason: str | None
    fingerprint: str
    service: str | None
    monitoring_tool: str | None
    hosts: list[str]
    environment: str | None
    labels: dict[str, str]
    annotations: dict[str, str]
    links: list[Link]
    query: str | None


class Sample(msgspec.Struct, frozen=True):
    """A whole payload, each element under `alerts`, under `rejected`, or under `ignored` as `status_map` says."""

    integration: str
    format: str
    alerts: list[SampleAlert]
    rejected: list[Refusal]
    ignored: list[Refusal] = []


def choose(configuration: Configuration, wanted: str | None) -> tuple[str, str, Integration]:
    """Find the integration PROJECT/NAME, or the only one that takes HTTP; raises `OperatorError` that lists them."""
    found = {
        f"{project}/{name}": (project, name, integration)
        for project, settings in configuration.projects.items()
        for name, integration in settings.integrations.items()
        if integration.format != "topic"
    }
    if wanted is None and len(found) == 1:
        return next(iter(found.values()))
    if wanted in found:
        return found[wanted]
    known = f"write one of {', '.join(found)}" if found else "the configuration has none that takes HTTP"
    raise OperatorError(f"there is no integration {wanted}: {known}" if wanted else f"which integration is it? {known}")


def read_sample(project: str, name: str, integration: Integration, body: bytes) -> Sample:
    """Read a payload as the door would; raises its `Refused` when it takes nothing of it."""
    parse = _parser(integration, body)
    door = build_door(project, name, integration)
    check_size(len(body), max_body_bytes(door.limits, integration.format, parse is prometheus.parse), door.limits)
    parsed = parse(body, door)
    alerts: list[SampleAlert] = []
    refusals: list[Refusal] = []
    for made in parsed.slices():
        alerts += [_alert(event, integration) for event in made.events]
        refusals += made.refusals
    rejected = [one for one in refusals if not is_ignored(one.reason)]
    ignored = [one for one in refusals if is_ignored(one.reason)]
    return Sample(f"{project}/{name}", parsed.format, alerts, rejected, ignored)


def _parser(integration: Integration, body: bytes) -> Callable[[bytes, Door], Parsed]:
    """Choose as the path does at the doors: an array for an Alertmanager integration is what Prometheus sends to its API v2."""
    is_array = body.removeprefix(BOM).lstrip(b" \t\r\n").startswith(b"[")
    return prometheus.parse if integration.format == "alertmanager" and is_array else recognise.parse


def render_sample(sample: Sample, terminal: Terminal) -> str:
    """Lay it out for people."""
    counts = f"{len(sample.alerts)} accepted, {len(sample.rejected)} refused"
    if sample.ignored:
        counts += f", {len(sample.ignored)} ignored"
    blocks = [f"{sample.integration} reads it as {sample.format}: {counts}"]
    blocks += [_block(alert, terminal) for alert in sample.alerts]
    if sample.ignored:
        blocks.append("\n".join(f"○ element {one.index} is {one_line(one.reason)}" for one in sample.ignored))
    if sample.rejected:
        blocks.append("\n".join(f"✗ element {one.index} is refused: {one_line(one.reason)}" for one in sample.rejected))
    return "\n\n".join(blocks)


def _alert(event: AlertEvent, integration: Integration) -> SampleAlert:
    content = decode_body(event.content, Content)
    return SampleAlert(
        index=event.index,
        title=content.title,
        description=content.description,
        severity=event.severity or integration.default_severity,
        is_default_severity=event.severity is None,
        status="firing" if event.is_firing else "resolved",
        unknown_status=event.unknown_status,
        started_at=_time(event.started_at),
        ended_at=_time(event.ended_at),
        expires_at=_time(event.expires_at),
        end_reason=event.end_reason,
        fingerprint=event.fingerprint,
        service=content.service,
        monitoring_tool=content.monitoring_tool,
        hosts=content.hosts,
        environment=content.environment,
        labels=content.labels,
        annotations=content.annotations,
        links=content.links,
        query=content.query,
    )


def _time(millis: int | None) -> str | None:
    return None if millis is None else iso(millis)


def _block(alert: SampleAlert, terminal: Terminal) -> str:
    cell = severity_cell(alert.severity)
    heading = f"{terminal.paint(cell.text, cell.code)}  {one_line(alert.title)}"
    named = "named by the payload" if not alert.is_default_severity else "the integration's default: none that is known is named"
    always = [
        ("element", str(alert.index)),
        ("status", _status(alert)),
        ("severity", f"{alert.severity}, {named}"),
        ("fingerprint", alert.fingerprint or WITHOUT_FINGERPRINT),
        ("started", _shown(alert.started_at, ABSENT_TIME)),
        ("ended", _shown(alert.ended_at, NONE if alert.status == "firing" else ABSENT_TIME)),
        ("service", alert.service or NONE),
        ("hosts", "\n".join(alert.hosts) or NONE),
        ("description", alert.description or NONE),
        ("labels", _pairs(alert.labels) or NONE),
    ]
    when_there = [
        ("resolves at", _shown(alert.expires_at, "")),
        ("ended because", alert.end_reason or ""),
        ("environment", alert.environment or ""),
        ("tool", alert.monitoring_tool or ""),
        ("annotations", _pairs(alert.annotations)),
        ("links", "\n".join(f"{link.kind} {link.url}" for link in alert.links)),
        ("query", alert.query or ""),
    ]
    return f"{heading}\n{render_fields(terminal, [*always, *(field for field in when_there if field[1])])}"


def _status(alert: SampleAlert) -> str:
    if alert.unknown_status is None:
        return alert.status
    return f"{alert.status}, since {alert.unknown_status!r} has no meaning: give it one in status_map"


def _shown(time: str | None, absent: str) -> str:
    return absent if time is None else exact(millis_of(time))


def _pairs(values: dict[str, str]) -> str:
    return "\n".join(f"{name}={value}" for name, value in values.items())
