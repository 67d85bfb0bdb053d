"""What stands before the host's own text in the files that logins read. Pure.

It does nothing in scripts, and nothing where the recorder's socket is gone. Nobody is locked out:
the login ends only where its recorded shell has ended, which our program says on a pipe; whatever
else happens, a Python that does not start included, it goes on as it would have.
"""

from __future__ import annotations

import shlex
from typing import List

from broker.host.logins.place import Place

# In whose terminal is this shell? Its own, or that of sudo or su, which may make one within:
# what is printed there is printed in both. `read` and nothing else: no process is started.
_FIND = r"""
__jumpseat_find() {
  __jumpseat_session=0 __jumpseat_one=$$
  while [ "$__jumpseat_one" -gt 1 ]; do
    read -r __jumpseat_stat <"/proc/$__jumpseat_one/stat" || return 1
    __jumpseat_stat=${__jumpseat_stat##*\) ?}
    __jumpseat_stat=${__jumpseat_stat# }
    __jumpseat_one=${__jumpseat_stat%% *} __jumpseat_stat=${__jumpseat_stat#* }
    __jumpseat_stat=${__jumpseat_stat#* }
    [ "$__jumpseat_session" != 0 ] || __jumpseat_session=${__jumpseat_stat%% *}
    __jumpseat_stat=${__jumpseat_stat#* }
    __jumpseat_file=@TERMINALS@/${__jumpseat_stat%% *}
    [ ! -e "$__jumpseat_file" ] || return 0
  done
  return 1
} 2>/dev/null
"""
_FORGET = r"""
unset -f __jumpseat_find 2>/dev/null
unset __jumpseat_session __jumpseat_one __jumpseat_stat __jumpseat_file __jumpseat_said
"""
# The marks are set up at the first prompt: until then the user's own files set up theirs.
_DEEPER = r"""
    if [ -n "${BASH_VERSION-}" ] && [ -z "${__jumpseat_marks-}${__jumpseat_deeper-}" ]; then
      __jumpseat_deeper=
      read -r __jumpseat_deeper <"$__jumpseat_file" ||
        __jumpseat_deeper=$(@MARKS@ </dev/null)
      if [ -n "$__jumpseat_deeper" ]; then
        __jumpseat_first() {
          JUMPSEAT_MARKS=$__jumpseat_deeper
          PROMPT_COMMAND=${PROMPT_COMMAND#__jumpseat_first}
          PROMPT_COMMAND=${PROMPT_COMMAND#;}
          [ -n "$PROMPT_COMMAND" ] || unset PROMPT_COMMAND
          unset -f __jumpseat_first
          unset __jumpseat_deeper
          . @HOOKS@
          __jumpseat_prompt ''
        }
        PROMPT_COMMAND="__jumpseat_first${PROMPT_COMMAND:+;$PROMPT_COMMAND}"
      fi
    fi 2>/dev/null
"""
_LOGIN = r"""
    if [ "$__jumpseat_session" = "$$" ]; then
      trap '' INT QUIT
      __jumpseat_said=$(exec 3>&1 >/dev/tty 2>&1; @LOGIN@)
      if [ -n "$__jumpseat_said" ]; then
        exec /bin/sh -c "exit $__jumpseat_said"
      fi
      trap - INT QUIT
    fi
"""
_SH = (
    r"""
if [ -S @SOCKET@ ] && [ -t 0 ] && [ -t 1 ]; then case $- in *i*)
"""
    + _FIND
    + r"""
  if __jumpseat_find; then
    :"""
    + _DEEPER
    + r"""
  else
    :@ELSEWHERE@
  fi
"""
    + _FORGET
    + r""";; esac; fi
"""
)
_FISH = r"""
if status is-login; and status is-interactive; and test -S @SOCKET@; and isatty 0; and isatty 1
    set -l said (sh -c '@SCRIPT@')
    test -n "$said"; and exec /bin/sh -c "exit $said"
end
"""
# Of the shell that started it; sh has a number of its own, and no terminal for its output.
_FISH_SCRIPT = (
    _FIND.replace("=$$", "=$PPID")
    + r"""
trap '' INT QUIT
if ! __jumpseat_find && [ "$__jumpseat_session" = "$PPID" ]; then
  exec 3>&1 >/dev/tty 2>&1
  @LOGIN@
fi
"""
)


def composed(shell: str, place: Place, own: bytes, login: List[str], marks: List[str]) -> bytes:
    """A file that ``shell`` (``sh``, ``zsh``, ``fish``) reads at a login: ours, then its own text.

    ``bash``: one that bash reads within a terminal. ``login`` and ``marks`` are command lines.
    """
    if shell == "fish":
        script = _filled(_FISH_SCRIPT, place, login, marks)
        quoted = script.replace("\\", "\\\\").replace("'", "\\'")
        text = _filled(_FISH, place, login, marks).replace("@SCRIPT@", quoted)
    else:
        elsewhere = "" if shell == "bash" else _LOGIN
        text = _filled(_SH.replace("@ELSEWHERE@", elsewhere), place, login, marks)
    title = "# Jumpseat: this host's own text follows at the end; it is back when a grant ends.\n"
    return (title + text).encode() + own


def _filled(text: str, place: Place, login: List[str], marks: List[str]) -> str:
    for word, by in {
        "@SOCKET@": [str(place.socket)],
        "@TERMINALS@": [str(place.terminals)],
        "@HOOKS@": [str(place.hooks)],
        "@LOGIN@": login,
        "@MARKS@": marks,
    }.items():
        text = text.replace(word, shlex.join(by))
    return text
