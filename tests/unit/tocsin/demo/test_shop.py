"""The demo's messages and its configuration, as the door that takes them reads them."""

from __future__ import annotations

from pathlib import Path
from string import Template

import msgspec

from producers.webhook.door import Door, build_doors
from producers.webhook.formats.recognise import parse
from schemas.codec import decode_body
from schemas.configuration import Configuration
from schemas.configuration_file import load_configuration
from schemas.records import AlertEvent, Content
from tocsin.demo import shop
from tocsin.demo.stack import TEMPLATE, hash_of

NOW = 1_800_000_000_000


def configuration(tmp_path: Path) -> Configuration:
    names = {f"{name}_token_hash": hash_of(name) for name in ("alertmanager", "uptime", "prometheus", "ada")}
    file = tmp_path / "tocsin.yaml"
    file.write_text(Template(TEMPLATE.read_text()).substitute(names, statuspage_address="127.0.0.1:8082"))
    return load_configuration(file)


def door(tmp_path: Path, name: str) -> Door:
    return build_doors(configuration(tmp_path))["shop", name]


def events(body: shop.Body, door: Door) -> list[AlertEvent]:
    return list(parse(msgspec.json.encode(body), door).events)


def test_latency_is_one_alert_for_each_instance(tmp_path: Path) -> None:
    found = events(shop.latency(NOW), door(tmp_path, "alertmanager"))
    contents = [decode_body(event.content, Content) for event in found]
    assert [(content.title, content.hosts, content.service) for content in contents] == [
        (shop.LATENCY_TITLE, [instance], "checkout") for instance in shop.INSTANCES
    ]
    assert [(event.is_firing, event.severity, event.started_at, event.ended_at) for event in found] == [
        (True, "high", NOW, None)
    ] * 3


def test_latency_ends_as_the_same_alerts(tmp_path: Path) -> None:
    entrance = door(tmp_path, "alertmanager")
    begun, ended = (events(shop.latency(NOW, ended_at=end), entrance) for end in (None, NOW + 5))
    assert [(event.is_firing, event.ended_at) for event in ended] == [(False, NOW + 5)] * 3
    assert [event.fingerprint for event in ended] == [event.fingerprint for event in begun]


def test_a_check_of_the_uptime_service_begins_and_ends_one_alert(tmp_path: Path) -> None:
    entrance = door(tmp_path, "uptime")
    (down,), (up,) = (events(shop.uptime(shop.DATABASE, NOW, is_up), entrance) for is_up in (False, True))
    content = decode_body(down.content, Content)
    assert (content.title, content.service) == (shop.DATABASE.title, shop.DATABASE.service)
    assert (down.is_firing, down.severity, down.started_at) == (True, "critical", NOW)
    assert (up.is_firing, up.fingerprint) == (False, down.fingerprint)


def test_each_trouble_has_a_component_of_the_status_page(tmp_path: Path) -> None:
    page = configuration(tmp_path).status_page
    assert page is not None
    matchers = " ".join(matcher for component in page.components for matcher in component.match)
    assert [check.service for check in (shop.DATABASE, *shop.BLIPS) if check.service not in matchers] == []


def test_each_trouble_is_told_to_the_public_by_the_name_of_its_component_and_not_in_the_check_s_words(tmp_path: Path) -> None:
    page = configuration(tmp_path).status_page
    assert page is not None
    names = {component.name for component in page.components}
    titles = [check.public_title for check in (shop.DATABASE, *shop.BLIPS)]
    assert [title for title in titles if title.partition(": ")[0] not in names] == []


def test_the_cluster_and_what_runs_in_it_agree_on_the_label_that_inhibit_asks_for(tmp_path: Path) -> None:
    rule = configuration(tmp_path).projects["shop"].inhibit[0]
    body = shop.message([(shop.CLUSTER_DOWN, shop.CLUSTER_B), (shop.CART_DOWN, shop.CLUSTER_B)], NOW)
    down, cart = (decode_body(event.content, Content) for event in events(body, door(tmp_path, "alertmanager")))
    labels = [dict(content.labels) for content in (down, cart)]
    assert [[part[name] for name in rule.equal] for part in labels] == [["b"], ["b"]]
    assert rule.source == [f'alertname="{labels[0]["alertname"]}"']
    assert labels[1]["severity"] in rule.target[0]
