"""How matchers are written: Alertmanager's two forms, `severity=~"high|low"` and `"a b"=c`, alone or as a list in braces.

Sources: Alertmanager `matcher/parse` (the UTF-8 form) and `pkg/labels/parse.go` (the classic one). As there, a text
that reads in both forms but differently is taken as classic. Unlike there, an unquoted value does not begin with `=` or
`~`: `a==b` is a slip. Not here: what a matcher matches (`matchers.py`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, get_args

from schemas.errors import ConfigurationError

Operator = Literal["=", "!=", "=~", "!~"]
OPERATORS: tuple[Operator, ...] = get_args(Operator)
EXAMPLE = """write it as name="value", with one of = != =~ !~"""
SHOWN_CHARACTERS = 200
"""Of a matcher, in the message about it."""
_OPERATOR = re.compile(r"=~|!=|!~|=")
_BARE = re.compile(r"""[^\s{}!=~,\\"'`]+""")
_QUOTED = re.compile(r'"(?:[^"\\\n]|\\.)*"', re.DOTALL)
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|[0-7]{3}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)", re.DOTALL)
_SINGLE = dict(zip('abfnrtv\\"', '\a\b\f\n\r\t\v\\"', strict=True))
_CLASSIC = re.compile(r"\s*([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(=~|=|!=|!~)\s*(.*?)\s*", re.DOTALL)


class InvalidMatcher(ConfigurationError):
    """A matcher that cannot be read; `position` counts the characters before the error in `text`."""

    def __init__(self, reason: str, text: str, position: int) -> None:
        shown = text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}…"
        super().__init__([f"matcher {shown!r}, at character {position + 1}: {reason}"])
        self.reason = reason
        self.position = position


@dataclass(frozen=True, slots=True)
class Written:
    """A matcher as written; `value_at` is where its value begins in the text, after an opening quote."""

    name: str
    operator: Operator
    value: str
    value_at: int


def read_one(text: str) -> Written:
    """Read exactly one matcher, without braces; raises `InvalidMatcher`."""
    found = read_list(text)
    first = _after_space(text, 0)
    if text[first : first + 1] == "{":
        raise InvalidMatcher("one matcher takes no braces", text, first)
    if len(found) > 1:
        raise InvalidMatcher("one matcher is expected here, not a list", text, found[1].value_at)
    return found[0]


def read_list(text: str) -> list[Written]:
    """Read one or more matchers, separated by commas, in braces or not; raises `InvalidMatcher`."""
    try:
        found = _Scanner(text).read_all()
    except InvalidMatcher:
        classic = _read_classic(text)
        if classic is None:
            raise
        return classic
    return _read_classic(text) or found


