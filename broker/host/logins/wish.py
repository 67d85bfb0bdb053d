"""What is told with a wish for a recorded shell: its terminal's size, its surroundings. Pure."""

from __future__ import annotations

from typing import Any, Dict, Mapping, NamedTuple, Tuple

from broker.wire.errors import RemoteProtocolError

_MOST = 4096


class Wish(NamedTuple):
    """A shell, where somebody is."""

    size: Tuple[int, int]
    env: Dict[str, str]
    cwd: str


def wish(args: Mapping[str, Any]) -> Wish:
    """Read it. Raises RemoteProtocolError where it makes no sense."""
    cols, rows, env, cwd = (args.get(name) for name in ("cols", "rows", "env", "cwd"))
    if (
        type(cols) is not int
        or type(rows) is not int
        or not (0 < cols <= _MOST and 0 < rows <= _MOST)
    ):
        raise RemoteProtocolError("malformed", "cols, rows: the size of the terminal")
    if not isinstance(env, dict) or not all(_is_variable(*one) for one in env.items()):
        raise RemoteProtocolError("malformed", "env: variables and their values")
    if not isinstance(cwd, str) or "\0" in cwd:
        raise RemoteProtocolError("malformed", "cwd: a directory")
    return Wish((cols, rows), env, cwd)


def _is_variable(name: object, value: object) -> bool:
    texts = isinstance(name, str) and isinstance(value, str)
    return texts and bool(name) and "=" not in str(name) and "\0" not in f"{name}{value}"
