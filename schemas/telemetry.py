"""Logs and metrics, set up once by each process: structured lines on stderr, Prometheus on a loopback port.

Metric names are `tocsin_<process>_<what>_<unit>[_total]`, log events `noun_verbed`. Not here: any metric itself;
each stands where it is counted.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from threading import Thread

import structlog
from prometheus_client import make_wsgi_app

from schemas.probe_server import ProbeServer
from schemas.settings import Settings

PROCESSES = (
    "webhook",
    "operator",
    "intake",
    "clock",
    "process",
    "sink-postgres",
    "sink-slack",
    "sink-statuspage",
    "sink-topics",
    "sink-ledger",
    "sink-mail",
    "process-2",
)
"""The metrics port of a process is the base plus its place here."""


def configure_logging() -> None:
    """Write one `time level event key=value …` line for each log event to stderr."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(asctime)s [%(levelname)s] %(name)s: %(message)s")
    logging.getLogger("kafka").setLevel(logging.ERROR)  # else several lines a second for as long as a broker is away
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def render_state(is_good: bool, trouble: str = "") -> bytes:
    """Write the body of a probe's answer: the state, then what is wrong, if anything is."""
    state = "ok" if is_good else "not ready"
    return "".join(f"{line}\n" for line in (state, trouble) if line).encode()


def serve_metrics(
    settings: Settings, process: str, is_ready: Callable[[], bool], trouble: Callable[[], str] = lambda: ""
) -> None:
    """Serve `/metrics`, `/-/healthy` and `/-/ready` on loopback from threads; a base port of 0 serves nothing.

    `is_ready` and `trouble` (what is wrong, in words) are asked at each request for `/-/ready`, from one of these threads.
    """
    if not settings.metrics_port_base:
        return
    metrics = make_wsgi_app()

    def app(environ, start_response):  # type: ignore[no-untyped-def]
        path = environ.get("PATH_INFO", "")
        if path in ("/-/healthy", "/-/ready"):
            is_probe = path == "/-/ready"
            good = not is_probe or is_ready()
            start_response("200 OK" if good else "503 Service Unavailable", [("Content-Type", "text/plain; charset=utf-8")])
            return [render_state(good, trouble() if is_probe else "")]
        return metrics(environ, start_response)

    server = ProbeServer(("127.0.0.1", settings.metrics_port_base + PROCESSES.index(process)), settings)
    server.set_app(app)
    Thread(target=server.serve_forever, name="metrics", daemon=True).start()
