"""The limits of the design, checked by a machine."""

from __future__ import annotations

import ast
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "safeglot"
FILES = sorted(SOURCE.rglob("*.py"))
PURE = ("prompts", "translate", "judge", "score", "report")
FORBIDDEN_CALLS = {"open", "print", "input", "exec", "eval"}
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "misc"}


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


def test_functions_are_short():
    lengths = {where(p, f): length(f) for p in FILES for f in functions(p)}
    assert len(lengths) > 300
    ordered = sorted(lengths.values())
    assert {name for name, n in lengths.items() if n > 60} == set()
    assert statistics.median(ordered) <= 12
    assert ordered[int(0.9 * len(ordered))] <= 35


def test_modules_are_short():
    assert {str(p): n for p in FILES if (n := p.read_text("utf-8").count("\n")) > 400} == {}


def test_parameters_are_few():
    wrong = []
    for path in FILES:
        for node in functions(path):
            a = node.args
            positional = [x.arg for x in (*a.posonlyargs, *a.args) if x.arg not in ("self", "cls")]
            is_public = not node.name.startswith("_")
            if len(positional) + len(a.kwonlyargs) > 6 or (len(positional) > 4 and is_public):
                wrong.append(where(path, node))
    assert wrong == []


def test_the_run_is_one_screen():
    assert (SOURCE / "pipeline.py").read_text("utf-8").count("\n") < 100


def test_no_module_is_a_drawer():
    assert [p for p in FILES if p.stem in FORBIDDEN_NAMES] == []


@pytest.mark.parametrize("package", PURE)
def test_stages_neither_open_nor_print(package):
    wrong = []
    for path in sorted((SOURCE / package).rglob("*.py")):
        for node in ast.walk(tree(path)):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in FORBIDDEN_CALLS
            ):
                wrong.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.func.id}")
            if isinstance(node, ast.Attribute) and ast.unparse(node) in (
                "np.random",
                "numpy.random",
            ):
                wrong.append(f"{path.relative_to(ROOT)}:{node.lineno} global random state")
    assert wrong == []


def test_modules_and_public_functions_have_docstrings():
    wrong = []
    for path in FILES:
        module = tree(path)
        if module.body and not ast.get_docstring(module):
            wrong.append(str(path.relative_to(ROOT)))
        for node in module.body:
            is_def = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
            if is_def and not node.name.startswith("_") and not ast.get_docstring(node):
                wrong.append(where(path, node))
    assert wrong == []


def test_imports_go_down_only():
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout


CORE = """
import sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"torch", "transformers", "vllm", "ray", "inspect_ai", "xllamacpp", "pyarrow",
                                      "huggingface_hub", "datasets", "pandas", "sklearn", "statsmodels"}:
            raise ModuleNotFoundError(f"blocked: {name}")
sys.meta_path.insert(0, Blocked())
import importlib, pkgutil, safeglot
for module in pkgutil.walk_packages(safeglot.__path__, "safeglot."):
    importlib.import_module(module.name)
print(len([m for m in sys.modules if m.startswith("safeglot")]))
"""


def test_the_core_imports_without_the_extras():
    done = subprocess.run(
        [sys.executable, "-c", CORE],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={"PYTHONPATH": str(ROOT / "src")},
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 60


def test_help_imports_nothing_heavy():
    code = "import sys, safeglot.cli.commands; print(sorted({m.partition('.')[0] for m in sys.modules}))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(ROOT / "src")},
    )
    loaded = set(ast.literal_eval(done.stdout))
    assert loaded & {"numpy", "scipy", "aiohttp", "rich", "jinja2", "asyncio", "sqlite3"} == set()
