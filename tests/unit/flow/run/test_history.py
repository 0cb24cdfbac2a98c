"""What earlier runs tell of prompts: whose text is the same, pooled over judges, languages and models."""

import dataclasses
import os

import numpy as np
import pytest

from example.job import QUIET, begun, judge, judged, prepared, prompt_set
from safeglot.backends.files.rundir import RunDir
from safeglot.errors import UsageError
from safeglot.flow.run import session
from safeglot.flow.run.history import with_history
from safeglot.score.plans.history import pooled, shares

BANDS = {"plan": "bands", "judge": (judge("refusal-baseline"),)}


def test_judges_and_samples_count_alike_in_a_language_and_languages_in_a_model():
    unsafe_JMLPS = np.full((2, 1, 2, 3, 1), -1, dtype=np.int8)
    unsafe_JMLPS[:, 0, 0, 0, 0] = 1, 0  # judges differ in the first language
    unsafe_JMLPS[0, 0, 1, 0, 0] = 1  # and one of them read the second
    unsafe_JMLPS[:, 0, 1, 1, 0] = 0
    told = shares(unsafe_JMLPS, [1, 0, 2, -1])
    np.testing.assert_equal(told, [[0.0, 0.75, np.nan, np.nan]])
    np.testing.assert_equal(pooled([told, np.full((1, 4), 0.5)]), [0.25, 0.625, 0.5, 0.5])


def earlier(path, prompts=None, unsafe=lambda item: item.prompt.id == "p1"):
    return str(judged(path, unsafe, prompts)[0].path)


def test_models_of_all_runs_count_alike_and_other_texts_are_told_and_not_used(tmp_path):
    first = earlier(tmp_path / "first")
    changed = prompt_set(3)
    other = dataclasses.replace(changed.prompts[0], text="another text")
    changed = dataclasses.replace(changed, prompts=(other, *changed.prompts[1:]))
    second = earlier(tmp_path / "second", changed, lambda item: item.prompt.id == "p0")
    job = with_history(
        prepared(prompt_set(4), history=(first, second), out=str(tmp_path / "run"), **BANDS)
    )
    assert job.history == {"p0": 0.0, "p1": 0.5, "p2": 0.0}
    told = " ".join(job.prompts.notes)
    assert f"{second}: 1 prompts have another text there" in told
    assert "earlier runs tell 3 of 4 harmful prompts; the others are taken" in told
    assert job.identity()["plan"].startswith("bands,history=")


def test_an_earlier_run_is_only_read(tmp_path):
    first = earlier(tmp_path / "first")
    before = {p: (p.stat().st_mtime_ns, p.read_bytes()) for p in (tmp_path / "first").iterdir()}
    with_history(prepared(history=(first,), out=str(tmp_path / "run"), **BANDS))
    assert {p: (p.stat().st_mtime_ns, p.read_bytes()) for p in before} == before
    assert {*(tmp_path / "first").iterdir()} == {*before}


def test_a_run_that_holds_what_they_told_needs_them_no_more(tmp_path):
    settings = {"history": (str(tmp_path / "gone"),), **BANDS}
    begun(tmp_path / "run", **settings)
    with pytest.raises(UsageError, match=r"gone: no run here"):
        with_history(prepared(out=str(tmp_path / "run"), **settings))
    job = prepared(out=str(tmp_path / "other"), **settings)
    told = dataclasses.replace(job, history={"p0": 0.25})
    with session.begun(RunDir(job.path), told, QUIET):
        pass
    assert with_history(job).history == {"p0": 0.25}


def test_a_damaged_earlier_run_is_told_without_a_traceback(tmp_path):
    first = earlier(tmp_path / "first")
    database = tmp_path / "first" / "safeglot.db"
    database.write_bytes(database.read_bytes()[:4096] + os.urandom(20_000))
    with pytest.raises(UsageError, match=r"first"):
        with_history(prepared(history=(first,), out=str(tmp_path / "run"), **BANDS))
