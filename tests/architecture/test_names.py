"""One word a subject: no class name twice, and docstrings that say what is returned."""

from __future__ import annotations

import ast
import re
from collections import defaultdict

from architecture.source import FILES, functions, tree, where


def test_no_class_name_stands_twice():
    places = defaultdict(set)
    for path in FILES:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ClassDef):
                places[node.name].add(where(path, node))
    assert len(places) > 200
    assert {name: sorted(found) for name, found in places.items() if len(found) > 1} == {}


def returns_something(function):
    return function.returns is not None and ast.unparse(function.returns) not in (
        "None",
        "NoReturn",
        "Never",
    )


def is_called_otherwise(function):
    """Whether a docstring may begin with another word: a noun phrase, or what a user reads."""
    decorators = " ".join(map(ast.unparse, function.decorator_list))
    is_other = re.search(
        r"property|contextmanager|\.command|\.group|\.callback|overload", decorators
    )
    return bool(is_other) or (function.name.startswith("__") and function.name.endswith("__"))


def is_stub(function):
    """Whether the body is a docstring alone, as in a protocol."""
    return len(function.body) == 1


def test_docstrings_say_what_is_returned():
    wrong = []
    for path in FILES:
        for node in functions(path):
            text = ast.get_docstring(node)
            if (
                not text
                or not returns_something(node)
                or is_called_otherwise(node)
                or is_stub(node)
            ):
                continue
            if not re.match(r"(Return|Yield)s?\b", text):
                wrong.append(f"{where(path, node)}: {text.splitlines()[0]}")
    assert wrong == []
