"""`tocsin send …`: a test alert through the real webhook. Not here: what is sent (`tocsin/send.py`)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from schemas.errors import OperatorError
from schemas.records import Severity
from schemas.settings import Settings
from tocsin import exits
from tocsin.cli.names import check_name, check_url

if TYPE_CHECKING:
    from tocsin.asking import Asking


def send(
    project: Annotated[str, typer.Argument(help="The project.")],
    integration: Annotated[str | None, typer.Argument(help="Whose door [the project's only one].")] = None,
    title: Annotated[str, typer.Option(help="The alert's title.")] = "Test alert",
    severity: Annotated[Severity, typer.Option(help="How bad it is.")] = "critical",
    label: Annotated[list[str] | None, typer.Option(help="A label as NAME=VALUE, such as service=checkout (repeatable).")] = None,
    resolved: Annotated[
        bool, typer.Option("--resolved", help="End the alert that was sent with the same title, severity and labels.")
    ] = False,
    url: Annotated[str | None, typer.Option(help="The webhook as senders reach it [the one on this machine].")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for what becomes of it; 1 when it changed no alert.")] = False,
    wait_seconds: Annotated[float, typer.Option("--wait-seconds", min=0, help="How long to wait at most.")] = 30,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Post a test alert through the real webhook, with the integration's token in TOCSIN_TOKEN, and print the receipt."""
    import msgspec

    from tocsin.addresses import webhook_url
    from tocsin.asking import Asking
    from tocsin.in_force import configuration_in_force
    from tocsin.send import labels_of, only_integration, render_receipt, send_alert

    settings = Settings.load()
    labels = labels_of(title, severity, dict(_pair(text) for text in label or []))
    address = check_url(url)
    check_name(project)
    if integration is not None:
        check_name(integration)
    if not settings.token:
        raise OperatorError("no token: set TOCSIN_TOKEN to the integration's; `tocsin token new PROJECT INTEGRATION` makes one")
    door = (project, integration or only_integration(configuration_in_force(settings), project))
    with Asking(address or webhook_url(settings), settings.token) as asking:
        receipt = send_alert(asking, door, labels, title, is_firing=not resolved)
        if not (as_json and wait and not receipt.rejected):  # for machines, one line
            print(msgspec.json.encode(receipt).decode() if as_json else render_receipt(receipt), flush=True)
        if receipt.rejected:
            raise typer.Exit(exits.REFUSED)
        if wait:
            _tell_outcome(asking, project, receipt.receipt, wait_seconds, as_json)


def _tell_outcome(asking: Asking, project: str, receipt: str, seconds: float, as_json: bool) -> None:
    """Wait for the outcome and print it; ends with 1 when it changed no alert."""
    import msgspec

    from tocsin.send_outcome import EFFECTIVE, await_outcome, render_outcome

    outcome = await_outcome(asking, receipt, seconds, time.monotonic, time.sleep)
    said = {"receipt": receipt, **msgspec.to_builtins(outcome)}
    print(msgspec.json.encode(said).decode() if as_json else render_outcome(project, outcome))
    if outcome.outcome not in EFFECTIVE:
        raise typer.Exit(exits.REFUSED)


def _pair(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator or not name.strip():
        raise typer.BadParameter(f"{text!r} is no label; write NAME=VALUE")
    return name.strip(), value
