"""fish, whose events know whole commands."""

from __future__ import annotations

from dataclasses import replace

from tests.host.command_cases import PROMPT, Case, Step, Told

_WAITING = "sh -c 'echo wai''ting; exec sleep 60'"
_USUAL = (("false", 1), ("echo one", 0), ("false | true", 0), ("sh -c 'exit 3'", 3), ("true", 0))
_STARSHIP = f"""
function fish_prompt
    set -l code $status $pipestatus
    echo "[$code]"
    echo -n '{PROMPT}'
end
function fish_right_prompt; echo right; end
"""


def _case(name: str, steps: list[Step], told: list[Told], rc: str = "", **fields: object) -> Case:
    return replace(Case(name, steps, told, rc=rc, **fields), shell="fish")  # type: ignore[arg-type]  # noqa: S604


def _set(name: str, rc: str, *lines: tuple[str, int], **fields: object) -> Case:
    return _case(
        name, [line for line, _ in lines], [*lines], rc, **{"status": lines[-1][1], **fields}
    )


FISH = [
    _set("a-line", "", *_USUAL),
    _set("not-found", "", ("nothing-of-this-name", 127)),
    _set("blank-in-front", "", (" echo hidden  it", 0)),
    _set("wide", "", ("echo größe 漢字", 0)),
    _set("percent", "", ("echo '%0A;%'", 0)),
    _set("private", "set -g fish_private_mode 1", ("echo one", 0)),
    _case(
        "directory",
        ["mkdir 'a;b%41 é'", "cd a*", "cd .."],
        [("mkdir 'a;b%41 é'", 0), ("cd a*", 0), ("cd ..", 0, {"cwd": "~/a;b%41 é"})],
    ),
    _case("empty", ["", "# no", "true"], [("true", 0)]),
    _case(
        "loop",
        [("for i in 1 2\r", "for"), ("echo $i\r", "echo"), "end"],
        [("for i in 1 2\necho $i\nend", 0)],
    ),
    # Once it is coloured, nothing more is done to it.
    _case(
        "given-up",
        [("echo no", "\x1b[36mno"), ("\x03", "\x1b["), "true"],
        [("true", 0)],
        alike=False,
    ),
    _case(
        "interrupted",
        [(f"{_WAITING}\r", "waiting"), ("\x03", PROMPT)],
        [(_WAITING, 130)],
        status=130,
        alike=False,
    ),
    _case(
        "killed",
        [("kill -9 $fish_pid\r", "")],
        [("kill -9 $fish_pid", 137)],
        status=137,
        exits=False,
    ),
    _case(
        "paste",
        [("\x1b[200~echo one\necho tw''o\x1b[201~", "tw"), ("\r", PROMPT)],
        [("echo one\necho tw''o", 0)],
    ),
    _set("starship", _STARSHIP, *_USUAL),
    _set("own-events", "function own --on-event fish_preexec; echo runs $argv; end", *_USUAL),
    _set("vi", "fish_vi_key_bindings", ("echo one", 0)),
    _set("abbreviation", "abbr -a zz 'echo long'", ("true", 0)),
    _set("login", "", *_USUAL, login=True),
]
