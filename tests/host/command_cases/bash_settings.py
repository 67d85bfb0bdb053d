"""bash, as its users set it up: prompts that are made anew, traps, options, what others hook in."""

from __future__ import annotations

from tests.host.command_cases import EDITOR, PROMPT, Case, more

# As starship does it: one function, which looks at the status first and sets PS1 each time.
_STARSHIP = f"""
star_precmd() {{
  local status=$? pipe=("${{PIPESTATUS[@]}}")
  [[ ${{pipe[*]}} == "$status" ]] || status="${{pipe[*]}}"
  PS1="\\[\\e[1m\\]\\w [$status]\\[\\e[0m\\]\\n{PROMPT}"
}}
PROMPT_COMMAND=star_precmd
"""

# As bash-preexec does it: a DEBUG trap that is set at the first prompt, and tells of commands by
# the history; it passes by what PROMPT_COMMAND runs and what the line editor does.
_PREEXEC = """
__bp_precmd() {
  local ret=$? pipe=("${PIPESTATUS[@]}")
  [[ $__bp_inside ]] && return
  local __bp_inside=1
  echo "precmd $ret ${pipe[*]}"
}
__bp_mode() { __bp_on=on; }
__bp_preexec() {
  [[ $__bp_inside ]] && return
  [[ ${COMP_POINT-}${READLINE_POINT-} ]] && return
  [[ $__bp_on ]] || return
  local IFS=$'\\n;' one
  for one in ${PROMPT_COMMAND[*]}; do [[ $one == "$BASH_COMMAND" ]] && return; done
  __bp_on=
  echo "preexec $(HISTTIMEFORMAT= history 1 | sed 's/^ *[0-9]* *//')"
}
__bp_begin() {
  trap '__bp_preexec "$_"' DEBUG
  PROMPT_COMMAND=$'__bp_precmd\\n__bp_mode'
  __bp_precmd
  __bp_mode
}
PROMPT_COMMAND=$'__bp_begin\\n:'
"""

_ERR = "trap 'echo err:$?:$BASH_COMMAND' ERR"
_DEBUG = "trap 'echo debug:$BASH_COMMAND' DEBUG"
_TIMER = """
timer() { begun=${begun:-$SECONDS}; count=$((count + 1)); }
trap timer DEBUG
told() { ((first++)) && echo "after $count"; count=0; }
PROMPT_COMMAND=told
"""
_SEES = "PROMPT_COMMAND='echo \"[$? ${PIPESTATUS[*]}] \"'"
_PIPE = "false | (exit 4) | true"


def _set(name: str, rc: str, *lines: tuple[str, int], **fields: object) -> Case:
    """A case in which the start file is what matters."""
    status = lines[-1][1]
    return Case(name, [line for line, _ in lines], lines, rc=rc, status=status, **fields)  # type: ignore[arg-type]


_TRACED = (("false", 1), ("echo one", 0), ("(exit 3)", 3), ("x=y true", 0))
_USUAL = (("false", 1), ("echo one", 0), (_PIPE, 0), ("(exit 3)", 3), ("true", 0))

