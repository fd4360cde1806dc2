"""Which listeners open: no token may cross a network in clear."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path

import pytest

from producers.listener import bound_address, check_listener, open_listener
from schemas.errors import SettingsError
from schemas.settings import Address, Settings

PUBLIC, LOOPBACK = Address("0.0.0.0", 0), Address("127.0.0.1", 0)


def test_a_loopback_listener_opens_on_a_free_port() -> None:
    with contextlib.closing(open_listener(Settings(), LOOPBACK)) as listener:
        assert bound_address(listener).port > 0


def test_a_port_that_is_taken_is_the_operators_to_free() -> None:
    with (
        contextlib.closing(open_listener(Settings(), LOOPBACK)) as listener,
        pytest.raises(SettingsError, match="cannot listen on"),
    ):
        open_listener(Settings(), bound_address(listener))


def test_a_public_listener_needs_tls_or_a_proxy_that_ends_it() -> None:
    with pytest.raises(SettingsError, match="TOCSIN_TRUSTED_PROXY"):
        check_listener(Settings(), PUBLIC)
    check_listener(Settings(trusted_proxy="10.0.0.1"), PUBLIC)


def test_a_certificate_needs_its_key_and_both_must_be_readable(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="set both"):
        check_listener(Settings(tls_cert="cert.pem"), LOOPBACK)
    missing = replace(Settings(), tls_cert=str(tmp_path / "cert.pem"), tls_key=str(tmp_path / "key.pem"))
    with pytest.raises(SettingsError, match="cannot be used"):
        check_listener(missing, PUBLIC)


@pytest.mark.parametrize("proxy", ["proxy.example.com", "10.0.0.0/8", "10.0.0.1, 10.0.0.2"])
def test_a_proxy_that_is_no_address_would_never_be_recognised(proxy: str) -> None:
    with pytest.raises(SettingsError, match="write the IP address"):
        check_listener(Settings(trusted_proxy=proxy), PUBLIC)
