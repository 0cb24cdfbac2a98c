"""The catalogue tells of every metric of a run, and all that it tells of is there."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import json
import re
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from example.recorded import RUNS, stored_results
from example.translated import translated
from safeglot.flow.measure.estimates import measure
from safeglot.score.catalogue.metric import RANGES
from safeglot.score.catalogue.metrics import ANALYSES, METRICS, SHARED, SOURCES, described, metric
from safeglot.score.catalogue.no_interval import KEY, with_reasons
from safeglot.score.mitigations.estimates import mitigation_estimates
from unit.report.guards.pages import page_of, probed
from unit.score.mitigations.tables import helpful

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "safeglot"
GOLDEN = ROOT / "tests" / "golden" / "data"
AWAITED: dict[str, int] = {}
"""Golden files of numbers that no function gives yet, and the issue that brings it."""
OF_OTHER_TAXONOMIES = {"safety_macro", "safety_macro_of_macros"}
"""The recorded runs have ALERT's categories."""
OF_ALL_MODELS = ("By people's labels", "The judge itself", "Translations", "Guards under test")
OF_PASSES = {"judge_flip_rate", "canary_flip_rate", "canary_token_flip_rate"}
"""The recorded runs have no server to ask again: tests/e2e/test_guard.py has."""
OF_THOUGHTS = {
    "thinking_rate", "thought_english", "thought_unsafe", "thought_unsafe_answer_safe",
    "thought_safe_answer_unsafe",
}  # fmt: skip
"""The recorded models do not think: those of tests/unit/flow/measure/judges/test_thoughts.py do."""
OF_VERSIONS = {"unsafe_gap_adaptation", "gap_version", "wording_flip", "wording_gap"}
"""The recorded runs have one version and wording of a request: those of tests/e2e have several."""
OF_COUNTRIES = {"probe_between", "probe_over_refusal"}
"""The recorded runs ask about one country, no harmless twins in variants: that of tests/e2e/test_local_harm.py does."""
OF_LENGTHS = {"length_flip", "length_flip_cut", "length_flip_whole"}
"""Nothing recorded was answered again at twice the limit: tests/e2e/test_lengths.py has that."""
OF_NORMS = {"norms_apart", "norms_gap"}
"""The recorded judges are under no norms: that of tests/e2e/test_norms.py is under two."""
OF_UNPAIRED = {"gap_unpaired"}
"""The recorded runs ask the same in all languages: that of tests/e2e/test_unpaired.py does not."""

OF_FEW_ERRORS = {"false_unsafe_slope", "errors_together"}
"""The labels of the recorded run show fewer than 10: those of tests/e2e/test_judge_errors.py more."""
OF_PEOPLE = {"translation_in_judge_errors"}
"""The recorded run has labels and no people's translations: that of the same test has both."""


@pytest.fixture(scope="module")
def estimates(tmp_path_factory):
    """Every estimate of the recorded runs, and of one with translations and probes, by metric."""
    by_metric = {}
    store, manifest = translated(tmp_path_factory.mktemp("translated") / "run.db")
    for estimate in measure(store, manifest)[0]:
        row = dataclasses.asdict(estimate)
        by_metric.setdefault(row["metric"], []).append(row)
    store.close()
    for estimate in with_reasons(page_of(probed()).estimates):
        row = dataclasses.asdict(estimate)
        by_metric.setdefault(row["metric"], []).append(row)
    for estimate in with_reasons(mitigation_estimates(helpful(unread=0.02))):
        row = dataclasses.asdict(estimate)
        by_metric.setdefault(row["metric"], []).append(row)
    for name in RUNS:
        for row in json.loads(stored_results(name))["estimates"]:
            by_metric.setdefault(row["metric"], []).append(row)
    return by_metric


def strings(path):
    tree = ast.parse(path.read_text("utf-8"))
    return {
        n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)
    }


def written():
    """All texts in the source but for the catalogue's own."""
    texts = set()
    for path in SOURCE.rglob("*.py"):
        if path.parent.name != "catalogue":
            texts |= strings(path)
    return texts


def test_every_metric_of_a_run_is_in_the_catalogue(estimates):
    names = [name for entry in METRICS for name in entry.names]
    assert {name for name in estimates if not any(fnmatchcase(name, n) for n in names)} == set()


