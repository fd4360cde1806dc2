"""Whatever senders and people write stays text: no link, no channel, no mention, in no place where Slack shows it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from schemas.configuration import Person
from schemas.records import IncidentState, Link
from sinks.slack import mrkdwn
from sinks.slack.blocks import Message, render_incident, render_text
from sinks.slack.context import Context
from sinks.slack.digest_blocks import render_digest
from sinks.slack.replies import render_reply
from tests.unit.sinks.slack.world import NOON, SlackWorld, batch, entry, incident, notification
from tocsin.embedded.fake_slack.checks import check_message

PIECES = (
    "<", ">", "&", "|", "!channel", "<!here>", "<@U123>", "@here", "#general", "<#C1>", "<!subteam^S1>", "<!date^1^{date}|x>",
    "&lt;", "&amp;", "https://evil.example", "<https://evil.example|x>", "[x](https://evil.example)", "evil.example",
    "mailto:a@b.example", "\n", "\x00", "*", "`", " ",
)  # fmt: skip
TEXTS = st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=30).map("".join)
OURS = re.compile(
    r"<http://127\.0\.0\.1:8081/api/v1/projects/shop/(incidents/12|alerts/40)\|[^<>|]+>"
    r"|<https://runbooks\.example/checkout\|Runbook>|<https://links\.example/1\|[^<>|]+>|<@U123>"
    r"|<!date\^[0-9]+\^\{date_short_pretty\} \{time_secs\}\|[0-9: -]+UTC>"
)
"""All that is written as a link, a mention or a date, and is ours."""
BARE_AMPERSAND = re.compile(r"&(?!amp;|lt;|gt;)")


def context(name: str) -> Context:
    return Context("http://127.0.0.1:8081", {"ada": Person(name=name, slack="U123"), "bob": Person(name=name)})


def made(text: str) -> IncidentState:
    links = [Link(text or "x", "https://links.example/1")]
    return incident(
        title=text, description=text, service=text, end_reason=text, group=[text], assignees=["ada", "bob", text],
        links=links, author=text, status="resolved", resolved_at=NOON,
    )  # fmt: skip


def texts(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        if "type" in node and isinstance(node.get("text"), str):
            yield node
        for value in node.values():
            yield from texts(value)
    elif isinstance(node, list | tuple):
        for value in node:
            yield from texts(value)


def assert_literal(message: Message) -> None:
    check_message({"text": message.text, "blocks": list(message.blocks)})
    for text in texts(message.blocks):
        assert text["type"] == "plain_text" or text["verbatim"] is True
        left = OURS.sub("", text["text"]) if text["type"] == "mrkdwn" else ""
        assert not re.search("[<>]", left)
        assert not BARE_AMPERSAND.search(left)
    assert not re.search("[<>]", message.text)
    assert not BARE_AMPERSAND.search(message.text)


@given(TEXTS)
def test_text_in_an_incident_s_message_stays_text(text: str) -> None:
    assert_literal(render_incident(made(text), context(text)))


@given(TEXTS)
def test_text_in_a_digest_stays_text(text: str) -> None:
    assert_literal(render_digest([made(text), incident(title=text)], context(text)))


@given(TEXTS, st.sampled_from(["opened", "severity_raised", "acknowledged", "reassigned", "resolved", "reopened", "reminder"]))
def test_text_in_a_reply_stays_text_and_mentions_nobody(text: str, kind: str) -> None:
    said = render_text(render_reply(notification(2, kind, actor=text), made(text), context(text)))
    assert_literal(said)
    assert "<" not in str(said)


@given(TEXTS)
def test_address_of_a_link_ends_where_it_should(text: str) -> None:
    link = mrkdwn.link(f"https://links.example/{text}", text)
    assert link == "" or re.fullmatch(r"<https://links\.example/[^<>|\s]*\|[^<>|]+>", link)


@given(TEXTS)
def test_person_is_mentioned_by_the_id_of_a_member_alone(text: str) -> None:
    assert mrkdwn.mention(text) == "" or re.fullmatch("<@[UW][A-Z0-9]+>", mrkdwn.mention(text))


def test_person_whose_id_is_none_is_named() -> None:
    ada = Context("http://127.0.0.1:8081", {"ada": Person(name="Ada", slack="!channel")})
    assert "*Assigned to*\nAda" in str(
        [text["text"] for text in texts(render_incident(incident(assignees=["ada"]), ada).blocks)]
    ).replace("\\n", "\n")


def test_slack_is_told_with_each_message_to_make_nothing_of_its_texts(world: SlackWorld) -> None:
    sink = world.start()
    sink.deliver(batch(entry([incident()], [notification()])))
    sink.deliver(batch(entry([incident(version=2, total=9)], [notification(2, "reminder")], 1)))
    world.settle(sink, 5)
    said = [(one["method"], one["arguments"]) for one in world.slack.workspace.calls]
    posts = [arguments for method, arguments in said if method == "chat.postMessage"]
    assert (len(posts), len(said)) == (2, 3)
    assert all((one["parse"], one["link_names"]) == ("none", False) for _, one in said)
    assert all((one["unfurl_links"], one["unfurl_media"]) == (False, False) for one in posts)
    assert all(one["blocks"] for _, one in said)  # a text without blocks has no such switch
    assert all(text["verbatim"] for _, one in said for text in texts(one["blocks"]) if text["type"] == "mrkdwn")
