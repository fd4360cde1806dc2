"""Stories: what arrives on the virtual clock, and what must have been decided (YAML in this folder).

A story: `says`, `config` (a project's rules, durations in seconds), `steps`, and what holds at the end: `alerts`,
`incidents`, `notifications`, `outcomes`, `timeline`. A step is `{at, send: [events], format?}`, `{at}` (nothing but
time), `{at, tick}` or `{at, config}`. The clock ticks each second in between, unless the story says `ticks: false`, but
not within `stopped: [from, to]`; so does a door with `doors: true`, but not within `shut: [from, to]`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from schemas.records import AlertState, IncidentState, Tick
from tests.world import EPOCH, PROJECT, ReadModel, World, batch, configured, millis

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
    "critical",
    "high",
)


@dataclass(frozen=True)
class Story:
    """One story as its file tells it."""

    name: str
    told: dict[str, Any]

    def world(self) -> World:
        """Put everything that arrives into an inbox, in the order of time."""
        world, now, version = World(), 0, 0
        world.append(0, Tick(millis(0), "opening"))
        if "config" in self.told:
            world.append(0, self._configured(version, self.told["config"]))
        for step in self.told["steps"]:
            while self.told.get("ticks", True) and now + 1 <= step["at"]:
                now += 1
                if self.told.get("doors") and not self._is_within("shut", now):
                    world.door_tick(now)
                if not self._is_within("stopped", now):
                    world.tick(now)
            now = max(now, int(step["at"]))
            if "send" in step:
                sender = {"format": step.get("format", "generic"), "integration": step.get("integration", "generic")}
                world.append(step["at"], batch(*step["send"], **sender))
            if "tick" in step:
                world.tick(step["at"])
            if "config" in step:
                version += 1
                world.append(step["at"], self._configured(version, step["config"]))
        return world

    def _is_within(self, pause: str, second: int) -> bool:
        start, end = self.told.get(pause, (0, 0))
        return bool(start <= second < end)

    def _configured(self, version: int, config: dict[str, Any]) -> Any:
        components = config.get("components", ())
        project = {key: value for key, value in config.items() if key != "components"}
        return configured(version, {PROJECT: _in_millis(project)}, components)

    def differences(self, model: ReadModel) -> list[str]:
        """Say where the end is not as told."""
        got = {
            "alerts": [_alert(model, alert) for _, alert in sorted(model.alerts.items())],
            "incidents": [_incident(incident) for _, incident in sorted(model.incidents.items())],
            "notifications": [f"{_seconds(n.at)}: {n.kind} {n.receiver} {n.incident}" for n in model.notifications],
            "outcomes": [event.outcome for outcome in model.outcomes for event in outcome.events],
            "timeline": [f"{_seconds(item.at)}: {item.incident} {item.kind}" for item in model.timeline],
        }
        got["forgotten"] = [f"{one.kind} {one.id}" for one in model.forgettings]
        return [line for key in got if key in self.told for line in _differ(self.told[key], got[key], key)]


def read_stories() -> Iterator[Story]:
    for file in sorted(FOLDER.glob("*.yaml")):
        for told in yaml.safe_load(file.read_text("utf-8")):
            yield Story(f"{file.stem}: {told['says']}", told)


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
    }
    return fields | {t: _seconds(fields[t]) for t in ("created_at", "resolved_at")}


def _seconds(at: int | None) -> float | None:
    if at is None:
        return None
    seconds = (at - EPOCH) / 1000
    return int(seconds) if seconds == int(seconds) else seconds


def _in_millis(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: value * 1000 if key in DURATIONS else _in_millis(value) for key, value in node.items()}
    return [_in_millis(item) for item in node] if isinstance(node, list) else node


def _differ(want: Any, got: Any, at: str) -> list[str]:
    if isinstance(want, dict) and isinstance(got, dict):
        return [line for key, value in want.items() for line in _differ(value, got.get(key, "nothing"), f"{at}.{key}")]
    if isinstance(want, list) and isinstance(got, list) and len(want) == len(got):
        return [line for place, pair in enumerate(zip(want, got, strict=True)) for line in _differ(*pair, f"{at}[{place}]")]
    return [] if want == got else [f"{at}: wanted {want!r}, got {got!r}"]
