"""What zsh reads at its start: the ``.zshenv`` of a folder of ours."""

TEXT = r"""# Jumpseat: read by one zsh at its start, which then goes on in the folder of its
# user's files. It looks at a line when it is accepted, before zsh sees it, and does nothing else.
if [[ -n ${JUMPSEAT_ZDOTDIR+set} ]]; then
  export ZDOTDIR=$JUMPSEAT_ZDOTDIR
  unset JUMPSEAT_ZDOTDIR
else
  unset ZDOTDIR
fi

__jumpseat_install() {
  emulate -L zsh
  precmd_functions=(${precmd_functions:#__jumpseat_install})
  (( $#precmd_functions )) || unset precmd_functions
  unfunction __jumpseat_install
  local widget
  for widget in accept-{line,line-and-down-history,and-hold,and-infer-next-history}; do
    zle -A $widget __jumpseat-$widget && zle -N $widget __jumpseat_accept
  done
}

__jumpseat_accept() {
  if [[ -s $__jumpseat_holds ]]; then
    # What "!" would become; the line itself stays as it was typed.
    local -h BEFORE=$BUFFER LINE=$BUFFER
    local -i -h AT=$CURSOR
    if zle .expand-history; then LINE=$BUFFER BUFFER=$BEFORE CURSOR=$AT; fi
    __jumpseat_check "$LINE" || return 1
  fi
  zle __jumpseat-$WIDGET -- "$@"
}

__jumpseat_check() {
  emulate -L zsh
  setopt nomonitor nonotify
  __jumpseat_matches "$1" || return 0
  zle -I
  print -rn -- "$1" | $__jumpseat_held
  case $? in
    (0) return 0 ;;
    (5) ;;
    (*) print -r 'jumpseat: this matches a hold, and nobody can be asked.' ;;
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

if [[ -n ${JUMPSEAT_HOLDS-} && -o interactive ]]; then
  typeset -g __jumpseat_holds=${${(f)JUMPSEAT_HOLDS}[1]}
  typeset -ga __jumpseat_held
  __jumpseat_held=(${${(f)JUMPSEAT_HOLDS}[2,-1]})
  typeset -ga precmd_functions
  precmd_functions+=(__jumpseat_install)
fi
unset JUMPSEAT_HOLDS

if [[ -r ${ZDOTDIR:-~}/.zshenv ]]; then . ${ZDOTDIR:-~}/.zshenv; fi
"""
