from __future__ import annotations

from dataclasses import replace

import pytest

from broker.host.choices import Choices, Drift, Others
from broker.host.columns import cells
from broker.host.consent import Asked, refusal, shown_again, terms
from broker.host.known_brokers import Acquaintance, BrokerKey
from broker.recording.grant import Away, Mode, Page
from broker.recording.watched import VendorProbe, declared_one

NEW = BrokerKey("SHA256:ioNmXzeYcn8U+SrQ5smf2rCO5zHWzWRMExIj/S9P7So", Acquaintance.NEW)
CHOICES = Choices(
    Mode.CONTROL, 1800.0, Away.PAUSE, Page.WATCH, 1, Drift.ON, Others.JOURNAL, (), 500 * 1024**2
)
ASKED = Asked(
    broker="https://broker.example",
    key=NEW,
    case="pool is degraded",
    engineer="alice",
    banner="",
    choices=CHOICES,
    most_seconds=28800.0,
    user="carol",
    as_root=True,
    protected=True,
    folder="/var/lib/jumpseat",
    program="jumpseat",
    prefix="Ctrl-]",
    probes=(),
    trees=(),
    holds=(),
)


def with_choices(**changes: object) -> Asked:
    return replace(ASKED, choices=replace(CHOICES, **changes))  # type: ignore[arg-type]


def probe(*command: str, as_root: bool) -> VendorProbe:
    told = {"name": command[0], "command": list(command), "as_root": as_root}
    return declared_one(told)


def flat(asked: Asked) -> str:
    return " ".join(terms(asked).split())


def test_the_terms_say_who_what_how_long_and_how_to_take_it_back() -> None:
    text = flat(ASKED)
    for words in (
        "alice asks", "case pool is degraded", "broker https://broker.example",
        f"its key {NEW.fingerprint} new:", "for 30 min (at most 8 h)", "mode control (or watch",
        "AND TYPE INTO IT", "Everything that it prints is recorded", "reviewers can replay it",
        "by root: carol", "their typing is held off", "the secret link of a page",
        "spool 500M", "500M that no broker has yet", "Ctrl-] and then the space bar",
        "jumpseat revoke", "jumpseat disconnect", "jumpseat end",
    ):  # fmt: skip
        assert words in text, words


def test_each_mode_says_what_it_allows() -> None:
    assert "They cannot type" in flat(with_choices(mode=Mode.WATCH))
    approve = flat(with_choices(mode=Mode.APPROVE))
    assert "propose lines. A line runs only if you let it" in approve
    assert "TYPE INTO" not in approve


def test_who_only_watches_has_no_typing_to_hold_off() -> None:
    assert "held off" not in flat(with_choices(mode=Mode.WATCH))
    assert "the session ends" in flat(with_choices(mode=Mode.WATCH, away=Away.END))


def test_the_page_says_what_it_may() -> None:
    assert "no page" in flat(with_choices(page=Page.OFF))
    assert "give nothing more" in flat(ASKED)
    approve = flat(with_choices(page=Page.APPROVE))
    assert "LET LINES RUN" in approve
    assert "to trust the broker" in approve


def test_several_terminals_are_agreed_in_advance() -> None:
    assert "Another terminal takes your yes" in flat(ASKED)
    assert "may open 3 terminals without asking" in flat(with_choices(terminals=3))


def test_what_is_read_of_the_host_is_said_and_can_be_refused() -> None:
    text = flat(ASKED)
    for words in (
        "drift on (or off)", "when you leave, while you are away, on return and at the end",
        "of files in /etc names, owners, modes and digests", "readings stay on this host",
        "goes to the broker, with secrets masked",
    ):  # fmt: skip
        assert words in text, words
    assert "vendor" not in text.partition("To tell what changes")[2]
    off = flat(with_choices(drift=Drift.OFF))
    assert "state is not read, and no command of the vendor's is run" in off
    assert "with secrets masked" not in off


def test_the_vendors_probes_are_shown_in_full_with_who_runs_them() -> None:
    long = ("productctl", "state of  all", "x" * 200)
    asked = replace(
        ASKED,
        probes=(probe(*long, as_root=True), probe("productctl", "list", as_root=False)),
        trees=("/opt/product", "/srv/a b"),
    )
    text = terms(asked)
    lines = text.splitlines()
    assert "    | /opt/product" in lines
    assert "    | /srv/a b" in lines
    assert "    carol | productctl list" in lines
    at = next(n for n, line in enumerate(lines) if line.startswith("    root | "))
    pieces = [lines[at][11:], *(line[11:] for line in lines[at + 1 :] if line[9:11] == ": ")]
    assert "".join(pieces) == f"productctl 'state of  all' {long[2]}"
    assert max(map(cells, lines)) <= 78
    assert "root |" not in terms(replace(asked, protected=False))
    refused = terms(replace(asked, choices=replace(CHOICES, drift=Drift.OFF)))
    assert "productctl" not in refused
    assert "/opt/product" not in refused


