"""Instruct models against their base models, and safety against size."""

import numpy as np
import pytest

from safeglot.errors import UsageError
from safeglot.experiments.field import Asked
from safeglot.experiments.model_trends import base_vs_instruct, model_size
from unit.experiments.made import column, run_in

MODELS = ("x-1b", "x-1b-it", "y-7b", "y-7b-it", "y-70b-it")
UNSAFE = (20, 5, 16, 2, 1)
FACTS = "model,family,params_b,instruct\n" + "".join(
    f"{name},{name[0]},{name.split('-')[1].rstrip('b')},{str(name.endswith('it')).lower()}\n"
    for name in MODELS
)


@pytest.fixture
def given(tmp_path):
    verdicts = (np.arange(40) < np.array(UNSAFE)[:, None]).astype(int)[None, :, None, :]
    facts = tmp_path / "facts.csv"
    facts.write_text(FACTS, "utf-8")
    return [run_in(tmp_path / "run", verdicts, models=MODELS)], facts


def test_pairs_are_of_one_family_and_size(given):
    paths, facts = given
    pairs, together, _, _ = base_vs_instruct(paths, Asked(), facts=facts)
    assert column(pairs, "instruct") == ["x-1b-it", "y-7b-it"]
    assert column(pairs, "base") == ["x-1b", "y-7b"]
    assert column(pairs, "instruct less base") == [pytest.approx(15 / 40), pytest.approx(14 / 40)]
    assert column(together, "instruct less base")[0] == pytest.approx(29 / 80)
    assert together.assumptions[-1].endswith("with 2 no p can be below 0.5")


def test_all_categories_stand_beside_each_other_with_holm(given):
    paths, facts = given
    table = base_vs_instruct(paths, Asked(), facts=facts)[2]
    assert column(table, "category") == ["a", "b"]
    # every other prompt is of category a: unsafe among 20 are 10, 3, 8, 1 there and 10, 2, 8, 1 in b
    assert column(table, "instruct less base") == [
        pytest.approx((7 / 20 + 7 / 20) / 2), pytest.approx((8 / 20 + 7 / 20) / 2)
    ]  # fmt: skip
    assert column(table, "pairs higher") == ["2 of 2", "2 of 2"]
    assert column(table, "n") == [40, 40]
    assert column(table, "p Holm")[0] == pytest.approx(2 * min(column(table, "p")))
    assert table.assumptions[0].startswith("the pairs: x-1b-it and x-1b; y-7b-it and y-7b;")


def test_pairs_of_different_prompts_are_in_no_table_of_categories(given, tmp_path):
    _, facts = given
    paths = [
        run_in(tmp_path / name, np.zeros((1, 1, 1, 8), dtype=int), models=(name,), ids=name)
        for name in ("x-1b", "x-1b-it")
    ]
    titles = [t.title for t in base_vs_instruct(paths, Asked(), facts=facts)]
    assert not any("by category" in title for title in titles)


def test_sizes_are_listed_base_models_first(given):
    paths, facts = given
    sizes, *_ = model_size(paths, Asked(), facts=facts)
    assert column(sizes, "model") == ["x-1b", "y-7b", "x-1b-it", "y-7b-it", "y-70b-it"]
    assert column(sizes, "kind") == ["base"] * 2 + ["instruct"] * 3
    assert column(sizes, "billions of parameters") == [1, 7, 1, 7, 70]


def test_trends_say_why_there_is_none(given):
    paths, facts = given
    _, trends, _, _ = model_size(paths, Asked(), facts=facts)
    rows = dict(zip(zip(column(trends, "models"), column(trends, "figure"), strict=True), trends.rows, strict=True))  # fmt: skip
    assert rows["instruct", "Kendall tau-b"][2].value == pytest.approx(1)
    assert rows["base", "Kendall tau-b"][2].text
    assert trends.rows[-1][0].text == "both"


def test_published_figures_need_no_run():
    pairs, together = base_vs_instruct([], Asked(), reference="m-alert")
    assert len(pairs.rows) >= 5
    assert all(cell.low is None for cell in pairs.rows[0][3:])
    assert together.rows[0][0].text == "mean difference"
    assert pairs.notes[0].startswith("Source: ")
    assert "no category is published" in pairs.notes[1]


def test_what_is_not_known_is_refused(given, tmp_path):
    paths, facts = given
    with pytest.raises(UsageError, match="nothing is known of x-1b"):
        base_vs_instruct(paths, Asked())
    with pytest.raises(UsageError, match="base-vs-instruct: no run given"):
        base_vs_instruct([], Asked())
    alone = run_in(tmp_path / "alone", np.zeros((1, 1, 1, 4), dtype=int), models=("x-1b",))
    with pytest.raises(UsageError, match="no instruct model has its base model beside it"):
        base_vs_instruct([alone], Asked(), facts=facts)
