"""Shells that tell nothing: what the screen tells of them is inferred, and is no command."""

from __future__ import annotations

from tests.host.command_cases import Case

_LINES = ["echo one", "false", "cd /; pwd"]


def _case(shell: str, **fields: object) -> Case:
    return Case(
        "inferred",
        _LINES,
        [],
        shell=shell,
        entered=[*_LINES, "exit"],
        alike=False,
        **fields,  # type: ignore[arg-type]
    )


PLAIN = [
    *(_case(shell) for shell in ("sh", "dash", "ash", "ksh", "ksh93")),
    _case("bash", env={"TERM": "dumb"}),
]
