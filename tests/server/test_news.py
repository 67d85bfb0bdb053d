"""What is news of a session, what is not, and in which words."""

from typing import Any

import pytest

from broker.recording.presence import Shown, State
from broker.recording.session_log import Entry
from broker.server.news import News, SessionNews, Told
from broker.server.webhooks.message import body_of

NOW = 1_700_000_000.0


class Story:
    """A session whose clock a test sets; ``told`` has all that was news so far."""

    def __init__(
        self,
        state: State = State.AT_KEYBOARD,
        told: Told | None = None,
        restarted: float = 0.0,
        host: str = "nas",
    ) -> None:
        self.now = NOW
        self.news = SessionNews(
            "s1", host, "4711", shown=Shown(state.value, NOW), told=told, restarted=restarted
        )
        self.told: list[News] = []

    def see(self, state: State, since: float | None = None) -> None:
        self.news.see(Shown(state.value, self.now if since is None else since), self.now)
        self.told += self.news.collect(self.now)

    def read(self, event: str, age: float = 0.0, **fields: object) -> None:
        entry: Entry = {"t": 0.0, "event": event, **fields}
        self.news.read(entry, self.now - age, self.now)
        self.told += self.news.collect(self.now)

    def wait(self, seconds: float) -> None:
        """As a broker does: it collects exactly when something is due."""
        until = self.now + seconds
        while (due := self.news.due) is not None and due <= until:
            self.now = max(self.now, due)
            self.told += self.news.collect(self.now)
        self.now = until

    def told_since(self, count: int = 0) -> list[tuple[str, str]]:
        prefix = "nas, case 4711: "
        assert all(news.text.startswith(prefix) for news in self.told)
        return [(news.kind, news.text.removeprefix(prefix)) for news in self.told[count:]]


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (State.AWAY, "the customer left the terminal; the host goes on recording"),
        (State.DISCONNECTED, "the customer disconnected; the host goes on recording"),
        (State.RECORDER_LOST, "the recorder on the host was stopped"),
        (State.LINK_LOST, "link lost 10 s ago, cause not known yet; the host goes on recording"),
    ],
)
def test_leaving_is_told_once(state: State, words: str) -> None:
    story = Story()
    story.see(state)
    story.wait(3600)
    story.see(state, NOW)  # a detail changed
    story.wait(3600)
    assert story.told_since() == [("left", words)]
    assert story.told[0].at == NOW
    assert story.news.told == Told(state.value, NOW)


def test_a_short_loss_of_the_link_and_a_terminal_taken_up_elsewhere_are_no_news() -> None:
    story = Story()
    for _ in range(5):
        story.see(State.LINK_LOST)
        story.wait(9.9)
        story.see(State.AT_KEYBOARD, NOW)
        story.read("link_up", cause="network lost")
        story.see(State.AWAY)
        story.wait(1.9)
        story.see(State.AT_KEYBOARD)
        story.wait(60)
    assert story.told == []


def test_a_return_says_how_long_and_why_once_the_log_has_told_it() -> None:
    story = Story()
    story.see(State.LINK_LOST)
    story.wait(12 * 60)
    story.see(State.AT_KEYBOARD, NOW - 60)  # as it was before: the log has not come yet
    story.read("detached", age=700)
    story.read("link_up", age=3600, cause="network lost")  # of a link that soon went again
    story.wait(5)
    assert len(story.told) == 1
    story.read("link_up", cause="asleep")
    story.wait(3600)
    assert story.told_since(1) == [("returned", "back after 12 min: the host slept")]
    assert story.news.told is None


def test_a_return_whose_cause_does_not_come_is_told_as_well() -> None:
    story = Story(State.LINK_LOST, told=Told("link-lost", NOW - 3 * 3600), restarted=NOW)
    story.see(State.EMPTY)
    story.wait(60)
    assert story.told_since() == [
        ("returned", "back after 3 h: cause not known; nobody is at a terminal yet")
    ]


def test_of_one_absence_made_of_several_parts_leaving_is_told_once() -> None:
    story = Story()
    story.see(State.AWAY)
    story.wait(600)
    story.see(State.LINK_LOST)
    story.wait(600)
    story.see(State.AWAY, NOW)
    story.read("link_up", cause="asleep")
    story.wait(1200)
    story.see(State.AT_KEYBOARD)
    assert [kind for kind, _ in story.told_since()] == ["left", "returned"]
    assert story.told[-1].text.endswith("back after 40 min: the customer left, the host slept")


