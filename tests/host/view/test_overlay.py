from __future__ import annotations

import pytest

from broker.host.view.overlay import overlay
from tests.host.facts import SECOND, TERMINAL, facts, proposal


def page(changes: dict[str, object], size: tuple[int, int] = (80, 24)) -> str:
    drawing = overlay(facts(**changes), TERMINAL, "Ctrl-]").drawn(*size)
    return "\n".join(text.rstrip() for text, _ in drawing.rows)


def full() -> dict[str, object]:
    """All there can be to tell, for a session that is not extraordinary."""
    return {
        "watching": ["alice", "bob"], "typing": "alice", "mode": "control",
        "terminals": [
            {"name": TERMINAL, "number": 1, "seated": True},
            {"name": SECOND, "number": 2, "seated": False},
        ],
        "holds": [
            {"hold": "h1", "text": "do not touch tank", "patterns": ["zpool", "zfs"], "by": "carol"}
        ],
        "allowed": [
            {"person": "alice", "times": 2, "kind": ""},
            {"person": "bob", "times": 0, "kind": "zpool status"},
        ],
        "proposals": [proposal("ls"), proposal("df", proposal="r1p2")],
        "requests": [{"request": "q1", "person": "bob", "what": "time"}],
        "waiting": [{"proposal": "p9", "text": "uptime"}],
        "page": "https://broker.example/customer/s1#" + "k" * 43,
    }  # fmt: skip


def test_all_of_it_fits_an_ordinary_terminal() -> None:
    sheet = overlay(facts(**full()), TERMINAL, "Ctrl-]")
    told = " ".join(" ".join(text for text, _ in sheet.drawn(80, 24).rows).split())
    assert sheet.seen
    for part in (
        "alice, bob; alice types now", "type into it, as you could", "YES", "90 min", "pool is deg",
        "so that carol", "comes through until you are back", "1 (this one), 2", "do not touch tank",
        "zpool, zfs", "alice: the next 2", "begins with `zpool status`",
        "2 proposals and 1 request", "uptime", "k" * 43, "Space: take back", "Ctrl-], then", "https://broker.example",
    ):  # fmt: skip
        assert part in told, part


@pytest.mark.parametrize(
    ("changes", "now"),
    [
        ({"mode": "control"}, "YES"),
        ({"mode": "watch"}, "no: they can only watch"),
        ({"mode": "approve"}, "no: only what you let run"),
        ({"mode": "control", "standing": "taken-back"}, "NO: you have taken it back"),
        ({"mode": "control", "standing": "expired"}, "NO: the grant has expired"),
        ({"mode": "control", "standing": "revoked"}, "NO: the grant is revoked"),
        ({"mode": "control", "link": "lost"}, "not while there is no link"),
        ({"mode": "control", "link": "disconnected"}, "not while there is no link"),
        ({"mode": "control", "ended": True}, "NO: the session has ended"),
    ],
)
def test_whether_they_may_type_now(changes: dict[str, object], now: str) -> None:
    assert f"type now?  {now}" in page(changes)


def test_the_weaker_evidence_is_told() -> None:
    assert "weaker evidence" in page({"protected": False, "recorder": "carol"})
    assert "weaker" not in page({})


def test_names_can_not_paint() -> None:
    told = page({"watching": ["al\x1b[2Jice"], "case": "a\nb", "engineer": "e\u202e"})
    assert "al?[2Jice" in told
    assert "a?b; e?" in told


def test_a_small_screen_scrolls() -> None:
    told = page(full(), (40, 12))
    assert "rows, PgUp PgDn" in told
    assert len(told.split("\n")) <= 12
