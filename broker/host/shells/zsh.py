"""What zsh reads at its start: the ``.zshenv`` of a folder of ours.

The line is what the line editor has when it is accepted; the hook lists of zsh say when it begins
to run and when the next prompt comes. A trace of ours goes nowhere. A DEBUG trap, which functions
have here, sees one command of ours at each of them, as it sees those of any hook.
"""

HOOKS = r"""
__jumpseat_install() {
  { __jumpseat_installs $? } >/dev/null 2>&1
}

__jumpseat_installs() {
  emulate -L zsh
  setopt noxtrace
  trap - DEBUG
  precmd_functions=(${precmd_functions:#__jumpseat_install})
  (( $#precmd_functions )) || unset precmd_functions
  unfunction __jumpseat_install __jumpseat_installs
  local widget
  for widget in accept-{line,line-and-down-history,and-hold,and-infer-next-history}; do
    zle -A $widget __jumpseat-$widget && zle -N $widget __jumpseat_accept
  done
  (( $#__jumpseat_marks )) || return
  __jumpseat_mark s $$ "zsh $ZSH_VERSION"
  __jumpseat_hook
  __jumpseat_prompts $1
}

__jumpseat_hook() {
  emulate -L zsh
  typeset -ga precmd_functions preexec_functions
  precmd_functions=(__jumpseat_precmd ${precmd_functions:#__jumpseat_precmd})
  preexec_functions=(${preexec_functions:#__jumpseat_preexec} __jumpseat_preexec)
}

__jumpseat_accept() {
  {
    __jumpseat_status=$?
    setopt localoptions localtraps noxtrace
    trap - DEBUG
    __jumpseat_allows || return 1
    __jumpseat_accepted
  } >/dev/null 2>&1
  zle __jumpseat-$WIDGET -- "$@"
}

__jumpseat_allows() {
  [[ -s $__jumpseat_holds ]] || return 0
  # What "!" would become; the line itself stays as it was typed.
  local -h BEFORE=$BUFFER LINE=$BUFFER
  local -i -h AT=$CURSOR
  if zle .expand-history; then LINE=$BUFFER BUFFER=$BEFORE CURSOR=$AT; fi
  __jumpseat_check "$LINE"
}

__jumpseat_check() {
  emulate -L zsh
  setopt nomonitor nonotify
  __jumpseat_matches "$1" || return 0
  zle -I
  print -rn -- "$1" | $__jumpseat_held >/dev/tty
  case $? in
    (0) return 0 ;;
    (5) ;;
    (*) print -r 'jumpseat: this matches a hold, and nobody can be asked.' >/dev/tty ;;
  esac
  [[ -n $BUFFER ]] && print -rS -- "$BUFFER"
  zle .send-break
  return 1
}

__jumpseat_matches() {
  emulate -L zsh
  local LC_ALL=C ere one
  while IFS= read -r ere; do
    for one in "${(@f)1//\\$'\n'/}"; do
      [[ $one =~ $ere ]] && return 0
    done
  done <$__jumpseat_holds
  return 1
}

# The line at a prompt, for the recorder; not what `vared` reads.
__jumpseat_accepted() {
  emulate -L zsh
  [[ -n $__jumpseat_marks && $CONTEXT == (start|cont) ]] || return 0
  if [[ -z ${(M)precmd_functions:#__jumpseat_precmd} ||
    -z ${(M)preexec_functions:#__jumpseat_preexec} ]]; then
    __jumpseat_hook
    [[ -n $__jumpseat_at ]] || __jumpseat_prompts $__jumpseat_status
  fi
  [[ -n $__jumpseat_at ]] || return 0
  __jumpseat_tell e l "$BUFFER"
  __jumpseat_at=told
}

__jumpseat_precmd() {
  { __jumpseat_prompts $? } >/dev/null 2>&1
}

__jumpseat_prompts() {
  emulate -L zsh
  setopt noxtrace
  trap - DEBUG
  local text=$PWD
  __jumpseat_at=prompt
  __jumpseat_encode
  __jumpseat_mark p $$ $1 "$text"
}

__jumpseat_preexec() {
  { __jumpseat_begins "$1" } >/dev/null 2>&1
}

__jumpseat_begins() {
  emulate -L zsh
  setopt noxtrace
  trap - DEBUG
  # A line that was accepted in another way.
  [[ $__jumpseat_at != prompt ]] || __jumpseat_tell w w "$1"
  [[ -z $__jumpseat_at ]] || __jumpseat_mark c $$
  __jumpseat_at=
}

# A text in pieces: marks of the first kind, and the last piece as a mark of the second.
__jumpseat_tell() {
  emulate -L zsh
  setopt nomultibyte
  local kind=$1 line=$3 told text
  local -i at
  for (( at = 1; at == 1 || at <= $#line; at += 330 )); do
    text=${line[at,at+329]}
    __jumpseat_encode
    (( at + 330 <= $#line )) || kind=$2
    told+=$'\e]7717;'${(j::)__jumpseat_marks}";$kind;$$;$text"$'\e\\'
  done
  print -rn -- "$told" >/dev/tty
}

__jumpseat_mark() {
  emulate -L zsh
  print -rn -- $'\e]7717;'${(j::)__jumpseat_marks}";${(j:;:)@}"$'\e\\' >/dev/tty
}

__jumpseat_encode() { # `text`, as a field
  emulate -L zsh
  setopt nomultibyte
  [[ $text == *[%[:cntrl:]]* ]] || return 0
  local -i code
  local byte
  text=${text//\%/%25}
  for code in {1..31} 127; do
    byte=${(#)code}
    [[ $text != *$byte* ]] || text=${text//$byte/%${(l:2::0:)$(( [##16] code ))}}
  done
}

if [[ -n ${JUMPSEAT_HOLDS-}${JUMPSEAT_MARKS-} && -o interactive && ${TERM:-dumb} != dumb ]]; then
  typeset -g __jumpseat_holds=${${(f)JUMPSEAT_HOLDS}[1]} __jumpseat_at= __jumpseat_status=
  typeset -ga __jumpseat_held __jumpseat_marks
  __jumpseat_held=(${${(f)JUMPSEAT_HOLDS}[2,-1]})
  # Parted, so that a list of all variables shows it to nobody who could use it as it stands.
  __jumpseat_marks=(${JUMPSEAT_MARKS[1,16]} ${JUMPSEAT_MARKS[17,-1]})
  typeset -ga precmd_functions
  precmd_functions+=(__jumpseat_install)
fi
unset JUMPSEAT_HOLDS JUMPSEAT_MARKS
"""
"""For any interactive zsh, from one of its start files: holds and marks, as far as its environment
has them."""

START = (
    r"""# Jumpseat: read by one zsh at its start, which then goes on in the folder of its
# user's files. It looks at a line when it is accepted, before zsh sees it, and says when a command
# begins and has ended.
if [[ -n ${JUMPSEAT_ZDOTDIR+set} ]]; then
  export ZDOTDIR=$JUMPSEAT_ZDOTDIR
  unset JUMPSEAT_ZDOTDIR
else
  unset ZDOTDIR
fi
"""
    + HOOKS
    + r"""
if [[ -r ${ZDOTDIR:-~}/.zshenv ]]; then . ${ZDOTDIR:-~}/.zshenv; fi
"""
)
"""The file with which a shell of ours begins: the hooks, then the user's ``.zshenv``."""
