"""No secret is found in anything that is kept, copied, indexed, told or exported."""

import asyncio
import json
import os
import shutil
import termios
import time
import uuid
from pathlib import Path
from urllib.parse import quote

import pytest

from broker.recording.session_log import Entry
from tests.journeys.broker import Engineer
from tests.journeys.customer import Customer
from tests.journeys.recording import LOG, TERMINAL, output
from tests.journeys.terminal import Terminal
from tests.journeys.viewer import viewing
from tests.journeys.waiting import until
from tests.journeys.world import World

EDITORS = {
    "bash": ("bash", "--norc"),
    "zsh": ("zsh", "-f"),
    "fish": ("fish", "--no-config"),
}
# Each asks for a password in its own way, and says how long it was.
_SILENT = "stty -echo; printf 'Password: '; IFS= read -r x; stty echo; echo \"got ${#x}\"\n"
ASK = {
    "bash": "bash\nread -rs -p 'Password: ' x; echo \"got ${#x}\"\n",
    "zsh": "zsh -f\nread -rs 'x?Password: '; echo \"got ${#x}\"\n",
    "fish": "fish --no-config\nread -s -P 'Password: ' x; echo got (string length -- $x)\n",
    "getpass": "python3\nimport getpass\nprint('got', len(getpass.getpass('Password: ')))\n",
    "pwfeedback": "python3\nimport os, tty\ntty.setraw(0)\n"
    "print('Password: ', end='', flush=True)\n"
    "n = 0\nwhile os.read(0, 1) != b'\\r':\n    n += 1; os.write(1, b'*')\n"
    "os.system('stty sane')\nprint(f'\\r\\ngot {n}')\n",
    "sh": "sh\n" + _SILENT,
}
RELAYS = {
    "pty": "python3 -c 'import pty, sys; pty.spawn(sys.argv[1:])' {ask}",
    "script": "script -qc {ask} /dev/null",
    # It closes with its program, shown or not, what that said last: another line keeps it open.
    "tmux": "tmux -L {mark} -f /dev/null new '{ask}; read line'",
}


class Canaries:
    """Secrets that were handed out, and where they must not be."""

    def __init__(self) -> None:
        self.out: dict[str, str] = {}

    def new(self, where: str) -> str:
        """One that is like no other."""
        self.out[where] = f"Canary{uuid.uuid4().hex * 4}"
        return self.out[where]

    def key(self) -> str:
        """A private key, made up."""
        lines = [self.new(f"line {n} of a key") + "Qx7" * 8 for n in range(3)]
        marks = [f"-----{word} OPENSSH PRIVATE KEY-----" for word in ("BEGIN", "END")]
        return "\n".join([marks[0], *lines, marks[1], ""])

    def found(self, what: str, data: bytes) -> list[str]:
        """Those that are in there, whole or in half."""
        return [
            f"{where} in {what}"
            for where, secret in self.out.items()
            if secret.encode() in data or secret[6:26].encode() in data
        ]

    def found_below(self, folder: Path) -> list[str]:
        """Those that are in a file of this folder."""
        files = [path for path in folder.rglob("*") if path.is_file()]
        assert files
        return [one for path in files for one in self.found(str(path), path.read_bytes())]


async def ask(customer: Customer, tty: str, command: str, canary: str) -> None:
    """Run what asks for a password, give it this one, a few keys at a time, and leave it."""
    customer.terminal.type(command + "\n")
    await customer.terminal.expect("Password: ")
    # What is typed before the kernel was told to echo nothing would be shown.
    await until(lambda: silent(tty), f"no echo at {tty}")
    for at in range(0, len(canary), 4):
        customer.terminal.type(canary[at : at + 4])
        await asyncio.sleep(0)
    customer.terminal.type("\r")
    await customer.terminal.expect(f"got {len(canary)}")
    customer.terminal.type("\r")
    await customer.at_shell()


