"""What fish (3.0 and later) runs once it has read its user's files.

Its events say when a command begins, with the whole of it, and when the next prompt comes.
"""

HOOKS = r"""# Jumpseat: run by one fish after its user's files. It looks at a line when Enter is
# pressed, before fish sees it, and says when a command begins and has ended.
set -g __jumpseat_held (string split \n -- $JUMPSEAT_HOLDS)
# Parted, so that a list of all variables shows it to nobody who could use it as it stands.
set -g __jumpseat_marks (string sub -l 16 -- $JUMPSEAT_MARKS) (string sub -s 17 -- $JUMPSEAT_MARKS)
set -e JUMPSEAT_HOLDS
set -e JUMPSEAT_MARKS

function __jumpseat_install --on-event fish_prompt
    functions -e __jumpseat_install
    for mode in (bind --list-modes)
        for key in \r \n
            # Where the key does what it does in every fish; the mode that follows is kept.
            set -l bound (bind -M $mode $key 2>/dev/null)[1]
            if string match -qr -- ' (execute|enter)$' "$bound"
                set -l next (string match -r -- '-m \S+' "$bound" | string split ' ')
                bind -M $mode $next $key __jumpseat_enter
            end
        end
    end
end

if test -n "$__jumpseat_marks"
    function __jumpseat_prompt --on-event fish_prompt
        set -l code $status
        if not set -q __jumpseat_begun
            set -g __jumpseat_begun
            __jumpseat_mark s "fish "(string replace -r '^(\d+\.\d+).*' '$1' -- $version)
        end
        __jumpseat_mark p "$code;"(string escape --style=url -- $PWD)
    end

    function __jumpseat_preexec --on-event fish_preexec
        # Comments and blanks are no command.
        string match -qrv '^\s*(#.*)?$' -- (string split \n -- $argv[1]); or return
        set -l text (string escape --style=url -- $argv[1])
        for piece in (string match -ar -- '(?:%..|[^%]){1,330}' $text)
            __jumpseat_mark w $piece
        end
        __jumpseat_mark c
    end
end

function __jumpseat_mark
    set -l all (string join '' -- $__jumpseat_marks) $argv[1] $fish_pid $argv[2..-1]
    printf '\e]7717;%s\e\\' (string join ';' -- $all) >/dev/tty
end

function __jumpseat_enter
    if test -s "$__jumpseat_held[1]"; and not __jumpseat_check
        # As a comment it runs nothing, and Up brings it back.
        commandline -r -- (string replace -r '^' '#' -- (commandline) | string join \n)
    end
    commandline -f execute
end

function __jumpseat_check
    commandline --is-valid 2>/dev/null
    test $status -eq 2; and return 0 # not all of it is there: Enter goes on to the next line
    set -l line (commandline)
    # Enter puts in what an abbreviation stands for.
    set -l short (string escape --style=regex -- (commandline -t))
    set -l long (abbr --show | string replace -rf -- "^abbr .*-- $short (.*)" '$1')
    test -n "$long"; and set -a line (string unescape -- $long)
    set -l whole (string join \n -- $line | string collect)
    set -l lines (string split \n -- (string replace -a -- \\\n '' $whole))
    while read -l ere
        if string match -qr -- $ere $lines
            echo
            string join \n -- $line | $__jumpseat_held[2..-1]
            switch $pipestatus[2]
                case 0
                    return 0
                case 5
                case '*'
                    echo 'jumpseat: this matches a hold, and nobody can be asked.'
            end
            return 1
        end
    end <$__jumpseat_held[1]
    return 0
end
"""
