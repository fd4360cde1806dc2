"""The environment as settings."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from schemas.errors import SettingsError
from schemas.settings import Address, Settings, render_limits_table, render_table


def test_nothing_set_is_the_embedded_stack_on_loopback() -> None:
    settings = Settings.load({})
    assert (settings.kafka, settings.database_url, settings.data) == ("", "", Path(".tocsin"))
    assert settings.webhook_listen == Address("127.0.0.1", 8080)
    assert settings.webhook_listen.is_loopback


def test_values_are_read_by_kind() -> None:
    settings = Settings.load(
        {"TOCSIN_PARTITIONS": "16", "TOCSIN_OPERATOR_LISTEN": "[::1]:90", "TOCSIN_DATA": "/var/lib/t", "HOME": "/"}
    )
    assert (settings.partitions, settings.operator_listen, settings.data) == (16, Address("::1", 90), Path("/var/lib/t"))


@pytest.mark.parametrize(
    ("variable", "value"),
    [("TOCSIN_PARTITIONS", "many"), ("TOCSIN_WEBHOOK_LISTEN", "8080"), ("TOCSIN_WEBHOOK_LISTEN", "host:99999"),
     ("TOCSIN_SCHEMA_REGISTRY_URL", "http://registry.example")],
)  # fmt: skip
def test_a_value_that_cannot_be_used_is_the_operator_s_error(variable: str, value: str) -> None:
    with pytest.raises(SettingsError):
        Settings.load({variable: value})


@pytest.mark.parametrize("address", ["0.0.0.0:80", "10.0.0.1:80", "example.com:80", "[::]:80"])
def test_addresses_that_others_can_reach_are_not_loopback(address: str) -> None:
    assert not Address.parse(address).is_loopback


def test_the_table_names_every_setting_with_its_meaning() -> None:
    table = render_table() + render_limits_table()
    assert all(f"`TOCSIN_{entry.name.upper()}`" in table and entry.metadata["doc"] in table for entry in fields(Settings))
