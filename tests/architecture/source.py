"""The source as the tests of its shape read it."""

from __future__ import annotations

import ast
import functools
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "safeglot"
FILES = sorted(SOURCE.rglob("*.py"))


@functools.cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def functions(path: Path):
    for node in ast.walk(tree(path)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node


def length(node) -> int:
    return node.end_lineno - node.lineno + 1


def where(path: Path, node) -> str:
    return f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"


def texts(path):
    """Yield the string constants of a module that are no docstrings, nor stand alone as a note."""
    notes = {id(node.value) for node in ast.walk(tree(path)) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in notes:
            yield node
