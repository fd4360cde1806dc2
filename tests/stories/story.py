"""Stories: what arrives on the virtual clock, and what must have been decided (YAML in this folder).

A story: `says`, `config` (all that a project has, durations in seconds), `steps`, and what holds at the end: `alerts`,
`incidents`, `silences`, `notifications`, `outcomes` (of events), `answers` (to commands, in order; to one about many
alerts a list), `timeline` in short or as `entries` in full, `forgotten`. A step is one of
`{at, send: [events], format?, integration?, received?, source?, total?}`, where `received` is when a door had it, if not
then, and `total` the count of the whole request that this is a part of; `{at}` (nothing but time); `{at, tick}`;
`{at, config}`; `{at, complain: [[kind, count, text]], integration?}` (what a door says); `{at, command: acknowledge alert
1, with?: its arguments, by?, id?}`;
a command's times are seconds of the virtual clock, its arguments as text are sent as they are. The clock ticks each
second in between, unless the story says `ticks: false`, but not within `stopped: [from, to]`; so does a door with
`doors: true`, but not within `shut: [from, to]`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import msgspec.yaml
from msgspec.structs import replace

from processors.partition import InboxRecord
from schemas.records import (
    SEVERITIES,
    AlertBatch,
    AlertState,
    Command,
    Complaint,
    Configuration,
    IncidentState,
    Outcome,
    SilenceState,
    Tick,
    TimelineItem,
)
from tests.world import EPOCH, PROJECT, ReadModel, World, batch, command, configured, millis

FOLDER = Path(__file__).parent
DURATIONS = (
    "within",
    "reopen_within",
    "resolve_after",
    "publish_after",
    "remind_after",
    "heartbeat",
    "duration",
    "flap_window",
    "forget_after",
    "resolved_by_hand_holds",
    *SEVERITIES,
)
"""Keys of a project whose numbers are seconds in a story; the severities' in `sla`."""
SENDER = ("format", "integration", "received", "source", "total")
"""What a step that sends may say of the request."""
TIMES = ("at", "starts_at", "ends_at")
"""Arguments of commands that are times."""


@dataclass(frozen=True)
class Story:
    """One story as its file tells it."""

    name: str
    told: dict[str, Any] = field(hash=False)

    def world(self, is_applied_each_second: bool = False) -> World:
        """Put everything that arrives into an inbox, in the order of time; the configuration once, or again each second."""
        return World(list(_arrivals(self, is_applied_each_second)))

    def _written(self, is_applied_each_second: bool) -> World:
        """Write the records of `world`, anew each time."""
        world, now, version, config = World(), 0, 0, self.told.get("config")
        world.append(0, Tick(millis(0), "opening"))
        same = self._configured(version, config or {})
        if config is not None:
            world.append(0, same)
        for place, step in enumerate(self.told["steps"]):
            while self.told.get("ticks", True) and now + 1 <= step["at"]:
                now += 1
                if self.told.get("doors") and not self._is_within("shut", now):
                    world.door_tick(now)
                if not self._is_within("stopped", now):
                    world.tick(now)
                if is_applied_each_second and config is not None:
                    version += 1
                    world.append(now, replace(same, version=version))
            now = max(now, int(step["at"]))
            if "send" in step:
                sender = {"received": step["at"]} | {key: step[key] for key in SENDER if key in step}
                world.append(step["at"], batch(*step["send"], **sender))
            if "complain" in step:
                complaints = [Complaint(kind, count, text) for kind, count, text in step["complain"]]
                integration = step.get("integration", "generic")
                world.append(step["at"], AlertBatch(PROJECT, integration, "", "unknown", "", 0, [], complaints=complaints))
            if "tick" in step:
                world.tick(step["at"])
            if "command" in step:
                world.append(step["at"], _command(step, f"command {place}"))
            if "config" in step:
                version, config = version + 1, step["config"]
                same = self._configured(version, config)
                world.append(step["at"], same)
        return world

    def _is_within(self, pause: str, second: int) -> bool:
        start, end = self.told.get(pause, (0, 0))
        return bool(start <= second < end)

    def _configured(self, version: int, config: dict[str, Any]) -> Configuration:
        components = config.get("components", ())
        project = {key: value for key, value in config.items() if key != "components"}
        return configured(version, {PROJECT: _in_millis(project)}, components)

    def differences(self, model: ReadModel) -> list[str]:
        """Say where the end is not as told."""
        commands = [outcome for outcome in model.outcomes if outcome.integration is None]
        got = {
            "alerts": [_alert(model, alert) for _, alert in sorted(model.alerts.items())],
            "incidents": [_incident(incident) for _, incident in sorted(model.incidents.items())],
            "silences": [_silence(silence) for silence in sorted(model.silences.values(), key=lambda one: int(one.id))],
            "notifications": [f"{_seconds(n.at)}: {n.kind} {n.receiver} {n.incident}" for n in model.notifications],
            "outcomes": [event.outcome for outcome in model.outcomes if outcome not in commands for event in outcome.events],
            "answers": [_answer(outcome) for outcome in commands],
            "timeline": [f"{_seconds(item.at)}: {item.incident} {item.kind}" for item in model.timeline],
            "entries": [_entry(item) for item in model.timeline],
            "forgotten": [f"{one.kind} {one.id}" for one in model.forgettings],
        }
        return [line for key in got if key in self.told for line in _differ(self.told[key], got[key], key)]