def test_a_host_that_is_back_without_its_customer_is_told() -> None:
    story = Story()
    story.see(State.DISCONNECTED)
    story.wait(300)
    story.see(State.AT_KEYBOARD, NOW)
    story.see(State.AWAY, story.now)
    story.read("link_up", cause="reconnected")
    story.wait(300)
    assert story.told_since(1) == [
        ("returned", "back after 5 min: disconnected by the customer; the customer is away")
    ]
    story.see(State.AT_KEYBOARD)
    assert [kind for kind, _ in story.told_since()] == ["left", "returned", "returned"]


def test_what_an_earlier_broker_told_is_not_told_again() -> None:
    story = Story(State.LINK_LOST, told=Told("away", NOW - 3600), restarted=NOW)
    story.wait(600)
    story.see(State.AWAY, NOW - 3600)
    story.read("link_up", cause="broker-restarted")
    story.wait(600)
    assert story.told == []


def test_after_a_restart_hosts_have_time_to_come_back() -> None:
    story = Story(State.LINK_LOST, restarted=NOW)
    story.wait(59)
    assert story.told == []
    story.wait(2)
    assert [kind for kind, _ in story.told_since()] == ["left"]


def test_what_waits_for_the_customer_is_told_once_and_what_runs_unasked_is_not() -> None:
    story = Story()
    common: dict[str, Any] = {"viewer": "v1", "person": "alice", "text": "rm <x>", "why": ""}
    story.read("proposed", proposal="r1-1", **common)
    story.read("approved", proposal="r1-1")
    story.read("proposed", proposal="r1-2", **common)
    story.read("requested", viewer="v2", person="bob", what="control")
    story.read("requested", viewer="v2", person="bob", what="time")
    story.read("request_answered", person="bob", what="time")
    story.read("proposed", age=61, proposal="r1-3", **common)
    story.wait(60)
    assert story.told_since() == [
        ("approval", "a line that alice proposes waits for the customer"),
        ("approval", "bob asks the customer for mode control"),
    ]


def test_drift_is_told_in_words_however_late_it_comes() -> None:
    story = Story()
    other = ["links", "wan", "mtu", "1500", "1400", None]
    more = [["links", f"eth{n}", "mtu", "1500", "9000", None] for n in range(4)]
    fields = {"n": 2, "before": 1, "since": 0, "until": 9}
    story.read("drift", age=7200, changes=[other, *more[:3]], more=0, **fields)
    story.read("drift", age=3600, changes=[more[3], "no change"], more=7, **fields)
    story.wait(60)
    named = "; ".join(f"mtu of eth{n} 1500 → 9000" for n in range(3))
    assert story.told_since() == [("drift", f"12 changes on the host: {named}; 9 more")]
    back = [[*other[:3], other[4], other[3], None]]
    story.read("drift", changes=[other], more=0, **fields)
    story.read("drift", changes=back, more=0, **fields)
    story.wait(60)
    assert len(story.told) == 1, "changed and changed back"
    story.read("drift", changes=[other], more=0, **{**fields, "before": 0})
    story.wait(60)
    since = "1 change on the host since the last session: mtu of wan 1500 → 1400"
    assert story.told[1].text.endswith(since)


def test_the_end_is_told_when_it_is_known_and_nothing_after_it() -> None:
    story = Story()
    story.read("expires_soon", seconds=600)
    story.read("expires_soon", seconds=60)
    story.read("expired")
    story.read("revoked", age=100, by="customer")
    story.see(State.LINK_LOST)
    story.read("ended", age=7200, by="customer", why="jumpseat end")
    story.see(State.ENDED)
    story.wait(3600)
    assert story.told_since() == [
        ("ending", "the grant ends in 10 min"),
        ("ending", "the grant ends in 60 s"),
        ("ending", "the grant has expired"),
        ("ending", "the customer ended the session"),
    ]


@pytest.mark.parametrize("wrong", [-2 * 3600.0, 2 * 3600.0, -1e12, 1e12])
def test_a_hosts_clock_is_not_believed(wrong: float) -> None:
    story = Story()
    story.see(State.AWAY, NOW + wrong)
    story.wait(720)
    story.see(State.AT_KEYBOARD, story.now + wrong)
    story.read("ended", age=-wrong, by="customer", why="x")
    assert [kind for kind, _ in story.told_since()] == ["left", "returned", "ending"]
    assert story.told[1].text.endswith("back after 12 min: the customer left")
    assert all(body_of(news, "json") for news in story.told)


def test_a_hosts_words_make_no_second_line_and_no_flood() -> None:
    story = Story(host="nas\n\u202e\x1b[31m" + "x" * 500)
    for n in range(1000):
        story.read("requested", viewer="v", person=f"bob\n{n}" + "y" * 9000, what="z\r\n" * 9)
        story.read("expired")
    story.wait(60)
    assert 0 < len(story.told) <= 25
    assert all(news.text.isprintable() and len(news.text) < 900 for news in story.told)
