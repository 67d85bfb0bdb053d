"""The exec journal on the real kernel: programs of other users at other terminals."""

from __future__ import annotations

import asyncio
import json
import os
import pwd
import signal
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from broker.host.execs.gathering import A_SECOND_OF_IT, OF_A_TERMINAL
from broker.host.execs.journal import ExecJournal
from broker.host.execs.seen import standing, terminal
from broker.host.execs.source import silent_because
from tests.host.broker_end import BrokerEnd
from tests.host.real_recorder import LOG, Host, sit
from tests.journeys import processes
from tests.journeys.terminal import Terminal, run
from tests.journeys.waiting import until

ENV = {"PATH": os.environ["PATH"], "PS1": "$ ", "PYTHONPATH": str(Path.cwd()), "HOME": "/"}
OTHER = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.getuid())
AS_OTHER = (
    ("setpriv", f"--reuid={OTHER.pw_uid}", f"--regid={OTHER.pw_gid}", "--clear-groups")
    if os.geteuid() == 0
    else ()
)
pytestmark = pytest.mark.skipif("container" in silent_because(None), reason=silent_because(None))


class Machine:
    """The recorder, as far as the journal knows, and shells at terminals of this host."""

    def __init__(self) -> None:
        self.logged: list[dict[str, Any]] = []
        self.failures: list[BaseException] = []
        self.shells: list[Terminal] = []
        self.own: list[int] = []
        self.journal = self.new()

    def new(self, others: str = "journal") -> ExecJournal:
        return ExecJournal(others, ["pin="], lambda: self.own, time.monotonic, self)

    def log(self, event: str, **fields: object) -> None:
        self.logged.append({"event": event, **fields})

    def failed(self, error: BaseException) -> None:
        self.failures.append(error)

    async def shell(self, *, own: bool = False) -> Terminal:
        shell = Terminal()
        self.shells.append(shell)
        await shell.run([*(() if own else AS_OTHER), "sh", "-i"], ENV)
        await shell.expect("$ ")
        if own:
            self.own.append(shell.pid)
        return shell

    def lost(self) -> int:
        return sum(one["lost"] for one in self.logged if one["event"] == "execs")

    def ran(self, shell: Terminal) -> list[dict[str, Any]]:
        stands = standing(shell.pid)
        assert stands is not None
        there = terminal(stands.tty)
        entries = [one for one in self.logged if one["event"] == "execs"]
        return [one for entry in entries for one in entry["ran"] if one["terminal"] == there]

    async def begin(self) -> None:
        """Have it watch; returns once it is seen to, at a terminal of its own."""
        shell = await self.shell()
        self.journal.look(live=True)
        await until(lambda: self.journal.processes, "the process")
        self.journal.look(live=True)
        for _ in range(100):
            shell.type("/bin/sleep 0.2\n")
            await shell.expect("$ ")
            await asyncio.sleep(0.1)  # between tries: nobody says from when on it watches
            if self.ran(shell):
                return
        raise AssertionError(f"nothing is seen: {self.logged}")

    async def until_ran(self, shell: Terminal, *argv: str) -> dict[str, Any]:
        def found() -> list[dict[str, Any]]:
            return [one for one in self.ran(shell) if one["argv"] == list(argv)]

        return (await until(found, f"{argv} to be listed"))[0]


@pytest.fixture
async def machine() -> AsyncIterator[Machine]:
    machine = Machine()
    yield machine
    await machine.journal.finish()
    for shell in machine.shells:
        await shell.close()
    assert machine.journal.processes == []
    assert machine.failures == []


async def test_what_others_begin_is_listed_as_it_was_typed(machine: Machine) -> None:
    shell = await machine.shell()
    await machine.begin()
    began = time.monotonic()
    # Programs that wait for their terminal: their words are read while they run.
    shell.type("cd /usr; sh -c 'cat -u; :' 'two  words' pin=1234 'li\nne' jumpseat grant A-B\n")
    words = ("two  words", "pin=•••", "li\nne", "jumpseat", "grant", "•••")
    listed = await machine.until_ran(shell, "sh", "-c", "cat -u; :", *words)
    inner = await machine.until_ran(shell, "cat", "-u")
    assert (listed["user"], listed["cwd"]) == (OTHER.pw_name, "/usr")
    assert (listed["parent"], inner["parent"]) == (shell.pid, listed["pid"])
    assert began - 0.01 <= listed["t"] <= inner["t"] + 0.01
    assert inner["t"] <= time.monotonic() + 0.01
    assert set(listed) == {"t", "pid", "parent", "user", "terminal", "argv", "cwd"}


