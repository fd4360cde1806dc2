"""What a text may not take along when it becomes public: passwords and tokens in links (BEHAVIOUR 7).

One scrubber for everything that the public sees. It looks for what gives something away wherever it stands, not for links
that are written as they should be: one without its scheme, with a port or in Markdown gives away as much. Not here: what is
published.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

SECRET_NAMES = frozenset(
    {
        "pwd", "password", "passwd", "passcode", "pass", "token", "access_token", "refresh_token", "id_token", "auth",
        "authorization",
        "api_key", "apikey", "access_key", "secret", "client_secret", "sig", "signature", "x-amz-signature", "x-amz-credential",
        "x-amz-security-token", "session", "sessionid", "code",
    }
)  # fmt: skip
"""Names of a link's parameters, in lower case: Zoom's is `pwd`; the others are those that links are usually signed with."""
_SEPARATOR = r"(?:&amp;|[?&#;]|%(?:25)*(?:3F|26|23|3B))"
_NAME = r"""(?:[^\s=?&#;<>"%]|%(?!(?:25)*(?:3F|26|23|3B|3D)))"""
_EQUALS = r"(?:=|%(?:25)*3D)"
_HEAD = re.compile(rf"(?P<before>{_SEPARATOR})(?P<name>{_NAME}{{1,300}}?){_EQUALS}", re.IGNORECASE)
_VALUE = re.compile(r"""[^\s<>"\\]*?(?=[)\].,;:!?}'*_`|~]*(?:[\s<>"\\]|$)|[&#]|%(?:25)*(?:26|23))""", re.IGNORECASE)
"""Up to the next parameter or the end of the word; what a sentence puts behind it stays."""
_USER = re.compile(
    r"""(?P<scheme>\b[a-z][a-z0-9+.-]{0,20}:/{2,})[^\s/?#<>"]*@"""
    r"""|(?<![^\s(<\["'=])(?!mailto:|sips?:|xmpp:)[^\s:@/?#<>"(]+:[^\s@/<>"]+@(?=[\w-]+\.)""",
    re.IGNORECASE,
)
"""A user's name and password before a host, with a scheme or without one."""


def public_text(text: str) -> str:
    """Give a text without the values of secret parameters and without the user names and passwords of links."""
    if "@" in text:
        text = _USER.sub(lambda found: found["scheme"] or "", text)
    kept, start = [], 0
    for head in _HEAD.finditer(text):
        if head.start() >= start and _is_secret(head["name"]):
            kept.append(text[start : head.start()])
            value = _VALUE.match(text, head.end())
            start = value.end() if value else len(text)
    return "".join(kept) + text[start:]


def _is_secret(name: str) -> bool:
    while "%" in name and (decoded := unquote(name)) != name:
        name = decoded
    return name.lower() in SECRET_NAMES
