"""What the status page's server answers, path by path."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.responses import FileResponse, Response

from schemas.errors import SettingsError
from schemas.settings import Address, Settings
from tests.unit.producers.live import LAST, serving
from tocsin.embedded.statuspage_server import build_app, respond, run


@pytest.fixture
def published(tmp_path: Path) -> Path:
    tree = tmp_path / "current"
    (tree / "api" / "v2").mkdir(parents=True)
    (tree / "incidents").mkdir()
    (tree / "index.html").write_text("all is well")
    (tree / "incidents" / "1.html").write_text("an incident")
    (tree / "feed.atom").write_text("<feed/>")
    (tree / "api" / "v2" / "summary.json").write_text("{}")
    (tmp_path / "secret").write_text("not for you")
    return tmp_path


def served(answer: Response) -> str:
    assert isinstance(answer, FileResponse)
    return Path(answer.path).read_text()


@pytest.mark.parametrize(
    ("path", "text", "kind"),
    [
        ("", "all is well", "text/html; charset=utf-8"),
        ("incidents/1", "an incident", "text/html; charset=utf-8"),
        ("incidents/1.html", "an incident", "text/html; charset=utf-8"),
        ("feed.atom", "<feed/>", "application/atom+xml; charset=utf-8"),
    ],
)
def test_a_published_file_comes_with_its_type(published: Path, path: str, text: str, kind: str) -> None:
    answer = respond(published, path)
    assert (served(answer), answer.headers["content-type"]) == (text, kind)
    assert answer.headers["cache-control"] == "public, max-age=10"
    assert "access-control-allow-origin" not in answer.headers


def test_anyone_may_read_the_api_from_a_page_of_their_own(published: Path) -> None:
    answer = respond(published, "api/v2/summary.json")
    assert (served(answer), answer.headers["access-control-allow-origin"]) == ("{}", "*")


@pytest.mark.parametrize("path", ["../secret", "current/../../secret", "nothing", "incidents", "x" * 300, "a\0b"])
def test_nothing_else_is_served(published: Path, path: str) -> None:
    answer = respond(published, path)
    assert (answer.status_code, bytes(answer.body)) == (404, b"Not found.\n")


def test_before_the_first_publication_it_says_so(tmp_path: Path) -> None:
    assert b"Nothing has been published yet." in bytes(respond(tmp_path / "statuspage", "").body)


def test_it_speaks_to_no_network_in_clear(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="TOCSIN_TLS_CERT"):
        run(Settings(data=tmp_path, statuspage_listen=Address("0.0.0.0", 0)))


def test_it_keeps_the_limits_of_the_other_listeners(published: Path) -> None:
    with serving(build_app(published)) as live:
        assert live.status(LAST) == 200
        assert live.status(b"GET /" + b"a" * 9000) == 414


@pytest.mark.parametrize("place", ["current", "x.html", "x/index.html"])
def test_no_link_out_of_the_page_is_followed(tmp_path: Path, place: str) -> None:
    outside, page = tmp_path / "outside", tmp_path / "page"
    (outside / "x").mkdir(parents=True)
    for name in ("x.html", "x/index.html"):
        (outside / name).write_text("S3cr3t")
    planted = page / place if place == "current" else page / "current" / place
    planted.parent.mkdir(parents=True)
    planted.symlink_to(outside if place == "current" else outside / place)
    assert respond(page, "x").status_code == 404
