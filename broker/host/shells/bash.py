"""What bash (4.4 and later) reads at its start, so that holds work in it and it tells its commands.

The line is what the line editor has when Enter is pressed, history and pastes included: ``bind -x``
shows it to us, and can empty it. A command begins where PS0 is shown, and has ended where
PROMPT_COMMAND runs. Before 5.1 that is a string, in front of which ours stands; the user's then
sees one status of a pipeline, the last. Later it is an array, whose elements disturb each other in
nothing: ours has a place of its own there, and the user's own string stays where it was.

A DEBUG trap would be the user's. Where there is one, ours runs in a subshell, which it does not
see; elsewhere no process is started at a prompt or at Enter: on a host that is out of processes,
Enter must still do. Whether there is one only a subshell can see without being seen; so we look
after lines that may have set one.

Known: ``set -v`` shows our words as it would show the user's own; a trace that goes to
BASH_XTRACEFD has them; a DEBUG trap that functions inherit (``set -T``) sees what ours do, and one
of a start file sees one command of ours as the shell begins; ``set -r`` in it takes us away, and
says so at each prompt. The status of a command before which PROMPT_COMMAND was taken away from us
is told at the next Enter.
"""

_FUNCTIONS = r"""
__jumpseat_check() { # in a subshell: what is changed here stays here
  builtin set +eukx
  local line one=$READLINE_LINE
  line=$(__jumpseat_expanded) || line=$one
  __jumpseat_matches "$line" || return 0
  builtin printf '%s' "$line" | "${__jumpseat_held[@]:1}"
  case $? in
    0) return 0 ;;
    5) ;;
    *) builtin printf '%s\n' 'jumpseat: this matches a hold, and nobody can be asked.' >/dev/tty ;;
  esac
  return 1
}

# What "!" would become, in a subshell, too. 1: that can't be.
__jumpseat_expanded() {
  local last
  if [[ $- == *H* ]]; then
    builtin unset HISTCONTROL HISTIGNORE HISTTIMEFORMAT
    # `history -p` leaves the newest entry out, taking it for its own.
    last=$(\builtin history 1)
    [[ $last =~ ^[[:space:]]*[0-9]+[*[:space:]][[:space:]] ]] && last=${last#"${BASH_REMATCH[0]}"}
    builtin history -s -- "$last"
    builtin history -s -- "$last"
    builtin history -p -- "$READLINE_LINE" 2>/dev/null
  else
    builtin printf '%s\n' "$READLINE_LINE"
  fi
}

__jumpseat_matches() {
  local LC_ALL=C ere rest one
  builtin shopt -u nocasematch
  while IFS= builtin read -r ere; do
    rest=${1//\\$'\n'/}$'\n'
    while [[ $rest ]]; do
      one=${rest%%$'\n'*} rest=${rest#*$'\n'}
      [[ $one =~ $ere ]] && return 0
    done
  done <"${__jumpseat_held[0]}"
  return 1
}

# As Ctrl-C would put the line aside, and all of a command that it goes on with; Up brings it back.
__jumpseat_aside() {
  [[ -o history && $READLINE_LINE ]] && builtin history -s -- "$READLINE_LINE"
  READLINE_LINE= READLINE_POINT=0
  builtin kill -INT "$$"
}

# A mark of this kind with these fields, for the recorder, wherever output goes.
__jumpseat_mark() {
  builtin local IFS=\;
  builtin printf '\e]7717;%s%s;%s\e\\' "${__jumpseat_marks[@]}" "$*" >/dev/tty || builtin :
}

__jumpseat_encode() { # `text`, as a field
  [[ $text == *[%[:cntrl:]]* ]] || return 0
  builtin local code hex byte
  text=${text//%/%25}
  for ((code = 1; code < 128; code += code == 31 ? 96 : 1)); do
    builtin printf -v hex %02X "$code"
    builtin printf -v byte "\\x$hex"
    [[ $text != *"$byte"* ]] || text=${text//"$byte"/%$hex}
  done
}

# What PROMPT_COMMAND calls, with the status.
__jumpseat_prompt() {
  builtin local -
  builtin set +eukx
  builtin local text="${PWD-}" LC_ALL=C
  __jumpseat_at=1
  __jumpseat_encode
  __jumpseat_mark p "$$" "$1" "$text"
  __jumpseat_set_ps0
}

__jumpseat_set_ps0() { # at a prompt: at Enter, bash has it already
  if ! builtin shopt -q promptvars; then
    [[ ${PS0-} != *"$__jumpseat_ps0" ]] || PS0=${PS0%"$__jumpseat_ps0"}
  elif [[ ${PS0-} != *"$__jumpseat_ps0" ]]; then
    builtin printf -v PS0 %s "${PS0-}$__jumpseat_ps0" || :
  fi
}

__jumpseat_again() { # what gives the status back
  __jumpseat_prompt "$1"
  return "$1"
}

# What Enter calls. 1: the line must not run; 2, 3: first, our hooks are to be put where they
# belong, with and without a subshell around them.
__jumpseat_enter() {
  builtin local -
  builtin set +eukx
  builtin local wanted=2 piece found at
  [[ ! ${__jumpseat_marks-} ]] || __jumpseat_mark x "$$"
  [[ ! -s ${__jumpseat_held-} ]] || ( __jumpseat_check ) || return 1
  __jumpseat_risky || wanted=3
  if [[ ${__jumpseat_marks-} ]]; then
    __jumpseat_look "$wanted"
    [[ ! $found ]] || ((__jumpseat_at)) || return 0 # a line that a command reads
    __jumpseat_goes || return 0
    [[ $found == "$piece"* ]] && __jumpseat_begins || return "$wanted"
  fi
  ((wanted == __jumpseat_hooked)) || return "$wanted"
  [[ ! ${__jumpseat_marks-} ]] || __jumpseat_tell
  return 0
}

# Whether bash takes the line as it is, and does not come back with what "!" became.
__jumpseat_goes() {
  [[ $- == *H* && $READLINE_LINE == *[\!^]* ]] || return 0
  builtin local line
  line=$(__jumpseat_expanded) || return 1
  [[ $line == "$READLINE_LINE" ]] || ! builtin shopt -q histverify && [[ $READLINE_LINE != *:p* ]]
}

# Whether there is a DEBUG trap, or will be, as far as we see; in a long line patterns take long.
__jumpseat_risky() {
  [[ ! ${__jumpseat_debug-} ]] && ((${#READLINE_LINE} < 1000)) || return 0
  [[ $READLINE_LINE != *@(trap|source|eval|. )* ]] || return 0
  builtin local word="${READLINE_LINE#"${READLINE_LINE%%[![:space:]]*}"}"
  builtin declare -F -- "${word%%[[:space:]\;\&\|\(\)\<\>]*}" >/dev/null
}

# What PROMPT_COMMAND is to have of ours: `piece`; what it has: `found`, `at` a place.
__jumpseat_look() {
  if [[ ${PROMPT_COMMAND@a} == x ]]; then # shells run it that know nothing of ours
    piece='{ ( ${__jumpseat_call:-exit} "$?" ) && ( : ); }'
  elif [[ $1 == 3 ]] || ! __jumpseat_begins; then
    piece='{ __jumpseat_again "$?" && :; } >/dev/null'
    ((__jumpseat_arrays)) && piece='{ __jumpseat_prompt "$?"; } >/dev/null'
  else
    piece='{ ( __jumpseat_again "$?" ) && ( : ); }'
    ((__jumpseat_arrays)) && piece='{ ( __jumpseat_prompt "$?" ); }'
  fi
  piece+=' 2>/dev/null"${__jumpseat_none:__jumpseat_at=1,1}"'
  for at in "${!PROMPT_COMMAND[@]}"; do
    found=${PROMPT_COMMAND[at]}
    [[ $found != "{ "*__jumpseat_* ]] || return 0
  done
  found=
}

__jumpseat_begins() { # whether PS0 has ours
  [[ ${PS0-} == *"$__jumpseat_ps0" ]] && builtin shopt -q promptvars
}

__jumpseat_tell() {
  builtin local LC_ALL=C line="$READLINE_LINE" kind=e text told= at
  for ((at = 0; ; at += 330)); do
    text=${line:at:330}
    ((at + 330 < ${#line})) || kind=l
    __jumpseat_encode
    builtin printf -v text '\e]7717;%s%s;%s;%s;%s\e\\' "${__jumpseat_marks[@]}" "$kind" "$$" "$text"
    told+=$text
    [[ $kind == e ]] || break
  done
  builtin printf %s "$told" >/dev/tty || builtin :
  __jumpseat_begins && return 0
  __jumpseat_mark c "$$"
  __jumpseat_at=0
}

# What is to be done in the shell itself, after `__jumpseat_enter`.
__jumpseat_after() {
  builtin local -
  builtin set +eukx
  case $1 in
    1) __jumpseat_aside ;;
    [23])
      __jumpseat_hook "$1"
      if [[ ${__jumpseat_marks-} ]]; then
        ((__jumpseat_at)) || __jumpseat_prompt "$__jumpseat_status"
        __jumpseat_tell
      fi
      ;;
  esac
  return 0
}

# Put our hooks where they belong: 2 in a subshell, 3 without.
__jumpseat_hook() {
  builtin local map at= piece found enter='__jumpseat_enter "$_"'
  [[ $1 == 3 ]] || enter='( __jumpseat_debug=$(\builtin trap -p DEBUG); __jumpseat_enter )'
  if [[ $1 != "$__jumpseat_hooked" ]]; then
    # The new line: in the midst of a here-document bash knows its keywords only at the beginning
    # of a line. The redirection hides ours from `set -x`, and takes the status down.
    enter=$'\n'"{ $enter || { __jumpseat_after \"\$?\" \"\$_\"; } >/dev/null; } 2>/dev/null"
    enter+='"${__jumpseat_none:__jumpseat_status=$?,1}"'
    for map in emacs-standard vi-insert vi-command; do
      builtin bind -m $map -x '"\e\C-_c": '"$enter"
    done
    __jumpseat_hooked=$1
  fi
  [[ ${__jumpseat_marks-} ]] || return 0
  __jumpseat_look "$1"
  if ((__jumpseat_arrays)) && [[ ${PROMPT_COMMAND@a} != x ]]; then
    # Where a user's own string would be, is nothing of ours.
    [[ $found ]] || at=$((${at:-0} + 1))
    builtin printf -v "PROMPT_COMMAND[$at]" %s "$piece" || :
  else
    [[ $found ]] && found=${found#*$'\n'} || found=${PROMPT_COMMAND-}
    builtin printf -v PROMPT_COMMAND '%s\n%s' "$piece" "$found" || :
  fi
}

__jumpseat_read() { # works in every bash
  if [[ $- != *i* || $- == *r* || ${TERM:-dumb} == dumb ]] ||
    ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] < 404)); then
    builtin unset JUMPSEAT_HOLDS JUMPSEAT_MARKS
    return 0
  fi
  builtin local -
  builtin set -f +eukx
  builtin local IFS=$'\n'
  __jumpseat_held=(${JUMPSEAT_HOLDS-})
  # Parted, so that a list of all variables shows it to nobody who could use it as it stands.
  __jumpseat_marks=(${JUMPSEAT_MARKS:0:16} ${JUMPSEAT_MARKS:16})
  builtin unset JUMPSEAT_HOLDS JUMPSEAT_MARKS
}

# Whatever key ends a line: first our look at it, then what the key did. No other key is touched.
__jumpseat_install() {
  builtin local -
  builtin set -f +eukx
  builtin local status=$1 IFS=$'\n' map line key
  builtin local check='"\e\C-_c"' accept='"\e\C-_a"' next='"\e\C-_n"'
  builtin unset -f __jumpseat_read __jumpseat_install
  [[ ${__jumpseat_held-}${__jumpseat_marks-} ]] && [[ -o emacs || -o vi ]] || return $status
  for map in emacs-standard vi-insert vi-command; do
    for line in $(\builtin bind -m $map -p); do
      key=${line%%'": '*}'"'
      case $line in
        '"'*'": accept-line') builtin bind -m $map "$key: ${check%'"'}${accept#'"'}" ;;
        '"'*'": operate-and-get-next') builtin bind -m $map "$key: ${check%'"'}${next#'"'}" ;;
      esac
    done
    builtin bind -m $map "$accept: accept-line"
    builtin bind -m $map "$next: operate-and-get-next"
  done
  __jumpseat_none=x __jumpseat_at=0 __jumpseat_status= __jumpseat_hooked= __jumpseat_debug=
  __jumpseat_call=__jumpseat_again
  ((__jumpseat_arrays = BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 501, 1))
  __jumpseat_begin=($'\e]7717;'"${__jumpseat_marks-}" "${__jumpseat_marks[1]-};c;$$"$'\e\\')
  __jumpseat_ps0='${__jumpseat_begin-}${__jumpseat_begin[1]:__jumpseat_at=0,0}'
  [[ ! ${__jumpseat_marks-} ]] || __jumpseat_set_ps0
  __jumpseat_hook 2
  [[ ! ${__jumpseat_marks-} ]] ||
    __jumpseat_mark s "$$" "bash ${BASH_VERSINFO[0]}.${BASH_VERSINFO[1]}"
  return $status
}
"""

