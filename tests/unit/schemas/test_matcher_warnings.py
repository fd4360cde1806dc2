"""Matchers that can match nothing, or exclude nothing, and the nearest that can."""

from __future__ import annotations

import pytest

from schemas.configuration import Integration, Project
from schemas.configuration_file import check_text
from schemas.matcher_warnings import OF_ALERTS, OF_INCIDENTS, find_warning, known_of
from schemas.matchers import parse_matcher

PROJECT = Project(
    integrations={
        "prometheus": Integration(format="alertmanager"),
        "uptime": Integration(format="generic", severity_map={"Ouch": "high"}),
    }
)
KNOWN = known_of(PROJECT, OF_ALERTS)


@pytest.mark.parametrize(
    "text",
    [
        'severity="high"',
        'severity="warning"',
        'severity="WARNING"',
        'severity="ouch"',
        'severity!="info"',
        'severity!=""',
        'severity=~"critical|page|"',
        'severity=~"warn.*"',
        'severity=~"P[12]"',
        'severity=~"Crit.*"',
        'severity!~"info|none"',
        'severity!~"warn.*|low"',
        'severity!~"hi.h"',
        'severity=~".+"',
        'status="triggered"',
        'status!="ignored"',
        'integration=~"prom.*"',
        'labels.severity="hihg"',
        'service="webb"',
        'team=~"x.*"',
    ],
)
def test_what_some_alert_may_be_is_not_warned_of(text: str) -> None:
    assert find_warning(parse_matcher(text), KNOWN) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('severity="hihg"', "matches nothing: there is no severity 'hihg'; did you mean 'high'?"),
        ('severity="warnin"', "matches nothing: there is no severity 'warnin'; did you mean 'warning'?"),
        ('severity!="hihg"', "excludes nothing: there is no severity 'hihg'; did you mean 'high'?"),
        ('severity=~"critical|hihg"', "matches nothing by 'hihg': there is no severity 'hihg'; did you mean 'high'?"),
        ('severity=~"critcal.*"', "matches nothing: no severity there is fits it; did you mean 'critical'?"),
        (
            'severity="7"',
            "matches nothing: there is no severity '7' (there are: critical, high, medium, low, info, unknown, "
            "and senders' words for them)",
        ),
        ('severity=""', "matches nothing: every alert has a severity"),
        ('severity!~".*"', "excludes every alert"),
        ('severity!~"hii.h"', "excludes nothing: no severity there is fits it; did you mean 'high'?"),
        ('status="firing"', "matches nothing: there is no status 'firing'; did you mean 'triggered'?"),
        ('status="acknowleged"', "matches nothing: there is no status 'acknowleged'; did you mean 'acknowledged'?"),
        (
            'status="x"',
            "matches nothing: there is no status 'x' (there are: acknowledged, ignored, resolved, triggered; "
            "a label of that name is labels.status)",
        ),
        ('status!~"triggered|acknowledged|resolved|ignored"', "excludes every alert"),
        ('integration="promtheus"', "matches nothing: there is no integration 'promtheus'; did you mean 'prometheus'?"),
        ('integration="Uptime"', "matches nothing: there is no integration 'Uptime'; did you mean 'uptime'?"),
    ],
)
def test_what_no_alert_is_is_warned_of_with_the_nearest(text: str, said: str) -> None:
    assert find_warning(parse_matcher(text), KNOWN) == f"{text} {said}"


def test_integrations_of_a_project_that_is_no_longer_configured_are_not_known() -> None:
    assert find_warning(parse_matcher('integration="gone"'), known_of(None, OF_ALERTS)) is None


def test_an_incident_is_not_ignored() -> None:
    warning = find_warning(parse_matcher('status="ignored"'), known_of(PROJECT, OF_INCIDENTS))
    assert warning is not None
    assert "there is no status 'ignored'" in warning


FILE = """\
projects:
  shop:
    integrations:
      prometheus: {format: alertmanager}
    incidents:
      - name: all
        match: ['{service="web", severity="hihg"}', 'severity="warning"',
                'status="ignored"']
    inhibit:
      - {source: ['severity="page"'], target: ['severity=~"warning|infoo"']}
    maintenance:
      - {name: w, match: ['status="ignored"', 'integration="prom"'], start: 2026-12-06T02:00, duration: 2h}
    notify:
      - match: [status="firing"]
  bank: {}
status_page:
  title: Shop
  url: https://status.example.com
  components:
    - {id: web, name: Web, project: shop, match: [integration="prometheus"]}
    - {id: bank, name: Bank, project: bank, match: [integration="prometheus"]}
"""


def test_a_file_is_warned_of_with_line_and_column_wherever_matchers_stand() -> None:
    checked = check_text(FILE, "f")
    assert [warning.split(": there is no ")[0] for warning in checked.warnings] == [
        'f:7:17: warning: severity="hihg" matches nothing',
        'f:8:17: warning: status="ignored" matches nothing',
        "f:10:48: warning: severity=~\"warning|infoo\" matches nothing by 'infoo'",
        'f:12:47: warning: integration="prom" matches nothing',
        'f:14:17: warning: status="firing" matches nothing',
        'f:21:53: warning: integration="prometheus" matches nothing',
    ]
    assert checked.configuration.projects["shop"].incidents[0].match[1] == 'severity="hihg"'