BASH_SETTINGS = [
    # Prompts.
    _set("starship", _STARSHIP, *_USUAL),
    _set("two-rows", f"PS1='\\u\\n{PROMPT}'", *_USUAL, ("printf end", 0)),
    _set("right-prompt", f"PS1='\\[\\e[s\\e[60Cright\\e[u\\]{PROMPT}'", *_USUAL),
    _set("status-in-prompt", f"PS1='[$? $((x+=1))] {PROMPT}'", *_USUAL),
    _set("no-new-line", "", ("printf end", 0), ("printf '\\e[31mre\\e[md'", 0), ("true", 0)),
    _set("own-begin", "PS0='begins \\$? $?\\n'", *_USUAL),
    _set("begin-set-later", "", ("PS0='begins\\n'", 0), ("echo one", 0), ("echo two", 0)),
    _set("prompt-without-variables", "shopt -u promptvars; PS0='$x\\n'", *_USUAL),
    # PROMPT_COMMAND.
    _set("sees-status", _SEES, *_USUAL),
    _set(
        "array-sees-status", "PROMPT_COMMAND=('echo one $?' 'echo two ${PIPESTATUS[*]}')", *_USUAL
    ),
    _set("exported", "export PROMPT_COMMAND='echo \"[$?]\"'", *_USUAL),
    _set("set-later", "", ("PROMPT_COMMAND='echo and $?'", 0), ("false", 1), ("true", 0)),
    _set(
        "unset-later", _SEES, ("unset PROMPT_COMMAND", 0), ("false", 1), ("true", 0), entered=[None]
    ),
    _set(
        "array-set-later",
        _SEES,
        ("PROMPT_COMMAND=(:)", 0),
        ("false", 1),
        ("true", 0),
        entered=[None],
    ),
    _set("added-later", _SEES, ("PROMPT_COMMAND+='; echo and'", 0), ("false", 1), ("true", 0)),
    _set("readonly", "readonly PROMPT_COMMAND PS0", *_USUAL, entered=[None] * 6),
    _set(
        "what-is-said-of-it",
        _SEES,
        ('echo "$PROMPT_COMMAND"', 0),
        ("unset PROMPT_COMMAND; echo ${PROMPT_COMMAND-none}", 0),
        entered=[None],
    ),
    # Traps.
    _set("trap-err", _ERR, *_USUAL, ("! true", 1)),
    _set("trap-err-everywhere", f"set -E; {_ERR}", *_USUAL, ("! true", 1)),
    _set("trap-debug", _DEBUG, *_USUAL),
    _set("trap-debug-later", "", (_DEBUG, 0), *_USUAL, ("trap - DEBUG", 0), ("true", 0)),
    _set("trap-debug-sourced", "", (". ./more", 0), *_USUAL, files={"more": _DEBUG}),
    _set("trap-debug-job-ends", _DEBUG, ("sleep 0.1 & sleep 0.3", 0), ("true", 0)),
    _set("timer", _TIMER, *_USUAL),
    _set("bash-preexec", _PREEXEC, *_USUAL),
    _set("trap-exit", "trap 'echo left $?' EXIT", *_USUAL),
    _set("trap-return", "set -T; trap 'echo returned' RETURN", ("true", 0), alike=False),
    _set("extdebug", "shopt -s extdebug", *_USUAL),
    # Options.
    _set("set-u", "set -u", *_USUAL, ("echo ${x-no}", 0)),
    _set("set-x", "set -x", *_TRACED),
    _set("set-x-later", "", ("set -x", 0), *_TRACED, ("set +x", 0)),
    _set("set-f-C", "set -fC", *_USUAL),
    _set("set-P-k-h", "set -Pk +h", *_USUAL),
    _set("posix", "set -o posix", *_USUAL),
    _set("shopts", "shopt -s nocasematch failglob dotglob extglob globstar lithist", *_USUAL),
    _set("no-extglob", "shopt -u extglob patsub_replacement expand_aliases", *_USUAL),
    _set("odd-fields", "IFS=e0123456789", *_USUAL),
    _set("own-locale", "LC_ALL=C.UTF-8; export LC_ALL", ("echo ${#LC_ALL} é", 0), ("x=é", 0)),
    _set("no-braces", "set +B", ("echo {1,2}", 0)),
    _set("histverify", "shopt -s histverify", ("echo one", 0), alike=True),
    Case(
        "histverify-again",
        ["echo one", ("!e\r", "echo one"), ""],
        [("echo one", 0), ("echo one", 0)],
        rc="shopt -s histverify",
    ),
    Case("bang-printed", ["echo one", "!e:p", "true"], [("echo one", 0), ("true", 0)]),
    _set("set-e", "set -e", ("true", 0), ("! true", 1), ("false || true", 0)),
    Case(
        "set-e-ends-it",
        ["true", ("false\r", "")],
        [("true", 0), ("false", 1)],
        rc="set -e",
        status=1,
        exits=False,
    ),
    # Names of ours that users have, too.
    _set("own-functions", "printf() { echo mine; }; local() { :; }; set() { :; }", *_USUAL),
    _set("own-aliases", "alias printf='echo mine' set=: local=: return=: builtin=:", *_USUAL),
    # The line editor.
    Case(
        "vi",
        ["true", ("echo one\x1b0cwprintf\x1b\r", EDITOR)],
        [("true", 0), ("printf one", 0)],
        rc="set -o vi",
    ),
    Case(
        "vi-later",
        ["set -o vi", ("echo two\x1b\r", EDITOR), more("for i in 1; do"), "done"],
        [("set -o vi", 0), ("echo two", 0), ("for i in 1; do\ndone", 2)],
        status=2,
    ),
    _set("own-key", 'bind \'"\\C-j": accept-line\' \'"\\C-t": "echo typed\\C-m"\'', ("true", 0)),
    Case(
        "next-in-history",
        ["echo one", "echo two", ("\x1b[A\x1b[A\x0f", EDITOR), ""],
        [("echo one", 0), ("echo two", 0), ("echo one", 0), ("echo two", 0)],
    ),
    # How it is started, and how old it is.
    _set("login", "shopt -q login_shell || echo wrong", *_USUAL, login=True),
    _set("older", _SEES.replace("PIPESTATUS[*]", "x"), *_USUAL, version="5.0"),
    _set("older-trap-debug", f"{_DEBUG}; PROMPT_COMMAND='echo $?'", *_USUAL, version="5.0"),
    _set("older-array", "PROMPT_COMMAND=('echo one $?')", *_USUAL, version="5.0"),
    Case(
        "too-old",
        ["echo one"],
        [],
        rc=_SEES,
        version="4.3",
        exits=True,
        entered=["echo one", "exit"],
    ),
]
