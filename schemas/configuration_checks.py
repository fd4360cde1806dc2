"""What must hold between parts of the configuration: names that are used exist, names that must differ do.

Not here: how single values are written (`configuration_kinds.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final, get_args

from schemas.configuration import Configuration, Format, Integration, Maintenance, Project
from schemas.configuration_reading import Findings, Path
from schemas.durations import MAX_DAYS
from schemas.records import ALERT_BOT

Found = Iterator[tuple[Path, str]]
"""Problems: where, and what is wrong and what to write."""


def check_references(configuration: Configuration, findings: Findings) -> None:
    """Add what is wrong between parts that each may read well by itself."""
    for check in CHECKS:
        for path, text in check(configuration):
            findings.add_at(path, text)


def _receivers(configuration: Configuration) -> Found:
    for path, project in _projects(configuration):
        for place, route in enumerate(project.notify):
            yield from _unknown((*path, "notify", place, "receivers"), route.receivers, configuration.receivers, "receiver")
    for name, receiver in configuration.receivers.items():
        if receiver.slack is None:
            yield ("receivers", name), f"receiver {name!r} reaches nobody; write slack: {{channel: ID}}"
        elif receiver.slack.project is not None:
            named = [receiver.slack.project]
            yield from _unknown(("receivers", name, "slack", "project"), named, configuration.projects, "project")


def _people(configuration: Configuration) -> Found:
    if ALERT_BOT in configuration.people:
        yield ("people", ALERT_BOT), f"{ALERT_BOT} is the name of everything that no person did; choose another"
    for path, project in _projects(configuration):
        for member in project.members:
            yield from _unknown((*path, "members", member), [member], configuration.people, "person")
    first: dict[str, str] = {}
    for name, person in configuration.people.items():
        for place, token in enumerate(person.tokens):
            if first.setdefault(token, name) != name:
                yield ("people", name, "tokens", place), f"{first[token]} has this token too; a token is one person's"


def _status_page(configuration: Configuration) -> Found:
    page = configuration.status_page
    if page is None:
        return
    yield from _unknown(("status_page", "publishers"), page.publishers, configuration.people, "person")
    path: Path = ("status_page", "components")
    yield from _twice(path, "id", [component.id for component in page.components])
    for place, component in enumerate(page.components):
        yield from _unknown((*path, place, "project"), [component.project], configuration.projects, "project")


def _gitlab_paths(configuration: Configuration) -> Found:
    owners: dict[str, str] = {}
    for name, project in configuration.projects.items():
        gitlab_path = project.gitlab_path or name
        path = ("projects", name, "gitlab_path")
        if not all(part and not part.isspace() for part in gitlab_path.split("/")):
            yield path, f"{gitlab_path!r} is no path; write it as group/project"
        if (owner := owners.setdefault(gitlab_path.lower(), name)) != name:
            yield path, f"project {owner!r} has the path {gitlab_path!r} too; each has its own (default: its key)"


def _rule_names(configuration: Configuration) -> Found:
    for path, project in _projects(configuration):
        yield from _twice((*path, "incidents"), "name", [rule.name for rule in project.incidents])
        yield from _twice((*path, "maintenance"), "name", [window.name for window in project.maintenance])


def _rules(configuration: Configuration) -> Found:
    for path, project in _projects(configuration):
        for place, rule in enumerate(project.incidents):
            for at, name in enumerate(rule.group_by):
                if name in rule.group_by[:at]:
                    yield (*path, "incidents", place, "group_by", at), f"{name!r} stands twice"
        for place, inhibit in enumerate(project.inhibit):
            for side, matchers in (("source", inhibit.source), ("target", inhibit.target)):
                if not matchers:
                    yield (*path, "inhibit", place, side), f"{side} needs a matcher; an empty list would match every alert"
        for place, window in enumerate(project.maintenance):
            yield from _window((*path, "maintenance", place), window)


def _window(path: Path, window: Maintenance) -> Found:
    """Say what is wrong with when a window ends; that each time reads well is known by then."""
    if window.end is None:
        if window.duration is None:
            yield path, "the window has no end; write duration: 2h, or end: 2026-12-06T04:00"
        elif window.duration in (0, ""):
            yield (*path, "duration"), "a window of no length mutes nothing"
    elif window.duration is not None:
        yield (*path, "end"), "duration and end both say when a window ends; write one of them"
    else:
        yield from _end_of_window((*path, "end"), window.start, window.end)


def _end_of_window(path: Path, start: str, end: str) -> Found:
    starts_at, ends_at = _local(start), _local(end)
    if starts_at is None or ends_at is None:
        return  # one of them is no local time, which is said already
    if ends_at <= starts_at:
        yield path, f"{end} is not after start, {start}"
    elif ends_at - starts_at > timedelta(days=MAX_DAYS):
        yield path, "the window is longer than ten years"


def _local(text: str) -> datetime | None:
    try:
        read = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return read if read.tzinfo is None else None


def _integrations(configuration: Configuration) -> Found:
    owners: dict[str, str] = {}
    for path, project in _projects(configuration):
        for name, integration in project.integrations.items():
            below = (*path, "integrations", name)
            for key, text in _misplaced(integration):
                yield (*below, key), text
            reader = f"{path[1]}/{name}"
            if integration.topic and (owner := owners.setdefault(integration.topic, reader)) != reader:
                yield (*below, "topic"), f"{owner} reads this topic too; each topic belongs to one integration"


def _misplaced(integration: Integration) -> Iterator[tuple[str, str]]:
    """Give keys that do not go with the integration's format."""
    if integration.format not in get_args(Format):
        return
    if integration.format == "topic":
        if not integration.topic:
            yield "format", "format topic needs the topic's name, for example topic: alerts.orders"
        if integration.tokens:
            yield "tokens", "a topic takes no tokens; Kafka's access rules say who may write it"
    elif integration.topic is not None:
        yield "topic", "topic goes with format: topic only"
    if integration.rate_limit_per_minute is not None and integration.format == "topic":
        yield "rate_limit", "a topic is read at its reader's pace; only what comes by HTTP can be limited"
    if integration.status_map and integration.format != "generic":
        yield "status_map", "only format generic has words of its own for a status; Alertmanager's are firing and resolved"
    if integration.identity == "project" and integration.format == "alertmanager":
        yield "identity", "alerts of Prometheus are known by their labels in the whole project already; leave it out"
    for key in ("severity_map", "status_map"):
        yield from _same_words(key, getattr(integration, key))
    for key in ("resolve_after", "heartbeat"):
        if getattr(integration, key) == 0:
            yield key, f"{key} is longer than nothing; leave it out for never"


