"""What the commands that change something share: their arguments, giving the command, and telling what it did."""

from __future__ import annotations

import time
from typing import Annotated, Any

import typer

from tocsin import exits
from tocsin.cli import reading
from tocsin.cli.names import check_name

Numbers = Annotated[
    list[int] | None, typer.Argument(min=1, max=reading.MAX_NUMBER, help="Their numbers in the project, or --matcher.")
]
Matchers = Annotated[
    list[str] | None, typer.Option("--matcher", help="All open alerts like that, such as 'service=\"web\"' (repeatable).")
]
Person = Annotated[str, typer.Option("--person", help="By the key in the configuration.")]
Text = Annotated[str, typer.Argument(help="1 to 280 characters.")]
ME = "me"


def act(project: str, path: str, body: dict[str, Any], as_json: bool, method: str = "POST") -> None:
    """Give a command about one thing and tell how that is now; what is not said (None) is left out of the request."""
    from tocsin.act_api import Done, carry_out
    from tocsin.read_api import list_path, read
    from tocsin.show_done import render_done

    said = {name: value for name, value in body.items() if value is not None}
    with reading.operator() as asking:
        answer = carry_out(asking, method, list_path(check_name(project), path), said, time.monotonic, time.sleep)
    reading.tell_warnings(answer)
    print(answer.decode() if as_json else render_done(read(answer, Done)))


def act_on_alerts(
    project: str, verb: str, numbers: list[int] | None, matchers: list[str] | None, as_json: bool, **body: Any
) -> None:
    """Give a command about one alert, or about many at once; ends with 1 when any of them refused it."""
    from tocsin.act_api import Outcomes, carry_out
    from tocsin.read_api import list_path, read
    from tocsin.show_done import render_outcomes

    if bool(numbers) == bool(matchers):
        raise typer.BadParameter("name alerts by their numbers, or by --matcher")
    if numbers and len(numbers) == 1:
        return act(project, f"alerts/{numbers[0]}/{verb}", body, as_json)
    named = {"numbers": numbers} if numbers else {"matchers": matchers}
    with reading.operator() as asking:
        path = list_path(check_name(project), f"alerts/{verb}")
        answer = carry_out(asking, "POST", path, {**named, **body}, time.monotonic, time.sleep)
    reading.tell_warnings(answer)
    found = read(answer, Outcomes).outcomes
    print(answer.decode() if as_json else render_outcomes(found))
    if any(one.outcome != "done" for one in found):
        raise typer.Exit(exits.REFUSED)
    return None
