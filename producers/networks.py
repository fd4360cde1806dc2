"""Addresses of senders as they are compared: without ports, one name for each, and the network that one has to itself.

Not here: what is kept by address (`places.py`, `webhook/failures.py`).
"""

from __future__ import annotations

from contextlib import suppress
from ipaddress import IPv6Address, ip_address


def network_of(address: str) -> str:
    """Give what one sender surely has to itself: an IPv4 address, or the /64 around an IPv6 one."""
    with suppress(ValueError):
        read = ip_address(address)
        if isinstance(read, IPv6Address):
            return str(read.ipv4_mapped or IPv6Address(int(read) >> 64 << 64))
    return address


def plain_address(text: str) -> str:
    """Read an address as proxies write it, with a port, brackets or a zone (RFC 7239, section 6); empty when it is none.

    An IPv4 address that is written as an IPv6 one is given as IPv4.
    """
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        read = ip_address(text.partition("%")[0])
    except ValueError:
        return ""
    return str(read.ipv4_mapped or read) if isinstance(read, IPv6Address) else str(read)


def is_loopback(address: str) -> bool:
    """Whether it is this machine that asks."""
    with suppress(ValueError):
        return ip_address(address).is_loopback
    return False
