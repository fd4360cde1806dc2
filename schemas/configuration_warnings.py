"""What a configuration may say, and whoever wrote it hardly means: matchers that can match nothing.

Not here: what is wrong (`configuration_checks.py`), what makes a matcher odd (`matcher_warnings.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from schemas.configuration import Configuration
from schemas.configuration_reading import Path
from schemas.matcher_warnings import FIRING, OPEN, find_warnings, known_of
from schemas.matchers import parse_matcher
from schemas.yaml_tree import Place


def warnings_of(configuration: Configuration, matchers: Sequence[tuple[Path, Place, list[str]]]) -> Iterator[tuple[Place, str]]:
    """Give what is odd, and where. `matchers` are the file's texts, with their paths and the matchers that each is."""
    for path, place, texts in matchers:
        project = configuration.projects.get(_project_of(configuration, path))
        known = known_of(project, OPEN if path[2] == "maintenance" else FIRING)
        for text in find_warnings([parse_matcher(text) for text in texts], known):
            yield place, text


def _project_of(configuration: Configuration, path: Path) -> str:
    """Give whose alerts a matcher looks at: the project that it stands in, or the one of the status page's component."""
    if path[0] == "projects":
        return str(path[1])
    assert configuration.status_page is not None
    assert isinstance(path[2], int)
    return configuration.status_page.components[path[2]].project
