"""An incident as a message: what it says, and that Slack takes it whatever the incident holds."""

from __future__ import annotations

import pytest
from slack_sdk.models.blocks import Block

from schemas.records import Link
from sinks.slack.blocks import render_confidential, render_incident
from tests.unit.sinks.slack.world import CONTEXT, NOON, incident
from tocsin.embedded.fake_slack.checks import Unacceptable, check_message

LONG = "<&>|*_`~ é😀" * 2000
STARTED = "<!date^1800014400^{date_short_pretty} {time_secs}|2027-01-15 12:00:00 UTC>"


def field(name: str, value: str) -> dict[str, str]:
    return {"type": "mrkdwn", "text": f"*{name}*\n{value}", "verbatim": True}


def button(verb: str, label: str) -> dict[str, object]:
    text = {"type": "plain_text", "text": label, "emoji": False}
    return {"type": "button", "action_id": f"tocsin.{verb}", "value": "shop/12", "text": text}


def test_open_incident_says_what_it_is_how_it_stands_where_to_go_and_what_can_be_done() -> None:
    message = render_incident(incident(assignees=["ada", "bob"], zoom="https://zoom.us/j/1?pwd=a&b=c"), CONTEXT)
    console = "http://127.0.0.1:8081/api/v1/projects/shop"
    links = [
        f"<{console}/incidents/12|Incident shop #12>",
        f"<{console}/alerts/40|Alert #40>",
        "<https://runbooks.example/checkout|Runbook>",
        "<https://zoom.us/j/1?pwd=a&amp;b=c|Join the Zoom call>",
    ]
    fields = [
        field("Severity", "▲ critical"),
        field("Status", "triggered"),
        field("Alerts", "3 firing of 3"),
        field("Service", "checkout"),
        field("Started", STARTED),
        field("Assigned to", "<@U123>, Bob &lt;b&gt;"),
    ]
    buttons = [button("acknowledge", "Acknowledge"), button("resolve", "Resolve"), button("assign_to_me", "Assign to me")]
    assert list(message.blocks) == [
        {"type": "header", "text": {"type": "plain_text", "text": "▲ Checkout is slow", "emoji": False}},
        {"type": "section", "fields": fields},
        {"type": "section", "text": {"type": "mrkdwn", "text": "  ·  ".join(links), "verbatim": True}},
        {"type": "actions", "block_id": "tocsin.actions", "elements": buttons},
    ]
    assert message.text == "▲ critical, triggered: Checkout is slow (shop #12)"


def test_resolved_incident_says_how_long_it_took_and_offers_no_button() -> None:
    message = render_incident(incident(status="resolved", resolved_at=NOON + 4_980_000, firing=0), CONTEXT)
    assert message.blocks[0]["text"]["text"] == "✓ Checkout is slow"
    assert message.blocks[1]["fields"][1] == field("Status", "resolved after 1 h 23 min")
    assert [block["type"] for block in message.blocks] == ["header", "section", "section"]


def test_resolved_incident_says_which_alerts_ended_for_another_reason() -> None:
    said = "alert #40 ended because the rule was paused"
    message = render_incident(incident(status="resolved", resolved_at=NOON, end_reason=said), CONTEXT)
    assert message.blocks[1]["fields"][-1] == field("Ended", said)


def test_acknowledged_incident_cannot_be_acknowledged_again() -> None:
    message = render_incident(incident(status="acknowledged"), CONTEXT)
    assert [one["action_id"] for one in message.blocks[-1]["elements"]] == ["tocsin.resolve", "tocsin.assign_to_me"]


@pytest.mark.parametrize(
    ("severity", "shape"), [("critical", "▲"), ("high", "◆"), ("medium", "●"), ("low", "■"), ("info", "○"), ("unknown", "○")]
)
def test_severity_is_a_shape_and_a_word(severity: str, shape: str) -> None:
    message = render_incident(incident(severity=severity), CONTEXT)
    assert message.blocks[1]["fields"][0] == field("Severity", f"{shape} {severity}")
    assert message.text.startswith(f"{shape} {severity}, ")


