from __future__ import annotations

import pytest

from broker.recording.commands import TOLD, Command
from broker.recording.drift import Change
from broker.recording.outcome import ENDED, INFERRED
from broker.recording.suspects import MOST, suspects

TERMINAL = "run-1.terminal-1.cast"


def line(t: float, text: str) -> Command:
    return Command("e1", TERMINAL, text, INFERRED, t, {"customer": 9}, INFERRED)


def told(t: float, until: float, text: str) -> Command:
    return Command("1-1", TERMINAL, text, TOLD, t, {"customer": 9}, ENDED, until, 0)


LINES = [
    line(10, "ls /etc"),
    line(11, "ip link set eth1 mtu 9000"),
    line(12, "systemctl stop nfs-server"),
    line(13, "vi /etc/exports"),
    line(14, "ip route replace default via 10.0.0.254 dev eth1"),
    line(15, "useradd -m carol"),
    line(16, ""),
]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (Change("links", "eth1", "mtu", "1500", "9000"), "ip link set eth1 mtu 9000"),
        (
            Change("routes", "default", "", "via 10.0.0.1 dev eth0", "via 10.0.0.254 dev eth1"),
            "ip route replace default via 10.0.0.254 dev eth1",
        ),
        (
            Change("services", "nfs-server", "state", "active", "failed"),
            "systemctl stop nfs-server",
        ),
        (Change("files", "/etc/exports", "content", "a", "b", 14.5), "vi /etc/exports"),
        (Change("users", "user carol", "", None, "uid 1001"), "useradd -m carol"),
    ],
)
def test_the_line_that_names_it_stands_beside_a_change(change: Change, expected: str) -> None:
    assert expected in [one.line for one in suspects(change, 0.0, 20.0, LINES)]
    assert "ls /etc" not in [one.line for one in suspects(change, 0.0, 20.0, LINES)]


def test_a_line_from_before_or_after_is_none() -> None:
    change = Change("links", "eth1", "mtu", "1500", "9000")
    assert suspects(change, 11.5, 13.5, LINES) == []


def test_a_change_that_no_line_names_has_none() -> None:
    assert suspects(Change("modules", "zfs", "", None, "loaded"), 0.0, 20.0, LINES) == []


def test_the_likeliest_few_are_named_in_order_of_time() -> None:
    lines = [line(t, f"ip link set eth1 mtu {t}") for t in range(1, 9)]
    found = suspects(Change("links", "eth1", "mtu", "1500", "4"), 0.0, 20.0, lines)
    assert len(found) <= MOST
    assert lines[3] in found
    assert found == sorted(found, key=lambda one: one.since)


def test_what_ran_for_long_may_have_done_it_at_any_time() -> None:
    ran = [told(10, 500, "bash"), told(20, 400, "vi /etc/exports"), told(30, 40, "vi /etc/exports")]
    written = Change("files", "/etc/exports", "content", "a", "b", 300.0)
    assert suspects(written, 200.0, 310.0, ran) == ran[1:2]
