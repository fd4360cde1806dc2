"""A site in a directory: whole, once, and never more than five of them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from schemas.errors import Unavailable
from sinks.statuspage.publish import Publisher

SITE = {"index.html": b"one", "assets/style.css": b"css", "api/v2/summary.json": b"{}"}


def read(directory: Path) -> dict[str, bytes]:
    root = (directory / "current").resolve()
    return {str(file.relative_to(root)): file.read_bytes() for file in root.rglob("*") if file.is_file()}


def test_site_is_there_whole_and_behind_a_link(tmp_path: Path) -> None:
    assert Publisher(tmp_path).publish(SITE)
    assert read(tmp_path) == SITE
    assert os.readlink(tmp_path / "current") == "releases/1"


def test_same_site_is_not_published_again_even_by_another_process(tmp_path: Path) -> None:
    publisher = Publisher(tmp_path)
    assert [publisher.publish(SITE), publisher.publish(SITE), Publisher(tmp_path).publish(SITE)] == [True, False, False]
    assert [entry.name for entry in (tmp_path / "releases").iterdir()] == ["1"]


def test_file_that_is_gone_from_the_site_is_gone_from_the_directory(tmp_path: Path) -> None:
    publisher = Publisher(tmp_path)
    publisher.publish(SITE | {"incidents/x/index.html": b"x"})
    publisher.publish(SITE)
    assert read(tmp_path) == SITE


def test_changed_file_leaves_the_old_release_as_it_was(tmp_path: Path) -> None:
    publisher = Publisher(tmp_path)
    publisher.publish(SITE)
    publisher.publish(SITE | {"index.html": b"two"})
    assert (tmp_path / "releases/1/index.html").read_bytes() == b"one"
    assert (tmp_path / "releases/1/assets/style.css").samefile(tmp_path / "releases/2/assets/style.css")


def test_last_five_releases_are_kept(tmp_path: Path) -> None:
    publisher = Publisher(tmp_path)
    for number in range(12):
        publisher.publish(SITE | {"index.html": str(number).encode()})
    assert sorted(int(entry.name) for entry in (tmp_path / "releases").iterdir()) == [8, 9, 10, 11, 12]
    assert read(tmp_path)["index.html"] == b"11"


def test_lost_directory_is_filled_again(tmp_path: Path) -> None:
    directory = tmp_path / "page"
    publisher = Publisher(directory)
    publisher.publish(SITE)
    os.rename(directory, tmp_path / "away")
    assert publisher.is_missing
    assert publisher.publish(SITE)
    assert read(directory) == SITE


def test_unfinished_release_of_a_crash_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "releases/.1").mkdir(parents=True)
    (tmp_path / "releases/.1/index.html").write_bytes(b"half")
    (tmp_path / ".current").symlink_to("nowhere")
    Publisher(tmp_path).publish(SITE)
    assert read(tmp_path) == SITE


def test_directory_that_cannot_be_written_is_tried_again_later(tmp_path: Path) -> None:
    (tmp_path / "releases").write_bytes(b"a file in the way")
    with pytest.raises(Unavailable, match="cannot be written"):
        Publisher(tmp_path).publish(SITE)


@pytest.mark.parametrize("name", [".1", "1"])
def test_nothing_is_written_through_a_link_that_somebody_has_planted(tmp_path: Path, name: str) -> None:
    elsewhere, page = tmp_path / "elsewhere", tmp_path / "page"
    elsewhere.mkdir()
    (page / "releases").mkdir(parents=True)
    (page / "releases" / name).symlink_to(elsewhere)
    Publisher(page).publish(SITE)
    assert (list(elsewhere.iterdir()), read(page)) == ([], SITE)


def test_a_link_among_the_files_of_a_release_is_replaced_by_the_file(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_bytes(SITE["index.html"])
    Publisher(tmp_path / "page").publish(SITE)
    planted = tmp_path / "page" / "current" / "index.html"
    planted.unlink()
    planted.symlink_to(tmp_path / "elsewhere")
    assert Publisher(tmp_path / "page").publish(SITE)
    assert not planted.is_symlink()
