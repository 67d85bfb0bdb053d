"""What is made of a terminal's marks."""

from itertools import count

import pytest

from broker.host.command_events import MOST_CHARACTERS, CommandEvents, Told, label
from broker.host.marks import Mark


class Shells:
    """One terminal's shells, which say what a test has them say."""

    def __init__(self) -> None:
        names = count(1)
        self.events = CommandEvents("t", lambda: f"1-{next(names)}", lambda text: text)

    def say(self, kind: str, pid: int, *fields: str) -> list[Told]:
        return self.events.take(Mark(kind, pid, tuple(one.encode() for one in fields)))

    def waits(self) -> bool:
        return self.events.at_prompt

    def begin(self, pid: int = 7, name: str = "bash 5.2") -> None:
        assert self.say("s", pid, name) == []
        self.prompt(pid)

    def prompt(self, pid: int = 7, status: str = "0", cwd: str = "/") -> list[Told]:
        return self.say("p", pid, status, cwd)

    def run(self, *lines: str, pid: int = 7, **shares: int) -> list[Told]:
        for line in lines:
            self.events.enter(shares)
            self.say("l", pid, line)
        return self.say("c", pid)


@pytest.fixture
def shells() -> Shells:
    return Shells()


def brief(told: list[Told]) -> list[tuple[object, ...]]:
    """What can't be seen from the rest of an entry."""
    return [
        (one.fields["line"], one.fields["depth"])
        if one.event == "command_started"
        else ("ended", one.fields["command"], one.fields["status"])
        for one in told
    ]


def test_a_command_from_its_line_to_its_end(shells: Shells) -> None:
    shells.begin()
    assert shells.waits()
    assert shells.run("false", alice=5) == [
        Told(
            "command_started",
            {
                "command": "1-1",
                "terminal": "t",
                "line": "false",
                "shell": "bash 5.2",
                "depth": 1,
                "cwd": "/",
                "shares": {"alice": 5},
            },
        )
    ]
    assert not shells.waits()
    ended = {"command": "1-1", "terminal": "t", "status": 1}
    assert shells.prompt(status="1") == [Told("command_ended", ended)]
    assert shells.prompt(status="1") == []


def test_several_enters_make_one_command(shells: Shells) -> None:
    shells.begin()
    shells.events.enter({"alice": 8})
    shells.say("e", 7, "cat <<")
    shells.say("l", 7, "E")
    shells.events.enter({"customer": 4})
    shells.say("l", 7, "text")
    (started,) = shells.run("E", alice=1)
    assert started.fields["line"] == "cat <<E\ntext\nE"
    assert started.fields["shares"] == {"alice": 9, "customer": 4}


def test_the_whole_line_counts_more_than_its_parts(shells: Shells) -> None:
    shells.begin()
    shells.events.enter({"alice": 2})
    shells.say("w", 7, "for x\n")
    shells.say("w", 7, "done\n")
    assert brief(shells.say("c", 7)) == [("for x\ndone", 1)]


def test_a_second_command_of_one_line_is_the_same_command(shells: Shells) -> None:
    shells.begin()
    assert len(shells.run("echo a\necho b")) == 1
    assert shells.say("c", 7) == []
    assert brief(shells.prompt()) == [("ended", "1-1", 0)]


@pytest.mark.parametrize(
    ("line", "status", "told"),
    [
        ("if then", "2", [("if then", 1), ("ended", "1-1", 2)]),
        ("!none", "1", [("!none", 1), ("ended", "1-1", None)]),
        ("given up", "130", []),
        ("  # a remark", "1", []),
        ("", "0", []),
    ],
)
def test_a_line_that_never_ran(
    shells: Shells, line: str, status: str, told: list[tuple[object, ...]]
) -> None:
    shells.begin()
    shells.events.enter({"alice": 3})
    shells.say("l", 7, line)
    assert brief(shells.prompt(status=status)) == told
    (next_one,) = shells.run("id", customer=2)
    assert next_one.fields["shares"] == {"customer": 2}


def test_what_is_entered_elsewhere_is_no_line(shells: Shells) -> None:
    assert shells.say("l", 7, "unknown shell") == []
    shells.begin()
    shells.run("read -e secret")
    shells.say("l", 7, "hunter2")
    assert brief(shells.prompt()) == [("ended", "1-1", 0)]
    assert brief(shells.run("id")) == [("id", 1)]


def test_shells_within_shells(shells: Shells) -> None:
    shells.begin()
    shells.run("sudo -i")
    shells.begin(9)
    assert brief(shells.run("id", pid=9)) == [("id", 2)]
    shells.prompt(9)
    shells.run("exit", pid=9)
    assert brief(shells.prompt(status="3")) == [("ended", "1-3", None), ("ended", "1-1", 3)]
    assert brief(shells.run("id")) == [("id", 1)]


def test_a_shell_that_became_another(shells: Shells) -> None:
    shells.begin()
    shells.run("exec zsh")
    assert brief(shells.say("s", 7, "zsh 5.9")) == [("ended", "1-1", None)]
    shells.prompt()
    (started,) = shells.run("id")
    assert (started.fields["shell"], started.fields["depth"]) == ("zsh 5.9", 1)


def test_the_end_of_the_terminal_ends_what_runs(shells: Shells) -> None:
    shells.begin()
    shells.run("bash")
    shells.begin(9)
    shells.run("exit 3", pid=9)
    assert brief(shells.events.close(137)) == [("ended", "1-2", None), ("ended", "1-1", 137)]


def test_enter_pressed_ahead_of_the_prompt(shells: Shells) -> None:
    shells.begin()
    shells.run("sleep 1", alice=7)
    shells.events.enter_elsewhere({"bob": 2})
    shells.prompt()
    shells.say("l", 7, "ls")
    (started,) = shells.say("c", 7)
    assert started.fields["shares"] == {"bob": 0}


def test_a_huge_line_is_cut(shells: Shells) -> None:
    shells.begin()
    (started,) = shells.run("x" * (MOST_CHARACTERS + 5))
    assert started.fields["line"] == "x" * MOST_CHARACTERS + " …"
    assert started.fields["cut"] == 5


def test_what_a_marker_says() -> None:
    assert label("ls -l") == "ls -l"
    assert label("for x\ndo") == "for x …"
    assert label("y" * 300) == "y" * 120 + " …"
