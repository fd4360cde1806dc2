"""What Grafana says of an alert beside its condition: why it ended, and which rule has no data or fails.

Source: `StateReasonAnnotation` and its values in grafana/grafana `pkg/services/ngalert/models`, and the labels that
`pkg/services/ngalert/schedule/compat.go` gives alerts without data (8 to 12). They reach us from Grafana's own webhook, by an
Alertmanager that Grafana feeds, and from Grafana at our API v2. Not here: the rest of an alert (`formats/alertmanager.py`).
"""

from __future__ import annotations

from collections.abc import Mapping

from producers.webhook.text import Json, cut, text

REASON = "grafana_state_reason"
"""An annotation that a plain recovery does not have."""
REASONS = {
    "Paused": "the rule was paused",
    "Updated": "the rule was changed",
    "RuleDeleted": "the rule was deleted",
    "MissingSeries": "its series is no longer there",
    "NoData": "there is no data",
    "Error": "the rule cannot be evaluated",
    "KeepLast": "its last state is kept",
}
"""What follows `ended because`."""
SUFFIXES = {"DatasourceNoData": "no data", "DatasourceError": "evaluation fails"}
"""Names of the alerts that Grafana raises about a rule itself; the label `rulename` has the rule's, and the rule's own
annotations speak of a condition that is not known."""
MAX_REASON = 60


def end_reason_of(annotations: Json) -> str | None:
    """Say why an alert ended without its condition being over; several reasons stand side by side, joined by commas."""
    said = text(annotations.get(REASON)) if isinstance(annotations, dict) else None
    if said is None:
        return None
    words = [word.strip() for word in said[: 4 * MAX_REASON].split(",") if word.strip()]
    return " and ".join(REASONS.get(word) or f"Grafana says {cut(word, MAX_REASON)}" for word in words[:3]) or None


def title_of(labels: Mapping[str, str]) -> str | None:
    """Name the rule that an alert about missing data is about; None for all other alerts."""
    suffix = SUFFIXES.get(labels.get("alertname", ""))
    rule = text(labels.get("rulename"))
    return None if suffix is None or rule is None else f"{rule}: {suffix}"
