"""How a shell is started: holds work in it, it tells its commands, all else is as it would be.

It is given a file of ours to read at its start, which has it read what it would have read and then
hooks the key that ends a line, what it runs before a prompt, and what it shows before a command. A
user's own files, prompt, settings and exported variables are as without; what is added has a name
that begins with ``__jumpseat``, or has its place in PS0, PROMPT_COMMAND, precmd_functions and
preexec_functions beside what the user has there. Only the shell that the recorder starts reads it,
at its prompt: no script, no shell within it, none behind ssh or ``sudo -i``.

Left out: zsh's menu for users who have no file for it, since ours is one; bash before 4.4, and a
bash whose line editor is off, which run every line and tell none; a zsh whose line editor is off,
which runs every line; ``/etc/zshenv`` that sets ``ZDOTDIR``.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Dict, Mapping, Tuple

from broker.host.hold_file import patterns_path
from broker.host.invocation import command
from broker.host.paths import made_private, socket_path
from broker.host.shells import bash, fish, zsh


@dataclass(frozen=True)
class HoldsAt:
    """Where shells find the holds, whom they ask, and the folder for the files they start with."""

    patterns: Path
    socket: Path
    folder: Path


@dataclass(frozen=True)
class Start:
    """What a shell is started with, over and above: arguments, variables, and a file it reads."""

    arguments: Tuple[str, ...] = ()
    env: Dict[str, str] = field(default_factory=dict)
    file: str = ""
    text: str = ""


def limit(program: str, env: Mapping[str, str]) -> str:
    """Why a hold stops nothing in this shell; empty where it does."""
    name = Path(program).name
    if name not in _STARTS:
        return f"{name} can't be made to look at a line before it runs it; bash, zsh and fish can"
    if env.get("TERM", "dumb") == "dumb":
        return "the terminal is dumb, and the shell edits no line in it"
    return ""


def start(
    program: str, env: Mapping[str, str], holds: HoldsAt, marks: str, *, login: bool
) -> Start:
    """How this shell is started; like any other where ``limit`` says why.

    ``marks``: the nonce with which it tells its commands.
    """
    if limit(program, env):
        return Start()
    asked = command("held", str(holds.socket), env.get("JUMPSEAT_TERMINAL", ""))
    told = {"JUMPSEAT_HOLDS": "\n".join([str(holds.patterns), *asked]), "JUMPSEAT_MARKS": marks}
    return _STARTS[Path(program).name](env, holds.folder, told, login)


def holds_at(runtime: Path, session: str) -> HoldsAt:
    """Where they are for a session whose recorder listens in this folder. Raises Failed."""
    return HoldsAt(
        patterns_path(runtime, session),
        socket_path(runtime, session),
        runtime / f"shells-{session}",
    )


def write(holds: HoldsAt, start: Start) -> None:
    """Put the file of a start where the shell will read it, and its user can't change it.

    They can where they are the recorder's user, too. Raises Failed and OSError.
    """
    if not start.file:
        return
    public = os.geteuid() == 0
    path = holds.folder / start.file
    for folder in (holds.folder, path.parent):
        made_private(folder, 0o755 if public else 0o700)
    new = path.with_name(path.name + ".new")
    new.write_text(start.text, "utf-8")
    new.chmod(0o644 if public else 0o600)
    new.replace(path)


def remove(holds: HoldsAt) -> None:
    """Take the files of all starts away, when no shell begins any more."""
    shutil.rmtree(holds.folder, ignore_errors=True)


def _bash(env: Mapping[str, str], folder: Path, told: Dict[str, str], login: bool) -> Start:
    path = folder / "bashrc"
    if login:
        # A login shell ignores --rcfile; in POSIX mode it reads ENV, and leaves that mode there.
        return Start(("--posix",), {**told, "ENV": str(path)}, path.name, bash.START)
    return Start(("--rcfile", str(path)), told, path.name, bash.START)


def _zsh(env: Mapping[str, str], folder: Path, told: Dict[str, str], login: bool) -> Start:
    path = folder / "zsh" / ".zshenv"
    changed = {**told, "ZDOTDIR": str(path.parent)}
    if "ZDOTDIR" in env:
        changed["JUMPSEAT_ZDOTDIR"] = env["ZDOTDIR"]
    return Start((), changed, "zsh/.zshenv", zsh.START)


def _fish(env: Mapping[str, str], folder: Path, told: Dict[str, str], login: bool) -> Start:
    quoted = str(folder / "fish").replace("\\", "\\\\").replace("'", "\\'")
    return Start(("--init-command", f"source '{quoted}'"), told, "fish", fish.HOOKS)


_STARTS: Dict[str, Callable[[Mapping[str, str], Path, Dict[str, str], bool], Start]] = {
    "bash": _bash,
    "zsh": _zsh,
    "fish": _fish,
}
