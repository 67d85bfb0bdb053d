"""What ruff does not see: cancellation that is swallowed, tasks that nobody owns."""

import ast

from tests.arch.tree import nodes, place, python_files


def _names(expression: ast.expr | None) -> set[str]:
    if expression is None:
        return {"BaseException"}  # a bare except
    return {
        one.attr if isinstance(one, ast.Attribute) else one.id
        for one in ast.walk(expression)
        if isinstance(one, ast.Attribute | ast.Name)
    }


def _catches_cancellation(expression: ast.expr | None) -> bool:
    return bool(_names(expression) & {"CancelledError", "BaseException"})


def _raises(handler: ast.ExceptHandler) -> bool:
    return any(isinstance(one, ast.Raise) for one in ast.walk(handler))


def test_cancellation_is_never_swallowed() -> None:
    swallowed = []
    for path in python_files("broker", "tests", "bench"):
        for node in nodes(path):
            if isinstance(node, ast.ExceptHandler):
                if _catches_cancellation(node.type) and not _raises(node):
                    swallowed.append(place(path, node))
            elif isinstance(node, ast.Call) and "suppress" in _names(node.func):
                swallowed += [place(path, node) for one in node.args if _catches_cancellation(one)]
    assert swallowed == []


def test_every_task_has_an_owner() -> None:
    """A task is made by a TaskGroup, or its maker keeps what ``create_task`` gives."""
    bare = [
        place(path, node)
        for path in python_files("broker", "tests", "bench")
        for node in nodes(path)
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Attribute)
        and node.value.func.attr in {"create_task", "ensure_future"}
        and not ast.unparse(node.value.func.value).endswith(("group", "tasks"))
    ]
    assert bare == []
