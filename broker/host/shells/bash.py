"""What bash (4.4 and later) reads at its start.

``bind -x`` gives us the line as the line editor has it, history and pastes included, and can empty
it. A DEBUG trap with extdebug, the other way to stop a command, sees single commands and no
subshells, has no line to show, and takes the place of the user's own; where the user has one, it
sees a test for the file at each Enter, and nothing else of ours. There is no process to be started
while no hold is up: on a host that is out of processes Enter must still do.
"""

TEXT = r"""# Jumpseat: read by one bash at its start, in place of ~/.bashrc; by a login shell
# as the ENV of a shell in POSIX mode, which then goes on as it would have begun. It looks at a line
# when Enter is pressed, before bash sees it, and does nothing else.

__jumpseat_check() { # in a subshell: what is changed here stays here
  set +eux
  builtin unset HISTCONTROL HISTIGNORE HISTTIMEFORMAT
  local line last one=$READLINE_LINE
  line=$one
  if [[ $- == *H* ]]; then
    # What "!" would become. `history -p` leaves the newest entry out, taking it for its own.
    last=$(builtin history 1)
    [[ $last =~ ^[[:space:]]*[0-9]+[*[:space:]][[:space:]] ]] && last=${last#"${BASH_REMATCH[0]}"}
    builtin history -s -- "$last"
    builtin history -s -- "$last"
    line=$(builtin history -p -- "$one" 2>/dev/null) || line=$one
  fi
  __jumpseat_matches "$line" || return 0
  builtin printf '%s' "$line" | "${__jumpseat_held[@]:1}"
  case $? in
    0) return 0 ;;
    5) ;;
    *) builtin printf '%s\n' 'jumpseat: this matches a hold, and nobody can be asked.' >/dev/tty ;;
  esac
  return 1
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
  builtin kill -INT $$
}

__jumpseat_read() {
  builtin local - IFS=$'\n'
  set -f +eux
  __jumpseat_held=($JUMPSEAT_HOLDS)
  builtin unset JUMPSEAT_HOLDS
}

# Whatever key ends a line: first our look at it, then what the key did. No other key is touched.
__jumpseat_bind() {
  builtin local status=$?
  builtin unset -f __jumpseat_read __jumpseat_bind
  ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 404)) && [[ -o emacs || -o vi ]] || return $status
  builtin local - IFS=$'\n' map line key check='"\e\C-_c"' accept='"\e\C-_a"' next='"\e\C-_n"'
  builtin local look='[[ ! -s ${__jumpseat_held-} ]] || ( __jumpseat_check ) || __jumpseat_aside'
  # Where `set -x` would show it. The new line: in the midst of a here-document bash knows its
  # keywords only at the beginning of a line.
  look=$'\n'"{ $look; } 2>/dev/null"
  set -f +eux
  for map in emacs-standard vi-insert vi-command; do
    for line in $(builtin bind -m $map -p); do
      key=${line%%'": '*}'"'
      case $line in
        '"'*'": accept-line') builtin bind -m $map "$key: ${check%'"'}${accept#'"'}" ;;
        '"'*'": operate-and-get-next') builtin bind -m $map "$key: ${check%'"'}${next#'"'}" ;;
      esac
    done
    builtin bind -m $map "$accept: accept-line"
    builtin bind -m $map "$next: operate-and-get-next"
    builtin bind -m $map -x "$check: $look"
  done
  return $status
}

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

__jumpseat_bind || return
"""
