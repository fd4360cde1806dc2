"""What is kept beside the entities so that muting is quick: silences (`silence_index.py`), alerts by what mutes them, and
which alerts inhibit which.

All of it follows from the entities and the rules. Changes go through the state's own writing, so that they are undone
with it. Not here: when an alert is looked at again and what that changes (`suppress.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

from processors.core.silence_index import SilenceIndex
from processors.core.undo import Index, Remove, Write
from schemas.records import AlertState

Key = tuple[str, int]
Group = tuple[str, int, tuple[str, ...]]
"""Project, place of an `inhibit` rule, values of its `equal` labels."""
Muting = tuple[str, str, str]
"""Project, kind and id of what mutes."""


@dataclass(frozen=True, slots=True)
class Role:
    """That an alert is a source or a target, or both, in a group of an inhibition rule."""

    group: Group
    is_source: bool
    is_target: bool


class MuteIndex(Index):
    """Indexes of one partition."""

    def __init__(self, write: Write, remove: Remove) -> None:
        super().__init__(write, remove)
        self.open_numbers: dict[str, dict[int, None]] = {}
        self.muted_by: dict[Muting, dict[int, None]] = {}
        self.unsettled: dict[Key, None] = {}
        """Alerts to be looked at again before this item of the record ends."""
        self.silences = SilenceIndex(write, remove)
        self.roles: dict[Key, tuple[Role, ...]] = {}
        self.sources: dict[Group, dict[int, bool]] = {}
        """Numbers of firing sources, and whether each is a target of the same rule too."""
        self.targets: dict[Group, dict[int, None]] = {}
        self.inhibited_under: dict[str, object] = {}
        """The rules under which a project's roles were found; found when first asked for."""

    # -- alerts ----------------------------------------------------------------

    def note_alert(self, old: AlertState | None, alert: AlertState) -> None:
        """Follow an alert; one that says something else now, or has another status, is to be looked at again."""
        key = (alert.project, alert.number)
        if old is None or _says_otherwise(old, alert):
            self._write(self.unsettled, key, None)
            self._note_open(alert)
        before = None if old is None else _muting(old)
        after = _muting(alert)
        if before != after:
            if before is not None:
                self._remove(self.muted_by[before], alert.number)
            if after is not None:
                self._write(self._bucket(self.muted_by, after), alert.number, None)

    def _note_open(self, alert: AlertState) -> None:
        numbers = self._bucket(self.open_numbers, alert.project)
        if alert.is_open:
            self._write(numbers, alert.number, None)
        else:
            self._remove(numbers, alert.number)

    def forget_alert(self, alert: AlertState) -> None:
        """Drop a resolved alert that leaves the state."""
        self._remove(self.unsettled, (alert.project, alert.number))

    # -- looking again -----------------------------------------------------------

    def look_again(self, project: str, number: int) -> None:
        """Have an alert looked at before this item of the record ends."""
        self._write(self.unsettled, (project, number), None)

    def look_again_at_muted_by(self, project: str, kind: str, id: str) -> None:
        for number in sorted(self.muted_by.get((project, kind, id), ())):
            self.look_again(project, number)

    def take_unsettled(self) -> list[Key]:
        """Take all alerts that need looking at, in the order in which they came to."""
        keys = list(self.unsettled)
        self.unsettled.clear()
        return keys

    # -- inhibition --------------------------------------------------------------

    def set_roles(self, key: Key, roles: tuple[Role, ...]) -> None:
        """Replace what an alert is in the groups of inhibition rules."""
        for role in self.roles.get(key, ()):
            self._remove(self.sources.get(role.group, {}), key[1])
            self._remove(self.targets.get(role.group, {}), key[1])
        for role in roles:
            if role.is_source:
                self._write(self._bucket(self.sources, role.group), key[1], role.is_target)
            if role.is_target:
                self._write(self._bucket(self.targets, role.group), key[1], None)
        if roles:
            self._write(self.roles, key, roles)
        else:
            self._remove(self.roles, key)

    def note_rules(self, project: str, rules: object) -> None:
        """Remember under which rules the project's roles are found."""
        self._write(self.inhibited_under, project, rules)


def _says_otherwise(old: AlertState, alert: AlertState) -> bool:
    """Whether anything that matchers look at has changed."""
    return (
        old.content_hash != alert.content_hash
        or old.severity != alert.severity
        or old.severity_as_sent != alert.severity_as_sent
        or old.status != alert.status
    )


def _muting(alert: AlertState) -> Muting | None:
    """What mutes an open alert."""
    muted = alert.suppressed_by
    return None if muted is None or not alert.is_open else (alert.project, muted.kind, muted.id)
