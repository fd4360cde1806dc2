"""Addresses without their passwords, for whoever looks. Not here: where addresses are kept."""

from __future__ import annotations

import re

_IN_HOST = re.compile(r"(//[^:/?#\s]*:)[^\s/]*@")
_PARAMETER = re.compile(r"(\b(?:ssl)?password\s*=\s*)(?:'(?:[^'\\]|\\.)*'|[^&\s]+)", re.IGNORECASE)


def masked(url: str) -> str:
    """Give a database's address, a URL or libpq's `key=value` form, with `***` in place of its passwords."""
    return _PARAMETER.sub(r"\1***", _IN_HOST.sub(r"\1***@", url))
