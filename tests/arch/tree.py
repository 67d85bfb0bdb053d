"""The project's own files, as the tests of this folder look at them."""

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]


def tracked(*patterns: str) -> list[Path]:
    """Files that git knows or would take in; all of them without a pattern."""
    told = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return [path for name in told.split("\0") if name and (path := ROOT / name).is_file()]


def python_files(*folders: str) -> list[Path]:
    """Python files below these folders."""
    return tracked(*(f"{folder}/**.py" for folder in folders))


def nodes(path: Path) -> Iterator[ast.AST]:
    """Everything in a Python file."""
    return ast.walk(ast.parse(path.read_text(), str(path)))


def place(path: Path, node: ast.stmt | ast.expr | ast.excepthandler) -> str:
    """Where a node stands, to print."""
    return f"{path.relative_to(ROOT)}:{node.lineno}"
