"""How two fingerprints differ, what several differences come to, and how it is said."""

import json

import pytest

from broker.recording.drift import (
    AREAS,
    ENTRY,
    Change,
    as_json,
    by_area,
    compare,
    compose,
    from_json,
    says,
    title,
)

Subjects = dict[str, dict[str, str]]


def drift(area: str, before: Subjects, after: Subjects) -> list[str]:
    return [says(change) for change in compare({area: before}, {area: after})]


@pytest.mark.parametrize(
    ("area", "before", "after", "told"),
    [
        (
            "links",
            {"eth1": {"mtu": "1500"}},
            {"eth1": {"mtu": "9000"}},
            ["mtu of eth1 1500 → 9000"],
        ),
        ("links", {"eth1": {"": "up"}}, {"eth1": {"": "down"}}, ["link eth1 up → down"]),
        (
            "links",
            {"e": {"mtu": "1"}},
            {"e": {"mtu": "1", "master": "br0"}},
            ["master of e none → br0"],
        ),
        ("links", {}, {"e": {"": "up", "mtu": "1500"}}, ["link e appeared: up, mtu 1500"]),
        (
            "routes",
            {"default route": {"via 10.0.0.1 dev eth0": ""}},
            {"default route": {"via 10.0.0.254 dev eth1": ""}},
            ["default route via 10.0.0.1 dev eth0 → via 10.0.0.254 dev eth1"],
        ),
        (
            "routes",
            {},
            {"default route": {"via A": "", "via B": ""}},
            ["default route via A appeared", "default route via B appeared"],
        ),
        (
            "services",
            {"nfs-server": {"": "active"}},
            {"nfs-server": {"": "failed"}},
            ["nfs-server: active → failed"],
        ),
        ("services", {"job": {"": "failed"}}, {}, ["job: no longer failed"]),
        (
            "users",
            {"group ops": {"gid": "5", "alice": ""}},
            {"group ops": {"gid": "5", "alice": "", "bob": ""}},
            ["bob added to group ops"],
        ),
        ("users", {}, {"group ops": {"gid": "5", "alice": ""}}, ["group ops added: gid 5, alice"]),
        (
            "files",
            {"/a": {"": "file", "content": "1"}},
            {"/a": {"": "file", "content": "2"}},
            ["content of /a changed"],
        ),
        (
            "files",
            {"/a": {"": "file", "content": "1", "x": ""}},
            {"/a": {"": "file", "content": "2", "y": ""}},
            ["/a: line x → y"],
        ),
        ("files", {"/a": {"": "file", "content": "1"}}, {"/a": {"": "file"}}, []),
        (
            "files",
            {},
            {"/a": {"": "file", "content": "1", "mode": "0600"}},
            ["/a appeared: file, mode 0600"],
        ),
        (
            "firewall",
            {"t c": {"a": "", "b": "", "order": "1"}},
            {"t c": {"a": "", "b": "", "order": "2"}},
            ["order in t c changed"],
        ),
        (
            "firewall",
            {"t c": {"a": "", "order": "1"}},
            {"t c": {"a": "", "b": "", "order": "2"}},
            ["added to t c: b"],
        ),
        ("their-own", {}, {"array": {"state": "ok"}}, ["array appeared: state ok"]),
        (
            "their-own",
            {"array": {"state": "ok"}},
            {"array": {"state": "bad"}},
            ["state of array ok → bad"],
        ),
    ],
)
def test_said(area: str, before: Subjects, after: Subjects, told: list[str]) -> None:
    assert drift(area, before, after) == told


def test_an_area_that_was_not_seen_is_no_difference() -> None:
    assert compare({"links": {"eth0": {"": "up"}}}, {"users": {}}) == []


def test_long_values_are_cut_visibly() -> None:
    (told,) = drift("system", {"x": {"": "a"}}, {"x": {"": "b" * 300}})
    assert told.endswith("b …")
    assert len(told) < 210


def entry(before: str | None, after: str | None) -> Change:
    return Change("files", "/a", ENTRY, before, after)


@pytest.mark.parametrize(
    ("drifts", "told"),
    [
        ([[entry(None, "x")], [entry("x", None)]], []),
        ([[entry(None, "x")], [entry("x", "y")]], ["/a: line added: y"]),
        ([[entry("w", "x")], [entry("x", "y")]], ["/a: line w → y"]),
        ([[entry("w", "x")], [entry("x", "w")]], []),
        (
            [[entry(None, "x"), entry(None, "y")], [entry(None, "z")]],
            ["/a: line added: x", "/a: line added: y", "/a: line added: z"],
        ),
        ([[entry(None, "x")], [Change("files", "/a", "", "file", None)]], ["/a went"]),
        (
            [[Change("links", "e", "mtu", "1", "2")], [Change("links", "e", "mtu", "2", "3")]],
            ["mtu of e 1 → 3"],
        ),
        ([[Change("links", "e", "mtu", "1", "2")], [Change("links", "e", "mtu", "2", "1")]], []),
        ([[Change("links", "e", "", None, "up")], [Change("links", "e", "", "up", None)]], []),
        (
            [
                [Change("files", "/a", "content", "1", "2")],
                [Change("files", "/a", "content", "2", "1")],
            ],
            [],
        ),
    ],
)
def test_composed(drifts: list[list[Change]], told: list[str]) -> None:
    assert [says(change) for change in compose(drifts)] == told


def test_the_latest_time_is_kept() -> None:
    first, second = (Change("files", "/a", "mode", *modes) for modes in (("1", "2"), ("2", "3")))
    (told,) = compose([[first._replace(at=1.0)], [second._replace(at=2.0)]])
    assert told == Change("files", "/a", "mode", "1", "3", 2.0)


def test_areas_come_in_their_order_and_unknown_ones_last() -> None:
    changes = [Change(area, "s", "f", "1", "2") for area in ("theirs", "files", "links")]
    assert [area for area, _ in by_area(changes)] == ["links", "files", "theirs"]
    assert title("theirs") == "theirs"
    assert len({area.title for area in AREAS.values()}) == len(AREAS)


def test_kept_and_read_again() -> None:
    change = Change("links", "eth1", "mtu", "1500", None, 3.5)
    assert from_json(json.loads(json.dumps(as_json(change)))) == change
    for wrong in (["links"], [1, "a", "b", None, None, None], ["a", "b", "c", 1, None, None]):
        with pytest.raises((ValueError, TypeError)):
            from_json(wrong)