def _after_space(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


class _Scanner:
    """Reads the UTF-8 form from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def read_all(self) -> list[Written]:
        braces = self._take("{")
        found: list[Written] = []
        while not self._ends(braces):
            found.append(self._read_matcher())
            if not self._take(",") and not self._ends(braces):
                raise self._unexpected("a comma before the next matcher")
        if braces and not self._take("}"):
            raise self._unexpected("the closing brace")
        if not found or self._next():
            raise self._unexpected("nothing more" if found else "a matcher")
        return found

    def _ends(self, braces: bool) -> bool:
        following = self._next()
        return not following or (braces and following == "}")

    def _next(self) -> str:
        self.at = _after_space(self.text, self.at)
        return self.text[self.at : self.at + 1]

    def _take(self, mark: str) -> bool:
        if self._next() != mark:
            return False
        self.at += 1
        return True

    def _read_matcher(self) -> Written:
        name, _ = self._read_text("a name")
        if not name:
            raise InvalidMatcher(f"the name is empty; {EXAMPLE}", self.text, self.at)
        operator = self._read_operator()
        value, value_at = self._read_text("a value, in quotes if it has more than letters and digits,")
        return Written(name, operator, value, value_at)

    def _read_operator(self) -> Operator:
        self._next()
        found = _OPERATOR.match(self.text, self.at)
        if found is None:
            raise self._unexpected("an operator")
        self.at = found.end()
        return next(operator for operator in OPERATORS if operator == found[0])

    def _read_text(self, what: str) -> tuple[str, int]:
        if self._next() == '"':
            found = _QUOTED.match(self.text, self.at)
            if found is None:
                raise InvalidMatcher("the quote that opens here is not closed", self.text, self.at)
            start, self.at = self.at + 1, found.end()
            return _unquote(found[0][1:-1], self.text, start), start
        found = _BARE.match(self.text, self.at)
        if found is None:
            raise self._unexpected(what)
        self.at = found.end()
        return found[0], found.start()

    def _unexpected(self, expected: str) -> InvalidMatcher:
        found = repr(self._next()) if self._next() else "the end"
        return InvalidMatcher(f"{expected} is expected, not {found}; {EXAMPLE}", self.text, self.at)


def _unquote(inner: str, text: str, at: int) -> str:
    """Replace Go's escapes; `\\x` and octal ones are bytes of UTF-8."""
    if "\\" not in inner:
        return inner
    pieces: list[bytes] = []
    end = 0
    for escape in _ESCAPE.finditer(inner):
        said = _escaped(escape[1])
        if said is None:
            raise InvalidMatcher(f"no such escape: {escape[0]}; a backslash is written \\\\", text, at + escape.start())
        pieces += [inner[end : escape.start()].encode(), said]
        end = escape.end()
    try:
        return b"".join([*pieces, inner[end:].encode()]).decode()
    except UnicodeDecodeError as error:
        raise InvalidMatcher("the escaped bytes are not UTF-8", text, at) from error


def _escaped(code: str) -> bytes | None:
    if len(code) == 1:
        return _SINGLE[code].encode() if code in _SINGLE else None
    number = int(code, 8) if code.isdigit() and len(code) == 3 else int(code[1:], 16)
    if code[0] not in "uU":
        return bytes([number]) if number < 256 else None
    return None if number > 0x10FFFF or 0xD800 <= number < 0xE000 else chr(number).encode()


def _read_classic(text: str) -> list[Written] | None:
    found: list[Written] = []
    for piece, at in _split_classic(text):
        matcher = _CLASSIC.fullmatch(piece)
        value = None if matcher is None else _classic_value(matcher[3])
        if matcher is None or value is None:
            return None
        operator = next(operator for operator in OPERATORS if operator == matcher[2])
        quote = matcher[3].startswith('"')
        found.append(Written(matcher[1], operator, value, at + matcher.start(3) + quote))
    return found or None


def _split_classic(text: str) -> list[tuple[str, int]]:
    """Split at commas outside quotes; braces around the whole are dropped, and so is a trailing comma."""
    start, end = len(text) - len(text.lstrip()), len(text.rstrip())
    if text[start:end].startswith("{"):
        if not text[start:end].endswith("}"):
            return [(text, 0)]
        start, end = start + 1, end - 1
    pieces: list[tuple[str, int]] = []
    quoted, at, begin = False, start, start
    while at < end:
        if text[at] == "\\":
            at += 1
        elif text[at] == '"':
            quoted = not quoted
        elif text[at] == "," and not quoted:
            pieces.append((text[begin:at], begin))
            begin = at + 1
        at += 1
    if text[begin:end].strip():
        pieces.append((text[begin:end], begin))
    return pieces


def _classic_value(raw: str) -> str | None:
    """Unescape `\\n`, `\\"` and `\\\\`, leave other backslashes; None when quotes stand where they may not."""
    quoted = raw.startswith('"')
    if quoted and (len(raw) < 2 or not raw.endswith('"')):
        return None
    inner = raw[1:-1] if quoted else raw
    if not quoted and inner[:1] in ("=", "~"):
        return None
    if re.fullmatch(r'(?:[^"\\]|\\.)*\\?', inner, re.DOTALL) is None or (quoted and _ends_in_escape(inner)):
        return None
    return re.sub(r'\\([n"\\])', lambda escape: "\n" if escape[1] == "n" else escape[1], inner)


def _ends_in_escape(inner: str) -> bool:
    """Say whether the closing quote is itself escaped: an odd number of backslashes before it."""
    return (len(inner) - len(inner.rstrip("\\"))) % 2 == 1
