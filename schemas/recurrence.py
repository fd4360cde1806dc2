"""Whether a text is a recurrence rule of RFC 5545 (section 3.3.10) that maintenance windows can follow.

Not here: when its windows are.
"""

from __future__ import annotations

import re
from datetime import datetime

_WEEKDAY = "(?:MO|TU|WE|TH|FR|SA|SU)"
_PARTS = {
    "FREQ": "DAILY|WEEKLY|MONTHLY|YEARLY",
    "INTERVAL": "[1-9][0-9]{0,3}",
    "COUNT": "[1-9][0-9]{0,5}",
    "UNTIL": "[0-9]{8}(?:T[0-9]{6}Z?)?",
    "BYDAY": f"(?:[+-]?[1-5]?[0-9]?{_WEEKDAY})(?:,[+-]?[1-5]?[0-9]?{_WEEKDAY})*",
    "BYMONTHDAY": "-?(?:[12][0-9]|3[01]|[1-9])(?:,-?(?:[12][0-9]|3[01]|[1-9]))*",
    "BYMONTH": "(?:1[0-2]|[1-9])(?:,(?:1[0-2]|[1-9]))*",
    "BYHOUR": "(?:2[0-3]|1?[0-9])(?:,(?:2[0-3]|1?[0-9]))*",
    "BYMINUTE": "[1-5]?[0-9](?:,[1-5]?[0-9])*",
    "BYSETPOS": "-?[1-9][0-9]{0,2}(?:,-?[1-9][0-9]{0,2})*",
    "WKST": _WEEKDAY,
}
HINT = "write a rule of RFC 5545 such as FREQ=WEEKLY;BYDAY=SA"


def check_recurrence(text: str) -> str:
    """Give the rule as it is; raises `ValueError` that says what to write."""
    names: list[str] = []
    for part in text.removeprefix("RRULE:").split(";"):
        name, _, value = part.partition("=")
        if name not in _PARTS:
            raise ValueError(f"{name!r} is no part that a rule may have here ({', '.join(_PARTS)}); {HINT}")
        if re.fullmatch(_PARTS[name], value, re.ASCII) is None:
            raise ValueError(f"{part!r} is not in order; {HINT}")
        if name == "UNTIL":
            _check_day(value)
        names.append(name)
    if "FREQ" not in names:
        raise ValueError(f"FREQ is missing; {HINT}")
    if len(set(names)) < len(names) or {"COUNT", "UNTIL"} <= set(names):
        raise ValueError(f"a part stands twice, or COUNT beside UNTIL; {HINT}")
    return text.removeprefix("RRULE:")


def _check_day(until: str) -> None:
    try:
        datetime.strptime(until.removesuffix("Z"), "%Y%m%dT%H%M%S" if "T" in until else "%Y%m%d")
    except ValueError as error:
        raise ValueError(f"'UNTIL={until}' is no day; {HINT}") from error
