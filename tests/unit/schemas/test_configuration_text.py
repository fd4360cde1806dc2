"""A configuration written as YAML, as people would write it."""

from __future__ import annotations

import pytest

from schemas.configuration import Configuration, Person, pack, unpack
from schemas.configuration_file import parse_configuration
from schemas.configuration_text import render_configuration

WRITTEN = """\
projects:
  shop:
    integrations:
      uptime:
        format: generic
        enabled: false
        rate_limit: 600/m
        resolve_after: 1d
    incidents:
    - name: by service
      match:
      - severity=~"high|low"
      within: 1h30m
      open_when:
        alerts: 3
    notify:
    - continue: true
    prometheus:
      url: http://prometheus:9090
      token:
        env: TOKEN
    sla:
      critical: 500ms
    members:
      ada: responder
people:
  ada:
    name: Ada
status_page:
  title: Shop
  url: https://status.example.com
"""


def test_configuration_is_written_as_people_write_it() -> None:
    assert render_configuration(parse_configuration(WRITTEN, "f")) == WRITTEN


def test_texts_that_yaml_would_read_otherwise_read_back_equal() -> None:
    names = ["on", "12:30", "010", "null", "~", "", "# no", "a: b", "'", '"', "two\nlines\n", "\N{FIRE}", " x "]
    configuration = Configuration(people={f"p{number}": Person(name=f"{name}.", email=name) for number, name in enumerate(names)})
    assert parse_configuration(render_configuration(configuration), "f") == configuration


@pytest.mark.parametrize(("written", "shown"), [("1d", "1d"), ("2w", "2w"), ("24h", "24h"), ("90m", "1h30m"), ("2d12h", "2d12h")])
def test_a_windows_days_and_hours_stay_what_they_are(written: str, shown: str) -> None:
    window = f"{{name: w, match: [], start: 2026-12-06T02:00, duration: {written}}}"
    configuration = parse_configuration(f"projects: {{shop: {{maintenance: [{window}]}}}}", "f")
    text = render_configuration(configuration)
    assert f"duration: {shown}\n" in text
    assert parse_configuration(text, "f") == configuration
    assert unpack(pack(configuration)) == configuration
