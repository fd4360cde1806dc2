"""Where a command finds the doors, and with what token: settings first, then the stack of the data directory.

Not here: Kafka and PostgreSQL (`state.find_servers`).
"""

from __future__ import annotations

from dataclasses import replace

from schemas.errors import OperatorError
from schemas.settings import Address, Settings
from tocsin import state

DEFAULTS = Settings()


def webhook_url(settings: Settings) -> str:
    """Give the webhook's address, without a slash at its end."""
    return _url(settings, "webhook", settings.webhook_listen, DEFAULTS.webhook_listen)


def operator_url(settings: Settings) -> str:
    """Give the operator API's address, without a slash at its end; `TOCSIN_URL` counts first."""
    return settings.url.rstrip("/") or _url(settings, "operator", settings.operator_listen, DEFAULTS.operator_listen)


def operator_token(settings: Settings) -> str:
    """Give the token for the operator API: `TOCSIN_TOKEN`, else the local admin token; raises `OperatorError`.

    The local token never goes to an address that was named: it is of no use there, and would be given away.
    """
    if settings.token:
        return settings.token
    file = settings.data / "token"
    if settings.url or not file.exists():
        where = "" if settings.url else f", or TOCSIN_DATA to the directory of a stack: there is no {file}"
        raise OperatorError(f"no token: set TOCSIN_TOKEN to one of yours (`tocsin token new --person NAME` makes one){where}")
    try:
        return file.read_text().strip()
    except OSError as error:
        raise OperatorError(f"{file} cannot be read ({error.strerror}): set TOCSIN_TOKEN to a token of yours") from error


def _url(settings: Settings, door: str, listen: Address, default: Address) -> str:
    """Give what the settings say; where they say nothing, what the running stack says."""
    stack = state.read(settings.data) if listen == default else None
    address = stack["addresses"].get(door) if stack is not None else None
    return f"{'https' if settings.tls_cert else 'http'}://{address or _reachable(listen)}"


def _reachable(listen: Address) -> Address:
    """Replace a listener on all addresses, which is no address to go to, by this machine."""
    return replace(listen, host={"0.0.0.0": "127.0.0.1", "::": "::1"}.get(listen.host, listen.host))
