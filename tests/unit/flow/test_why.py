"""What of a run is asked about: its first model and judge, or those that are named."""

from __future__ import annotations

import pytest

from example.recorded import recorded
from safeglot.backends.files.rundir import RunDir
from safeglot.errors import UsageError
from safeglot.flow.why import guide_source, why_text


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return RunDir(recorded(tmp_path_factory.mktemp("why"), "samples"))


def test_a_guide_is_of_the_first_model_and_judge_where_none_is_named(run):
    made = guide_source(run, {"model": None, "judge": None})
    about = made.scope.run
    assert (made.scope.model, made.scope.judge) == (about.models[0], about.rated[0])
    assert made.begun == run.read_manifest().created[:10]
    assert made.reasons.run == str(run.path)


def test_what_the_run_does_not_have_is_refused_with_what_it_has(run):
    for kind in ("model", "judge", "language"):
        wanted = {"model": None, "judge": None, "language": None, kind: "nothing"}
        with pytest.raises(UsageError, match=f"--{kind} nothing: not in .* Allowed: "):
            why_text(run, wanted, 100)


def test_the_answers_begin_with_the_gap(run):
    text = why_text(run, {"model": None, "judge": None, "language": None}, 100)
    assert " against " in text
    assert "1. Chance?" in text
