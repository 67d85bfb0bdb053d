"""Holds in real shells on real PTYs: what is stopped, and that nothing else is different."""

from __future__ import annotations

import re
import tempfile
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from broker.host.marks import new_nonce
from broker.host.shells.start import Start, limit
from tests.host.scripted_recorder import TEXT, holds_of
from tests.host.shell_seat import ASKED, PROMPT, TERMINAL, ShellHost, ShellSeat, shell_host

SHELLS = ("bash", "zsh", "fish")
UP = "\x1b[A"
LINE = "touch pool/tank"


@pytest.fixture
async def host(request: pytest.FixtureRequest) -> AsyncIterator[ShellHost]:
    with tempfile.TemporaryDirectory(prefix="shells-") as folder:  # short: a socket is in it
        async with shell_host(request.param, Path(folder)) as host:
            yield host


def on(*shells: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("host", shells, indirect=True)


@pytest.fixture
async def seat(host: ShellHost) -> AsyncIterator[ShellSeat]:
    """A shell that began before the hold was put up."""
    (host.home / "pool").mkdir()
    async with host.seat() as seat:
        host.put_up(holds_of("pool/tank", "zfs destroy"))
        yield seat


def touched(host: ShellHost) -> bool:
    return (host.home / "pool/tank").exists()


@on(*SHELLS)
async def test_a_line_that_touches_a_hold_runs_only_on_the_typed_word(
    host: ShellHost, seat: ShellSeat
) -> None:
    seat.types(f"true; {LINE}\r")
    await seat.expect("HOLD by bob since 2001-09-0")
    await seat.expect(TEXT)
    await seat.expect("This prevents slips, not attackers.")
    await seat.is_refused("yes\r")
    await seat.enters("true")
    assert not touched(host)
    assert host.recorder.done == [("check", f"true; {LINE}", TERMINAL)]

    seat.types(f"true; {LINE}\r")
    await seat.expect(ASKED)
    seat.types("override\r")
    await seat.expect(PROMPT)
    await seat.enters("true")
    assert touched(host)
    assert host.recorder.done[-1] == ("override", f"true; {LINE}", TERMINAL)


@on(*SHELLS)
async def test_lines_that_touch_none_run_without_a_word(host: ShellHost, seat: ShellSeat) -> None:
    await seat.enters("touch pool/tank2")
    assert (host.home / "pool/tank2").exists()
    assert host.recorder.done == []
    host.put_up(holds_of())
    await seat.enters(LINE)
    assert touched(host)
    assert b"HOLD" not in seat.printed


@on(*SHELLS)
async def test_a_line_from_the_history_is_stopped_like_a_typed_one(
    host: ShellHost, seat: ShellSeat
) -> None:
    seat.types(f"{LINE}\r")
    await seat.is_refused()
    seat.types(UP)
    await seat.expect("tank")
    seat.types("\r")
    await seat.is_refused()
    await seat.enters("true")
    assert not touched(host)


@on("bash", "zsh")
async def test_what_a_bang_stands_for_is_looked_at(host: ShellHost, seat: ShellSeat) -> None:
    seat.types("ls pool/ta\bank\r")
    await seat.is_refused()
    await seat.enters("echo wor''d")
    seat.types("!ls\r")
    await seat.expect("  ls pool/tank")
    await seat.is_refused()
    seat.types("echo zfs\r")
    await seat.expect(PROMPT)
    seat.types("!! destroy\r")
    await seat.expect("  echo zfs destroy")
    await seat.is_refused()


@on(*SHELLS)
async def test_a_paste_is_stopped_whole(host: ShellHost, seat: ShellSeat) -> None:
    seat.types(f"\x1b[200~touch pool/first\n{LINE}\x1b[201~\r")
    await seat.expect(f"  {LINE}")
    await seat.is_refused()
    await seat.enters("true")
    assert not touched(host)
    assert not (host.home / "pool/first").exists()


@on("bash")
async def test_keys_behind_a_line_that_is_stopped_are_no_answer_and_no_command(
    host: ShellHost, seat: ShellSeat
) -> None:
    await seat.enters("bind 'set enable-bracketed-paste off'")
    seat.types(f"{LINE}\noverride\ntouch pool/later\n")
    await seat.expect(ASKED)
    seat.types("no\r")
    await seat.expect("It has not run.")
    await seat.expect(PROMPT)  # redrawn with an empty line
    await seat.expect(PROMPT)
    await seat.enters("true")
    assert not touched(host)
    assert not (host.home / "pool/later").exists()


@on(*SHELLS)
async def test_no_part_of_a_command_of_several_lines_runs(host: ShellHost, seat: ShellSeat) -> None:
    first, last = ("for i in 1", "end") if host.shell == "fish" else ("for i in 1; do", "done")
    for line in (first, "touch pool/first", LINE):
        seat.types(f"{line}\r")
    if host.shell == "fish":  # has all of it in one line editor
        seat.types(f"{last}\r")
    await seat.is_refused()
    await seat.enters("true")
    assert not touched(host)
    assert not (host.home / "pool/first").exists()


@on("fish")
async def test_a_line_that_a_backslash_continues_is_one(host: ShellHost, seat: ShellSeat) -> None:
    seat.types("echo zfs \\\rdestroy\r")
    await seat.is_refused()


@on("fish")
async def test_what_an_abbreviation_stands_for_is_looked_at(
    host: ShellHost, seat: ShellSeat
) -> None:
    await seat.enters("abbr -a zd 'echo zfs' destroy")
    seat.types("zd\r")
    await seat.is_refused()
    await seat.enters("true")


@on(*SHELLS)
@pytest.mark.parametrize("key", ["\x03", "\x04", "\r"])
async def test_any_other_key_at_the_question_refuses(
    host: ShellHost, seat: ShellSeat, key: str
) -> None:
    seat.types(f"{LINE}\r")
    await seat.is_refused(key)
    await seat.enters("stty -a >modes")
    modes = (host.home / "modes").read_text().split()
    assert {"icanon", "isig", "icrnl", "echo", "susp", "^Z;"} <= set(modes)
    assert not touched(host)


@on(*SHELLS)
async def test_a_recorder_that_is_gone_stops_nobody_who_types_the_word(
    host: ShellHost, seat: ShellSeat
) -> None:
    (host.runtime / "s1.sock").unlink()
    seat.types(f"{LINE}\r")
    await seat.expect("nor can this be logged")
    await seat.is_refused()
    assert not touched(host)
    seat.types(f"{LINE}\r")
    await seat.expect(ASKED)
    seat.types("override\r")
    await seat.expect(PROMPT)
    await seat.enters("true")
    assert touched(host)


@on("bash")
@pytest.mark.parametrize("keys", ["set -o vi", "set -o vi; trap : DEBUG; set -eu", "set -x"])
async def test_bash_in_its_other_moods(host: ShellHost, seat: ShellSeat, keys: str) -> None:
    await seat.enters(keys)
    seat.types(f"{LINE}\x1b\r" if "vi" in keys else f"{LINE}\n")
    await seat.is_refused()
    await seat.enters("true")
    assert not touched(host)
    assert b"__jumpseat" not in seat.printed
    assert b"[[" not in seat.printed


@on("bash")
async def test_a_here_document_is_read_as_without_us(host: ShellHost, seat: ShellSeat) -> None:
    await seat.enters("true")
    seat.types("cat <<END\r")
    for row in ("a pool of ra''in", "END"):
        await seat.expect("\x1b[?2004h> ")
        seat.types(f"{row}\r")
    await seat.expect("\x1b[?2004l\ra pool of ra''in\r\n")
    await seat.enters("echo the e''nd")
    assert b"syntax error" not in seat.printed


@on("bash")
async def test_the_status_and_the_last_word_stay_for_the_line(
    host: ShellHost, seat: ShellSeat
) -> None:
    await seat.enters("true")
    seat.types("(exit 3) | (exit 4)\r")
    await seat.expect(PROMPT)
    seat.types("echo zfs destroy st=$?,${PIPESTATUS[*]}\r")
    await seat.expect(ASKED)
    seat.types("override\r")
    await seat.expect("destroy st=4,3 4\r\n")
    seat.types(": some word\r")
    await seat.expect(PROMPT)
    seat.types("echo zfs destroy last=$_\r")
    await seat.expect(ASKED)
    seat.types("override\r")
    await seat.expect("destroy last=word\r\n")


@on("zsh", "fish")
async def test_the_status_stays_for_the_line(host: ShellHost, seat: ShellSeat) -> None:
    seat.types("false\r")
    await seat.expect(PROMPT)
    seat.types("echo zfs destroy st=$status\r")
    await seat.expect(ASKED)
    seat.types("override\r")
    await seat.expect("destroy st=1\r\n")


# What tells how a shell began; each is written into a file of its own.
_FACTS = {
    "bash": [
        'echo "$?" "$-" "$0" "$SHLVL" "$HISTFILE" "$PS1" "$PROMPT_COMMAND" "$BASH_SOURCE"',
        "set -o; shopt; alias; trap -p; umask; ulimit -a; complete; jobs; history",
        "compgen -v; env | sort",
        "declare -F",
    ],
    "zsh": [
        'print -r "$?" "$-" "$0" "$SHLVL" "$HISTFILE" "$PS1" "$ZDOTDIR"',
        "setopt; alias; trap; umask; ulimit -a; jobs; bindkey -L",
        "print -rl ${(ko)parameters}; env | sort",
        "print -rl ${(ko)functions}",
    ],
    "fish": [
        "echo $status $SHLVL $fish_key_bindings; status is-login; echo $status",
        "functions -a; umask; bind --preset; env | sort",
        "set -n; abbr --show",
    ],
}
_OURS = re.compile(
    r"^_?_jumpseat\w*$|^declare -f __jumpseat_\w+$"
    r"|^(?:PS0|PROMPT_COMMAND|precmd_functions|preexec_functions)$",
    re.MULTILINE,
)


async def facts(host: ShellHost, *, login: bool, with_holds: bool) -> list[str]:
    """What the shell says of itself; what is ours by its name is left out."""
    found = []
    plan = replace(host.plan(login=login, with_holds=with_holds), marks=new_nonce())
    async with host.seat(plan) as seat:
        for number, command in enumerate(_FACTS[host.shell]):
            path = host.runtime / f"facts-{number}"
            block = f"begin; {command}; end" if host.shell == "fish" else f"{{ {command}; }}"
            seat.types(f"{block} >{path}\r")
            await seat.expect(PROMPT)
            await seat.enters("true")
            found.append(_OURS.sub("", path.read_text()))
    for history in host.home.rglob("*history*"):
        history.unlink()
    return ["\n".join(filter(None, one.splitlines())) for one in found]


@on(*SHELLS)
@pytest.mark.parametrize("login", [False, True])
async def test_a_shell_begins_as_without_holds(host: ShellHost, *, login: bool) -> None:
    for name in (".bashrc", ".bash_profile", ".zshrc"):
        if (host.home / name).exists():
            with (host.home / name).open("a") as file:
                file.write("alias ll='ls -l'\nSTARTED=$0\nexport GIVEN=1\n(exit 7)\n")
    plain = await facts(host, login=login, with_holds=False)
    before = {path: path.read_bytes() for path in host.home.rglob("*") if path.is_file()}
    told = await facts(host, login=login, with_holds=True)
    for one, other in zip(told, plain, strict=True):
        assert one.splitlines() == other.splitlines()
    for path, text in before.items():
        assert "fish_variables" in path.name or path.read_bytes() == text


@on("bash")
async def test_a_login_bash_says_goodbye(host: ShellHost) -> None:
    (host.home / ".bash_logout").write_text("echo good''bye\n")
    async with host.seat(host.plan(login=True)) as seat:
        seat.types("exit 4\r")
        await seat.expect("goodbye")
        await seat.until(lambda: seat.status is not None, "the shell to end")
        assert seat.status == 4
    async with host.seat(host.plan(login=True)) as seat:
        seat.types(UP)
        await seat.expect("exit 4")


@on("zsh")
async def test_zsh_keeps_to_the_folder_of_its_users_files(host: ShellHost) -> None:
    other = host.runtime / "dot"
    other.mkdir()
    (other / ".zshenv").write_text("FROM=here\n")
    (other / ".zshrc").write_text(f"PS1='{PROMPT}'\n")
    async with host.seat(host.plan(ZDOTDIR=str(other))) as seat:
        host.put_up(holds_of("pool/tank"))
        seat.types("echo $FROM $ZDOTDIR; env | grep -c JUMPSEAT_\r")
        await seat.expect(f"here {other}\r\n2\r\n")
        seat.types("echo pool/tank\r")
        await seat.is_refused()


@on("bash")
async def test_other_shells_begin_as_they_are_and_say_why(host: ShellHost) -> None:
    plan = host.plan()
    assert plan.limit == ""
    for program in ("/bin/sh", "/bin/dash", "/bin/rbash", "/bin/busybox", "/bin/ksh"):
        other = replace(plan, user=replace(plan.user, shell=program))
        assert "can't be made to look at a line" in other.limit
        assert other.start == Start()
    assert "dumb" in limit("/bin/bash", {"TERM": "dumb"})
    user = replace(plan.user, shell="/bin/sh")  # noqa: S604 - a field
    async with host.seat(replace(plan, user=user, env={**plan.env, "PS1": PROMPT})) as seat:
        host.put_up(holds_of("pool/tank"))
        await seat.enters("echo pool/tank")
