"""Commands as events: every case of the tables, on real shells through a real PTY.

All cases run at once, a few at a time; each is then looked at on its own.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.host.command_cases import Case, Told
from tests.host.command_cases.bash import BASH
from tests.host.command_cases.bash_settings import BASH_SETTINGS
from tests.host.command_cases.fish import FISH
from tests.host.command_cases.forged import FORGED
from tests.host.command_cases.plain import PLAIN
from tests.host.command_cases.zsh import ZSH
from tests.host.command_seat import CommandSeat, command_seat

CASES = [*BASH, *BASH_SETTINGS, *ZSH, *FISH, *PLAIN, *FORGED]
AT_ONCE = 8


@dataclass
class Outcome:
    """What came of a case: the seat that told, and the one that was left alone."""

    seat: CommandSeat
    alone: CommandSeat | None
    recording: str
    screen: list[str]
    screen_alone: list[str]


def _key(case: Case) -> str:
    return f"{case.shell}-{case.name}"


async def _seat(case: Case, folder: Path, *, tells: bool) -> CommandSeat:
    async with command_seat(case, folder, tells=tells) as seat:
        for step in case.steps:
            await seat.take(step)
        await seat.end()
    return seat


async def _run(case: Case, folder: Path, turn: asyncio.Semaphore) -> Outcome | Exception:
    try:
        async with turn:
            seat = await _seat(case, folder / "told", tells=True)
            alone = await _seat(case, folder / "bare", tells=False) if case.alike else None
        shown = alone.screen if alone else []
        return Outcome(seat, alone, seat.recording, seat.screen, shown)
    except Exception as error:  # noqa: BLE001 - of one case; the others go on
        return error


async def _run_all(cases: list[Case], folder: Path) -> dict[str, Outcome | Exception]:
    turn = asyncio.Semaphore(AT_ONCE)
    async with asyncio.TaskGroup() as group:
        running = {}
        for number, case in enumerate(cases):
            place = folder / str(number)
            place.mkdir()
            running[_key(case)] = group.create_task(_run(case, place, turn))
    return {key: task.result() for key, task in running.items()}


@pytest.fixture(scope="module")
def outcomes(request: pytest.FixtureRequest) -> Iterator[dict[str, Outcome | Exception]]:
    chosen = {item.name for item in request.session.items}
    cases = [case for case in CASES if f"test_a_case[{_key(case)}]" in chosen]
    cases = [case for case in cases if _found(case)]
    with tempfile.TemporaryDirectory(prefix="cases-") as folder:  # short: a socket is in it
        yield asyncio.run(_run_all(cases, Path(folder)))


def _found(case: Case) -> bool:
    return shutil.which({"ash": "busybox"}.get(case.shell, case.shell)) is not None


def _commands(seat: CommandSeat) -> list[dict[str, Any]]:
    """Every command with its status and how its output lies in the recording."""
    found: dict[object, dict[str, Any]] = {}
    for event, fields in seat.log_entries:
        if event == "command_started":
            found[fields["command"]] = {**fields}
        elif event == "command_ended":
            found[fields["command"]]["status"] = fields["status"]
    return list(found.values())


@pytest.mark.parametrize("case", CASES, ids=_key)
def test_a_case(case: Case, outcomes: dict[str, Outcome | Exception]) -> None:
    if not _found(case):
        pytest.skip(f"no {case.shell} on this machine")
    outcome = outcomes[_key(case)]
    if isinstance(outcome, Exception):
        raise outcome
    seat = outcome.seat
    wanted: list[Told] = [*case.told]
    if case.exits and wanted:
        wanted.append(("exit", case.status))
    told = _commands(seat)
    assert [(one["line"], one.get("status", "runs")) for one in told] == [one[:2] for one in wanted]
    for one, (_, _, *others) in zip(told, wanted, strict=True):
        other = others[0] if others else {}
        usual = {"cwd": str(seat.home), "depth": 1, "terminal": seat.terminal.name}
        expected = {**usual, **other}
        expected["cwd"] = str(expected["cwd"]).replace("~", str(seat.home), 1)
        assert {name: one[name] for name in expected} == expected
        assert str(one["shell"]).split()[0] == case.shell
        assert "shares" in other or [*one["shares"]] == ["alice"]
    lines = [fields.get("line") for event, fields in seat.log_entries if event == "entered"]
    assert lines == list(case.entered)
    assert seat.nonce not in outcome.recording
    assert seat.nonce[:16] not in outcome.recording
    assert case.name.startswith("forged") or "u001b]7717" not in outcome.recording
    assert seat.status == case.status
    if outcome.alone is not None:
        assert outcome.alone.status == case.status
        assert outcome.screen == outcome.screen_alone