@cache
def read_stories() -> tuple[Story, ...]:
    """Read all stories, once for all files that ask."""
    return tuple(_read())


def _read() -> Iterator[Story]:
    for file in sorted(FOLDER.glob("*.yaml")):
        for told in msgspec.yaml.decode(file.read_bytes()):  # with libyaml: seven times as fast as Python's own
            yield Story(f"{file.stem}: {told['says']}", told)


@cache
def _arrivals(story: Story, is_applied_each_second: bool) -> tuple[InboxRecord, ...]:
    """Keep what arrives, for the seven worlds of each story."""
    return tuple(story._written(is_applied_each_second).inbox)


def _command(step: dict[str, Any], id: str) -> Command:
    asked = step.get("with", {})
    if isinstance(asked, str):
        arguments = asked.encode()
    else:
        arguments = msgspec.json.encode({key: _time(value) if key in TIMES else value for key, value in asked.items()})
    return command(step["command"], arguments, by=step.get("by", "ada"), id=step.get("id", id))


def _time(value: Any) -> Any:
    return datetime.fromtimestamp(millis(value) / 1000, UTC).isoformat() if isinstance(value, (int, float)) else value


def _answer(outcome: Outcome) -> str | list[str]:
    texts = []
    for event in outcome.events:
        named = {"alert": event.alert, "incident": event.incident, "silence": event.silence}
        words = [event.outcome, *(f"{what} {number}" for what, number in named.items() if number is not None)]
        texts.append(" ".join(words) + (f": {event.reason}" if event.reason else ""))
    return texts[0] if outcome.total == 1 and len(texts) == 1 else texts


def _entry(item: TimelineItem) -> dict[str, Any]:
    return {name: getattr(item, name) for name in item.__struct_fields__} | {"at": _seconds(item.at)}


def _silence(silence: SilenceState) -> dict[str, Any]:
    fields = {name: getattr(silence, name) for name in silence.__struct_fields__}
    return fields | {time: _seconds(fields[time]) for time in ("starts_at", "ends_at")}


def _alert(model: ReadModel, alert: AlertState) -> dict[str, Any]:
    content = model.contents[alert.project, alert.number]
    seen = {name: getattr(content, name) for name in content.__struct_fields__}
    times = ("started_at", "ended_at", "first_seen_at", "last_seen_at")
    fields = {name: getattr(alert, name) for name in alert.__struct_fields__}
    muted = alert.suppressed_by
    fields["suppressed_by"] = muted and f"{muted.kind} {muted.id}"
    return seen | fields | {t: _seconds(getattr(alert, t)) for t in times}


def _incident(incident: IncidentState) -> dict[str, Any]:
    fields = {name: getattr(incident, name) for name in incident.__struct_fields__}
    published = incident.published
    fields["published"] = published and {
        "title": published.title,
        "impact": published.impact,
        "components": published.components,
        "updates": [f"{_seconds(update.at)}: {update.status}" for update in published.updates],
        "texts": [update.text for update in published.updates],
        "published_at": _seconds(published.published_at),
        "follows": published.follows,
        "continues_in": published.continues_in,
    }
    return fields | {t: _seconds(fields[t]) for t in ("created_at", "acknowledged_at", "resolved_at", "resolve_at")}


def _seconds(at: int | None) -> float | None:
    if at is None:
        return None
    seconds = (at - EPOCH) / 1000
    return int(seconds) if seconds == int(seconds) else seconds


def _in_millis(node: Any) -> Any:
    if isinstance(node, dict):
        return {
            key: value * 1000 if key in DURATIONS and isinstance(value, int) else _in_millis(value) for key, value in node.items()
        }
    return [_in_millis(item) for item in node] if isinstance(node, list) else node


def _differ(want: Any, got: Any, at: str) -> list[str]:
    if isinstance(want, dict) and isinstance(got, dict):
        return [line for key, value in want.items() for line in _differ(value, got.get(key, "nothing"), f"{at}.{key}")]
    if isinstance(want, list) and isinstance(got, list) and len(want) == len(got):
        return [line for place, pair in enumerate(zip(want, got, strict=True)) for line in _differ(*pair, f"{at}[{place}]")]
    return [] if want == got else [f"{at}: wanted {want!r}, got {got!r}"]
