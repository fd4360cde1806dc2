"""Slack's words for why it does not do something: whose they are, and what people do about them. Pure.

Source: Slack's page "chat.postMessage" and "chat.update", their tables of errors. Not here: reading them (`answers.py`), what
becomes of the message (`postman.py`).
"""

from __future__ import annotations

from typing import Literal

Place = Literal["workspace", "channel"]
"""What is broken: everything that this token may do, or one channel."""

SET_TOKEN = "set TOCSIN_SLACK_TOKEN to the app's bot token (xoxb-…), and restart the Slack sink"
NEW_TOKEN = f"install the app in the workspace again, {SET_TOKEN}"
ASK_ADMIN = "an administrator of the workspace must allow it"
CHECK_ID = "write the id of a channel that the app is in under `receivers`, and apply the configuration"
WORKSPACE: dict[str, str] = {
    "invalid_auth": f"the token is wrong, or not allowed from this address: {SET_TOKEN}",
    "not_authed": f"there is no token: {SET_TOKEN}",
    "account_inactive": NEW_TOKEN,
    "token_revoked": NEW_TOKEN,
    "token_expired": NEW_TOKEN,
    "missing_scope": "give the app the scope chat:write, and install it in the workspace again",
    "not_allowed_token_type": SET_TOKEN,
    "metadata_must_be_sent_from_app": SET_TOKEN,
    "two_factor_setup_required": "the account that owns the token must set up two factors",
    "app_access_restricted": ASK_ADMIN,
    "team_access_not_granted": ASK_ADMIN,
    "enterprise_is_restricted": ASK_ADMIN,
    "ekm_access_denied": ASK_ADMIN,
    "accesslimited": ASK_ADMIN,
    "team_not_found": NEW_TOKEN,
    "team_added_to_org": "the workspace is being moved into an organisation: it takes messages when that is done",
    "org_login_required": "the workspace is being moved into an organisation: it takes messages when that is done",
}
"""The token's or the workspace's: no channel takes anything. Each with what people do."""
CHANNEL: dict[str, str] = {
    "not_in_channel": "invite the app to the channel: /invite in Slack",
    "channel_not_found": f"a private channel needs the app invited to it; else {CHECK_ID}",
    "is_archived": f"take the channel out of the archive, or {CHECK_ID}",
    "channel_type_not_supported": CHECK_ID,
    "method_not_supported_for_channel_type": CHECK_ID,
    "messages_tab_disabled": "switch on the messages tab of the app's home",
    "restricted_action": "the channel or the workspace lets only some post: allow the app",
    "restricted_action_read_only_channel": "the channel is read-only: allow the app to post",
    "restricted_action_thread_only_channel": "the channel takes replies in threads only: allow messages, or name another channel",
    "no_permission": "invite the app to the channel, and look at its scopes",
    "access_denied": "invite the app to the channel, and look at its scopes",
}
"""The channel's: other channels go on. Each with what people do."""
FAILING: dict[str, str] = {
    "unreachable": "see whether this machine reaches TOCSIN_SLACK_API_URL: its name, the network, a proxy, the certificate",
    "no_answer": "see whether Slack has an outage (slack-status.com), and what is between it and this machine",
    "server_error": "see whether Slack has an outage (slack-status.com)",
    "not_understood": "see whether TOCSIN_SLACK_API_URL is Slack's (a redirect is not followed), and whether a proxy answers "
    "in its place; the sink's log shows how the answer begins",
}
"""Our own words for calls that came to nothing for minutes, as their errors have them. Each with what people do."""
GONE = frozenset({"message_not_found", "thread_not_found", "cannot_reply_to_message"})
"""Of a message that we posted: a person has deleted it."""
NOT_EDITABLE = frozenset({"cant_update_message", "edit_window_closed"})
"""The message is there, and stays as it is: another app's (ours before it was installed again), or the workspace's rule."""
NO_THREAD = frozenset({"restricted_action_thread_locked", "restricted_action_non_threadable_channel"})
"""Nothing can be said in the thread; the message itself can still be edited."""
OF_THE_MESSAGE = frozenset({
    "as_user_not_supported", "cannot_broadcast_message", "duplicate_message_not_found", "invalid_arg_name", "invalid_arguments",
    "invalid_array_arg", "invalid_attachments", "invalid_blocks", "invalid_blocks_format", "invalid_charset", "invalid_form_data",
    "invalid_json", "invalid_metadata_format", "invalid_metadata_schema", "invalid_post_type", "json_not_object",
    "markdown_text_conflict", "metadata_too_large", "missing_post_type", "msg_blocks_too_long", "msg_too_long", "no_text",
    "too_many_attachments", "too_many_contact_cards",
})  # fmt: skip
"""Of what was sent, and of nothing else: it would be refused wherever and whenever."""
SLOW_DOWN = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})
UNSURE = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout", "update_failed"})
NO_LOOKING = frozenset(
    {"missing_scope", "no_permission", "access_denied", "not_allowed_token_type", "method_not_supported_for_channel_type"}
)
"""To a question for our own messages: that we may not look says nothing of whether we may post."""


def place_of(error: str) -> Place:
    """Tell what a word that people can mend is about; of one that we do not know, the channel."""
    return "workspace" if error in WORKSPACE or error == "unreachable" else "channel"


def advice(error: str) -> str:
    """Say what people do about it."""
    return (
        WORKSPACE.get(error)
        or CHANNEL.get(error)
        or FAILING.get(error)
        or "look the word up in Slack's documentation of chat.postMessage"
    )


def is_known(error: str) -> bool:
    return error in WORKSPACE or error in CHANNEL