def silent(tty: str) -> bool:
    """Whether nothing that is typed there is echoed by the kernel."""
    fd = os.open(tty, os.O_RDWR | os.O_NOCTTY)
    try:
        return not termios.tcgetattr(fd)[3] & termios.ECHO
    finally:
        os.close(fd)


async def test_passwords_that_are_not_shown(world: World, alice: Engineer) -> None:
    canaries = Canaries()
    customer = await world.granted("--mode", "control")
    await customer.runs(f"tty > {world.folder}/tty")
    tty = (world.folder / "tty").read_text().strip()
    for name, script in ASK.items():
        path = world.folder / f"ask-{name}"
        path.write_text("#!/usr/bin/env -S " + script)
        path.chmod(0o755)
        if shutil.which(script.split()[0]):
            await ask(customer, tty, str(path), canaries.new(name))
    for name, relay in RELAYS.items():
        if shutil.which(relay.split()[0]):
            command = relay.format(ask=world.folder / "ask-sh", mark=world.mark)
            await ask(customer, tty, command, canaries.new(name))
    # Not even how long they are is told.
    told = [*customer.logged("entered"), *customer.logged("command_started")]
    counted = [one for one in told if sum(one["shares"].values()) > 4 * 32]
    assert counted == []
    await nowhere(world, customer, alice, canaries)


async def test_secrets_that_are_shown_are_masked(world: World, alice: Engineer) -> None:
    canaries = Canaries()
    customer = await world.granted("--mode", "control", "--mask", "vault-pin:")
    files = world.folder / "theirs"
    files.mkdir()
    (files / "key").write_text(canaries.key())
    url = f"postgres://bob:{canaries.new('url')}@db/x"
    config = {"token": canaries.new("json"), "url": url}
    (files / "config").write_text(json.dumps(config, indent=2) + "\n")
    (files / "env").write_text(
        f"A=1\nAPI_KEY={canaries.new('env')}\nvault-pin: {canaries.new('own')}\n"
    )
    jwt = f"eyJhbGciOi.{canaries.new('jwt')}.x"
    async with viewing(world.broker, customer.session, alice) as viewer:
        await viewer.follow(TERMINAL)
        await viewer.follow(LOG)
        await customer.runs(f"cat {files}/key {files}/config")
        assert canaries.out["line 1 of a key"].encode() in customer.terminal.printed
        await customer.runs(f"grep --color=always -e vault -e API {files}/env")
        await customer.does("hold", "leave it", "--stop", "held-thing")
        customer.terminal.type(f"true held-thing --password={canaries.new('stopped')}\n")
        await customer.terminal.expect('Type "override"')
        customer.terminal.type("override\n")
        await customer.until_logged("overridden")
        await customer.at_shell()  # what is typed before its prompt is thrown away
        await customer.runs(f"export GH_TOKEN=ghp_{canaries.new('variable')}{'a' * 80}")
        await customer.runs(f"true --password={canaries.new('argument')} {jwt}")
        customer.terminal.type(f"true --password '{canaries.new('quoted')}")
        customer.terminal.type(f"{canaries.new('edited')}\x1b[D\x1b[D\x1b[D\x7f\x7fx\x05'\n")
        await customer.runs("true")
        customer.terminal.type("\x1b[A\x1b[A\x10\x0e\n")  # through what was entered before
        await customer.runs("true")
        await type_in_editors(customer, canaries)
        await viewer.nobody_types(customer)
        await viewer.type(TERMINAL, f"true --api-key {canaries.new('typed by alice')}\n")
        await customer.runs("true")
        seen = b"".join(bytes(copy.data) for copy in viewer.copies.values())
    assert canaries.found("what alice was sent", seen) == []
    counts = totals(customer.logged("masked"))
    assert counts["private key"] >= 1
    assert counts["vault-pin:"] >= 1
    assert "password in a URL" in counts
    printed = output(customer.stream(TERMINAL))
    assert "-----END OPENSSH PRIVATE KEY-----" in printed
    assert "postgres://bob:•" in printed
    await nowhere(world, customer, alice, canaries)