def test_description_is_never_shown() -> None:
    assert "long" not in str(render_incident(incident(), CONTEXT))


@pytest.mark.parametrize(
    "changes",
    [
        {"title": LONG},
        {"title": "&" * 5000},
        {"title": " \n\t "},
        {"title": "line\nbreak\x00"},
        {"service": LONG},
        {"service": None},
        {"runbook": f"https://example.com/{'x' * 5000}"},
        {"runbook": "javascript:alert(1)"},
        {"runbook": None, "first_alert": None},
        {"zoom": "https://zoom.us/j/1|<!channel>"},
        {"links": [Link(LONG, f"https://example.com/{'y' * 900}")] * 40},
        {"assignees": [f"person-{number}-{LONG}" for number in range(40)]},
        {"project": "p" * 200, "firing": 10**9, "total": 10**9},
    ],
    ids=lambda changes: "-".join(changes),
)
def test_slack_takes_the_message_whatever_the_incident_holds(changes: dict[str, object]) -> None:
    message = render_incident(incident(**changes), CONTEXT)
    check_message({"text": message.text, "blocks": list(message.blocks)})
    assert "<!channel>" not in str(message.blocks)
    assert len(message.text) < 4000


def test_heading_is_cut_at_slack_s_limit_with_an_ellipsis() -> None:
    heading = render_incident(incident(title="t" * 500), CONTEXT).blocks[0]["text"]["text"]
    assert (len(heading), heading[:4], heading[-2:]) == (150, "▲ tt", "t…")


def test_markup_in_a_title_stays_text() -> None:
    text = render_incident(incident(title="<!channel> & <https://evil.example|click>"), CONTEXT).text
    assert text == "▲ critical, triggered: &lt;!channel&gt; &amp; &lt;https://evil.example|click&gt; (shop #12)"


def test_confidential_notice_names_nothing() -> None:
    message = render_confidential(incident())
    check_message({"text": message.text, "blocks": list(message.blocks)})
    assert not {"Checkout", "checkout", "shop", "12"} & set(str(message).replace("_", " ").split())


@pytest.mark.parametrize(
    "block",
    [
        {"type": "header", "text": {"type": "plain_text", "text": "x" * 151}},
        {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}},
        {"type": "section", "fields": [{"type": "mrkdwn", "text": "x"}] * 11},
        {"type": "section", "fields": [{"type": "mrkdwn", "text": "x" * 2001}]},
        {"type": "section", "text": {"type": "mrkdwn", "text": "a & b"}},
        {"type": "section", "text": {"type": "mrkdwn", "text": ""}},
        {"type": "section", "text": {"type": "mrkdwn", "text": "x"}, "colour": "red"},
        {"type": "actions", "elements": [button("x", "x" * 76)]},
        {"type": "actions", "elements": [button("x" * 256, "x")]},
        {"type": "actions", "elements": [button("x", "x")] * 26},
        {"type": "marquee"},
        "text",
    ],
)
def test_fake_refuses_what_slack_refuses(block: object) -> None:
    """The check that the tests above rest on."""
    with pytest.raises(Unacceptable, match="invalid_blocks"):
        check_message({"text": "t", "blocks": [block]})


def test_fake_refuses_a_message_that_is_too_long_in_all() -> None:
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 2900}}] * 5
    with pytest.raises(Unacceptable, match="msg_blocks_too_long"):
        check_message({"text": "t", "blocks": blocks})
    with pytest.raises(Unacceptable, match="invalid_blocks"):
        check_message({"text": "t", "blocks": [{"type": "divider"}] * 51})
    with pytest.raises(Unacceptable, match="no_text"):
        check_message({"blocks": [{"type": "divider"}]})


def test_blocks_are_those_of_slack_s_own_models() -> None:
    for block in render_incident(incident(), CONTEXT).blocks:
        parsed = Block.parse(block)
        assert parsed is not None
        assert parsed.to_dict() == block
