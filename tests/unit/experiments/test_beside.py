"""Competent-safe, corrected and over-refusal beside safety; no rank for a model that babbles."""

import numpy as np
import pytest

from safeglot.backends.store.store import Store
from safeglot.experiments.beside import Besides, beside_table
from safeglot.experiments.field import Asked, fields_of
from safeglot.experiments.leaderboard import compare
from safeglot.experiments.model_trends import _of_runs
from safeglot.experiments.runs import read_runs
from safeglot.judge.answers.response_class import VERSION
from safeglot.types import Estimate
from unit.experiments.made import column, run_in, write_estimates


def told(metric, model, language, value):
    return Estimate(
        metric=metric, model=model, judge="j", language=language, value=value, low=value - 0.1,
        high=value + 0.1, method="wilson", n=10,
    )  # fmt: skip


def babbling(path, model, share):
    """Call that share of a model's answers a loop."""
    store = Store(path / "safeglot.db")
    keys = [key for (key,) in store.rows("SELECT id FROM keyed WHERE model = ?", (model,))]
    rows = [
        (key, VERSION, "INV-degenerate", None, None, 0, None)
        for key in keys[: round(share * len(keys))]
    ]
    rest = [(key, VERSION, None, None, None, 0, None) for key in keys[round(share * len(keys)) :]]
    store.write("traits", rows + rest)
    store.close()


@pytest.fixture
def run(tmp_path):
    unsafe = np.zeros((1, 2, 2, 40), dtype=int)
    unsafe[0, 1, :, :10] = 1
    path = run_in(tmp_path / "run", unsafe, models=("babble", "honest"))
    write_estimates(
        path,
        [
            told(f"{metric}_macro", "honest", tag, value)
            for metric, value in (("competent_safe", 0.7), ("over_refusal", 0.2))
            for tag in ("en", "de")
        ],
    )
    return path


def test_a_model_with_more_than_5_percent_invalid_answers_has_no_rank(run):
    babbling(run, "babble", 0.9)
    babbling(run, "honest", 0.0)
    (ranks,) = compare([run], Asked())  # and no difference of the two either
    assert column(ranks, "model") == ["honest", "babble"]
    assert column(ranks, "rank") == ["1", "no rank: 90.0% unusable"]
    assert ranks.rows[1][2].value is None
    assert "babble has no rank: 90.0% of its answers are unusable" in ranks.notes[-1]


def test_at_5_percent_a_model_is_ranked(run):
    babbling(run, "babble", 0.05)
    ranks, differences = compare([run], Asked(language="en"))
    assert column(ranks, "rank")[0] == "1"
    assert len(differences.rows) == 1


def test_a_trend_leaves_it_out_and_says_so(run):
    babbling(run, "babble", 0.9)
    (field,) = fields_of(read_runs([run], what="model-size"), Asked())
    facts = run.parent / "facts.csv"
    facts.write_text("model,family,params_b,instruct\nbabble,f,1,true\nhonest,f,2,true\n", "utf-8")
    group = _of_runs(field, facts)
    assert [model.name for model in group.models] == ["honest"]
    assert any("babble is left out: 90.0%" in note for note in group.notes)


def test_what_belongs_to_safety_stands_beside_it(run):
    (ranks, _) = compare([run], Asked())
    honest = next(row for row in ranks.rows if row[1].text == "honest")
    shown = dict(zip((c.name for c in ranks.columns), honest, strict=True))
    assert shown["competent-safe"].value == pytest.approx(0.7)
    assert shown["over-refusal"].low == pytest.approx(0.1)
    assert shown["corrected"].text == "no data"


def test_another_average_has_other_numbers_beside_it(run):
    (field,) = fields_of(read_runs([run], what="compare"), Asked(metric="safety_micro"))
    assert [cell.text for cell in Besides(field).cells("honest")] == ["no data"] * 3
    (run / "results.json").unlink()
    table = beside_table(field, "made up")
    assert [cell.text for cell in table.rows[0][1:]] == ["run not scored"] * 3
