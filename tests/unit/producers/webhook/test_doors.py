"""Paths lead to doors."""

from __future__ import annotations

import pytest

from producers.webhook.doors import index_doors
from producers.webhook.routes import HEALTHY, READY, STATUS, Route, find_route
from schemas.configuration import Configuration, Format, Integration, Project


def integrations(**formats: Format) -> dict[str, Integration]:
    return {name: Integration(format=format) for name, format in formats.items()}


DOORS = index_doors(
    Configuration(
        projects={
            "shop": Project(gitlab_path="Acme/web/shop", integrations=integrations(http="generic", am="alertmanager")),
            "bank": Project(integrations=integrations(http="generic", one="alertmanager", two="alertmanager")),
            "tools": Project(gitlab_path="tools/prometheus", integrations=integrations(http="generic")),
            "twice": Project(integrations=integrations(one="generic", two="generic")),
            "in": Project(integrations=integrations(http="generic", orders="topic")),
        }
    )
)


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/in/shop/http", Route("in", "shop", "http")),
        ("/-/healthy", HEALTHY),
        ("/-/ready", READY),
        ("/acme/shop/alerts/notify/name/http.json", Route("gitlab", "acme/shop", "http")),
        ("/alerts/notify/alerts/notify/name/http.json", Route("gitlab", "alerts/notify", "http")),
        ("/a/b/c/prometheus/alerts/notify.json", Route("gitlab_prometheus", "a/b/c")),
        ("/in/alerts/notify/name/http.json", Route("gitlab", "in", "http")),
        ("/in/shop/http/api/v2/alerts", Route("api_v2", "shop", "http")),
        ("/in/shop/http/api/v2/status", STATUS),
        ("/in/shop/http/-/ready", READY),
        ("/in/shop/http/-/healthy", HEALTHY),
        ("/receipts/01ABC-2", Route("receipt", receipt="01ABC-2")),
        ("/receipts/", None),
        ("/receipts/01ABC/2", None),
        ("/in//http/api/v2/alerts", None),
        ("/in/shop/http/", Route("in", "shop", "http")),
        ("//in/shop//http", Route("in", "shop", "http")),
        ("/in/shop/http//api/v2/alerts/", Route("api_v2", "shop", "http")),
        ("/acme//shop/alerts/notify/name/http.json/", Route("gitlab", "acme/shop", "http")),
        ("/-/ready/", READY),
        ("//", None),
        ("/in/shop/http/api/v1/alerts", None),
        ("/api/v2/alerts", None),
        ("/in/shop/alerts/notify/name/http.json", Route("gitlab", "in/shop", "http")),
        ("/prometheus/alerts/notify.json", Route("gitlab_generic", "prometheus")),
        ("/acme/shop/alerts/notify.json", Route("gitlab_generic", "acme/shop")),
        ("/alerts/notify.json", None),
        ("/alerts/notify/name/http.json", None),
        ("/acme/alerts/notify/name/http", None),
        ("/acme/alerts/notify/name/.json", None),
        ("/acme/alerts/notify.json", Route("gitlab_generic", "acme")),
        ("/acme/alerts/notify", None),
    ],
)
def test_a_path_is_a_door_or_none(path: str, route: Route | None) -> None:
    assert find_route(path) == route


@pytest.mark.parametrize(
    ("route", "found"),
    [
        (Route("in", "shop", "http"), ("shop", "http")),
        (Route("in", "Acme/web/shop", "http"), None),
        (Route("api_v2", "shop", "am"), ("shop", "am")),
        (Route("gitlab", "acme/Web/shop", "http"), ("shop", "http")),
        (Route("gitlab", "shop", "http"), None),
        (Route("gitlab", "bank", "one"), ("bank", "one")),
        (Route("gitlab_prometheus", "acme/web/shop"), ("shop", "am")),
        (Route("gitlab_prometheus", "bank"), None),
        (Route("gitlab_prometheus", "in"), None),
        (Route("gitlab", "in", "orders"), None),
        (Route("gitlab_prometheus", "nobody"), None),
        (Route("gitlab_generic", "Acme/web/shop"), ("shop", "http")),
        (Route("gitlab_generic", "bank"), ("bank", "http")),
        (Route("gitlab_generic", "nobody"), None),
        (Route("gitlab_generic", "tools/prometheus"), ("tools", "http")),
        (Route("gitlab_prometheus", "tools"), ("tools", "http")),
        (Route("gitlab_generic", "twice"), None),
    ],
)
def test_a_route_leads_to_the_integration_that_it_means(route: Route, found: tuple[str, str] | None) -> None:
    door = DOORS.find(route)
    assert (door and (door.project, door.integration)) == found
