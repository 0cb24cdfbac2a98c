"""What CONTRIBUTING counts holds: an addition takes its own file and one row, and nothing else.

Each file stands here as a text, is loaded as the module that it would be, and gets its row.
"""

from __future__ import annotations

import sys
import types

import pytest

from architecture.test_docs import ROOT, blocks
from safeglot.config import registry
from safeglot.config.files import known
from safeglot.config.model_strings import Form
from safeglot.config.settings import build
from safeglot.flow.translation.translators import make_steps
from safeglot.judge.guards import caveats
from safeglot.types import Candidate, Reply, Source
from unit.judge.judging import answer

TRANSLATOR = """
from dataclasses import dataclass
from safeglot.types import Request, Translated

@dataclass(frozen=True, slots=True, kw_only=True)
class Shouter:
    name: str
    model: str

    @property
    def id(self):
        return f"{self.name}#1"

    def fault(self, source, target):
        return "" if target == "sw" else "not covered"

    def ask(self, item):
        return [Request(model=self.model, messages=(("user", item.text),), max_tokens=9)]

    def read(self, item, replies):
        return Translated(text=replies[0].text.upper())
"""
ENGINE = """
class Mirror:
    revision = "r1"

    def __init__(self, path):
        self.path = path

    def fault(self, source, target):
        return "" if self.path == "glass" else "no glass"
"""
ESTIMATOR = """
from dataclasses import dataclass
from safeglot.translate.base import Scale
from safeglot.types import Estimated

@dataclass(frozen=True, slots=True, kw_only=True)
class Length:
    name: str
    scale = Scale(worst=0.0, best=1.0, proxy=True)

    @property
    def id(self):
        return f"{self.name}:1"

    def uncovered(self, source, target):
        return ""

    def ask(self, item):
        return ()

    def read(self, item, replies):
        return Estimated(value=min(1.0, len(item.text) / len(item.source.text)))
"""


@pytest.fixture
def add(monkeypatch):
    """Load a file's text as a module, and put a row into a table."""

    def put(module, text, table, key, row):
        made = types.ModuleType(module)
        monkeypatch.setitem(sys.modules, module, made)
        exec(compile(text, module, "exec"), made.__dict__)
        monkeypatch.setitem(table, key, row)

    registry.judge_families.cache_clear()
    yield put
    registry.judge_families.cache_clear()


def steps(**raw):
    config = build({"to": ["sw"], **raw}, known=known())
    return make_steps(config, ("p0",), config.to)


SOURCE = Source(prompt="p0", text="Hello there", language="en", target="sw")


def test_a_judge_takes_one_file_and_one_row(add):
    text = next(blocks(ROOT / "docs/how-to/add-a-judge.md", "python"))
    row = next(b for b in blocks(ROOT / "docs/how-to/add-a-judge.md", "text") if "Guard" in b)
    family, _, place = row.strip().rstrip(",").replace('"', "").partition(": ")
    add(place.partition(":")[0], text, registry.JUDGES, family, place)
    (spec,) = build({"judge": f"{family}=vllm/o/m"}, known=known()).judge
    judge = registry.make_judge(
        spec.family, model=spec.model.model, name=spec.judge, mode=spec.mode, policy={"a": "b"}
    )
    assert judge.judge == "example-guard=vllm/o/m"
    assert judge.id.startswith("example-guard:")
    assert judge.ask(answer())[0].model == "vllm/o/m"
    assert judge.read(answer(), [Reply(text="HARM")]).unsafe is True
    lines = caveats.notes(family, registry.judge_class(family), ["de", "sw"])
    assert lines[0].startswith("example-guard is not documented for sw:")


def test_a_translator_that_asks_a_model_takes_one_file_and_one_row(add):
    row = Form(example="shout=provider/model", step="made.shouter:Shouter")
    add("made.shouter", TRANSLATOR, registry.TRANSLATORS, "shout", row)
    found = steps(translator="shout=embedded/smollm2-135m")
    (translator,) = found.able("en", "sw")
    (request,) = translator.ask(SOURCE)
    assert request.model.startswith("embedded/smollm2-135m@")
    assert translator.read(SOURCE, [Reply(text="habari")]).text == "HABARI"
    assert [m.model for m in found.models] == ["embedded/smollm2-135m"]
    assert found.able("en", "de") == ()


def test_a_translator_in_process_takes_one_file_and_one_row(add):
    row = Form(example="mirror/PATH", engine="made.mirror:Mirror")
    add("made.mirror", ENGINE, registry.TRANSLATORS, "mirror", row)
    found = steps(translator="mirror/glass")
    (translator,) = found.able("en", "sw")
    assert translator.ask(SOURCE)[0].extra["revision"] == "r1"
    assert list(found.engines) == ["mirror/glass"]
    assert steps(translator="mirror/tin").able("en", "sw") == ()


def test_an_estimator_takes_one_file_and_one_row(add):
    row = Form(example="length", step="made.length:Length")
    add("made.length", ESTIMATOR, registry.ESTIMATORS, "length", row)
    (estimator,) = steps(translator="llm=embedded/smollm2-135m", quality="length").estimators
    candidate = Candidate(source=SOURCE, translator="llm", text="Habari")
    assert estimator.ask(candidate) == ()
    assert estimator.read(candidate, []).value == pytest.approx(6 / 11)


def test_the_counts_are_in_contributing():
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    for what in ("judge", "translator", "estimator"):
        assert f"| {what} | 1 file, 1 row, 1 test |" in text
    assert "| report section | 1 module, 1 template, 1 row |" in text
    assert "| statistic | at most 5 files |" in text