async def test_the_sessions_own_terminals_and_daemons_are_not_listed(machine: Machine) -> None:
    shell, own = await machine.shell(), await machine.shell(own=True)
    await machine.begin()
    machine.journal.look(live=True)
    own.type("/bin/sleep 0.31; sh -c 'sleep 0.32; :'\n")
    own.type("script -qec 'sleep 0.35; :' /dev/null; echo 'do'ne\n")
    await own.expect("done")
    await run(["/bin/sleep", "0.33"], ENV)
    machine.journal.look(live=True)
    shell.type("/bin/cat\n")
    await machine.until_ran(shell, "/bin/cat")
    assert machine.ran(own) == []
    entries = [entry["ran"] for entry in machine.logged if entry["event"] == "execs"]
    told = json.dumps([one["argv"] for ran in entries for one in ran])
    assert not [which for which in ("0.31", "0.32", "0.33", "0.35") if which in told]


async def test_of_a_storm_none_goes_uncounted_and_others_are_not_hidden_by_it(
    machine: Machine,
) -> None:
    shell, quiet = await machine.shell(), await machine.shell()
    await machine.begin()
    lost, began = machine.lost(), time.monotonic()
    shell.type("i=0; while [ $i -lt 500 ]; do /bin/true; i=$((i+1)); done; echo o'ver'\n")
    await shell.expect("over")
    quiet.type("/bin/cat\n")
    await machine.until_ran(quiet, "/bin/cat")
    await until(
        lambda: len(machine.ran(shell)) + machine.lost() - lost >= 500, "the count of the others"
    )
    storm = machine.ran(shell)
    bound = OF_A_TERMINAL + A_SECOND_OF_IT * (time.monotonic() - began)
    assert OF_A_TERMINAL / 2 <= len(storm) <= bound
    assert all(one["argv"] in (["/bin/true"], None) for one in storm)
    assert {(one["parent"], one["user"]) for one in storm} == {(shell.pid, OTHER.pw_name)}


async def test_it_lasts_as_long_as_the_grant_and_not_where_it_is_off(machine: Machine) -> None:
    off = machine.new("off")
    off.look(live=True)
    assert off.processes == []
    await machine.begin()
    (first,) = machine.journal.processes
    machine.journal.look(live=False)
    await until(lambda: not machine.journal.processes, "the process to end")
    await machine.begin()  # extended
    assert machine.journal.processes != [first]
    assert not [one for one in machine.logged if one["event"] == "limit"]


async def test_that_it_has_ended_is_said_once_and_it_does_not_begin_again(machine: Machine) -> None:
    machine.journal.look(live=True)
    (pid,) = await until(lambda: machine.journal.processes, "the process")
    os.kill(pid, signal.SIGKILL)
    await until(lambda: not machine.journal.processes, "its end")
    (limit,) = await until(
        lambda: [one for one in machine.logged if one["event"] == "limit"], "the limit"
    )
    assert limit["what"] == "execs"
    machine.journal.look(live=True)
    assert machine.journal.processes == []


async def test_in_a_container_that_nothing_is_seen_is_said() -> None:
    process = await asyncio.create_subprocess_exec(
        "unshare", "--user", "--map-root-user", "--pid", "--fork",
        sys.executable, "-m", "broker.host", "execs",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, env=ENV, cwd=Path.cwd(),
    )  # fmt: skip
    told, _ = await process.communicate(b'{"masks": []}\n')
    assert process.returncode == 0
    why = "in a container the kernel tells of no programs that are begun"
    assert json.loads(told) == {"limit": why}


async def test_in_a_session_it_stands_in_the_log_and_ends_with_the_grant(
    host: Host, broker: BrokerEnd, machine: Machine
) -> None:
    shell = await machine.shell()
    seat = await sit(host, broker, others="journal")

    def watching() -> list[int]:
        recorder = host.pid()
        found = [one for one in processes.running() if one.argv[-1] == "execs"]
        return [one.pid for one in found if one.parent == recorder]

    await until(watching, "the process that watches")
    for _ in range(80):
        seat.types("/bin/sleep 0.36\n")
        shell.type("/bin/sleep 0.37\n")
        await asyncio.sleep(0.5)  # between tries: nobody says from when on it watches
        if b'"0.37"' in (host.folder / LOG).read_bytes():
            break
    listed = [one for entry in host.logged("execs") for one in entry["ran"]]
    assert [one for one in listed if one["argv"] == ["/bin/sleep", "0.37"]]
    assert not [one for one in listed if one["argv"] == ["/bin/sleep", "0.36"]]
    await host.do("revoke")
    await until(lambda: not watching(), "its end")
    await seat.close()
    await host.do("end")
    await host.gone()
