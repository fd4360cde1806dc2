"""Who may come in: tokens by their hashes, and one answer for everything that is not right.

Not here: delays after many failures (`failures.py`), rate limits (`rates.py`).
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Iterable, Sequence
from hashlib import sha256

from producers.webhook.door import Door
from producers.webhook.doors import Doors
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
    presented = hash_token(token or b"")
    is_right = False
    for known in door.token_hashes if door else _NO_DOOR:
        is_right |= hmac.compare_digest(presented, known)
    if door is None or token is None or not is_right:
        raise Unauthorized
    if not door.is_enabled:
        raise _switched_off(door)
    return door


def admit_reader(doors: Doors, token: bytes | None) -> Sequence[Door]:
    """List the doors that a token opens, for one who names none; raises as `admit` does.

    Found by its hash, so that the time it takes tells nothing of the token.
    """
    found = doors.by_token_hash.get(hash_token(token), ()) if token else ()
    if not found:
        raise Unauthorized
    if not any(door.is_enabled for door in found):
        raise _switched_off(found[0])
    return [door for door in found if door.is_enabled]


def hash_token(token: bytes) -> str:
    return "sha256:" + sha256(token).hexdigest()


def _switched_off(door: Door) -> SwitchedOff:
    return SwitchedOff(f"Integration {door.integration} is switched off. Set 'enabled: true' in the configuration to use it.")
