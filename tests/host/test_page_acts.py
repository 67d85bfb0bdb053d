from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest

from broker.host.page_acts import PageActs
from broker.host.refusal import NotDone

KEY = b"k" * 32
FIELDS = {
    "session": "s1", "run": 1, "n": 1, "do": "take_back", "proposal": "", "text_sha256": "",
    "word": "",
}  # fmt: skip


def made(key: bytes = KEY, **changes: Any) -> tuple[str, str]:  # noqa: ANN401 - anything JSON
    action = json.dumps({**FIELDS, **changes})
    return action, hmac.new(key, action.encode(), hashlib.sha256).hexdigest()


def acts() -> PageActs:
    return PageActs(KEY, "s1", 1)


def code_of(page: PageActs, action: str, mac: str) -> str:
    with pytest.raises(NotDone) as why:
        page.read(action, mac)
    return why.value.code


def test_an_act_of_the_page_is_read() -> None:
    action = acts().read(*made(do="approve", proposal="r1p1"))
    assert (action.do, action.proposal) == ("approve", "r1p1")


def test_who_does_not_have_the_key_makes_no_act() -> None:
    action, mac = made()
    assert code_of(acts(), *made(key=b"x" * 32)) == "bad-act"
    assert code_of(acts(), action.replace("take_back", "approve"), mac) == "bad-act"
    assert code_of(acts(), action, "") == "bad-act"
    assert code_of(acts(), action, "é") == "bad-act"


def test_an_act_counts_once_and_in_order() -> None:
    page = acts()
    page.read(*made(n=5))
    assert code_of(page, *made(n=5)) == "repeated"
    assert code_of(page, *made(n=4)) == "repeated"
    page.read(*made(n=6))


def test_an_act_is_for_one_session_and_run() -> None:
    assert code_of(acts(), *made(run=2)) == "other-run"
    assert code_of(acts(), *made(session="s2")) == "other-run"


@pytest.mark.parametrize("changes", [{"n": "1"}, {"n": True}, {"do": 1}, {"word": None}])
def test_an_act_that_makes_no_sense_is_refused(changes: dict[str, Any]) -> None:
    assert code_of(acts(), *made(**changes)) == "bad-act"


@pytest.mark.parametrize("action", ["", "[]", "null", "{", "[" * 5000])
def test_what_is_no_act_is_refused(action: str) -> None:
    mac = hmac.new(KEY, action.encode(), hashlib.sha256).hexdigest()
    assert code_of(acts(), action, mac) == "bad-act"


def test_the_text_that_was_shown_is_the_text_that_runs() -> None:
    digest = hashlib.sha256(b"uptime").hexdigest()
    action = acts().read(*made(text_sha256=digest))
    assert action.is_of("uptime")
    assert not action.is_of("uptime ")
    assert not acts().read(*made()).is_of("")
