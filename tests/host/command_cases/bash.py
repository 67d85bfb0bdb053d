"""bash: every kind of line, and what its users do while it waits or runs."""

from __future__ import annotations

from broker.host.shells.bash import HOOKS
from tests.host.command_cases import EDITOR, PROMPT, Case, more

_WAITING = "sh -c 'echo wai''ting; exec sleep 60'"
_KILLED = "kill -9 $$"
_LONG = "echo " + " ".join(f"word-{number}" for number in range(300))

# As whoever opens another shell in it would have it read our hooks.
_DEEPER = 'JUMPSEAT_MARKS="${__jumpseat_marks[0]}${__jumpseat_marks[1]}" bash --rcfile hooks'

BASH = [
    # Lines.
    Case("a-line", ["echo hi  you"], [("echo hi  you", 0)]),
    Case(
        "two-persons",
        [("echo ", "echo "), ("two", "two", "bob"), ("\r", EDITOR), ("true\r", EDITOR, "bob")],
        [
            ("echo two", 0, {"shares": {"alice": 5, "bob": 3}}),
            ("true", 0, {"shares": {"bob": 4}}),
        ],
    ),
    Case("fails", ["(exit 3)"], [("(exit 3)", 3)], status=3),
    Case("not-found", ["nothing-of-this-name"], [("nothing-of-this-name", 127)], status=127),
    Case("pipeline", ["false | true"], [("false | true", 0)]),
    Case("several", ["true; false; (exit 4)"], [("true; false; (exit 4)", 4)], status=4),
    Case("subshell", ["(cd /; pwd)"], [("(cd /; pwd)", 0)]),
    Case("and-or", ["false && echo no || echo yes"], [("false && echo no || echo yes", 0)]),
    Case("blank-in-front", [" echo hidden"], [(" echo hidden", 0)], rc="HISTCONTROL=ignoreboth"),
    Case("twice", ["true", "true"], [("true", 0), ("true", 0)], rc="HISTCONTROL=ignoredups"),
    Case(
        "directory",
        ["cd /usr", "pwd", "cd"],
        [("cd /usr", 0), ("pwd", 0, {"cwd": "/usr"}), ("cd", 0, {"cwd": "/usr"})],
    ),
    Case(
        "odd-directory",
        ["mkdir 'a;b%41 é'", "cd a*", "true", "cd .."],
        [
            ("mkdir 'a;b%41 é'", 0),
            ("cd a*", 0),
            ("true", 0, {"cwd": "~/a;b%41 é"}),
            ("cd ..", 0, {"cwd": "~/a;b%41 é"}),
        ],
    ),
    Case("marks-in-a-line", ["echo ';%0A%3B;' '\\e]7717;'"], [("echo ';%0A%3B;' '\\e]7717;'", 0)]),
    Case("wide", ["echo größe 漢字 🎈"], [("echo größe 漢字 🎈", 0)]),
    Case("combining", ["echo e\u0301"], [("echo e\u0301", 0)], alike=False),
    Case("tab", [("echo 'a\x16\tb'\r", EDITOR)], [("echo 'a\tb'", 0)]),
    Case("control", [("echo a\x16\x01b >f\r", EDITOR)], [("echo a\x01b >f", 0)]),
    Case("long", [_LONG], [(_LONG, 0)]),
    Case("empty", ["", "   ", "true"], [("true", 0)]),
    Case("comment", ["# nothing", "true # some", "  # no"], [("true # some", 0)]),
    Case(
        "loop",
        [more("for i in 1 2; do"), more("  echo $i"), "done"],
        [("for i in 1 2; do\n  echo $i\ndone", 0)],
    ),
    Case(
        "here-document",
        [more("cat <<END"), more("a\tb".replace("\t", " ")), more("# c; %"), more(""), "END"],
        [("cat <<END\na b\n# c; %\n\nEND", 0)],
    ),
    Case("quote", [more("echo 'one"), "two'"], [("echo 'one\ntwo'", 0)]),
    Case("backslash", [more("echo one \\"), "two"], [("echo one \\\ntwo", 0)]),
    Case(
        "function",
        [more("f() {"), more("  return 7"), "}", "f", "true"],
        [("f() {\n  return 7\n}", 0), ("f", 7), ("true", 0)],
    ),
    Case("alias", ["alias ll='echo all'", "ll"], [("alias ll='echo all'", 0), ("ll", 0)]),
    Case("bang", ["echo one", "!!"], [("echo one", 0), ("!!", 0)]),
    Case("bang-of-none", ["!nothing", "true"], [("true", 0)]),
    Case("history", ["echo one", ("\x1b[A", "echo one"), ""], [("echo one", 0), ("echo one", 0)]),
    Case(
        "search",
        ["echo one", "true", ("\x12", "i-search"), "ech"],
        [("echo one", 0), ("true", 0), ("echo one", 0)],
    ),
    Case("edited", [("echo two\x01\x1bdprintf\x05\x0b", "printf two"), ""], [("printf two", 0)]),
    Case(
        "completed",
        ["touch some-file", ("ls some-\t", "some-file"), ""],
        [("touch some-file", 0), ("ls some-file ", 0)],
    ),
    Case("syntax-error", ["if; then", "true"], [("if; then", 2), ("true", 0)]),
    Case(
        "syntax-error-later",
        [more("for i in 1; do"), "fi", "true"],
        [("for i in 1; do\nfi", 2), ("true", 0)],
    ),
    Case("no-history", ["set +o history", "echo one"], [("set +o history", 0), ("echo one", 0)]),
    # Pastes.
    Case("paste", ["\x1b[200~echo one; echo two\x1b[201~"], [("echo one; echo two", 0)]),
    Case(
        "paste-of-lines",
        [("\x1b[200~echo one\necho tw''o\x1b[201~\r", EDITOR), "true"],
        [("echo one\necho tw''o", 0), ("true", 0)],
    ),
    Case(
        "paste-unbracketed",
        [
            ("bind 'set enable-bracketed-paste off'\r", PROMPT),
            ("echo one\nPS1='n''ew$ '\n", "new$ "),
        ],
        [
            ("bind 'set enable-bracketed-paste off'", 0),
            ("echo one", 0),
            ("PS1='n''ew$ '", 0),
        ],
        alike=False,
    ),
    # What is pressed while it waits, or runs.
    Case("given-up", [("echo no\x03", EDITOR), "true"], [("true", 0)]),
    Case("given-up-in-it", [more("for i in 1; do"), ("echo \x03", EDITOR), "true"], [("true", 0)]),
    Case(
        "interrupted",
        [(f"{_WAITING}\r", "waiting"), ("\x03", PROMPT)],
        [(_WAITING, 130)],
        status=130,
    ),
    Case(
        "quit",
        [(f"{_WAITING}\r", "waiting"), ("\x1c", PROMPT)],
        [(_WAITING, 131)],
        status=131,
        rc="ulimit -c 0",
    ),
    Case(
        "stopped",
        [(f"{_WAITING}\r", "waiting"), ("\x1a", PROMPT), ("fg\r", "exec sleep"), ("\x03", PROMPT)],
        [(_WAITING, 148), ("fg", 130)],
        status=130,
    ),
    Case("terminated", ["sh -c 'kill $$'"], [("sh -c 'kill $$'", 143)], status=143),
    Case("background", ["sleep 0 &", "wait"], [("sleep 0 &", 0), ("wait", 0)], alike=False),
    Case(
        "jobs",
        ["sleep 60 &", "jobs", "kill %1; wait %1"],
        [("sleep 60 &", 0), ("jobs", 0), ("kill %1; wait %1", 143)],
        status=143,
    ),
    Case("end-of-file", [("\x04", "exit")], [], exits=False),
    Case("killed", [(f"{_KILLED}\r", "")], [(_KILLED, 137)], status=137, exits=False),
    Case("given-a-status", [("exit 5\r", "")], [("exit 5", 5)], status=5, exits=False),
    Case(
        "program-reads",
        [("read x; echo g''ot $x\r", "2004l"), ("me\r", "got me"), "true"],
        [("read x; echo g''ot $x", 0), ("true", 0)],
        entered=[None],
    ),
    Case(
        "line-editor-reads",
        [("read -e x\r", EDITOR), "some", "echo $x"],
        [("read -e x", 0), ("echo $x", 0)],
        entered=["some"],
    ),
    Case(
        "secret-is-read",
        [("read -sp 'wh''at? ' x\r", "what? "), "hush", "echo ${#x}"],
        [("read -sp 'wh''at? ' x", 0), ("echo ${#x}", 0)],
        entered=[None],
    ),
    # Where output goes.
    Case(
        "no-output",
        ["exec >/dev/null", "echo one", "true"],
        [("exec >/dev/null", 0), ("echo one", 0), ("true", 0)],
    ),
    Case(
        "output-back",
        ["exec >f", "echo one", "exec >/dev/tty", "cat f"],
        [("exec >f", 0), ("echo one", 0), ("exec >/dev/tty", 0), ("cat f", 0)],
    ),
    Case(
        "huge",
        [(f"\x1b[200~echo {'x' * 200_000} | wc -c\x1b[201~\r", EDITOR)],
        [(f"echo {'x' * (16382 - 5)} …", 0, {"cut": 200_000 - 16382 + 13})],
        alike=False,
    ),
    Case(
        "job-ends", ["sleep 0.1 & sleep 0.3", "true"], [("sleep 0.1 & sleep 0.3", 0), ("true", 0)]
    ),
    # Other shells in its place, and within.
    Case(
        "deeper",
        [_DEEPER, "cd /", "(exit 3)", ("exit\r", EDITOR), "true"],
        [
            (_DEEPER, 3),
            ("cd /", 0, {"depth": 2}),
            ("(exit 3)", 3, {"depth": 2, "cwd": "/"}),
            ("exit", None, {"depth": 2, "cwd": "/"}),
            ("true", 0),
        ],
        files={"hooks": f"PS1='{PROMPT}'\n{HOOKS}"},
    ),
    Case(
        "deeper-is-killed",
        [_DEEPER, ("kill -9 $$\r", EDITOR), "true"],
        [(_DEEPER, 137), ("kill -9 $$", None, {"depth": 2}), ("true", 0)],
        files={"hooks": f"PS1='{PROMPT}'\n{HOOKS}"},
        alike=False,
    ),
    Case(
        "another-in-its-place",
        [("exec bash --norc\r", EDITOR + PROMPT), "echo inside", ("exit\r", "")],
        [("exec bash --norc", 0)],
        entered=["echo inside", "exit"],
        exits=False,
        alike=False,
    ),
]
