"""zsh: lines, prompts as oh-my-zsh makes them, and what users hook in."""

from __future__ import annotations

from dataclasses import replace

from tests.host.command_cases import EDITOR, PROMPT, Case, Step, Told, more

_WAITING = "sh -c 'echo wai''ting; exec sleep 60'"
# As oh-my-zsh's themes do it: the prompt is made anew by a hook, from the status, with a right one.
_THEME = f"""
setopt prompt_subst
theme_precmd() {{
  local code=$? pipe="$pipestatus"
  PROMPT="[$code $pipe] {PROMPT}"
  RPROMPT='%F{{red}}${{code}}right%f'
}}
autoload -Uz add-zsh-hook
add-zsh-hook precmd theme_precmd
theme_preexec() {{ print -r "runs ${{(q)1}}" }}
add-zsh-hook preexec theme_preexec
"""
# A prompt that is made short when the line is accepted, as powerlevel10k has it.
_TRANSIENT = """
short() { PROMPT='> ' RPROMPT= ; zle reset-prompt; PROMPT='long ready$ ' }
zle -N zle-line-finish short
PROMPT='long ready$ '
"""
_WRAPPED = """
mine() { mine=$BUFFER; zle .accept-line }
zle -N accept-line mine
"""
_USUAL = (("false", 1), ("echo one", 0), ("false | true", 0), ("(exit 3)", 3), ("true", 0))


def _case(name: str, steps: list[Step], told: list[Told], rc: str = "", **fields: object) -> Case:
    return replace(Case(name, steps, told, rc=rc, **fields), shell="zsh")  # type: ignore[arg-type]  # noqa: S604


def _set(name: str, rc: str, *lines: tuple[str, int], **fields: object) -> Case:
    return _case(
        name, [line for line, _ in lines], [*lines], rc, **{"status": lines[-1][1], **fields}
    )


ZSH = [
    _set("a-line", "", *_USUAL),
    _set("not-found", "", ("nothing-of-this-name", 127)),
    _set("blank-in-front", "setopt hist_ignore_space", (" echo hidden  it", 0)),
    _set("reduced", "setopt hist_reduce_blanks", ("echo  one   two", 0)),
    _set("wide", "", ("echo größe 漢字", 0)),
    _set("no-history", "HISTSIZE=0 SAVEHIST=0", ("echo one", 0), ("echo two", 0)),
    _set("comment", "setopt interactive_comments", ("true # some", 0)),
    _case("empty", ["", "# no", "true"], [("true", 0)], "setopt interactive_comments"),
    _case(
        "loop",
        [more("for i in 1 2; do"), more("  echo $i"), "done"],
        [("for i in 1 2; do\n  echo $i\ndone", 0)],
    ),
    _case(
        "here-document",
        [more("cat <<END"), more("a % ; b"), more(""), "END"],
        [("cat <<END\na % ; b\n\nEND", 0)],
    ),
    _case("bang", ["echo one", "!!"], [("echo one", 0), ("!!", 0)]),
    _case("history", ["echo one", ("\x1b[A", "echo one"), ""], [("echo one", 0), ("echo one", 0)]),
    _case("syntax-error", ["if x; fi", "true"], [("if x; fi", None), ("true", 0)]),
    _case(
        "paste",
        [("\x1b[200~echo one\necho tw''o\x1b[201~", "tw"), ("\r", PROMPT)],
        [("echo one\necho tw''o", 0)],
    ),
    _case("given-up", [("echo no\x03", EDITOR), "true"], [("true", 0)]),
    _case("given-up-in-it", [more("for i in 1"), ("do \x03", EDITOR), "true"], [("true", 0)]),
    _case(
        "interrupted",
        [(f"{_WAITING}\r", "waiting"), ("\x03", PROMPT)],
        [(_WAITING, 130)],
        status=130,
    ),
    _case(
        "stopped",
        [(f"{_WAITING}\r", "waiting"), ("\x1a", PROMPT), ("fg\r", "continued"), ("\x03", PROMPT)],
        [(_WAITING, 148), ("fg", 130)],
        status=130,
    ),
    _case("killed", [("kill -9 $$\r", "")], [("kill -9 $$", 137)], status=137, exits=False),
    _case("no-output", ["exec >/dev/null", "echo one"], [("exec >/dev/null", 0), ("echo one", 0)]),
    _case(
        "vared",
        ["x=one", ("vared x\r", EDITOR), ("\x15two\r", PROMPT), "echo $x"],
        [("x=one", 0), ("vared x", 0), ("echo $x", 0)],
        entered=[None],
    ),
    _case(
        "accept-and-hold", [("true\x1ba", EDITOR), ""], [("true", 0, {"shares": {}}), ("true", 0)]
    ),
    _set("theme", _THEME, *_USUAL),
    _set("transient", _TRANSIENT, *_USUAL),
    _set("own-widget", _WRAPPED, ("echo one", 0)),
    _set("own-hooks", "precmd() { print $? $pipestatus }; preexec() { print $1 }", *_USUAL),
    _set(
        "hooks-set-later",
        "",
        ("precmd_functions=(true)", 0),
        ("false", 1),
        ("true", 0),
        entered=[None],
    ),
    _set("begin-set-later", "", ("preexec_functions=()", 0), ("false", 1), ("true", 0)),
    _set("xtrace", "", ("setopt xtrace", 0), ("false", 1), ("echo one", 0)),
    _set("err-return", "setopt no_unset err_return; trap 'echo err' ZERR", *_USUAL),
    _set("sh-words", "setopt sh_word_split ksh_arrays no_nomatch", *_USUAL),
    _set("ksh", "emulate ksh; setopt prompt_subst", ("false", 1), ("echo one", 0)),
    _set("odd-fields", "IFS=e0123456789", *_USUAL),
    _case("vi", [("echo one\x1b0cwprintf\x1b\r", PROMPT)], [("printf one", 0)], "bindkey -v"),
    _case(
        "no-line-editor",
        [("unsetopt zle\r", PROMPT), ("echo  one\r", PROMPT), ("setopt zle\r", PROMPT)],
        [("unsetopt zle", 0), ("echo  one", 0), ("setopt zle", 0)],
    ),
    _set("login", "", *_USUAL, login=True),
]
