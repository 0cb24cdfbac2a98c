"""Reading finished runs: what they hold, and what is refused."""

import numpy as np
import pytest

from safeglot.errors import UsageError
from safeglot.experiments.runs import judges_of, read_estimates, read_run, read_runs, titled
from safeglot.keys import digest
from unit.experiments.made import run_in

VERDICTS = [[[[0, 1, 0, 0], [1, 1, 0, -1]]]]


def test_a_run_is_its_manifest_its_verdicts_and_its_texts(tmp_path):
    run = read_run(run_in(tmp_path / "first", VERDICTS, level=0.9))
    assert (run.name, run.level) == ("first", 0.9)
    assert run.cube.unsafe_JMLPS[..., 0].tolist() == VERDICTS
    assert run.text_LP.shape == (2, 4)
    assert run.text_LP.all()
    de = run.text_LP[run.cube.languages.index("de")]
    assert (de == int(digest("ask in de")[:16], 16)).all()


def test_a_run_without_a_verdict_says_how_to_judge_it(tmp_path):
    path = run_in(tmp_path / "run", np.full((1, 1, 2, 3), -1), scored=False)
    with pytest.raises(UsageError, match="holds no verdict that could be read"):
        read_run(path)


def test_each_run_is_named_once(tmp_path):
    path = run_in(tmp_path / "run", VERDICTS)
    with pytest.raises(UsageError, match="compare: no run given"):
        read_runs([], what="compare")
    with pytest.raises(UsageError, match="is given twice"):
        read_runs([path, tmp_path / "x" / ".." / "run"], what="compare")


def test_estimates_are_those_of_results_json(tmp_path):
    path = run_in(tmp_path / "run", VERDICTS)
    assert next(e for e in read_estimates(path) if e.metric == "safety_micro").value == 0.75
    (path / "results.json").unlink()
    with pytest.raises(UsageError, match="safeglot score"):
        read_estimates(path)


def test_a_judge_that_the_run_lacks_is_named(tmp_path):
    assert judges_of(tmp_path, ("a", "b"), None) == ("a", "b")
    assert judges_of(tmp_path, ("a", "b"), "b") == ("b",)
    with pytest.raises(UsageError, match="got 'llama-gard'"):
        judges_of(tmp_path, ("llama-guard",), "llama-gard")


def test_titles_name_the_run_where_there_are_several(tmp_path):
    run = read_run(run_in(tmp_path / "one", VERDICTS))
    assert titled(run, [run], "gaps") == "gaps"
    assert titled(run, [run, run], "gaps") == "one: gaps"
