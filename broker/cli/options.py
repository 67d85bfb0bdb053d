"""Options that several commands have, so that they are called and told the same everywhere."""

import getpass
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def data(command: F) -> F:
    """``--data DIR``."""
    return click.option(
        "--data",
        required=True,
        metavar="DIR",
        type=click.Path(file_okay=False, path_type=Path),
        help="The broker's data directory.",
    )(command)


def identity(command: F) -> F:
    """``--identity FILE``, any number of them."""
    return click.option(
        "--identity",
        "identities",
        multiple=True,
        metavar="FILE",
        type=click.Path(dir_okay=False, path_type=Path),
        help="An age or ssh key, for what is encrypted; may be said again.",
    )(command)


def as_json(command: F) -> F:
    """``--json``."""
    return click.option("--json", "as_json", is_flag=True, help="Tell it as JSON.")(command)


def why(command: F) -> F:
    """``--why TEXT``, which is needed."""
    return click.option(
        "--why", required=True, metavar="TEXT", help="One line, for whoever reads it later."
    )(command)


def me() -> str:
    """Who runs the command, as this machine knows them."""
    return os.environ.get("SUDO_USER") or getpass.getuser()


def tell_json(facts: object) -> None:
    """Print facts for programs: one JSON value."""
    print(json.dumps(facts, indent=2, ensure_ascii=False), flush=True)


def tell_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print facts for people, in columns."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    for row in (head, *rows):
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print("  ".join(cells).rstrip())
