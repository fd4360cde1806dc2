"""Addresses as senders' failures and connections are counted by."""

from __future__ import annotations

import pytest

from producers.networks import network_of, plain_address
from producers.webhook.failures import sender_of


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("192.0.2.1", "192.0.2.1"),
        (" 192.0.2.1:5678 ", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ('"[2001:DB8::1]:99"', "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("[::ffff:192.0.2.1]:99", "192.0.2.1"),
        ("unknown", ""),
        ("_hidden:99", ""),
        ("", ""),
    ],
)
def test_an_address_is_read_as_proxies_write_it(written: str, address: str) -> None:
    assert plain_address(written) == address


def test_one_network_has_one_name() -> None:
    assert network_of("2001:db8:1:2:3::4") == network_of("2001:db8:1:2::9") == "2001:db8:1:2::"
    assert network_of("::ffff:192.0.2.1") == "192.0.2.1"


@pytest.mark.parametrize(("client", "proxy"), [("10.0.0.1", "10.0.0.1"), ("::ffff:10.0.0.1", "10.0.0.1"), ("::1", "0::1")])
def test_behind_the_proxy_a_sender_is_the_same_on_each_of_its_ports(client: str, proxy: str) -> None:
    def sender(forwarded: bytes) -> str:
        return sender_of({"client": (client, 1), "headers": [(b"x-forwarded-for", forwarded)]}, proxy)

    assert {sender(b"9.9.9.9, 192.0.2.1:%d" % port) for port in range(1, 30)} == {"192.0.2.1"}
    assert {sender(b"[2001:db8::1]:%d" % port) for port in range(1, 30)} == {"2001:db8::1"}


def test_what_the_proxy_writes_that_is_no_address_counts_as_the_proxys() -> None:
    assert sender_of({"client": ("10.0.0.1", 1), "headers": [(b"x-forwarded-for", b"unknown-17")]}, "10.0.0.1") == "10.0.0.1"
