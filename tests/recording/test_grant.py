from __future__ import annotations

from itertools import pairwise, product

import pytest

from broker.recording.grant import STEPS, Away, Grant, IllegalChange, Mode, Standing

FIELDS: dict[str, dict[str, object]] = {
    "mode_changed": {"mode": "watch"},
    "extended": {"until": 200.0},
}


def test_each_mode_allows_more_than_the_one_before() -> None:
    for narrow, wide in pairwise(Mode):
        assert wide.widens(narrow)
        assert not narrow.widens(wide)
        assert not wide.widens(wide)


@pytest.mark.parametrize(("event", "standing"), list(product(STEPS, Standing)))
def test_a_step_that_the_table_does_not_have_is_refused(event: str, standing: Standing) -> None:
    grant = Grant(Mode.CONTROL, Away.PAUSE, 100.0, standing=standing)
    entry = {"event": event, **FIELDS.get(event, {})}
    wanted = STEPS[event].get(standing)
    if wanted is None:
        with pytest.raises(IllegalChange):
            grant.after(entry)
    else:
        assert grant.after(entry).standing is wanted


def test_nothing_follows_a_revocation() -> None:
    grant = Grant(Mode.CONTROL, Away.PAUSE, 100.0).after({"event": "revoked"})
    for event in STEPS:
        with pytest.raises(IllegalChange):
            grant.after({"event": event, **FIELDS.get(event, {})})


def test_what_was_taken_back_stays_so_when_the_mode_or_the_time_changes() -> None:
    grant = Grant(Mode.APPROVE, Away.PAUSE, 100.0).after({"event": "taken_back"})
    wider = grant.after({"event": "mode_changed", "mode": "control"})
    assert (wider.mode, wider.standing) == (Mode.CONTROL, Standing.TAKEN_BACK)
    longer = wider.after({"event": "extended", "until": 300})
    assert (longer.until, longer.standing) == (300.0, Standing.TAKEN_BACK)


def test_entries_of_other_things_change_nothing() -> None:
    grant = Grant(Mode.APPROVE, Away.PAUSE, 100.0)
    assert grant.after({"event": "joined", "person": "alice"}) is grant


def test_a_mode_that_is_none_is_an_error() -> None:
    with pytest.raises(ValueError, match="root"):
        Grant(Mode.WATCH, Away.PAUSE, 1.0).after({"event": "mode_changed", "mode": "root"})
