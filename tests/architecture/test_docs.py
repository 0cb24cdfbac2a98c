"""The documents say what the code does: pages made from it, links, commands, TOML and examples."""

from __future__ import annotations

import importlib
import importlib.util
import re
import shlex
import sys
import tomllib
import types
from pathlib import Path
from unittest import mock

import click
import pytest

from safeglot.backends.files.datasets import alert_toml
from safeglot.backends.models.providers import Provider
from safeglot.cli.commands import app
from safeglot.cli.options import config_of
from safeglot.config import files, policy, registry
from safeglot.config.engines import ENGINE_POINTS
from safeglot.config.norms import norms_of
from safeglot.config.settings import FIELDS, build
from safeglot.prompts.taxonomy import parse_taxonomy
from safeglot.score.policy.rules import KINDS

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

import reference_docs  # noqa: E402  the path comes first

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
SOURCE = ROOT / "src" / "safeglot"
MADE = {ROOT / "docs" / "reference" / name for name in reference_docs.PAGES}
BLOCK_PAGES = {ROOT / page for page, _ in reference_docs.BLOCKS}
WRITTEN = [page for page in PAGES if page not in MADE]
FENCE = re.compile(r"^( *)(```+|~~~+)([^\n`]*)\n(.*?)^\1\2[ ]*$", re.DOTALL | re.MULTILINE)
CODE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
NOT_MODULES = {"safeglot.db", "safeglot.toml", registry.ENTRY_POINTS, ENGINE_POINTS}
NEW_FILES = {
    "safeglot/malert",
    "src/safeglot/judge/families/example_guard.py",
    "tests/unit/judge/families/test_example_guard.py",
}
"""What a how-to tells the reader to write, and a name that Inspect knows."""
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def name_of(page):
    return str(page.relative_to(ROOT))


def text_of(page):
    return page.read_text("utf-8")


def blocks(page, *languages):
    """The texts of fenced blocks."""
    for _, _, language, body in FENCE.findall(text_of(page)):
        if not languages or language.strip() in languages:
            yield body


def shell_lines(body):
    """Commands of a block: prompts taken off, continued lines joined."""
    for line in re.sub(r"\\\n\s*", " ", body).splitlines():
        yield line.removeprefix("$ ")


def commands(page, program):
    found = (line for body in blocks(page) for line in shell_lines(body))
    return [line for line in found if line.startswith(f"{program} ")]


def inline(page, program):
    text = FENCE.sub("", text_of(page))
    return [code for code in CODE.findall(text) if code.startswith(f"{program} ")]


def anchors(page):
    """Anchors of the headings, as GitHub makes them."""
    for heading in re.findall(r"^#+ (.+)$", FENCE.sub("", text_of(page)), re.MULTILINE):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading.replace("`", "")).strip().lower()
        yield re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")


def test_pages_and_blocks_are_those_of_the_code():
    stale = [name_of(page) for page, text in reference_docs.made() if text_of(page) != text]
    assert stale == [], "run python scripts/reference_docs.py"


def test_the_layout_and_the_layers_are_shown_once():
    layers = reference_docs.layers()
    assert layers[0] == "cli"
    assert len(layers) > 5
    for page in PAGES:
        shown = [line.strip() for body in blocks(page) for line in body.splitlines()]
        assert shown.count(layers[0]) == (page in BLOCK_PAGES), page
        assert sum(line.startswith("src/safeglot/ ") for line in shown) == (page in BLOCK_PAGES)


def test_the_layout_has_every_package_and_every_module_at_the_top():
    block = reference_docs.layout_block()
    packages = {path.parent.name for path in SOURCE.rglob("__init__.py")}
    modules = {path.name for path in SOURCE.glob("*.py")} - {"__init__.py"}
    shown = {line.split()[0].rstrip("/").rpartition("/")[2] for line in block.splitlines()[1:-1]}
    assert shown == packages | modules


@pytest.mark.parametrize("page", [p for p in PAGES if p.parent.name != "adr"], ids=name_of)
def test_modules_and_files_that_are_named_exist(page):
    """Decision records are left out: they name the paths of their time."""
    text = text_of(page)
    files = re.findall(r"\b((?:src/safeglot|safeglot|tests|scripts|benchmarks)/[\w./-]*\w)", text)
    lost = [
        name
        for name in files
        if name not in NEW_FILES
        and not (ROOT / name).exists()
        and not (ROOT / "src" / name).exists()
    ]
    dotted = [code for code in CODE.findall(text) if re.fullmatch(r"safeglot\.[\w.]+(:\w+)?", code)]
    lost += [code for code in dotted if not is_there(code)]
    assert lost == []


def is_there(name):
    """Whether a module exists, or the object after its last dot or colon."""
    if name in NOT_MODULES:
        return True
    module, _, attribute = name.replace(":", ".").rpartition(".")
    try:
        return hasattr(importlib.import_module(module), attribute) or is_module(name)
    except ModuleNotFoundError:
        return False


def is_module(name):
    """Whether there is a module of this name; that of its package is known to be there."""
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def glossary():
    """The rows of the glossary: noun, sentence, and where it is in the code."""
    text = text_of(ROOT / "CONTRIBUTING.md").partition("## Glossary\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (.+?) \| (.+?) \| (.*?) ?\|$", text, re.MULTILINE)
    return [row for row in rows if row[0] not in ("noun", "---")]


