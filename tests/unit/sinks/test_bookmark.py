from __future__ import annotations

import pytest

from schemas.chain import Position
from schemas.errors import BrokenChain
from sinks.bookmark import Bookmark, parse_bookmark, render_bookmark


def test_a_bookmark_comes_back_from_a_commit_as_it_went() -> None:
    bookmark = Bookmark(41, 97, 12)
    assert parse_bookmark(render_bookmark(bookmark)) == bookmark
    assert bookmark.position == Position(41, 97)


@pytest.mark.parametrize("metadata", ["", None])
def test_a_commit_without_metadata_is_no_bookmark(metadata: str | None) -> None:
    assert parse_bookmark(metadata) is None


@pytest.mark.parametrize("metadata", ["moved by hand", '{"offset": "far"}'])
def test_metadata_of_somebody_else_is_refused_with_what_to_do(metadata: str) -> None:
    with pytest.raises(BrokenChain, match="Delete the group's offsets"):
        parse_bookmark(metadata)
