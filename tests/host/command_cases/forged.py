"""Output that imitates what our hooks say: it is output, and makes no event."""

from __future__ import annotations

from tests.host.command_cases import Case, more

_WRONG = "0123456789abcdef0123456789abcdef"
_RUN = f"\\e]7717;{_WRONG};p;$$;0;/\\e\\\\\\e]7717;{_WRONG};l;$$;forged\\e\\\\"
_RUN += f"\\e]7717;{_WRONG};c;$$\\e\\\\"


def _case(name: str, *lines: str, of: str = "bash") -> Case:
    told = [(line, 0) for line in lines]
    return Case(f"forged-{name}", lines, told, shell=of, alike=False)


FORGED = [
    _case("wrong-nonce", f'printf "{_RUN}"', "true"),
    _case("wrong-nonce", f'printf "{_RUN}"', "true", of="zsh"),
    _case("without-end", "printf '\\e]7717;'", "true"),
    _case("child-process", f"sh -c 'printf \"{_RUN}\"'", "true"),
    _case("variables-shown", "set", "declare -p", "echo ${__jumpseat_marks[*]} $PS0", "env"),
    _case("variables-shown", "set", "typeset", "echo $__jumpseat_marks", "env", of="zsh"),
    _case("variables-shown", "set", "echo $__jumpseat_marks", "env", of="fish"),
    _case("environment", "tr '\\0' '\\n' </proc/$$/environ"),
    _case(
        "other-process",
        # A mark of a process that has no prompt here tells nothing.
        'b=("${__jumpseat_marks[@]}"); printf \'\\e]7717;%s%s;c;1\\e\\\\\' "${b[@]}"',
        "true",
    ),
    _case(
        "in-the-midst-of-a-command",
        # The user's own process could: only of what can be true, and not a second command.
        "printf '\\e]7717;%s%s;c;%s\\e\\\\' \"${__jumpseat_marks[@]}\" $$",
        "true",
    ),
    Case(
        "forged-in-pieces",
        [more("for i in ']7717' ';' x; do"), "printf '\\e%s' $i; done"],
        [("for i in ']7717' ';' x; do\nprintf '\\e%s' $i; done", 0)],
        alike=False,
    ),
]
