"""Publications and a page in few words."""

from __future__ import annotations

from schemas.configuration import Component, Configuration, StatusPage
from schemas.records import Publication, PublicUpdate
from schemas.sink_records import PublishedIncident
from sinks.follow_configuration import Applied

NOON = 1_800_014_400_000
MINUTE, DAY = 60_000, 86_400_000
APPLIED = Applied(
    Configuration(
        status_page=StatusPage(
            title="Shop status",
            url="https://status.example.com/",
            components=[
                Component(id="checkout", name="Checkout", project="shop", description="Paying"),
                Component(id="search", name="Search", project="shop"),
            ],
        )
    ),
    3,
    NOON - 40 * DAY,
)


def publication(
    impact: str = "major", components: tuple[str, ...] = ("checkout",), *said: str, at: int = NOON, **more: str
) -> Publication:
    """Build a publication whose updates came a minute apart."""
    updates = [
        PublicUpdate(at + place * MINUTE, status, f"text {place}") for place, status in enumerate(said or ("investigating",))
    ]
    continues_in = more.get("continues_in")
    return Publication(more.get("title", "Checkout is slow"), impact, list(components), at, updates, continues_in=continues_in)


def published(number: int, shown: Publication | None, entry: str = "") -> PublishedIncident:
    return PublishedIncident("shop", number, 5, shown, entry)
