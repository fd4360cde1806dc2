"""Matchers of rules, routes, silences and filters: one field or label compared with a text or a regular expression.

How they are written is Alertmanager's syntax (`matcher_syntax.py`). Not here: what a name refers to on an alert; the
caller looks that up (`FIELD_NAMES` are fields, any other name is a label, BEHAVIOUR 6).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import re2

from schemas.matcher_syntax import InvalidMatcher, Operator, Written, read_list, read_one

__all__ = [
    "FIELD_NAMES",
    "SEVERITY",
    "SEVERITY_WORDS",
    "WORD_END",
    "InvalidMatcher",
    "Matcher",
    "Operator",
    "join_words",
    "matches_all",
    "parse_matcher",
    "parse_matchers",
]

FIELD_NAMES = (
    "title",
    "description",
    "service",
    "environment",
    "severity",
    "integration",
    "monitoring_tool",
    "status",
    "alertname",
)
"""These name the alert's fields; a label of the same name is `labels.NAME`."""
SEVERITY = "severity"
WORD_END = "\0"
"""Between the words of a severity; no text of an alert has it (BEHAVIOUR 2)."""
SEVERITY_WORDS = SEVERITY + WORD_END
"""What a matcher on `severity` looks up: our word and each as sent, `join_words`; `severity` alone gives our word."""
MAX_MEMORY_BYTES = 512 * 1024
"""Of one compiled expression: its program, and what RE2 remembers while it runs it. RE2's own default is 8 MiB."""
OLD_MEMORY_BYTES = 8 * 1024 * 1024
"""Of an expression that was made before there were limits, and needs more: it goes on meaning what it meant."""
CACHED_EXPRESSIONS = 64
"""So that those that are remembered take at most 32 MiB. Whoever holds a matcher holds its expression too."""
CACHED_WORDS = 64
"""Answers of one severity matcher: alerts of one kind of sender have few words for it."""
_ALTERNATIVES = re.compile(r"[\w /:@-]*(?:\|[\w /:@-]*)*", re.ASCII)
"""A regular expression that is only a choice between texts, as most are: a look-up is ten times faster than RE2."""
_PLAIN = re.compile(r"[\w /:@-]*", re.ASCII)
_BARE_NAME = re.compile(r"""[^\s{}!=~,\\"'`]+""")
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})


@dataclass(frozen=True, slots=True)
class Matcher:
    """One comparison. Regular expressions are RE2's and must match the whole text.

    In a field of ours a dot matches a line break too; in a label it does not, as in Alertmanager (BEHAVIOUR 5). A matcher on
    `severity` compares each of the words that `SEVERITY_WORDS` gives.

    Raises `InvalidMatcher` when the value of `=~` or `!~` is no regular expression that RE2 can run.
    """

    name: str
    operator: Operator
    value: str
    looked_up: str = field(init=False, repr=False, compare=False)
    """The name that a lookup is asked for."""
    _test: Callable[[str], bool] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "looked_up", SEVERITY_WORDS if self.name == SEVERITY else self.name)
        object.__setattr__(self, "_test", _compile(self.name, self.operator, self.value))

    def matches(self, value: str) -> bool:
        """Compare with a field's text, or a severity's words; an absent field or label is the empty text."""
        return self._test(value)

    @property
    def is_expression(self) -> bool:
        """Whether RE2 must be asked: it is no text and no choice between texts."""
        return self.operator in ("=~", "!~") and not is_choice(self.value)

    @property
    def values(self) -> frozenset[str] | None:
        """The only texts that it matches, where these can be listed; None: others too."""
        if self.operator == "=":
            return frozenset((self.value,))
        if self.operator == "=~" and is_choice(self.value):
            return frozenset(self.value.split("|"))
        return None

    def __str__(self) -> str:
        """Write it so that it reads back equal."""
        name = self.name if _BARE_NAME.fullmatch(self.name) else f'"{self.name.translate(_ESCAPES)}"'
        return f'{name}{self.operator}"{self.value.translate(_ESCAPES)}"'


def is_choice(pattern: str) -> bool:
    """Say whether a regular expression is only a choice between texts, `a|b|c`, which is looked up and not run."""
    return _ALTERNATIVES.fullmatch(pattern) is not None


def parse_matcher(text: str) -> Matcher:
    """Read one matcher; raises `InvalidMatcher` (its writer's fault) with the position of the error."""
    return build_matcher(text, read_one(text))


def parse_matchers(text: str) -> list[Matcher]:
    """Read one matcher or more, separated by commas, in braces or not; raises `InvalidMatcher`."""
    return [build_matcher(text, written) for written in read_list(text)]


