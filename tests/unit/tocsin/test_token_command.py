"""`tocsin token new` on the command line, without a running stack."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from schemas.errors import OperatorError
from schemas.settings import Settings
from tocsin import addresses
from tocsin.cli.main import app
from tocsin.new_token import hash_of

FILE = """
projects:
  shop:
    integrations:
      uptime: {format: generic, fields: {title: check.name}}
      orders: {format: topic, topic: alerts.orders}
"""


def run(data: Path, *arguments: str) -> Result:
    environment = {"TOCSIN_DATA": str(data), "TOCSIN_KAFKA": None, "TOCSIN_URL": None, "TOCSIN_WEBHOOK_LISTEN": "127.0.0.1:9"}
    return CliRunner().invoke(app, ["token", "new", *arguments], env=environment)


def parts(data: Path, *arguments: str) -> dict[str, Any]:
    done = run(data, *arguments, "--json")
    assert done.exit_code == 0
    return dict(json.loads(done.stdout))


def test_each_token_is_another_and_256_bits_long(tmp_path: Path) -> None:
    first, second = parts(tmp_path, "shop", "uptime"), parts(tmp_path, "shop", "uptime")
    assert first["token"] != second["token"]
    assert (len(first["token"]), first["hash"]) == (43, hash_of(first["token"]))


def test_without_a_stack_the_settings_say_where_the_door_is(tmp_path: Path) -> None:
    assert parts(tmp_path, "shop", "main")["endpoint"] == "http://127.0.0.1:9/in/shop/main"
    assert "Bearer" in run(tmp_path, "--person", "ada").stdout


def test_fields_come_from_the_file_that_is_named(tmp_path: Path) -> None:
    file = tmp_path / "tocsin.yaml"
    file.write_text(FILE)
    assert '"check": {"name": ' in parts(tmp_path, "shop", "uptime", "--config", str(file))["curl"]
    refused = run(tmp_path, "shop", "orders", "--config", str(file))
    assert isinstance(refused.exception, OperatorError)


@pytest.mark.parametrize("arguments", [("shop",), ("shop", "a", "--person", "ada"), ("Shop", "a"), ("--person", "a b"), ()])
def test_neither_integration_nor_person_is_wrong_usage(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    assert run(tmp_path, *arguments).exit_code == 2


def test_the_local_token_is_not_given_to_an_address_that_is_named(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("local\n")
    assert addresses.operator_token(Settings(data=tmp_path)) == "local"
    assert addresses.operator_token(Settings(data=tmp_path, url="https://t.example.com", token="mine")) == "mine"
    with pytest.raises(OperatorError, match="TOCSIN_TOKEN"):
        addresses.operator_token(Settings(data=tmp_path, url="https://t.example.com"))
