"""The configuration file: what is taken, and what is said about what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.configuration import (
    Configuration,
    IncidentRule,
    Integration,
    Maintenance,
    OpenWhen,
    Person,
    Project,
    Prometheus,
    Receiver,
    Route,
    Secret,
    SlackReceiver,
    pack,
    unpack,
)
from schemas.configuration_file import load_configuration, parse_configuration
from schemas.errors import ConfigurationError

HASH = "sha256:" + "0a" * 32


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        parse_configuration(text, "f")
    return caught.value.problems


def test_keys_of_every_kind_are_read() -> None:
    text = f"""
projects:
  shop:
    title: Web shop
    integrations:
      uptime: {{format: generic, tokens: ["{HASH}"], fields: {{title: "alerts[0].name"}}, severity_map: {{ouch: critical}},
               status_map: {{0: resolved, no: ignore}}, identity: project,
               enabled: false, rate_limit: 600/m, resolve_after: 1d}}
      orders: {{format: topic, topic: alerts.orders}}
    incidents:
      - {{name: by service, match: ['severity=~"high|low"'], group_by: [alertname, "..."], within: 1h30m,
         open_when: {{alerts: 3}}}}
    maintenance:
      - {{name: weekly, match: [], start: 2026-12-06T02:00, duration: 2h, repeat: FREQ=WEEKLY;BYDAY=SU, zone: Europe/Berlin}}
    notify: [{{receivers: [oncall], continue: true}}]
    prometheus: {{url: "http://prometheus:9090", token: {{env: TOKEN}}}}
    sla: {{critical: 60m}}
    members: {{ada: responder}}
people:
  ada: {{name: Ada, password: {{file: secrets/ada}}}}
receivers:
  oncall: {{slack: {{channel: C01, project: shop}}}}
"""
    assert parse_configuration(text, "f") == Configuration(
        projects={
            "shop": Project(
                title="Web shop",
                integrations={
                    "uptime": Integration(
                        format="generic",
                        tokens=[HASH],
                        fields={"title": "alerts[0].name"},
                        severity_map={"ouch": "critical"},
                        status_map={"0": "resolved", "no": "ignore"},
                        identity="project",
                        enabled=False,
                        rate_limit_per_minute=600,
                        resolve_after=86_400_000,
                    ),
                    "orders": Integration(format="topic", topic="alerts.orders"),
                },
                incidents=[
                    IncidentRule(
                        name="by service",
                        match=['severity=~"high|low"'],
                        group_by=["alertname", "..."],
                        within=5_400_000,
                        open_when=OpenWhen(alerts=3),
                    )
                ],
                maintenance=[
                    Maintenance(
                        name="weekly",
                        match=[],
                        start="2026-12-06T02:00",
                        duration=7_200_000,
                        repeat="FREQ=WEEKLY;BYDAY=SU",
                        zone="Europe/Berlin",
                    )
                ],
                notify=[Route(receivers=["oncall"], continue_=True)],
                prometheus=Prometheus(url="http://prometheus:9090", token=Secret(env="TOKEN")),
                sla={"critical": 3_600_000},
                members={"ada": "responder"},
            )
        },
        people={"ada": Person(name="Ada", password=Secret(file="secrets/ada"))},
        receivers={"oncall": Receiver(slack=SlackReceiver(channel="C01", project="shop"))},
    )


@pytest.mark.parametrize("word", ["on", "no", "12:30", "010", "2026-12-06", "1e3", "0x1f", "true", "<<", "=", ".inf"])
def test_text_stays_what_was_written_whatever_yaml_would_make_of_it(word: str) -> None:
    assert parse_configuration(f"projects: {{shop: {{title: {word}}}}}", "f").projects["shop"].title == word


def test_key_with_nothing_after_it_is_as_if_it_were_absent() -> None:
    assert parse_configuration("projects:\n  shop:\n    title: ~\n    members:\npeople: null\n", "f") == parse_configuration(
        '{"projects": {"shop": {}}}', "f"
    )


def test_empty_file_is_an_empty_configuration() -> None:
    assert parse_configuration("# nothing yet\n", "f") == Configuration()


def test_json_is_read_with_its_tabs_and_halved_characters() -> None:
    text = '{\n\t"projects": {\n\t\t"shop": {"title": "fire \\ud83d\\udd25 \\/ \\\\ud83d\\\\udd25"}}}'
    assert parse_configuration(text, "f").projects["shop"].title == "fire \N{FIRE} / \\ud83d\\udd25"


def test_matchers_in_braces_become_single_ones() -> None:
    text = """projects: {shop: {incidents: [{name: a, match: ['{b="1",c=~"2|3"}', ' d!="4" ']}]}}"""
    assert parse_configuration(text, "f").projects["shop"].incidents[0].match == ['b="1"', 'c=~"2|3"', 'd!="4"']


def test_all_problems_are_reported_at_once_in_the_order_of_the_file() -> None:
    text = """projects:
  shop:
    titel: Shop
    notify:
      - {receivers: [oncall], remind_after: 1 hour}
    members: {eve: responder}
people:
  ada: {name: Ada, name: Eve, password: hunter2}
