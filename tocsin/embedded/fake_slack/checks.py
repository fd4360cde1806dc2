"""What Slack would refuse in a message: judged by slack-sdk's own Block Kit models and the limits these leave out.

Errors are Slack's words. Not here: who may post where (`workspace.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block

TEXT_LIMIT = 40_000
BLOCKS_LIMIT = 50
FIELD_LIMIT = 2000
TOTAL_LIMIT = 13_200
"""Undocumented, met by others: characters of all blocks together."""
UNESCAPED = re.compile(r"&(?!amp;|lt;|gt;)")


class Unacceptable(Exception):
    """Slack would answer `ok: false` with this word; `detail` says more than Slack does."""

    def __init__(self, error: str, detail: str) -> None:
        super().__init__(f"{error}: {detail}")
        self.error = error
        self.detail = detail


def check_message(payload: Mapping[str, Any]) -> None:
    """Raise `Unacceptable` for what Slack does not take as a message."""
    text, blocks = payload.get("text"), payload.get("blocks")
    if not text:
        raise Unacceptable("no_text", "text is what notifications and screen readers say: always send it")
    if len(text) > TEXT_LIMIT:
        raise Unacceptable("msg_too_long", f"{len(text)} characters")
    if blocks is not None:
        check_blocks(blocks)
    metadata = payload.get("metadata")
    if metadata is not None and not (
        isinstance(metadata.get("event_type"), str) and isinstance(metadata.get("event_payload"), dict)
    ):
        raise Unacceptable("invalid_metadata_format", str(metadata))


def check_blocks(blocks: Any) -> None:
    """Raise `Unacceptable` for blocks that Slack does not take."""
    if not isinstance(blocks, list) or len(blocks) > BLOCKS_LIMIT:
        raise Unacceptable("invalid_blocks", f"at most {BLOCKS_LIMIT} blocks in a list")
    for block in blocks:
        _check_block(block)
    texts = [text for block in blocks for text in _texts(block)]
    if any(len(text) == 0 for text in texts):
        raise Unacceptable("invalid_blocks", "a text is empty")
    if sum(map(len, texts)) > TOTAL_LIMIT:
        raise Unacceptable("msg_blocks_too_long", f"{sum(map(len, texts))} characters in all blocks")


def _check_block(block: Any) -> None:
    try:
        parsed = Block.parse(block)
        rendered = None if parsed is None else parsed.to_dict()
    except (SlackObjectFormationError, TypeError, AttributeError, ValueError) as error:
        raise Unacceptable("invalid_blocks", f"{error} in {block}") from error
    if rendered != block:
        raise Unacceptable("invalid_blocks", f"a key that is not Slack's, or an unknown block: {block}")
    for field in block.get("fields", []):
        if len(field["text"]) > FIELD_LIMIT:
            raise Unacceptable("invalid_blocks", f"a field has {len(field['text'])} characters")
    for text in _texts(block, of_type="mrkdwn"):
        if UNESCAPED.search(text):
            raise Unacceptable("invalid_blocks", f"an & that is not escaped in {text!r}")


def _texts(node: Any, of_type: str | None = None) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("text"), str) and of_type in (None, node.get("type")):
            yield node["text"]
        for value in node.values():
            yield from _texts(value, of_type)
    elif isinstance(node, list):
        for value in node:
            yield from _texts(value, of_type)