def matches_all(matchers: Sequence[Matcher], lookup: Callable[[str], str]) -> bool:
    """Say whether all of them match what `lookup` gives for their names; no matchers match everything."""
    for matcher in matchers:  # noqa: SIM110 - twice as fast as all() of a generator, in the core's hot path
        if not matcher.matches(lookup(matcher.looked_up)):
            return False
    return True


def any_of(name: str, patterns: Sequence[str]) -> Callable[[str], bool]:
    """Join expressions on one name to a test whether any of them matches; one that cannot be made says that any may."""
    try:
        joined = compile_expression("|".join(f"(?:{pattern})" for pattern in patterns), has_lines(name), OLD_MEMORY_BYTES)
    except re2.error:
        return lambda _: True
    finally:
        re2.purge()
    return lambda text: joined.fullmatch(text) is not None


def join_words(*words: str | None) -> str:
    """Join a severity's words for a matcher; what was not sent is no word, not even an empty one."""
    return WORD_END.join([word for word in words if word])


def build_matcher(text: str, written: Written) -> Matcher:
    """Make a matcher of what was written in a text; raises `InvalidMatcher` with the position in that text."""
    try:
        return Matcher(written.name, written.operator, written.value)
    except InvalidMatcher as error:
        raise InvalidMatcher(error.reason, text, written.value_at + error.position) from error


def _compile(name: str, operator: Operator, value: str) -> Callable[[str], bool]:
    if name == SEVERITY:
        any_word = _any_word("=~" if operator in ("=~", "!~") else "=", value)
        return any_word if operator in ("=", "=~") else _not(any_word)
    if operator == "=":
        return value.__eq__
    if operator == "!=":
        return value.__ne__
    test = _expression(value, has_lines(name))
    return test if operator == "=~" else _not(test)


def _not(test: Callable[[str], bool]) -> Callable[[str], bool]:
    return lambda text: not test(text)


@lru_cache(maxsize=CACHED_EXPRESSIONS)
def _any_word(operator: Operator, value: str) -> Callable[[str], bool]:
    """Say of a severity's words whether one of them matches; what excludes is true of all when this is true of none."""
    test = value.__eq__ if operator == "=" else _expression(value, True)
    return lru_cache(CACHED_WORDS)(lambda words: any(map(test, words.split(WORD_END))))


@lru_cache(maxsize=CACHED_EXPRESSIONS)
def _expression(pattern: str, is_field: bool) -> Callable[[str], bool]:
    if is_choice(pattern):
        return frozenset(pattern.split("|")).__contains__
    full_match, prefix = _compile_re2(pattern, is_field).fullmatch, _literal_prefix(pattern)
    return lambda text: text.startswith(prefix) and full_match(text) is not None


def _literal_prefix(pattern: str) -> str:
    """Give what every text that matches begins with, as far as it is plain to see: most texts are told apart by it."""
    if "|" in pattern:
        return ""
    prefix = _PLAIN.match(pattern)[0]  # type: ignore[index]  # matches the empty text too
    return prefix[:-1] if pattern[len(prefix) : len(prefix) + 1] in ("*", "?", "{") else prefix


def compile_expression(pattern: str, has_lines: bool, memory_bytes: int) -> re2._Regexp:
    """Compile by RE2 within so much memory; raises `re2.error`. A dot matches a line break too where `has_lines`."""
    options = re2.Options()
    options.dot_nl = has_lines
    options.log_errors = False  # RE2 writes them to stderr by itself; we raise them
    options.never_capture = True
    options.max_mem = memory_bytes
    return re2.compile(pattern, options)


def has_lines(name: str) -> bool:
    """Say whether a dot matches a line break in what a name stands for."""
    return name in FIELD_NAMES


def _compile_re2(pattern: str, has_lines: bool) -> re2._Regexp:
    try:
        return compile_expression(pattern, has_lines, MAX_MEMORY_BYTES)
    except re2.error:
        pass  # too large for that, or no expression at all: the next line says which
    try:
        return compile_expression(pattern, has_lines, OLD_MEMORY_BYTES)
    except re2.error as error:
        reason = error.args[0].decode("utf-8", "replace")
        # RE2 says what it tripped over as the text after the colon, not where that stands.
        fragment = reason.partition(": ")[2]
        raise InvalidMatcher(f"not a regular expression of RE2: {reason}", pattern, max(0, pattern.find(fragment))) from error
    finally:
        re2.purge()  # it keeps the last 128 by itself, by their number and not by their size
