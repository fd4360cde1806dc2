"""Templates of public titles: what is taken, what is said about what is wrong, what comes of them."""

from __future__ import annotations

import re

import pytest

from schemas.configuration import IncidentRule
from schemas.configuration_file import parse_configuration
from schemas.errors import ConfigurationError
from schemas.publish_title import DEFAULT_TITLE, MAX_CHARACTERS, check_title, render_title

VALUES = {"component": "Search", "severity": "high", "state": "partly down"}


@pytest.mark.parametrize(
    ("template", "title"),
    [
        (DEFAULT_TITLE, "Search: partly down"),
        ("{component} {component} ({severity})", "Search Search (high)"),
        ("We are on it", "We are on it"),
    ],
)
def test_template_is_filled_in(template: str, title: str) -> None:
    assert render_title(check_title(template), VALUES) == title


def test_value_that_looks_like_a_placeholder_stays_as_it_is() -> None:
    assert render_title("{component}", VALUES | {"component": "{severity} $1 \\1"}) == "{severity} $1 \\1"


def test_title_that_grows_too_long_ends_with_dots() -> None:
    title = render_title("{component}", VALUES | {"component": "x" * 500})
    assert (len(title), title[-4:]) == (MAX_CHARACTERS, "x...")


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{title}", "'{title}' at character 1 of the title is no placeholder (there are: {component}, {severity}, {state})"),
        ("{ component }", "'{ component }' at character 1 of the title is no placeholder; did you mean {component}?"),
        ("{Severty}", "did you mean {severity}?"),
        ("On {{ $labels.host }}", "'{' at character 4 of the title stands alone"),
        ("{}", "'{}' at character 1 of the title is no placeholder"),
        ("Search }", "'}' at character 8 of the title stands alone"),
        ("{component", "'{' at character 1 of the title stands alone"),
        ("  ", "the title is empty"),
        ("x" * 201, "a title has at most 200 characters, this one 201"),
    ],
)
def test_template_that_can_not_be_filled_in_is_refused(template: str, text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(text)):
        check_title(template)


def test_configuration_says_where_a_wrong_title_stands() -> None:
    text = """projects:
  shop:
    incidents:
      - name: public
        publish: auto
        publish_title: "{component} on {host}"
"""
    with pytest.raises(ConfigurationError) as caught:
        parse_configuration(text, "f")
    (problem,) = caught.value.problems
    assert problem.startswith("f:6:24: '{host}' at character 16 of the title is no placeholder")


def test_rule_without_a_title_has_the_default() -> None:
    assert IncidentRule(name="x").publish_title == DEFAULT_TITLE
