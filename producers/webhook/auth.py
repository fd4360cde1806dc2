"""Who may come in: tokens by their hashes, and one answer for everything that is not right.

Not here: delays after many failures (`failures.py`), rate limits (`rates.py`).
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Iterable
from hashlib import sha256

from producers.webhook.door import Door
from producers.webhook.refused import SwitchedOff, Unauthorized

_NO_DOOR = ("sha256:" + "0" * 64,)
"""Compared with where there is no integration, so that the time tells nobody that there is none."""


def token_in(headers: Iterable[tuple[bytes, bytes]]) -> bytes | None:
    """Find the token: `Authorization: Bearer TOKEN`, or Basic with the token as password."""
    value = next((value for name, value in headers if name == b"authorization"), b"")
    scheme, _, credentials = value.partition(b" ")
    credentials = credentials.strip()
    if scheme.lower() == b"bearer":
        return credentials or None
    return _password(credentials) if scheme.lower() == b"basic" else None


def _password(credentials: bytes) -> bytes | None:
    try:
        _, _, password = base64.b64decode(credentials, validate=True).partition(b":")
    except binascii.Error:
        return None
    return password or None


def admit(door: Door | None, token: bytes | None) -> Door:
    """Give the door to who may come in; None is where there is none.

    Raises `Unauthorized` for no token, a wrong one and no such integration alike; `SwitchedOff` for the right token
    of an integration that is not enabled.
    """
    presented = "sha256:" + sha256(token or b"").hexdigest()
    is_right = False
    for known in door.token_hashes if door else _NO_DOOR:
        is_right |= hmac.compare_digest(presented, known)
    if door is None or token is None or not is_right:
        raise Unauthorized
    if not door.is_enabled:
        raise SwitchedOff(f"Integration {door.integration} is switched off. Set 'enabled: true' in the configuration to use it.")
    return door