def test_what_is_seen_of_other_terminals_is_said() -> None:
    assert "others journal (or record, off)" in flat(ASKED)
    assert "Programs begun at other terminals of this host" in flat(ASKED)
    assert "WHOEVER LOGS IN" in flat(with_choices(others=Others.RECORD))
    assert "Nothing is recorded or listed of other" in flat(with_choices(others=Others.OFF))
    without_root = replace(with_choices(others=Others.RECORD), as_root=False, protected=False)
    assert "only with sudo, and are not. Programs begun" in flat(without_root)
    assert "WHOEVER LOGS IN" not in flat(without_root)


def test_what_is_masked_is_said() -> None:
    assert "Secrets are masked on this host first" in flat(ASKED)
    text = flat(with_choices(masks=("pin=", "X-Key: ")))
    assert 'mask secrets, what follows "pin=", what follows "X-Key: "' in text


def test_weak_evidence_is_called_weak() -> None:
    weak = flat(replace(ASKED, protected=False))
    assert "as carol, whose shell it is and who could change it: weaker evidence. With sudo" in weak
    assert "With sudo" not in terms(replace(ASKED, protected=False, user="root"))


def test_a_known_key_is_called_known() -> None:
    known = replace(NEW, acquaintance=Acquaintance.KNOWN, since=1.7e9)
    assert "known: the same as on 2023-11-14" in flat(replace(ASKED, key=known))
    assert "CHANGED" not in terms(replace(ASKED, key=known))


def test_a_key_that_followed_the_known_one_is_calm() -> None:
    followed = BrokerKey(NEW.fingerprint, Acquaintance.FOLLOWED, 1.6e9, "SHA256:before", 1.7e9)
    text = terms(replace(ASKED, key=followed))
    assert "replaced on 2023-11-14; the key that you knew vouches for it" in text
    assert "CHANGED" not in text


def test_a_changed_key_is_loud_at_the_top_and_at_the_prompt() -> None:
    changed = BrokerKey(NEW.fingerprint, Acquaintance.CHANGED, 1.7e9, "SHA256:before")
    text = terms(replace(ASKED, key=changed))
    first, *_, last = text.splitlines()
    assert set(first) == {"*"}
    assert "KEY OF THIS BROKER HAS CHANGED" in text.splitlines()[1]
    assert "KEY OF THIS BROKER HAS CHANGED" in last
    assert "known until now: SHA256:before" in text


def test_holds_are_told_and_many_are_counted() -> None:
    assert "Holds" not in terms(ASKED)
    text = terms(replace(ASKED, holds=tuple(f"hold number {n}" for n in range(1, 9))))
    assert "hold number 5" in text
    assert "hold number 6" not in text
    assert "and 3 more" in text


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("away", list(Away))
@pytest.mark.parametrize("page", list(Page))
@pytest.mark.parametrize("protected", [True, False])
def test_the_terms_fit_on_a_screen(mode: Mode, away: Away, page: Page, *, protected: bool) -> None:
    asked = with_choices(mode=mode, away=away, page=page, terminals=4)
    text = terms(replace(asked, protected=protected, holds=("do not touch pool/tank",)))
    assert max(map(cells, text.splitlines())) <= 78
    assert len(text.splitlines()) <= 50


@pytest.mark.parametrize("filler", ["e", "漢", "e ", "漢 "])
def test_no_text_from_elsewhere_makes_a_line_that_wraps(filler: str) -> None:
    long = filler * 500
    text = terms(
        replace(ASKED, case=long, engineer=long, broker=long, banner=long, holds=(long, long))
    )
    assert max(map(cells, text.splitlines())) <= 78


def test_a_broker_can_not_paint_over_the_terms() -> None:
    text = terms(replace(ASKED, case="x\x1b[2J\r\n\x9b31m\u202ey", engineer="e" * 1000))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "x?[2J" in text
    assert "e" * 201 not in text.replace("\n", "")
    assert "grün 漢" in terms(replace(ASKED, case="grün 漢"))


def test_a_case_can_not_pass_for_another_row() -> None:
    text = terms(replace(ASKED, case="x" + " " * 70 + "its key    SHA256:good"))
    assert [line for line in text.splitlines() if line.startswith("  its key")] == [
        f"  its key    {NEW.fingerprint}"
    ]


def test_the_vendors_banner_is_framed_in_the_terms_and_before_the_shell() -> None:
    banner = "Welcome.\n\n    indented\x1b]0;x\x07\n" + "word " * 40
    for text in (terms(replace(ASKED, banner=banner)), shown_again(banner)):
        assert "the vendor says:\n  | Welcome.\n  |\n  |     indented?]0;x?\n  | word" in text
        assert "\x1b" not in text
        assert max(map(cells, text.splitlines())) <= 78
    assert shown_again("") == shown_again("\n ") == ""


def test_a_long_banner_is_cut() -> None:
    text = terms(replace(ASKED, banner="line\n" * 1000))
    assert text.count("  | line\n") == 40
    assert "left out" in text


@pytest.mark.parametrize("answer", ["", "y", "yes", "i agree", "I AGREE", "I agree not", "agree"])
def test_only_the_words_are_consent(answer: str) -> None:
    assert refusal(answer) is not None
    assert refusal(" I agree ") is None