# Hushed, as a DEBUG trap says something of it.
_INSTALL = """{ __jumpseat_install "$?"; } >/dev/null 2>&1 || return
"""

HOOKS = (
    "# Jumpseat: read by an interactive bash, behind its user's files.\n"
    + _FUNCTIONS
    + "\n__jumpseat_read\n"
    + _INSTALL
)
"""For any interactive bash: holds and marks, as far as its environment has them."""

START = (
    r"""# Jumpseat: read by one bash at its start, in place of ~/.bashrc; by a login shell
# as the ENV of a shell in POSIX mode, which then goes on as it would have begun. It looks at a line
# when Enter is pressed, before bash sees it, and says when a command begins and has ended.
"""
    + _FUNCTIONS
    + r"""
__jumpseat_read

if shopt -q login_shell; then
  unset ENV
  set +o posix
  shopt -u inherit_errexit
  [[ ${HISTFILE-} != ~/.sh_history ]] || HISTFILE=~/.bash_history
  [[ ${MAILCHECK-} != 600 ]] || MAILCHECK=60
  if [[ -r /etc/profile ]]; then . /etc/profile; fi
  if [[ -r ~/.bash_profile ]]; then . ~/.bash_profile
  elif [[ -r ~/.bash_login ]]; then . ~/.bash_login
  elif [[ -r ~/.profile ]]; then . ~/.profile
  fi
elif [[ -r ~/.bashrc ]]; then . ~/.bashrc
fi

"""
    + _INSTALL
)
"""In place of what bash reads at its start: the user's files, then the hooks."""