def _same_words(key: str, meanings: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Find words that are one to the doors, which trim them and take any case, and have two meanings."""
    first: dict[str, str] = {}
    for word, meaning in meanings.items():
        read = word.strip().lower()
        if not read:
            yield key, "a word is not blank"
        elif first.setdefault(read, meaning) != meaning:
            yield key, f"{read!r} stands twice, as {first[read]} and as {meaning}; words count trimmed and in any case"


def _blank_texts(configuration: Configuration) -> Found:
    for name, person in configuration.people.items():
        if not person.name.strip():
            yield ("people", name, "name"), "a person has a name"
    for path, project in _projects(configuration):
        names = {"incidents": [rule.name for rule in project.incidents], "maintenance": [one.name for one in project.maintenance]}
        for key, listed in names.items():
            for place, named in enumerate(listed):
                if not named.strip():
                    yield (*path, key, place, "name"), "the name is empty; it is shown to people"


def _projects(configuration: Configuration) -> Iterator[tuple[Path, Project]]:
    for name, project in configuration.projects.items():
        yield ("projects", name), project


def _unknown(path: Path, names: Iterable[str], known: Iterable[str], what: str) -> Found:
    """Give the names that are not among the known; `path` is that of their list, or of the one name."""
    for place, name in enumerate(names):
        if name not in known:
            listed = ", ".join(sorted(known)[:10]) or "none"
            yield (*path, place), f"there is no {what} {name!r} (there are: {listed})"


def _twice(path: Path, key: str, names: list[str]) -> Found:
    for place, name in enumerate(names):
        if name in names[:place]:
            yield (*path, place, key), f"{key} {name!r} stands twice; it must be unique"


CHECKS: Final[tuple[Callable[[Configuration], Found], ...]] = (
    _receivers,
    _people,
    _status_page,
    _gitlab_paths,
    _rule_names,
    _rules,
    _integrations,
    _blank_texts,
)