"""
    assert problems(text) == [
        "f:3:5: unknown key 'titel' in projects.shop; did you mean 'title'?",
        "f:5:22: there is no receiver 'oncall' (there are: none)",
        "f:5:45: '1 hour' is no duration; write a duration such as 10s, 5m, 1h30m or 7d",
        "f:6:15: there is no person 'eve' (there are: ada)",
        "f:8:20: 'name' stands twice; it is also on line 8",
        "f:8:41: a secret never stands in this file; write {env: NAME} or {file: PATH}",
    ]


@pytest.mark.parametrize(
    ("project", "expected"),
    [
        ("integrations: {a: {tokens: []}}", "'format' is missing in projects.p.integrations.a"),
        ("integrations: {a: {format: generic, tokens: [secret]}}", "a token is written as its hash, sha256: and 64 hex digits"),
        ("integrations: {A: {format: generic}}", "'A' is not a name; write 1 to 63 lower-case letters"),
        ("integrations: {a: {format: generic, fields: {titel: a}}}", "'titel' is no field; write one of title"),
        ("integrations: {a: {format: generic, fields: {title: a..b}}}", "'a..b' is not a path into JSON"),
        ("integrations: {a: {format: generic, default_severity: bad}}", "'bad' is not one of critical, high"),
        ("integrations: {a: {format: generic, enabled: yes}}", "'yes' is not true or false"),
        ("integrations: {a: {format: topic, topic: t, rate_limit: 1/s}}", "only what comes by HTTP can be limited"),
        ("integrations: {a: {format: alertmanager, status_map: {up: ignore}}}", "only format generic has words of its own"),
        ("integrations: {a: {format: alertmanager, identity: project}}", "known by their labels in the whole project"),
        ("integrations: {a: {format: generic, status_map: {Up: firing, up: resolved}}}", "'up' stands twice, as firing and as"),
        ("integrations: {a: {format: generic, severity_map: {Up: low, ' up': high}}}", "'up' stands twice, as low and as high"),
        ("integrations: {a: {format: generic, status_map: {' ': firing}}}", "a word is not blank"),
        ("integrations: {a: {format: generic, status_map: {up: good}}}", "firing"),
        ("integrations: {a: {format: generic, identity: own}}", "integration"),
        ("integrations: {a: {format: topic}}", "format topic needs the topic's name"),
        ("integrations: {a: {format: generic, topic: t}}", "topic goes with format: topic only"),
        ("integrations: {a: {format: topic, topic: t}, b: {format: topic, topic: t}}", "p/a reads this topic too"),
        ("integrations: {a: {format: generic, heartbeat: 0s}}", "heartbeat is longer than nothing"),
        ("incidents: [{name: a}, {name: a}]", "name 'a' stands twice"),
        ("incidents: [{name: ' '}]", "the name is empty"),
        ("incidents: [{name: a, group_by: [b, b]}]", "'b' stands twice"),
        ("incidents: [{name: a, match: 'b=c'}]", "a list is expected here, not the text 'b=c'"),
        ("incidents: [{name: a, match: ['b=~\"(\"']}]", "at character 5: not a regular expression of RE2: missing ): ("),
        ("incidents: [{name: a, open_when: {alerts: 0}}]", "'0' is no count"),
        ("incidents: [a]", "keys such as name, match, group_by, within are expected here, not the text 'a'"),
        ("inhibit: [{source: [], target: [a=b]}]", "source needs a matcher"),
        ("maintenance: [{name: a, match: [], start: 2026-12-06, duration: 1h}]", "'2026-12-06' is no local time"),
        ("maintenance: [{name: a, match: [], start: 2026-12-06T02:00, duration: 0m}]", "a window of no length"),
        ("maintenance: [{name: a, match: [], start: 2026-12-06T02:00, duration: 0d}]", "a window of no length"),
        ("maintenance: [{name: a, match: [], start: 2026-12-06T02:00, duration: 1x}]", "'1x' is no duration"),
        ("maintenance: [{name: a, match: [], start: 2026-12-06T02:00}]", "the window has no end; write duration: 2h, or end:"),
        (
            "maintenance: [{name: a, match: [], start: 2026-12-06T02:00, duration: 1h, end: 2026-12-06T03:00}]",
            "duration and end both say when a window ends; write one of them",
        ),
        ("maintenance: [{name: a, match: [], start: 2026-12-06T02:00, end: 2026-12-06T02:00}]", "is not after start"),
        ("maintenance: [{name: a, match: [], start: 2026-12-06T02:00, end: 2099-12-06T02:00}]", "longer than ten years"),
        (
            "maintenance: [{name: a, match: [], start: 2026-12-06T02:00, end: 2026-12-06T04:00Z}]",
            "'2026-12-06T04:00Z' is no local time",
        ),
        ("maintenance: [{name: a, match: [], start: 2026-12-06T02:00+01:00, end: 2026-12-06T04:00}]", "is no local time"),
        ("maintenance: [{name: a, match: [], end: 2026-12-06T02:00}]", "'start' is missing"),
        ("maintenance: [{name: a, match: [], start: 1, end: 2026-12-06T02:00}]", "'1' is no local time"),
        (
            "maintenance: [{name: a, match: [], start: 2026-12-06T02:00, duration: 1h, until: 2026-12-06T03:00}]",
            "write end: for when the first window ends, or UNTIL= in repeat: for the last day of all",
        ),
        ("maintenance: [{name: a, match: [], start: 2026-12-06T02:00, duration: 1h, zone: CET/x}]", "'CET/x' is no time zone"),
        ("maintenance: [{name: a, match: [], start: 2026-12-06T02:00, duration: 1h, repeat: weekly}]", "'weekly' is no part"),
        ("prometheus: {url: prometheus:9090}", "'prometheus:9090' is no web address"),
        ("prometheus: {url: 'http://p', token: {env: A, file: B}}", "a secret never stands in this file"),
        ("prometheus: {url: 'http://ada:S3cr3t@p'}", "the address of p holds a user, a password or a token"),
        ("prometheus: {url: 'http://p/?token=S3cr3t'}", "write the address alone, and the secret as token: {env: NAME}"),
        ("sla: {bad: 1h}", "'bad' is not one of critical"),
        ("gitlab_path: /shop", "'/shop' is no path"),
        ('title: "a\\0"', "a text holds no NUL"),
        ("members: [ada]", "keys with values are expected here, not a list"),
        ("title: !!python/name:os.system x", "has no meaning here"),
    ],
)
def test_one_problem_is_named_with_what_to_write(project: str, expected: str) -> None:
    (problem,) = problems(f"projects: {{p: {{{project}}}}}")
    assert expected in problem


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("projects: {a: {gitlab_path: b}, b: {}}", "f:1:33: project 'a' has the path 'b' too"),
        ("people: {alert-bot: {name: Bot}}", "f:1:10: alert-bot is the name of everything that no person did"),
        (f'people: {{a: {{name: A, tokens: ["{HASH}"]}}, b: {{name: B, tokens: ["{HASH}"]}}}}', "a has this token too"),
        ("receivers: {a: {}}", "f:1:13: receiver 'a' reaches nobody"),
        ("receivers: {a: {slack: {channel: C, project: p}}}", "there is no project 'p'"),
        ("status_page: {title: T, url: 'http://s', publishers: [ada]}", "there is no person 'ada'"),
        ("status_page: {title: T, url: 'http://s', components: [{id: c, name: C, project: p}]}", "there is no project 'p'"),
        ("a: b: c", "f:1:5: not YAML: mapping values are not allowed"),
        ("a: &x [*x]", "too deep or too large: does an alias contain itself?"),
        ("- a", "f:1:1: keys such as projects, people, receivers, slack are expected here, not a list"),
        ("a: \x07", "f:1:4: only printable UTF-8 text can be read"),
    ],
)
def test_problem_between_parts_is_named_where_it_stands(text: str, expected: str) -> None:
    (problem,) = problems(text)
    assert expected in problem


def test_two_tokens_alike_in_two_integrations_are_fine() -> None:
    entry = f'{{format: generic, tokens: ["{HASH}"]}}'
    project = parse_configuration(f"projects: {{p: {{integrations: {{a: {entry}, b: {entry}}}}}}}", "f").projects["p"]
    assert project.integrations["a"] == project.integrations["b"]


def test_file_that_is_not_there_is_a_problem_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"tocsin.yaml: No such file"):
        load_configuration(tmp_path / "tocsin.yaml")


def test_file_that_is_not_utf8_is_a_problem_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "tocsin.yaml").write_bytes(b"people: {a: {name: \xff}}")
    with pytest.raises(ConfigurationError, match="not UTF-8 text: invalid start byte at byte 19"):
        load_configuration(tmp_path / "tocsin.yaml")


def test_what_is_read_survives_packing() -> None:
    configuration = parse_configuration("projects: {p: {incidents: [{name: a, resolve: all, within: 1h}]}}", "f")
    assert unpack(pack(configuration)) == configuration


@pytest.mark.parametrize("text", ["[" * 51 + "]" * 51, "- " * 51 + "a", "a: &x [*x]"])
def test_a_configuration_that_nests_too_deep_is_refused_before_anything_recurses_into_it(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "*" not in text:
        monkeypatch.setattr("yaml.compose", lambda *_, **__: pytest.fail("it was read in full"))
    (problem,) = problems(text)
    assert "at most 50 levels deep" in problem or "does an alias contain itself" in problem


def test_an_expression_that_costs_too_much_is_a_problem_with_its_line() -> None:
    text = "projects:\n  shop:\n    incidents:\n      - {name: a, match: ['a=~\"(?:word[0-9]){110}\"']}\n"
    (problem,) = problems(text)
    assert problem.startswith("f:4:")
    assert "at most 500 instructions" in problem


def test_a_configuration_too_long_is_refused_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("schemas.configuration_file.MAX_BYTES", 10)
    (tmp_path / "tocsin.yaml").write_text("# a long one\n")
    with pytest.raises(ConfigurationError, match="at most"):
        load_configuration(tmp_path / "tocsin.yaml")
