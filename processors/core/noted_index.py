"""Two indexes of what was noted about integrations, derived from the projects' states. Not here: noting (`own_alerts.py`)."""

from __future__ import annotations

from processors.core.undo import Index, Remove, Write
from schemas.records import ProjectState


class NotedIndex(Index):
    """Written through the state's own setters, so that it is undone with it."""

    def __init__(self, write: Write, remove: Remove) -> None:
        super().__init__(write, remove)
        self.fired: dict[tuple[str, str], None] = {}
        """Project and name of each integration of which a firing alert has come."""
        self.unsaid: dict[str, None] = {}
        """Projects with something noted that was not said yet."""

    def note_project(self, old: ProjectState | None, project: ProjectState) -> None:
        """Follow a project from one form to the next; most differ in their numbers alone, and share these lists."""
        if old is None or project.fired is not old.fired:
            for integration in project.fired:
                self._write(self.fired, (project.project, integration), None)
        if old is None or project.noted is not old.noted:
            if any(one.is_unsaid for one in project.noted):
                self._write(self.unsaid, project.project, None)
            else:
                self._remove(self.unsaid, project.project)