def test_every_noun_of_the_glossary_is_in_the_code():
    rows = glossary()
    assert len(rows) >= 25
    assert len({noun for noun, *_ in rows}) == len(rows)
    for noun, sentence, place in rows:
        assert sentence.endswith("."), noun
        if not place:
            assert re.search(r"comes with issue \d+", sentence), noun
            continue
        module, _, name = place.strip("`").partition(":")
        assert hasattr(importlib.import_module(module), name), place
    places = [place for *_, place in rows if place]
    assert len(set(places)) == len(places)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_relative_links_lead_somewhere(page):
    broken = []
    for target in LINK.findall(CODE.sub("", FENCE.sub("", text_of(page)))):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (anchor and anchor not in set(anchors(file))):
            broken.append(target)
    assert broken == []


def test_every_page_is_reached_from_the_readme():
    reached, todo = set(), [ROOT / "README.md"]
    while todo:
        page = todo.pop()
        if page in reached or page.suffix != ".md" or not page.exists():
            continue
        reached.add(page)
        links = (t.partition("#")[0] for t in LINK.findall(text_of(page)) if "://" not in t)
        todo += [(page.parent / link).resolve() for link in links if link]
    assert {name_of(page) for page in PAGES} - {name_of(page) for page in reached} == set()


def check_command(line):
    """Parse a command as the program would, and check the values of its settings."""
    words = shlex.split(line, comments=True)[1:]
    if words[0].startswith("-"):
        return
    command = app.commands[words[0]]
    with command.make_context(words[0], words[1:]) as context:
        given = dict(context.params)
    flags = {k: v for k, v in given.items() if k in FIELDS}
    if words[0] not in ("init", "import") and len(flags) > 6:
        with mock.patch("safeglot.config.files.with_premiums", lambda config: config):
            config_of(None, flags)  # a run that a page names is not there


@pytest.mark.parametrize("page", WRITTEN, ids=name_of)
def test_commands_in_blocks_are_taken(page):
    for line in commands(page, "safeglot"):
        try:
            check_command(line)
        except (click.ClickException, KeyError, ValueError) as error:
            pytest.fail(f"{line}\n{getattr(error, 'message', error)!s}")


@pytest.mark.parametrize("page", WRITTEN, ids=name_of)
def test_commands_in_sentences_exist(page):
    wrong = []
    for code in inline(page, "safeglot"):
        words = code.split()[1:]
        command = app.commands.get(words[0], app) if words[0][0].isalpha() else app
        if words[0].isalpha() and words[0].islower() and words[0] not in app.commands:
            wrong.append(code)
        if isinstance(command, click.Group) and command is not app:
            command = command.commands.get("".join(words[1:2]), command)
        known = {name for p in command.params for name in (*p.opts, *p.secondary_opts)}
        known |= {"--help", "-h"}
        wrong += [
            code for word in words if word.startswith("--") and word.split("=")[0] not in known
        ]
    assert wrong == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_make_targets_exist(page):
    targets = set(re.findall(r"^([a-z-]+):", text_of(ROOT / "Makefile"), re.MULTILINE))
    named = [
        w for line in (*commands(page, "make"), *inline(page, "make")) for w in line.split()[1:]
    ]
    assert {w for w in named if "=" not in w} - targets == set()


def check_toml(body):
    """A configuration, a taxonomy, rows of providers, a policy, norms, or entry points: each by its own reader."""
    table = tomllib.loads(body)
    if "category" in table:
        parse_taxonomy(body, "docs")
    elif body.startswith("# src/safeglot/backends/models/providers.toml"):
        assert [Provider(name=name, **row) for name, row in table.items()]
    elif KINDS.keys() & table.keys():
        assert policy.parsed(body, "docs").rules
    elif body.startswith("# norms/"):
        assert norms_of({"name": "docs", **table}, parse_taxonomy(alert_toml(), "docs"))[1] == []
    elif body.startswith("# pyproject.toml"):
        (group,) = table["project"]["entry-points"]
        assert group in (registry.ENTRY_POINTS, ENGINE_POINTS)
    else:
        build(table, known=files.known(), where="docs")


@pytest.mark.parametrize("page", WRITTEN, ids=name_of)
def test_toml_blocks_are_taken(page):
    for body in blocks(page, "toml"):
        keys = re.findall(r"^(\w+) *=", body.partition("[")[0], re.MULTILINE)
        alternatives = body.splitlines() if len(keys) > len(set(keys)) else [body]
        for one in alternatives:
            check_toml(one)


def test_the_example_of_a_judge_works(monkeypatch):
    code, tests = blocks(ROOT / "docs" / "how-to" / "add-a-judge.md", "python")
    module = types.ModuleType("safeglot.judge.families.example_guard")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(compile(code, module.__name__, "exec"), module.__dict__)
    judge = module.ExampleGuard(model="m")
    assert judge.id.startswith("example-guard:")
    example = {"__name__": "example"}
    exec(compile(tests, "example", "exec"), example)
    example["test_reads"]("\n\nHARM", unsafe=True)
    example["test_reads"]("OK", unsafe=False)
    example["test_what_is_out_of_format_has_no_verdict"]("HARMLESS")
    example["test_probability"]()


def test_the_readme_begins_with_two_commands():
    readme = text_of(ROOT / "README.md")
    assert next(blocks(ROOT / "README.md")).split("\n") == ["make demo", "make test", ""]
    assert readme.index("docs/pictures/report.png") < readme.index("make demo") < 2500


def test_the_picture_is_small():
    picture = (ROOT / "docs" / "pictures" / "report.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert len(picture) < 300_000


def test_the_readme_has_every_exit_code():
    codes = {
        one.exit_code for one in reference_docs._family_of(reference_docs.errors.SafeglotError)
    }
    rows = re.findall(r"^\| (\d) \|", text_of(ROOT / "README.md"), re.MULTILINE)
    assert rows == [str(code) for code in sorted({0, *codes})]
