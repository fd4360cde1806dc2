"""Slack's text form: escaping, cutting, links, dates. Pure; not here: what is said (`blocks.py`, `replies.py`).

Source: Slack, "Formatting text for app surfaces": `&`, `<` and `>` are escaped, everything else is literal.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
LINK_BREAKERS = re.compile(r"[<>|\[\]]+")
"""What would end a link's text early, or begin another (GitLab strips the same)."""
UNFIT = re.compile(r"[\s<>|\x00-\x1f\x7f]")
"""What no address of a link has."""
MEMBER = re.compile(r"[UW][A-Z0-9]{1,30}")
URL_LIMIT = 1000
"""A longer one would not fit into a section with others; Slack's own limit for buttons is 3000."""


def escape(text: str) -> str:
    """Make text literal, on one line."""
    one_line = CONTROL.sub(" ", text).strip()
    return one_line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def cut(text: str, limit: int) -> str:
    """Shorten to so many characters, the last then being an ellipsis."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def escape_within(text: str, limit: int) -> str:
    """Escape text so that the result has at most so many characters, and no escape is cut in two."""
    text = CONTROL.sub(" ", text).strip()
    escaped = escape(text)
    keep = min(len(text), limit)
    while len(escaped) > limit:
        keep -= max(1, (len(escaped) - limit) // 5)  # an escape is at most 5 characters
        escaped = escape(cut(text, max(keep, 1)))
    return escaped


def link(url: str, text: str) -> str:
    """Render a link; empty when the URL is none that Slack should open, or too long."""
    if not url.startswith(("https://", "http://")) or len(url) > URL_LIMIT or UNFIT.search(url):
        return ""
    label = LINK_BREAKERS.sub("", CONTROL.sub(" ", text)).strip() or "link"
    return f"<{url.replace('&', '&amp;')}|{escape(label)}>"


def mention(member: str) -> str:
    """Render a member's name, who is told; empty when it is no id of a member: `!channel` would tell everybody."""
    return f"<@{member}>" if MEMBER.fullmatch(member) else ""


def date(millis: int) -> str:
    """Render a time in the reader's own zone, with UTC where that does not work."""
    fallback = datetime.fromtimestamp(millis / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    return f"<!date^{millis // 1000}^{{date_short_pretty}} {{time_secs}}|{fallback}>"


def duration(millis: int) -> str:
    """Say how long, in the two largest units: `45 s`, `12 min`, `3 h 5 min`, `2 d 4 h`."""
    seconds = max(0, millis // 1000)
    if seconds < 60:
        return f"{seconds} s"
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if minutes < 60:
        return f"{minutes} min"
    large, small = (f"{hours} h", f"{minutes % 60} min") if hours < 24 else (f"{days} d", f"{hours % 24} h")
    return large if small.startswith("0 ") else f"{large} {small}"
