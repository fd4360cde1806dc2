"""The outage of the example shop, scene by scene: what is sent, what was decided, what Slack and the status page show.

Each scene says what it expects and checks it. Not here: the scenes in which a person acts (`people.py`), what the messages look
like (`shop.py`), how is looked (`looking.py`).
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from functools import partial

from schemas.shapes import shape_of
from tocsin.demo import shop, watching
from tocsin.demo.doors import CONNECTIONS, Sent
from tocsin.demo.looking import Looking, Scenery, brief_alerts, brief_incidents
from tocsin.demo.people import ACKNOWLEDGED, INCIDENTS, People
from tocsin.demo.shop import Check
from tocsin.demo.stopwatch import Times, Watch, measure, row_watch
from tocsin.demo.telling import Teller, count

STORM_REQUESTS = 2_000
STORM_SECONDS = 30
WATCHED_SECONDS = 30
"""Prometheus looks each second, finds its Alertmanager within 5, and its rule looks 10 s back."""
SLACK_PAUSE_SECONDS = 1.2
"""Between two changes in one Slack channel: Slack takes one message a second there, and that is not what is measured."""


class Story:
    """One run of the story; `times` holds what was measured."""

    def __init__(self, teller: Teller, scenery: Scenery) -> None:
        self.teller = teller
        self.at = scenery
        self.looking = Looking(teller, scenery)
        self.times = Times()
        self._since: dict[str, int] = {}

    def play(self) -> None:
        """Play all scenes, in order; each builds on those before."""
        self.checkout_becomes_slow()
        self.repeats_storm_in()
        self.database_stops()
        self.all_recovers()
        People(self.looking).play()
        self.short_troubles_are_timed()

    def checkout_becomes_slow(self) -> None:
        """Three instances say the same: one incident, one Slack message, nothing public."""
        self.teller.scene("1  Checkout becomes slow on three servers")
        self._since["latency"] = self.at.now_millis()
        sent = self.at.doors.post("alertmanager", shop.latency(self._since["latency"]))
        self.looking.tell_sent(
            "alertmanager", f"3 alerts in 1 request: {shop.LATENCY_TITLE.lower()} on web-1, web-2 and web-3", sent
        )
        wanted: list[tuple[int, str, int, int | None]] = [(1, "triggered", 1, 1), (2, "triggered", 1, 1), (3, "triggered", 1, 1)]
        self.teller.await_that(
            "three alerts are one incident",
            wanted,
            lambda: brief_alerts(self.at.operator.alerts()),
            lambda: self.looking.tell_incidents(1),
        )
        self.looking.await_slack("Slack has one message", 1)
        self.looking.await_page("nothing of it is public: no rule publishes it", {}, [])

    def repeats_storm_in(self) -> None:
        """Thousands of repeats change one number, and tell nobody."""
        self.teller.scene(f"2  The same alerts come again {STORM_REQUESTS:,} times")
        bodies = [
            shop.latency(self._since["latency"], (shop.INSTANCES[place % len(shop.INSTANCES)],))
            for place in range(STORM_REQUESTS)
        ]
        begun = time.monotonic()
        sent = self.at.doors.storm("alertmanager", bodies)
        seconds = time.monotonic() - begun
        what = f"{count(len(sent), 'request')} of 1 alert over {CONNECTIONS} connections"
        self.teller.tell("alertmanager", f"{what} in {seconds:.1f} s ({len(sent) / seconds:,.0f}/s)")
        self.teller.expect("each was answered 202, once Kafka had it", STORM_REQUESTS, sum(one.status == 202 for one in sent))
        self.teller.await_that(
            "3 alerts still, and every event counted",
            (3, STORM_REQUESTS + 3),
            self._alerts_and_events,
            partial(self._tell_merged, time.monotonic()),
            STORM_SECONDS,
        )
        self.teller.expect("still one incident", [(1, "high", "triggered", 3)], brief_incidents(self.at.operator.incidents()))
        self.looking.await_slack("Slack still has one message, and no reply in its thread", 1)
        self._await_watched("a Prometheus that watches tocsin itself sees it, and its rule fires", "triggered")

    def database_stops(self) -> None:
        """An outside check finds what customers see: an incident of its own, published by its rule."""
        self.teller.scene("3  The orders database stops")
        sent = self._post_check(shop.DATABASE)
        self.looking.tell_sent("uptime", f"1 alert, in JSON of its own shape: {shop.DATABASE.title}", sent)
        wanted = [(1, "high", "triggered", 3), (2, "critical", "triggered", 1)]
        self.looking.await_incidents("it is an incident of its own", wanted, 2)
        self.looking.await_slack("Slack has a second message", 2)
        self.looking.await_page(
            "the status page says so, by the rule's `publish: auto`, and in words of its own",
            {"Orders": "major_outage"},
            [shop.DATABASE.public_title],
        )

    def all_recovers(self) -> None:
        """Everything ends: the incidents resolve themselves, the messages follow, the page is quiet again."""
        self.teller.scene("4  Everything recovers")
        sent = self.at.doors.post("alertmanager", shop.latency(self._since["latency"], ended_at=self.at.now_millis()))
        self.looking.tell_sent("alertmanager", "3 alerts resolved in 1 request", sent)
        sent = self._post_check(shop.DATABASE, is_up=True)
        self.looking.tell_sent("uptime", f"1 alert resolved: {shop.DATABASE.title}", sent)
        wanted = [(1, "high", "resolved", 0), (2, "critical", "resolved", 0)]
        self.looking.await_incidents("both incidents are resolved", wanted, 1, 2)
        self.looking.await_slack("Slack's two messages say resolved, and so does a reply in each thread", 2, resolved=2)
        self.looking.await_page("the status page is quiet again", {}, [])

    def short_troubles_are_timed(self) -> None:
        """Four more troubles, one after the other, to see how long each takes to each sink.

        They begin at different moments of a second, so that whatever waited for the clock's tick would show.
        """
        self.teller.scene("7  Four short troubles, one after the other, to take the time")
        for place, check in enumerate(shop.BLIPS):
            time.sleep(SLACK_PAUSE_SECONDS + place / len(shop.BLIPS))
            self._time(check, is_up=False)
            time.sleep(SLACK_PAUSE_SECONDS)
            self._time(check, is_up=True)
        self.teller.expect("each showed in every sink, when it began and when it ended", [], self.times.missed)
        incidents = self.at.operator.incidents()
        statuses = {incident.status for incident in incidents}
        self.teller.expect(
            "each was an incident of its own, and all are resolved",
            (INCIDENTS + len(shop.BLIPS), {"resolved"}),
            (len(incidents), statuses),
        )
        self.looking.await_page("the status page is quiet", {}, [])
        self._await_watched("Prometheus says that the storm is over, and its alert has ended", "resolved")
        self._expect_one_message_each(len(incidents))

    def _expect_one_message_each(self, incidents: int) -> None:
        """Nobody was told anything that is not said above: neither by the repeats nor later."""
        if self.at.slack is not None:
            wanted = (incidents, incidents, incidents + ACKNOWLEDGED)
            what = "Slack has one message for each incident, a reply to each for its end, and one for the acknowledgement"
            self.teller.expect(what, wanted, self.at.slack.counts())

    def _await_watched(self, what: str, status: str) -> None:
        """The alert came straight from a Prometheus: it has no Alertmanager but tocsin."""
        self.teller.await_that(what, [(watching.TITLE, "low", status)], self._watched, self._tell_watched, WATCHED_SECONDS)

    def _watched(self) -> list[tuple[str, str, str]]:
        return [(alert.title, alert.severity, alert.status) for alert in self.at.watched.alerts()]

    def _tell_watched(self) -> None:
        for alert in self.at.watched.alerts():
            what = f"{shape_of(alert.severity, alert.status)} {alert.severity}, {alert.title}"
            self.teller.tell("prometheus", f"alert {watching.PROJECT} #{alert.number} {alert.status}: {what}")

    def _time(self, check: Check, is_up: bool) -> None:
        status = "resolved" if is_up else "triggered"
        with ExitStack() as stack:
            watches = {"row in PostgreSQL": stack.enter_context(row_watch(self.at.read_model.url, check.title, status))}
            watches |= self._slack_watch(check, is_up) | {"status page": self._page_watch(check, is_up)}
            times = measure(lambda: self._post_check(check, is_up).millis, watches)
        for end, millis in times.items():
            self.times.add(end, millis)
        figures = ", ".join(f"{end} {'never' if millis is None else f'{millis:.0f} ms'}" for end, millis in times.items())
        self.teller.tell("uptime", f"{check.title}: {'ends' if is_up else 'begins'}")
        self.teller.add(figures, "dim")

    def _slack_watch(self, check: Check, is_up: bool) -> dict[str, Watch]:
        slack = self.at.slack
        return {} if slack is None else {"Slack call": lambda: slack.shows(check.title, "resolved" if is_up else "triggered")}

    def _page_watch(self, check: Check, is_up: bool) -> Watch:
        return lambda: (check.public_title in [incident.name for incident in self.at.page.read().incidents]) is not is_up

    def _post_check(self, check: Check, is_up: bool = False) -> Sent:
        since = self._since.setdefault(check.id, self.at.now_millis())
        return self.at.doors.post("uptime", shop.uptime(check, since, is_up))

    def _alerts_and_events(self) -> tuple[int, int]:
        alerts = self.at.operator.alerts()
        return len(alerts), sum(alert.events for alert in alerts)

    def _tell_merged(self, answered: float) -> None:
        millis = (time.monotonic() - answered) * 1000
        self.teller.tell("decided", f"all merged, {millis:,.0f} ms after the last answer; nobody is told again")
