"""Links to Zoom calls within a text (BEHAVIOUR 6, "Zoom"). Not here: where the link is kept and shown, and
what of it may become public (`public_text.py`)."""

from __future__ import annotations

from urllib.parse import urlsplit

_WRAPPING = "<>()[]{}\"'`,;.!?"
_PATHS = ("/j/", "/s/", "/my/")


def find_zoom_link(text: str) -> str | None:
    """Give the last valid link to a call in a text; None: there is none."""
    links = [word for part in text.split() for piece in part.split("|") if is_zoom_link(word := piece.strip(_WRAPPING))]
    return links[-1] if links else None


def is_zoom_link(url: str) -> bool:
    """Say whether it is `https`, at zoom.us or one label before it, and its path names a call."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    is_host_fine = parts.hostname == "zoom.us" or _is_label_before(parts.hostname or "")
    is_plain = port in (None, 443) and parts.username is None and parts.password is None
    return parts.scheme == "https" and is_host_fine and is_plain and _names_a_call(parts.path)


def _is_label_before(host: str) -> bool:
    label, _, rest = host.partition(".")
    return rest == "zoom.us" and label.replace("-", "a").isalnum() and label.isascii()


def _names_a_call(path: str) -> bool:
    return any(path.startswith(prefix) and len(path) > len(prefix) for prefix in _PATHS)
