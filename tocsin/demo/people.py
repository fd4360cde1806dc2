"""The scenes in which a person acts: alerts that wake nobody, each for a reason, and Ada who takes up what is left.

Not here: how she acts (`person.py`), how is looked (`looking.py`), the outage itself (`story.py`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime

from producers.operator.shapes import Silence
from schemas.errors import TocsinError
from schemas.shapes import shape_of
from tocsin.act_api import Done
from tocsin.demo import shop
from tocsin.demo.looking import Looking
from tocsin.demo.seen import Alert, Entry
from tocsin.demo.shop import Rule
from tocsin.demo.telling import clock, count, until
from tocsin.terminal import muted_words

SILENCE_SECONDS = 6
"""Long enough for two alerts to come and be looked at while it lasts, on a busy machine too."""
MATCHER = 'service="search"'
COMMENT = "rebuilding the search index"
INCIDENTS = 4
"""There are so many when these scenes are over, all resolved."""
ACKNOWLEDGED = 1
BEFORE = [(1, "high", "resolved", 0), (2, "critical", "resolved", 0)]
SEARCH, CLUSTER, CART = 5, 6, 7
"""The numbers of the alerts, by the order in which they come."""
Muted = tuple[str, int | None, tuple[str, str]]
"""A muted alert: its status, its incident, and kind and id of what mutes it."""


class People:
    """One run of these scenes, after the outage is over."""

    def __init__(self, looking: Looking) -> None:
        self.looking, self.teller, self.at = looking, looking.teller, looking.at
        self._began = self.at.now_millis()

    def play(self) -> None:
        """Play the scenes, in order."""
        self.two_alerts_wake_nobody()
        self.ada_takes_it_up()
        self.cluster_comes_back()

    def two_alerts_wake_nobody(self) -> None:
        """A silence mutes one, another alert the next; when the silence ends by itself, its alert opens an incident."""
        self.teller.scene("5  Two alerts that wake nobody, each for its reason")
        silence = self._silence()
        self._post([shop.STALE_SEARCH])
        self._await_muted("it is stored and counted, but opens no incident", SEARCH, ("silence", silence.id), silence)
        self._post([shop.CLUSTER_DOWN, shop.CART_DOWN])
        self._await_muted("the rule `inhibit` mutes it: both are of cluster b", CART, ("inhibition", str(CLUSTER)), silence)
        self.looking.await_incidents("the cluster alone is an incident", [*BEFORE, (3, "critical", "triggered", 1)], 3)
        self.looking.await_slack("Slack has one message more", 3, resolved=2)
        self._silence_ends(silence)

    def _silence(self) -> Silence:
        ends_at = self.at.now_millis() + SILENCE_SECONDS * 1000
        said = f"silences {MATCHER} until {clock(ends_at)}: {COMMENT}"
        done = self._act(said, lambda: self.at.ada.silence([MATCHER], ends_at, COMMENT))
        if done.silence is None:
            raise TocsinError("the operator API's answer to a new silence has no silence")
        return done.silence

    def _silence_ends(self, silence: Silence) -> None:
        wanted = [*BEFORE, (3, "critical", "triggered", 1), (4, "high", "triggered", 1)]
        what = "the silence has ended by itself, its alert still fires: it takes part as if it had begun now"
        self.looking.await_incidents(what, wanted, 4)
        late = [_millis_between(silence.ends_at, incident.created_at) for incident in self.at.operator.incidents()[3:]]
        self.teller.add(f"{late[0]:,} ms after the silence's end, at the next tick" if late else "never", "dim")
        self.teller.expect("not before the silence's end", [True], [millis >= 0 for millis in late])
        self.looking.await_slack("and now somebody is told", 4, resolved=2)

    def ada_takes_it_up(self) -> None:
        """She acknowledges one incident and merges the other into it: both timelines name her."""
        self.teller.scene("6  Ada takes it up")
        self._act("acknowledges incident #3", lambda: self.at.ada.acknowledge(3))
        wanted = [*BEFORE, (3, "critical", "acknowledged", 1), (4, "high", "triggered", 1)]
        self.looking.await_incidents("it is acknowledged", wanted, 3)
        self._expect_told(3, Entry("ada", "acknowledged"))
        self.looking.await_slack("its thread in Slack says so", 4, resolved=2, acknowledged=ACKNOWLEDGED)
        self._act("sees that the index is in cluster b too, and merges incident #4 into #3", lambda: self.at.ada.merge(4, 3))
        wanted = [*BEFORE, (3, "critical", "acknowledged", 2), (4, "high", "resolved", 0)]
        self.looking.await_incidents("the alert has moved, and the emptied incident is resolved", wanted, 3, 4)
        self.teller.expect("it names the other", [3], [one.merged_into for one in self.at.operator.incidents()[3:]])
        self._expect_told(3, Entry("ada", "incident #4 was merged into this one"))
        self._expect_told(4, Entry("ada", "merged into incident #3"))
        self.looking.await_slack("Slack says that the merged one is over", 4, resolved=3, acknowledged=ACKNOWLEDGED)

    def cluster_comes_back(self) -> None:
        """All end at once: what was inhibited has opened nothing, before or after."""
        self._post([shop.STALE_SEARCH, shop.CLUSTER_DOWN, shop.CART_DOWN], is_over=True)
        wanted = [*BEFORE, (3, "critical", "resolved", 0), (4, "high", "resolved", 0)]
        self.looking.await_incidents("all is over, and the inhibited alert has opened nothing", wanted, 3)
        self.looking.await_slack("Slack says so", 4, resolved=4, acknowledged=ACKNOWLEDGED)

    def _post(self, rules: Sequence[Rule], is_over: bool = False) -> None:
        labelled = [(rule, {} if rule is shop.STALE_SEARCH else shop.CLUSTER_B) for rule in rules]
        body = shop.message(labelled, self._began, self.at.now_millis() if is_over else None)
        sent = self.at.doors.post("alertmanager", body)
        titles = ", ".join(rule.title for rule in rules)
        what = f"{count(len(rules), 'alert')}{' resolved' if is_over else ''} in 1 request: {titles}"
        self.looking.tell_sent("alertmanager", what, sent)

    def _act(self, what: str, give: Callable[[], Done]) -> Done:
        begun = time.monotonic()
        done = give()
        self.teller.tell("ada", f"{what}; done in {(time.monotonic() - begun) * 1000:.0f} ms")
        return done

    def _await_muted(self, what: str, number: int, by: tuple[str, str], silence: Silence) -> None:
        wanted: list[Muted] = [("triggered", None, by)]
        self.teller.await_that(what, wanted, lambda: self._muted(number), lambda: self._tell_muted(number, silence))

    def _muted(self, number: int) -> list[Muted]:
        """Give an alert's status, incident and what mutes it; nothing while nothing does."""
        return [
            (alert.status, alert.incident, (alert.suppressed_by.kind, alert.suppressed_by.id))
            for alert in self.at.operator.alerts()
            if alert.number == number and alert.suppressed_by is not None
        ]

    def _tell_muted(self, number: int, silence: Silence) -> None:
        alerts = {alert.number: alert for alert in self.at.operator.alerts()}
        if (alert := alerts.get(number)) is not None:
            shape = shape_of(alert.severity, alert.status)
            self.teller.tell("decided", f"alert #{number} {alert.status}: {shape} {alert.severity}, {alert.title}")
            self.teller.add(why(alert, silence, alerts), "dim")

    def _expect_told(self, incident: int, entry: Entry) -> None:
        """Tell the newest entry of a timeline, which must be this one."""
        entries = until(lambda: self.at.operator.timeline(incident), lambda found: entry in found, 15)
        for found in entries[-1:]:
            self.teller.tell("timeline", f"incident #{incident}, {found.actor}: {found.text}")
        self.teller.expect(f"the timeline of incident #{incident} says who did what", [entry], entries[-1:])


def why(alert: Alert, silence: Silence, alerts: dict[int, Alert]) -> str:
    """Say why an alert wakes nobody, from the reason that it carries."""
    reason = alert.suppressed_by
    if reason is None:
        return "not muted"
    if (reason.kind, reason.id) == ("silence", silence.id):
        return f"silenced until {silence.ends_at[11:19]} by {silence.created_by}: {silence.comment}"
    source = alerts.get(int(reason.id)) if reason.kind == "inhibition" else None
    return f"inhibited by alert #{source.number}, {source.title}" if source else muted_words(reason.kind, reason.id)


def _millis_between(earlier: str, later: datetime) -> int:
    return round((later - datetime.fromisoformat(earlier)).total_seconds() * 1000)
