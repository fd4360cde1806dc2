"""What the status page sink counts."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

PUBLICATIONS = Counter("tocsin_statuspage_publications_total", "Times that a changed page was swapped in.")
OPEN = Gauge("tocsin_statuspage_incidents_open", "Open incidents on the page.")
