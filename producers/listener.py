"""Opening a door's TCP port, for all that speak HTTP."""

from __future__ import annotations

import socket
import ssl

from producers.networks import plain_address
from schemas.errors import SettingsError
from schemas.settings import Address, Settings

BACKLOG = 2048


def open_listener(settings: Settings, address: Address) -> socket.socket:
    """Bind a listener; raises `SettingsError` when the port is not free, or when it would speak in clear over a network."""
    check_listener(settings, address)
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    try:
        listener = socket.create_server((address.host, address.port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise SettingsError(f"cannot listen on {address}: {error.strerror}. Is another tocsin running there?") from error
    listener.setblocking(False)
    return listener


def check_listener(settings: Settings, address: Address) -> None:
    """Raise `SettingsError` for a listener that would speak in clear over a network, or whose proxy is no address."""
    if settings.trusted_proxy and not plain_address(settings.trusted_proxy):
        raise SettingsError(
            f"TOCSIN_TRUSTED_PROXY is {settings.trusted_proxy!r}: write the IP address from which the proxy connects, as 10.0.0.1"
        )
    if bool(settings.tls_cert) != bool(settings.tls_key):
        raise SettingsError("TOCSIN_TLS_CERT and TOCSIN_TLS_KEY are used together: set both, or neither")
    if settings.tls_cert:
        _check_certificate(settings)
    if not (address.is_loopback or settings.tls_cert or settings.trusted_proxy):
        raise SettingsError(
            f"{address} is no loopback address, and what is said there would cross the network in clear: set TOCSIN_TLS_CERT "
            "and TOCSIN_TLS_KEY, or TOCSIN_TRUSTED_PROXY to the address of the proxy that ends TLS"
        )


def _check_certificate(settings: Settings) -> None:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(settings.tls_cert, settings.tls_key)
    except OSError as error:  # ssl.SSLError is one
        raise SettingsError(
            f"TOCSIN_TLS_CERT ({settings.tls_cert}) and TOCSIN_TLS_KEY ({settings.tls_key}) cannot be used: {error}"
        ) from error


def bound_address(listener: socket.socket) -> Address:
    """Tell where a listener is, with the port that it got when any free one was asked for."""
    host, port = listener.getsockname()[:2]
    return Address(host, port)
