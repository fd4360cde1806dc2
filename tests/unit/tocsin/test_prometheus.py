"""How a Prometheus is told of tocsin's door."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from schemas.errors import OperatorError
from tocsin.embedded import prometheus
from tocsin.embedded.prometheus import Watch


def test_its_only_alertmanager_is_the_door_with_its_token(tmp_path: Path) -> None:
    file = prometheus._configure(tmp_path, Watch("http://127.0.0.1:8080/in/shop/main", "secret", [{"alert": "Up"}], [9100]))
    written = json.loads(file.read_text())
    assert written["alerting"]["alertmanagers"] == [
        {
            "scheme": "http", "path_prefix": "/in/shop/main", "authorization": {"type": "Bearer", "credentials": "secret"},
            "static_configs": [{"targets": ["127.0.0.1:8080"]}],
        }
    ]  # fmt: skip
    assert written["scrape_configs"] == [{"job_name": "tocsin", "static_configs": [{"targets": ["127.0.0.1:9100"]}]}]
    assert json.loads((tmp_path / "rules.yml").read_text())["groups"][0]["rules"] == [{"alert": "Up"}]
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_missing_one_is_told_with_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(OperatorError, match="apt-get install --no-install-recommends prometheus"):
        prometheus.find_program()