async def type_in_editors(customer: Customer, canaries: Canaries) -> None:
    for name, argv in EDITORS.items():
        if shutil.which(name):
            customer.terminal.type(" ".join(argv) + "\n")
            await customer.at_shell()
            for char in f"true --token={canaries.new(name)}":
                customer.terminal.type(char)
                await asyncio.sleep(0)
            customer.terminal.type("\n")
            await customer.runs("true")
            customer.terminal.type("exit\n")
            await customer.at_shell()


def totals(entries: list[Entry]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for entry in entries:
        counts[entry["what"]] = counts.get(entry["what"], 0) + entry["count"]
    return counts


@pytest.mark.skipif(os.geteuid() != 0, reason="other terminals are seen by root alone")
async def test_what_runs_at_other_terminals(world: World, alice: Engineer) -> None:
    canaries = Canaries()
    customer = await world.granted("--others", "journal")
    secret = canaries.new("another terminal")

    def told() -> bool:
        return any(
            any("--password" in word for word in one["argv"] or ())
            for entry in customer.logged("execs")
            for one in entry["ran"]
        )

    def limits() -> list[str]:
        return [entry["why"] for entry in customer.logged("limit") if entry["what"] == "execs"]

    other = Terminal()
    await other.run(["sh", "-i"], {"PATH": os.environ["PATH"], "PS1": "$ "})
    while not (told() or limits()):  # it takes a moment until it watches
        other.type(f"/bin/true --password={secret}; /bin/true --password {secret}\n")
        await asyncio.sleep(0.1)  # between tries
    await other.close()
    if limits():
        pytest.skip(f"not seen here: {limits()}")
    await nowhere(world, customer, alice, canaries)


async def nowhere(world: World, customer: Customer, engineer: Engineer, canaries: Canaries) -> None:
    """End the session; then look into all that is kept, and all that is told of it."""
    broker, session = world.broker, customer.session
    shown = Canaries()
    await customer.runs(f"echo {shown.new('no secret')}")
    told = (await customer.does("commands", "--json")).encode()
    await world.end(customer)
    answers = {"jumpseat commands": told}
    paths = [f"/api/sessions/{session}{rest}" for rest in ("", "/timeline", "/away", "/commands")]
    paths += ["/api/sessions"]
    for name in customer.names():
        paths.append(f"/api/sessions/{session}/streams/{name}")
        if name.endswith(".cast"):
            paths.append(f"/api/sessions/{session}/streams/{name}?as=v3")
    listed = await broker.request("GET", f"/api/sessions/{session}/commands", engineer=engineer)
    for one in listed.json["commands"]:
        if one["offset"] is not None:
            paths.append(f"/api/sessions/{session}/commands/{quote(one['id'])}/output")
    paths += [f"/api/search?q={word}" for word in ("password", "token", "Canary*", "true")]
    while (await broker.request("GET", paths[-1], engineer=engineer)).json["behind"]:
        await asyncio.to_thread(time.sleep, 0.05)  # until all of it is indexed
    for path in paths:
        answer = await broker.request("GET", path, engineer=engineer)
        assert answer.status == 200, (path, answer.body)
        answers[path] = answer.body
    await broker.command("export", session, "-o", str(world.folder / "exported"))

    folders = customer.state, broker.data, world.folder / "exported"
    found = [one for what, data in answers.items() for one in canaries.found(what, data)]
    found += canaries.found("the broker's log", broker.log.read_bytes())
    assert found + [one for folder in folders for one in canaries.found_below(folder)] == []
    # What is no secret is found in each: so they were looked into.
    assert all(map(shown.found_below, folders))
    seen = [what for what, data in answers.items() if shown.found(what, data)]
    assert {"jumpseat commands", paths[3]} <= set(seen)
