"""The limits of the design, checked by a machine."""

from __future__ import annotations

import ast
import configparser
import re
import statistics
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from architecture.source import FILES, ROOT, SOURCE, functions, length, texts, tree, where

PURE = ("prompts", "translate", "generate.py", "judge", "score", "report", "text")
FORBIDDEN_CALLS = {"open", "print", "input", "exec", "eval"}
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "misc"}
IRREGULAR = {
    "asked", "begun", "built", "chosen", "done", "drawn", "fed", "found", "given", "gone", "held",
    "kept", "known", "lost", "made", "met", "seen", "sent", "shown", "shrunk", "spoken", "taken",
    "taught", "told", "understood", "won", "written",
}  # fmt: skip
"""Past participles that do not end in -ed; those that are nouns or verbs as well are left out."""
NOT_PARTICIPLES = {"embed", "feed", "need", "seed", "speed"}
NO_SUBJECTS = {
    "cube": "the verdicts that every subject starts from",
    "outcomes": "how requests ended, which the cube holds",
    "estimates": "puts the estimates of all subjects together",
    "off_topic": "the cosines of a draw of answers, which the subject answers reads",
    "stop": "what the asked part of a stopped run stands for, in every subject",
}
"""Modules of flow/measure that are no subject, and why."""


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


@pytest.mark.parametrize(
    ("word", "places"),
    [
        ("get_close_matches", {"text/spelling.py"}),
        ("parse_jsonl", {"prompts/reading/json_rows.py", "prompts/reading/tables.py"}),
        ("file_digest", {"backends/files/fingerprints.py"}),
    ],
)
def test_a_nearest_name_a_format_and_a_fingerprint_have_one_place(word, places):
    found = {p.relative_to(SOURCE).as_posix() for p in FILES if word in p.read_text("utf-8")}
    assert found == places


def test_no_module_is_a_drawer():
    assert [p for p in FILES if p.stem in FORBIDDEN_NAMES] == []


def test_the_top_has_sixteen_entries():
    entries = {p.name for p in SOURCE.iterdir()} - {"__init__.py", "__pycache__", "py.typed"}
    assert len(entries) <= 16, sorted(entries)


def test_folders_are_small():
    counts = Counter(p.parent for p in FILES if p.stem != "__init__")
    assert {str(folder): n for folder, n in counts.items() if n > 18} == {}


def test_the_layers_are_few():
    parser = configparser.ConfigParser()
    parser.read(ROOT / ".importlinter", "utf-8")
    layers = parser["importlinter:contract:layers"]["layers"].strip().splitlines()
    assert len(layers) <= 8
    contracts = {name.rpartition(":")[2] for name in parser if ":contract:" in name}
    assert contracts == {"layers", "score", "pure", "acyclic"}


def test_no_package_is_left_out_where_cycles_are_looked_for():
    parser = configparser.ConfigParser()
    parser.read(ROOT / ".importlinter", "utf-8")
    named = parser["importlinter:contract:acyclic"]["ancestors"].split()
    packages = {p.parent.relative_to(SOURCE.parent) for p in FILES if p.stem == "__init__"}
    assert named == sorted(".".join(package.parts) for package in packages)


def is_participle(word):
    return word in IRREGULAR or (word.endswith("ed") and word not in NOT_PARTICIPLES)


def test_no_module_is_called_by_a_past_participle():
    assert is_participle("gated")
    assert not is_participle("reading")
    names = {p.parent if p.stem == "__init__" else p for p in FILES}
    wrong = [p for p in names if is_participle(p.stem.rpartition("_")[2])]
    assert wrong == []
    assert [p for p in FILES if p.stem.startswith("cli_")] == []


TAG = re.compile(r"</?[a-zA-Z!]")


def test_page_code_stands_in_templates():
    assert TAG.search('<a href="#">')
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.value[:40]!r}"
        for path in FILES
        if path.is_relative_to(SOURCE / "report")
        for node in texts(path)
        if TAG.search(node.value)
    ]
    assert wrong == []


def test_each_package_says_in_one_sentence_what_is_in_it():
    wrong = []
    for path in (p for p in FILES if p.stem == "__init__"):
        text = ast.get_docstring(tree(path)) or ""
        if "\n" in text or not text.endswith(".") or re.search(r"[.!?]\s", text):
            wrong.append(f"{path.relative_to(ROOT)}: {text}")
        hands_on = path.parent in (SOURCE, SOURCE / "cli")
        if len(tree(path).body) > 1 and not hands_on:
            wrong.append(f"{path.relative_to(ROOT)}: holds code")
    assert wrong == []


def test_unit_tests_lie_in_the_folders_of_the_source():
    folders = {
        p.parent.relative_to(ROOT / "tests/unit") for p in (ROOT / "tests/unit").rglob("*.py")
    }
    assert {str(folder) for folder in folders if not (SOURCE / folder).is_dir()} == set()


def test_subjects_of_measure_are_folders_of_score():
    modules = {p.stem for p in (SOURCE / "flow/measure").iterdir() if p.stem[0] != "_"}
    subjects = modules - set(NO_SUBJECTS)
    assert set(NO_SUBJECTS) <= modules
    assert len(subjects) >= 4
    assert {
        name for name in subjects if not (SOURCE / "score" / name / "__init__.py").exists()
    } == set()


@pytest.mark.parametrize("package", PURE)
def test_stages_neither_open_nor_print(package):
    wrong = []
    for path in [p for p in FILES if p.is_relative_to(SOURCE / package)]:
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
