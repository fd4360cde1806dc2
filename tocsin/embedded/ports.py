"""Which TCP ports on loopback the embedded servers use: the default if free, else another, and the same one next time."""

from __future__ import annotations

import json
import random
import socket
import ssl
import time
from functools import partial
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path

from schemas.errors import OperatorError

RANGE = range(20_000, 32_000)
"""Below Linux's ephemeral ports (32768 and up): a client that reconnects to a dead server on one of those can connect to
itself, and then holds the port against the server's return."""
PATIENCE_SECONDS = 2.0
"""How long a port kept from last time may stay taken: the server of a killed supervisor is still ending."""


def is_free(port: int) -> bool:
    """Say whether a server could listen there now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do: connections that linger do not count
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen(1)
        except OSError:
            return False
    return True


def is_answering(port: int) -> bool:
    """Say whether something accepts connections there."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def is_ready(port: int, is_tls: bool) -> bool:
    """Say whether what listens there answers `/-/ready` with 200: it takes requests, and does not only accept connections."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # our own, on loopback, and nothing secret is said
    kind = partial(HTTPSConnection, context=context) if is_tls else HTTPConnection
    probe = kind("127.0.0.1", port, timeout=1)
    try:
        probe.request("GET", "/-/ready")
        return probe.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        probe.close()


def any_free(taken: frozenset[int] = frozenset()) -> int:
    """Give a free port of our range; raises `OperatorError` when there is none."""
    candidates = list(RANGE)
    random.shuffle(candidates)
    for port in candidates:
        if port not in taken and is_free(port):
            return port
    raise OperatorError(f"no free TCP port on 127.0.0.1 between {RANGE.start} and {RANGE.stop}")


def choose(path: Path, defaults: dict[str, int]) -> dict[str, int]:
    """Give a free port for each name: the one kept in the file, else the default (0: none), else any; keep the choice."""
    kept: dict[str, int] = json.loads(path.read_text()) if path.exists() else {}
    chosen: dict[str, int] = {}
    for name, default in defaults.items():
        chosen[name] = _settle(kept.get(name, 0), default, frozenset(chosen.values()))
    path.write_text(json.dumps(chosen) + "\n")
    return chosen


def _settle(kept: int, default: int, taken: frozenset[int]) -> int:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while kept and not is_free(kept) and time.monotonic() < deadline:
        time.sleep(0.1)
    for port in (kept, default):
        if port and port not in taken and is_free(port):
            return port
    return any_free(taken)
