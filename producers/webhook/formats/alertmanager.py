"""Alertmanager's webhook, version 4 (BEHAVIOUR 2): each element stands alone, the envelope's status is ignored.

Recognised by `alerts` being a list and `version` being the text "4", or else by elements with labels: a `payload:` template
of Alertmanager's 0.32 may leave the version out. The shape is Alertmanager's `template.Data`. Not here: Grafana's variant
(`grafana.py`), which shares the element.
"""

from __future__ import annotations

from functools import partial
from itertools import islice

import msgspec

from producers.webhook import fingerprints, grafana_state
from producers.webhook.content_body import encode_content
from producers.webhook.document import Document, Envelope
from producers.webhook.door import Door
from producers.webhook.formats.parsed import Parsed, Source, parse_elements
from producers.webhook.labels import clean_map, text_pairs
from producers.webhook.links import link, query_of
from producers.webhook.reading import Bytes, read
from producers.webhook.refused import RejectedElement
from producers.webhook.severity import severity_of, word_as_sent
from producers.webhook.slices import Elements
from producers.webhook.text import DEFAULT_TITLE, MAX_DESCRIPTION, MAX_HOSTS, MAX_NAME, MAX_TITLE, Json, JsonObject, cut, text
from producers.webhook.times import time_of
from schemas.records import AlertEvent, Content, Link

FORMAT = "alertmanager"
TOOL = "Prometheus"
VERSION = "4"
MAX_VERSION_BYTES = 16
RECOGNISED_SLICES = 2
"""Whose elements are looked at for labels where no version is given: 128 of them. All others would have to wait for more."""
MAX_TRUNCATED = 10**9
"""A count beyond this is no count, and a metric could not hold it."""


class _Labelled(msgspec.Struct):
    labels: dict[str, msgspec.Raw] = {}


_decode_labels = msgspec.json.Decoder(_Labelled).decode
PAGES = (("dashboard", "dashboardURL"), ("panel", "panelURL"), ("silence", "silenceURL"))
"""Links that Grafana adds, by kind and member."""


def parse(document: Document, door: Door) -> Parsed | None:
    """Make events of Alertmanager's body; None when it is another, Grafana's too."""
    envelope = document.envelope
    if not document.has_list or is_grafana(envelope):
        return None
    is_ours = _is_version(envelope.version) or _is_alike(document, door)
    return parse_envelope(FORMAT, TOOL, document, door) if is_ours else None


def _is_version(version: msgspec.Raw) -> bool:
    return 0 < len(bytes(version)) <= MAX_VERSION_BYTES and read(version) == VERSION


def _is_alike(document: Document, door: Door) -> bool:
    """Whether this is Alertmanager's shape without its version; an integration whose fields lie in `alerts` has its own."""
    return not any(path[:1] == ("alerts",) for path in door.paths.values()) and _have_labels(document.alerts())


def _have_labels(elements: Elements) -> bool:
    return any(_has_labels(element) for some in islice(elements, RECOGNISED_SLICES) for element in some)


def _has_labels(element: Bytes) -> bool:
    try:
        return bool(_decode_labels(element).labels)
    except msgspec.DecodeError:
        return False


def is_grafana(envelope: Envelope) -> bool:
    """Grafana names its organisation; its version may be any."""
    return bytes(envelope.org_id) not in (b"", b"null")


def parse_envelope(format: str, tool: str, document: Document, door: Door) -> Parsed:
    """Make events of the elements of an envelope."""
    envelope = document.envelope
    external = link("external", _member(envelope.external_url))
    source = Source(door, format, bytes(envelope.external_url))
    parsed = parse_elements(source, document.alerts(), partial(parse_alert, door, tool, external))
    truncated = _member(envelope.truncated_alerts)
    if not isinstance(truncated, int) or not 0 < truncated < MAX_TRUNCATED:
        return parsed
    return msgspec.structs.replace(parsed, truncated=int(truncated), group_key=text(_member(envelope.group_key)) or "")


def _member(raw: msgspec.Raw) -> Json:
    return read(raw) if bytes(raw) else None


def parse_alert(door: Door, tool: str, external: list[Link], raw: bytes, alert: JsonObject) -> AlertEvent:
    """Make an event of one element; raises `RejectedElement` when it has no labels."""
    pairs = text_pairs(door.limits, alert.get("labels"))
    if not pairs:
        raise RejectedElement("no labels")
    fingerprint, identity = fingerprints.of_labels(pairs)
    labels = clean_map(pairs)
    is_firing = alert.get("status") != "resolved"
    severity = first(labels, "severity")
    priority = first(labels, "priority") if severity is None else None
    return AlertEvent(
        index=0,
        fingerprint=fingerprint,
        identity=identity,
        is_firing=is_firing,
        severity=severity_of(severity or priority, door.severities),
        started_at=time_of(alert.get("startsAt"), "startsAt"),
        ended_at=None if is_firing else time_of(alert.get("endsAt"), "endsAt"),
        content=encode_content(content_of(door, tool, external, alert, labels)),
        payload=raw,
        severity_as_sent=word_as_sent(priority),
        end_reason=None if is_firing else grafana_state.end_reason_of(alert.get("annotations")),
    )


def content_of(door: Door, tool: str, external: list[Link], alert: JsonObject, labels: dict[str, str]) -> Content:
    """Gather what the alert says."""
    annotations = clean_map(text_pairs(door.limits, alert.get("annotations")))
    host = first(labels, "instance", "host", "node", "pod")
    title = grafana_state.title_of(labels) or first(annotations, "title", "summary") or first(labels, "alertname")
    return Content(
        title=cut(title, MAX_TITLE) or DEFAULT_TITLE,
        description=cut(first(annotations, "description", "message"), MAX_DESCRIPTION),
        hosts=[] if host is None else [host[:MAX_HOSTS]],
        service=cut(first(labels, "service", "job", "app", "namespace"), MAX_NAME),
        environment=first(labels, "gitlab_environment_name", "environment", "env", "cluster"),
        monitoring_tool=tool,
        query=query_of(text(alert.get("generatorURL"))),
        incident_text=first(annotations, "gitlab_incident_markdown"),
        labels=labels,
        annotations=annotations,
        links=_links(alert, annotations, external),
    )


def first(values: dict[str, str], *names: str) -> str | None:
    """Give the first value that is there and not blank."""
    for name in names:
        value = values.get(name)
        if value is not None and not value.isspace():
            return value
    return None


def _links(alert: JsonObject, annotations: dict[str, str], external: list[Link]) -> list[Link]:
    links = link("generator", alert.get("generatorURL")) + link("runbook", first(annotations, "runbook_url", "runbook"))
    for kind, member in PAGES:
        if member in alert:
            links += link(kind, alert[member])
    return links + external
