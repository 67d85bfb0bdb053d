"""The customer's side: a real recorder with its uplink, and a seat whose shell prints tokens."""

import asyncio
import json
import os
import pwd
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from broker.host import clock
from broker.host.redeem import ask
from broker.host.session_file import SessionFile, load
from broker.recording import session_log
from broker.wire.codec import Unpacker, decode, encode, pack
from broker.wire.messages import Attach, Attached, Do, Done, Input, Message, Output
from tests.faults.crashes.tokens import PRINTER, last_shown
from tests.journeys.broker import Broker
from tests.journeys.processes import Process
from tests.journeys.waiting import PATIENCE_SECONDS

_PAUSE_SECONDS = 0.004


class Seat:
    """The customer's terminal, as far as the recorder knows, for one run."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.printed = bytearray()
        self.terminal = ""
        self._reader = reader
        self._writer = writer

    def send(self, message: Message) -> None:
        """To the recorder."""
        self._writer.write(pack(encode(message)))

    async def follow(self, script: str) -> None:
        """Take the seat, have the shell run a script, and read until the recorder is gone."""
        unpacker = Unpacker()
        self.send(Attach("", 80, 24))
        try:
            while data := await self._reader.read(1 << 16):
                for message in map(decode, unpacker.feed(data)):
                    if isinstance(message, Attached):
                        self.terminal = message.terminal
                        self.send(Input(self.terminal, "", script.encode()))
                    elif isinstance(message, Output):
                        self.printed += message.data
        except OSError:
            pass  # it was killed
        finally:
            self._writer.transport.abort()


class Host:
    """One session on one host; ``start`` begins each run."""

    def __init__(self, home: Path, env: dict[str, str]) -> None:
        self.env = {
            **env,
            "HOME": str(home),
            "JUMPSEAT_STATE_DIR": str(home / "state"),
            "JUMPSEAT_RUNTIME_DIR": str(home / "run"),
        }
        self.home = home
        self.session = ""
        self.shown: dict[int, int] = {}
        """The last token that a seat has shown, run by run."""
        self.seat: Seat | None = None
        self.recorder: Process | None = None

    @property
    def folder(self) -> Path:
        """Where the session's streams are."""
        return self.home / "state" / self.session

    @property
    def socket(self) -> Path:
        """Where its recorder listens."""
        return self.home / "run" / f"{self.session}.sock"

    @property
    def run(self) -> int:
        """The number of the last run that has begun; 0: none."""
        logs = (path.name for path in self.folder.glob("run-*.log"))
        return max((int(name[4:-4]) for name in logs), default=0)

    async def redeem(self, broker: Broker, url: str) -> None:
        """Begin a session, whose uplink is to dial ``url``; nothing runs yet."""
        code = (await broker.invite()).code
        body = {
            "code": code,
            "grant": {"mode": "control", "seconds": 3600 * 8, "away": "continue"},
            "host": {"name": "host", "user": "root"},
            "page": "",
        }
        told = await asyncio.to_thread(ask, f"{broker.url}/api/invitations/redeem", body)
        answer = told["answer"]
        self.session = answer["session"]
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.home / "printer.py").write_text(PRINTER)
        user = pwd.getpwuid(os.getuid())
        SessionFile(  # noqa: S604 - shell is a field
            id=self.session, broker=url, token=answer["token"], case="c", engineer="alice",
            began_wall=time.time(), began_boottime=clock.boottime(), began_boot=clock.boot_id(),
            mode="control", away="continue", until=8 * 3600.0, terms="terms", answer="I agree",
            uid=user.pw_uid, gid=user.pw_gid, user=user.pw_name, home=str(self.home),
            shell="/bin/sh", env={"TERM": "xterm", "PATH": os.environ["PATH"], "PS1": "$ "},
            cwd=str(self.home), login=False, drift="off", others="off",
        ).save(self.folder)  # fmt: skip

    async def start(self, prefix: Sequence[str] = ()) -> bool:
        """Begin a run; whether it listens. It does not where it was killed on the way."""
        program = [sys.executable, "-I", "-m", "broker.host", "recorder", str(self.folder)]
        with (self.home / "recorder.err").open("ab") as errors:
            process = await asyncio.create_subprocess_exec(
                *prefix, *program, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=errors, env=self.env, cwd="/",
            )  # fmt: skip
        async with asyncio.timeout(PATIENCE_SECONDS):
            status = await process.wait()
        self.recorder = self._listening() if status == 0 else None
        return self.recorder is not None

    def _listening(self) -> Process | None:
        try:
            with socket.socket(socket.AF_UNIX) as sock:
                sock.connect(str(self.socket))
                raw = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
        except OSError:
            return None
        return Process(int.from_bytes(raw[:4], "little"), ())

    async def sit(self) -> None:
        """Take the seat of this run, and stay until its recorder is gone."""
        run = self.run
        try:
            seat = Seat(*await asyncio.open_unix_connection(self.socket))
        except OSError:
            return
        self.seat = seat
        script = f"exec {sys.executable} -ISu {self.home}/printer.py {run} {_PAUSE_SECONDS}\n"
        await seat.follow(script)
        self.shown[run] = last_shown(bytes(seat.printed))

    async def do(self, what: str) -> bool:
        """Have the recorder do something; False: it went before it had answered."""
        try:
            reader, writer = await asyncio.open_unix_connection(self.socket)
            unpacker = Unpacker()
            writer.write(pack(encode(Do(what, {}))))
            try:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    while data := await reader.read(1 << 16):
                        if any(isinstance(decode(one), Done) for one in unpacker.feed(data)):
                            return True
            finally:
                writer.transport.abort()
        except OSError:
            pass
        return False

    @property
    def up(self) -> bool:
        """Whether the recorder runs."""
        return self.recorder is not None and self.recorder.running

    def uplink(self) -> Process | None:
        """The uplink that runs now."""
        if self.recorder is None:
            return None
        folder = Path(f"/proc/{self.recorder.pid}/task")
        try:
            children = " ".join(one.read_text() for one in folder.glob("*/children")).split()
            for pid in children:
                argv = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
                found = Process(int(pid), ())
                if b"uplink" in argv and found.running:
                    return found
        except OSError:
            pass
        return None

    def facts(self) -> SessionFile:
        """What the host knows of the session."""
        return load(self.folder)

    def log(self, run: int) -> list[session_log.Entry]:
        """The whole entries of a run's session log."""
        raw = (self.folder / f"run-{run}.log").read_bytes()
        return [session_log.decode(json.dumps(json.loads(line))) for line in _whole(raw)]


def _whole(raw: bytes) -> list[str]:
    return [one for one in raw.decode().splitlines(keepends=True) if one.endswith("\n")]
