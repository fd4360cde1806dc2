"""What is printed of a new token works when it is copied: the YAML lines let the token in, the curl line is an alert."""

from __future__ import annotations

import json
import shlex
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from producers.webhook.door import build_door
from producers.webhook.formats.recognise import parse
from schemas.codec import decode_body
from schemas.configuration import Integration, Person
from schemas.configuration_file import parse_configuration
from schemas.configuration_kinds import MAPPED_FIELDS
from schemas.records import Content
from tocsin.new_token import Part, for_integration, for_person, hash_of
from tocsin.sample_payload import TITLE

TOKEN = "it's-a-token"
WEBHOOK = "https://tocsin.example.com:8443"
OLD = hash_of("old")
UPTIME = {"title": "check.name", "severity": "checks[1].level", "status": "check.state", "labels": "it's.tags"}


def parts_of(integration: Integration, name: str = "door") -> dict[str, str]:
    return texts(for_integration(TOKEN, "shop", name, integration, WEBHOOK))


def texts(parts: list[Part]) -> dict[str, str]:
    return {part.key: part.text for part in parts}


def posted(curl: str) -> bytes:
    return shlex.split(curl.replace("\\\n", ""))[-1].encode()


@pytest.mark.parametrize("format", ["generic", "alertmanager"])
def test_yaml_lines_let_the_new_token_in_beside_the_old_one(format: Any) -> None:
    found = parts_of(Integration(format=format, tokens=[OLD]))
    integrations = parse_configuration(found["yaml"], "printed").projects["shop"].integrations
    assert integrations == {"door": Integration(format=format, tokens=[OLD, hash_of(TOKEN)])}
    assert (found["token"], found["hash"]) == (TOKEN, hash_of(TOKEN))


def test_yaml_lines_of_a_person_keep_the_name_and_the_old_token() -> None:
    found = texts(for_person(TOKEN, "ada", Person(name="Ada: L.", tokens=[OLD]), "http://127.0.0.1:8081"))
    people = parse_configuration(found["yaml"], "printed").people
    assert people == {"ada": Person(name="Ada: L.", tokens=[OLD, hash_of(TOKEN)])}
    assert shlex.split(found["curl"])[2:] == [f"Authorization: Bearer {TOKEN}", "http://127.0.0.1:8081/api/v1/projects"]


def test_curl_line_speaks_with_the_senders_own_fields_and_words() -> None:
    words = {"status_map": {"ALARM": "firing", "FIRE": "firing"}, "severity_map": {"ouch": "critical"}}
    integration = Integration(format="generic", fields=UPTIME, **words)  # type: ignore[arg-type]
    command = shlex.split(parts_of(integration)["curl"].replace("\\\n", ""))
    assert command[:4] == ["curl", "-H", f"Authorization: Bearer {TOKEN}", f"{WEBHOOK}/in/shop/door"]
    assert json.loads(command[5]) == {
        "check": {"name": TITLE, "state": "ALARM"},
        "checks": [None, {"level": "ouch"}],
        "service": "checkout",
        "it's": {"tags": {"team": "shop"}},
    }


def test_curl_line_holds_several_fields_of_one_list_element() -> None:
    integration = Integration(format="generic", fields={"title": "alerts[0].title", "severity": "alerts[0].level"})
    body = json.loads(posted(parts_of(integration)["curl"]))
    assert body == {"alerts": [{"title": TITLE, "level": "critical"}], "service": "checkout"}


PATHS = st.sampled_from(["a", "b", "a.b", "a.c", "b[0]", "b[2].c", "c[1][0]", "status", "end_time", "labels.x", "d"])


@given(st.dictionaries(st.sampled_from(MAPPED_FIELDS), PATHS), st.sampled_from(["generic", "alertmanager"]))
def test_curl_line_is_one_firing_alert_whatever_is_mapped(fields: dict[str, str], format: Any) -> None:
    integration = Integration(format=format, fields=fields)
    parsed = parse(posted(parts_of(integration)["curl"]), build_door("shop", "door", integration))
    if not {"starts_at", "ends_at", "end_time"} & {*fields, *fields.values()}:  # else another field may stand for a time
        assert (len(parsed.events), parsed.refusals) == (1, [])
    if parsed.events and len(set(fields.values())) == len(fields) and not {"ends_at", "status"} & set(fields):
        assert parsed.events[0].is_firing


@pytest.mark.parametrize("fields", [{}, {"title": "check.name"}, {"title": "alerts[0].title"}])
def test_curl_line_has_its_title_where_the_integration_looks_for_it(fields: dict[str, str]) -> None:
    integration = Integration(format="generic", fields=fields)
    (event,) = parse(posted(parts_of(integration)["curl"]), build_door("shop", "door", integration)).events
    content = decode_body(event.content, Content)
    assert (content.title, content.service, event.severity, event.is_firing) == (TITLE, "checkout", "critical", True)


def test_snippets_are_what_alertmanager_and_prometheus_read() -> None:
    found = parts_of(Integration(format="alertmanager"), "main")
    (receiver,) = yaml.safe_load(found["alertmanager"])["receivers"][0]["webhook_configs"]
    (sender,) = yaml.safe_load(found["prometheus"])["alerting"]["alertmanagers"]
    assert (receiver["url"], receiver["send_resolved"]) == (f"{WEBHOOK}/in/shop/main", True)
    assert (sender["scheme"], sender["path_prefix"]) == ("https", "/in/shop/main")
    assert sender["static_configs"] == [{"targets": ["tocsin.example.com:8443"]}]


def test_a_generic_integration_gets_no_snippets_of_others() -> None:
    assert list(parts_of(Integration(format="generic"))) == ["token", "hash", "endpoint", "yaml", "curl"]
