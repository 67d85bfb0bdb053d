"""A real broker, ``jumpseat serve``, on a free port of the loopback, and its vendor's commands."""

import asyncio
import json
import re
import socket
import ssl
import subprocess
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import Any

from tests.journeys import processes
from tests.journeys.waiting import PATIENCE_SECONDS

JUMPSEAT = str(Path(__file__).parents[2] / ".venv/bin/jumpseat")


@dataclass(frozen=True)
class Answer:
    """What an HTTP request got."""

    status: int
    headers: Message
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401 - JSON is anything
        """The body, read as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Engineer:
    """Someone who is signed in."""

    name: str
    cookie: str


@dataclass(frozen=True)
class Invitation:
    """What an engineer gives to a customer."""

    code: str
    line: str


class Broker:
    """One broker; ``start`` after ``kill`` or ``stop`` starts it again, same data, same port."""

    def __init__(self, data: Path, env: Mapping[str, str]) -> None:
        self.data = data
        self.env = dict(env)
        self.options: tuple[str, ...] = ()
        self.prefix: tuple[str, ...] = ()
        """What its command line begins with."""
        self.log = data.with_suffix(".log")
        self._process: asyncio.subprocess.Process | None = None
        self.address = self.url = ""
        self.tls: ssl.SSLContext | None = None
        """What its certificate is checked by, if it has one."""
        self.listen_at("127.0.0.1")

    def listen_at(self, host: str) -> None:
        """Choose a free port at an address of this machine."""
        self.address = free_address(host)
        self.url = f"http://{self.address}"

    async def start(self) -> None:
        """Start it; returns once it is ready."""
        with self.log.open("ab") as log:
            self._process = await processes.start(
                *self.prefix, JUMPSEAT, "serve", "--data", str(self.data),
                "--listen", self.address, *self.options, stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, env=self.env, start_new_session=True,
            )  # fmt: skip
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not await self._ready():
                assert self._process.returncode is None, self.log.read_text()
                await asyncio.sleep(0.02)

    async def _ready(self) -> bool:
        try:
            return (await self.request("GET", "/healthz")).status == 200
        except OSError:
            return False

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self._process is not None
        return self._process.pid

    async def kill(self) -> None:
        """End it as a crash would."""
        assert self._process is not None
        self._process.kill()
        await self._process.wait()
        self._process = None

    async def died(self) -> int:
        """Wait until it has ended by itself; its exit status, minus a signal's number."""
        assert self._process is not None
        async with asyncio.timeout(PATIENCE_SECONDS):
            status = await self._process.wait()
        self._process = None
        return status

    async def stop(self) -> int:
        """End it as an admin would; its exit status."""
        assert self._process is not None
        self._process.terminate()
        async with asyncio.timeout(PATIENCE_SECONDS):
            status = await self._process.wait()
        self._process = None
        return status

    @property
    def running(self) -> bool:
        """Whether it was started and not ended."""
        return self._process is not None

    async def command(self, *arguments: str) -> str:
        """Run ``jumpseat ARGUMENTS --data DIR``; what it printed. It must succeed."""
        process = await asyncio.create_subprocess_exec(
            JUMPSEAT, *arguments, "--data", str(self.data),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.env,
        )  # fmt: skip
        out, err = await process.communicate()
        assert process.returncode == 0, err.decode()
        return out.decode()

    async def request(
        self, method: str, path: str, body: object = None, engineer: Engineer | None = None
    ) -> Answer:
        """One HTTP request, as a page of the broker's own would make it."""
        headers = {"Origin": self.url}
        if engineer is not None:
            headers["Cookie"] = engineer.cookie
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        url = self.url + path
        request = urllib.request.Request(url, data, headers, method=method)  # noqa: S310 - ours
        return await asyncio.to_thread(_answer, request, self.tls)

    async def sign_in_link(self, name: str) -> str:
        """Add an engineer; the link that this prints."""
        printed = await self.command("engineer", "add", name)
        link = re.search(r"http\S+/sign-in#\S+", printed)
        assert link, printed
        return link[0]

    async def sign_in(self, name: str) -> Engineer:
        """Add an engineer and sign them in."""
        token = (await self.sign_in_link(name)).partition("#")[2]
        answer = await self.request("POST", "/api/sign-in", {"token": token})
        assert answer.status == 200, answer.body
        return Engineer(name, answer.headers["Set-Cookie"].split(";")[0])

    async def invite(self, case: str = "case 1") -> Invitation:
        """Make an invitation by the command line."""
        told = json.loads(await self.command("invite", "--case", case, "--json"))
        return Invitation(told["code"], told["line"])

    async def stream(self, session: str, name: str, engineer: Engineer) -> bytes:
        """What the broker holds of a stream."""
        answer = await self.request(
            "GET", f"/api/sessions/{session}/streams/{name}", engineer=engineer
        )
        assert answer.status == 200, answer.body
        return answer.body

    async def summary(self, session: str, engineer: Engineer) -> dict[str, Any]:
        """What the broker tells of a session."""
        answer = await self.request("GET", f"/api/sessions/{session}", engineer=engineer)
        assert answer.status == 200, answer.body
        told: dict[str, Any] = answer.json
        return told


def free_address(host: str) -> str:
    """An address of this machine at which nobody listens."""
    with socket.create_server((host, 0)) as free:
        return f"{host}:{free.getsockname()[1]}"


def _answer(request: urllib.request.Request, tls: ssl.SSLContext | None) -> Answer:
    try:
        with urllib.request.urlopen(  # noqa: S310 - ours
            request, timeout=PATIENCE_SECONDS, context=tls
        ) as got:
            return Answer(got.status, got.headers, got.read())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.headers, error.read())