def test_every_metric_of_the_catalogue_is_in_a_run(estimates):
    names = (
        {name for entry in METRICS for name in entry.names}
        - OF_OTHER_TAXONOMIES
        - OF_PASSES
        - OF_THOUGHTS
        - OF_NORMS
        - OF_UNPAIRED
        - OF_VERSIONS
        - OF_COUNTRIES
        - OF_LENGTHS
        - OF_PEOPLE
    )
    assert {n for n in names if not any(fnmatchcase(name, n) for name in estimates)} == set()
    assert written() >= OF_OTHER_TAXONOMIES | OF_PASSES


def test_names_are_told_apart():
    names = [name for entry in METRICS for name in entry.names]
    assert len(set(names)) == len(names)
    for entry in METRICS:
        assert metric(entry.name.replace("*", "0.5")) is entry
    with pytest.raises(KeyError):
        metric("no such metric")


def test_extra_keys_of_a_run_are_described(estimates):
    silent = {
        (name, key)
        for name, rows in estimates.items()
        for row in rows
        for key in row["extra"]
        if key not in metric(name).extra and key != KEY
    }
    assert silent == set()


def test_keys_that_are_described_are_given_somewhere():
    named = {key for entry in METRICS for key in entry.extra}
    assert set(SHARED) <= named
    assert all(described(entry, key) for entry in METRICS for key in entry.extra)
    assert all(key in entry.extra for entry in METRICS for key in entry.own)
    texts = written()
    assert {key for key in named if not _is_written(key, texts)} == set()


def _is_written(key, texts):
    """Some keys are put together: n_ and the class, or a record's field."""
    return key in texts or any(
        key == f"n_{t.removeprefix('INV-')}" for t in texts if t[:4] == "INV-"
    )


def test_values_lie_where_their_unit_says(estimates):
    for name, rows in estimates.items():
        ends = RANGES[metric(name).unit]
        for row in rows if ends else ():
            numbers = [row[field] for field in ("value", "low", "high") if row[field] is not None]
            assert all(ends[0] - 1e-9 <= number <= ends[1] + 1e-9 for number in numbers), row


def test_intervals_are_told_where_the_catalogue_says_so(estimates):
    for name, rows in estimates.items():
        has = any(row["low"] is not None for row in rows)
        told = not metric(name).interval.startswith("none") and name not in OF_FEW_ERRORS
        assert has == told, name


def test_axes_are_those_of_a_run(estimates):
    for name, rows in estimates.items():
        per = metric(name).per
        assert any(row["category"] for row in rows) == ("category" in per.partition(";")[0])
        if any(row["language"] is None for row in rows):
            assert "null" in per or "language" not in per
        if any(row["model"] is None for row in rows):
            assert metric(name).section in OF_ALL_MODELS


def test_names_with_unsafe_are_worse_when_higher():
    for entry in METRICS:
        if entry.name.startswith("unsafe"):
            assert entry.polarity == "higher is worse"
        if entry.name.startswith("safety"):
            assert entry.polarity == "higher is safer"


@pytest.mark.parametrize("entry", [*METRICS, *ANALYSES], ids=lambda entry: entry.name)
def test_function_sources_and_golden_files_exist(entry):
    module, _, name = entry.function.partition(":")
    assert callable(getattr(importlib.import_module(f"safeglot.{module}"), name))
    assert set(entry.sources) <= set(SOURCES)
    for file in entry.golden:
        assert (GOLDEN / f"{file}.json").is_file()
        assert file in read_by_tests()


def test_every_source_is_cited():
    cited = {source for entry in (*METRICS, *ANALYSES) for source in entry.sources}
    assert cited == set(SOURCES)


def read_by_tests():
    texts = "".join(p.read_text("utf-8") for p in (ROOT / "tests" / "golden").glob("test_*.py"))
    return set(re.findall(r"\"(\d\d_\w+?)(?:\.json)?\"", texts))


def test_every_golden_file_is_read_by_a_test_and_proves_a_number():
    files = {path.stem for path in GOLDEN.glob("[0-9][0-9]_*.json")}
    index = json.loads((GOLDEN / "INDEX.json").read_text("utf-8"))
    assert {entry["file"] for entry in index} <= {f"{file}.json" for file in files}
    assert len(files) == 37
    assert files - read_by_tests() == set(AWAITED)
    assert files - {file for entry in (*METRICS, *ANALYSES) for file in entry.golden} == set(
        AWAITED
    )


def test_no_golden_test_is_skipped():
    for path in (ROOT / "tests" / "golden").glob("*.py"):
        assert not re.search(r"\bskip(if)?\(|xfail|importorskip", path.read_text("utf-8")), path
