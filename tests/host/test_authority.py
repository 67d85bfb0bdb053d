from __future__ import annotations

import pytest

from broker.host.authority import Authority
from broker.recording.grant import Away, Grant, IllegalChange, Mode, Standing

GRANT = Grant(Mode.APPROVE, Away.PAUSE, 1000.0)


class Log:
    def __init__(self) -> None:
        self.entries: list[dict[str, object]] = []

    def __call__(self, event: str, **fields: object) -> None:
        self.entries.append({"t": 0.0, "event": event, **fields})


def test_a_change_is_in_the_log_before_it_is_in_force() -> None:
    seen: list[Mode] = []
    authority: Authority

    def log(event: str, **fields: object) -> None:
        seen.append(authority.grant.mode)

    authority = Authority(GRANT, [], log)
    authority.change("mode_changed", mode="watch", before="approve", by="bob")
    assert seen == [Mode.APPROVE]
    assert authority.grant.mode is Mode.WATCH


def test_an_illegal_change_is_not_logged() -> None:
    log = Log()
    authority = Authority(GRANT, [], log)
    with pytest.raises(IllegalChange):
        authority.change("given_back", by="bob")
    assert log.entries == []


def test_the_next_run_goes_on_with_what_the_log_says() -> None:
    log = Log()
    first = Authority(GRANT, [], log)
    first.change("mode_changed", mode="control", before="approve", by="bob")
    first.change("extended", until=2000.0, by="bob")
    first.change("taken_back", by="bob")
    second = Authority(GRANT, [{"t": 0, "event": "started"}, *log.entries], Log())
    assert second.grant == first.grant
    assert second.grant.standing is Standing.TAKEN_BACK


def announced(authority: Authority, *times: float) -> list[float]:
    told = [authority.announcement(t) for t in times]
    return [one for one in told if one is not None]


def test_the_end_is_announced_twice_and_each_once() -> None:
    authority = Authority(GRANT, [], Log())
    assert announced(authority, 0, 399, 400.5, 401, 800, 940.2, 941, 999) == [600.0, 60.0]


def test_a_host_that_slept_is_told_what_matters_now() -> None:
    assert announced(Authority(GRANT, [], Log()), 0, 970) == [60.0]


def test_a_short_grant_is_no_news() -> None:
    authority = Authority(Grant(Mode.WATCH, Away.PAUSE, 300.0), [], Log())
    assert announced(authority, 0, 100, 239, 241) == [60.0]


def test_an_extended_grant_is_announced_anew() -> None:
    authority = Authority(GRANT, [], Log())
    assert announced(authority, 0, 500) == [600.0]
    authority.change("extended", until=3000.0, by="bob")
    assert announced(authority, 600, 2401, 2950) == [600.0, 60.0]


def test_nothing_is_announced_of_what_is_over() -> None:
    authority = Authority(GRANT, [], Log())
    announced(authority, 0)
    authority.change("revoked", by="bob")
    assert announced(authority, 500, 950) == []
