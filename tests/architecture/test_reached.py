"""What the product never reaches is named with the issue that will use it, or is no part of it.

A name is reached from the commands, from the pipeline, from the public names of plug-ins and from
the scripts: by a name, an attribute of a module, or a string "safeglot.module:name". The catalogue
names functions without calling them, and its strings do not count.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src"
ROOTS = (
    "safeglot",
    "safeglot.cli",
    "safeglot.cli.inspect",
    "safeglot.cli.python",
    "safeglot.pipeline",
    "safeglot.types",
    "safeglot.judge.base",
    "safeglot.judge.reading",
)
"""Their public names, and those of the modules in them, are used by people and by plug-ins."""
LATER: dict[str, int] = {}
"""Name -> the issue that will use it: 16 plans that stop early, 17 crossed probes."""
TARGET = re.compile(r"(safeglot(?:\.\w+)*):(\w+)")


def module_of(path: Path) -> str:
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


class Code:
    """One file: what it defines at the top, what it imports, what else runs on import."""

    def __init__(self, text: str) -> None:
        tree = ast.parse(text)
        self.defined: dict[str, list[ast.stmt]] = defaultdict(list)
        self.imported: dict[str, set[tuple[str, str]]] = defaultdict(set)
        self.loose: list[ast.stmt] = []
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    self.imported[alias.asname or alias.name].add((node.module or "", alias.name))
        for statement in tree.body:
            names = list(bound(statement))
            for name in names:
                self.defined[name].append(statement)
            if not names and not isinstance(statement, (ast.Import, ast.ImportFrom)):
                self.loose.append(statement)

    def uses(self, node: ast.AST) -> Iterator[tuple[str, str]]:
        """Yield what a node names: "" as the module for names of this file."""
        for part in ast.walk(node):
            if isinstance(part, ast.Name):
                yield "", part.id
                yield from self.imported.get(part.id, ())
            elif isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name):
                for module, name in self.imported.get(part.value.id, ()):
                    yield f"{module}.{name}", part.attr
            elif isinstance(part, ast.Constant) and (found := TARGET.fullmatch(str(part.value))):
                yield found[1], found[2]


def bound(statement: ast.stmt) -> Iterator[str]:
    """Yield the names that a statement at the top of a module defines."""
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield statement.name
    elif isinstance(statement, (ast.Assign, ast.AnnAssign)):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        for target in targets:
            yield from (part.id for part in ast.walk(target) if isinstance(part, ast.Name))


def reached(modules: dict[str, Code], roots: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return the names that can be reached from the roots."""
    seen: set[tuple[str, str]] = set()
    loaded: set[str] = set()
    todo = list(roots)
    while todo:
        module, name = todo.pop()
        if (module, name) in seen or module not in modules:
            continue
        seen.add((module, name))
        code = modules[module]
        nodes = [*code.defined.get(name, ()), *(code.loose if module not in loaded else ())]
        loaded.add(module)
        todo += code.imported.get(name, ())  # a name that is handed on
        for node in nodes:
            todo += [(where or module, used) for where, used in code.uses(node)]
    return seen


@pytest.fixture(scope="module")
def modules() -> dict[str, Code]:
    return {module_of(p): Code(p.read_text("utf-8")) for p in sorted(SOURCE.rglob("*.py"))}


def roots_of(modules: dict[str, Code]) -> set[tuple[str, str]]:
    found = {
        (module, name)
        for module, code in modules.items()
        if any(module == root or module.startswith(f"{root}.") for root in ROOTS[1:])
        or module == ROOTS[0]
        for name in code.defined
    }
    for path in (ROOT / "scripts").rglob("*.py"):
        script = Code(path.read_text("utf-8"))
        for statement in ast.parse(path.read_text("utf-8")).body:
            found |= {use for use in script.uses(statement) if use[0]}
    return found


def unreached(modules: dict[str, Code]) -> set[str]:
    """Return the public names that nothing reaches, as "module:name"."""
    seen = reached(modules, roots_of(modules))
    return {
        f"{module}:{name}"
        for module, code in modules.items()
        for name in code.defined
        if not name.startswith("_") and (module, name) not in seen
    }


def test_what_is_not_reached_is_named_with_the_issue_that_will_use_it(modules):
    lost = unreached(modules) - set(LATER)
    assert lost == set(), "delete it, move it to tests/reference, or name the issue in LATER"


def test_what_is_named_for_later_is_not_reached_yet(modules):
    assert set(LATER) - unreached(modules) == set(), (
        "it is there and used, or gone: take the row out"
    )


def test_private_code_serves_what_is_reached_or_named_for_later(modules):
    later = {(module, name) for module, _, name in (row.partition(":") for row in LATER)}
    seen = reached(modules, roots_of(modules) | later)
    dead = [
        f"{module}:{name}"
        for module, code in modules.items()
        for name in code.defined
        if not name.startswith("__") and (module, name) not in seen
    ]
    assert dead == []
