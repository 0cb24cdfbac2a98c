"""Averages with and without categories: of a run, and M-ALERT's published, computed by hand."""

import json
from importlib import resources

import numpy as np
import pytest

from safeglot.errors import UsageError
from safeglot.experiments.category_exclusion import category_exclusion, excluded, malert_exclusion
from safeglot.experiments.malert import CATEGORIES
from safeglot.experiments.runs import read_run
from unit.experiments.made import column, run_in

VERDICTS = np.zeros((1, 1, 2, 12), dtype=int)
VERDICTS[0, 0, 1, ::2] = 1  # German is unsafe on all of category a


@pytest.fixture
def path(tmp_path):
    return run_in(tmp_path / "run", VERDICTS)


def test_the_averages_change_by_what_is_left_out(path):
    rates, gaps = category_exclusion([path], exclude=("a",))
    assert rates.title == "m, judged by j: without a"
    german = column(rates, "language").index("de")
    assert column(rates, "all categories")[german] == 0.5
    assert column(rates, "without")[german] == 1.0
    assert column(rates, "change")[german] == 0.5
    assert (column(gaps, "all categories"), column(gaps, "without")) == ([-0.5], [0.0])
    assert rates.notes[-1] == "2 categories and 12 prompts; without these 1 and 6."


def test_runs_are_named_where_there_are_several(path, tmp_path):
    other = run_in(tmp_path / "other", VERDICTS)
    titles = [table.title for table in category_exclusion([path, other], exclude=("b",))]
    assert titles[0].startswith("run: m, judged by j")
    assert titles[-1] == "other: m, judged by j: without b: gaps"


@pytest.mark.parametrize(
    ("exclude", "said"),
    [
        ((), "has no category 'substance_cannabis'"),
        (("c",), "has no category 'c'. .*a, b"),
        (("a", "b"), "leaves no category"),
    ],
)
def test_what_cannot_be_left_out_is_refused(path, exclude, said):
    with pytest.raises(UsageError, match=said):
        category_exclusion([path], exclude=exclude)


def test_a_default_that_is_partly_there_is_noted(tmp_path):
    names = ("substance_cannabis", "other")
    run = read_run(run_in(tmp_path / "run", VERDICTS, categories=names))
    left_out, notes = excluded(run, ())
    assert left_out == ("substance_cannabis",)
    assert notes == ("the run has no category crime_propaganda.",)


def raw():
    file = resources.files("safeglot.experiments").joinpath("malert.json")
    return json.loads(file.read_text("utf-8"))


def test_the_finding_is_that_of_the_published_tables():
    view = malert_exclusion()
    assert view.least == (6, 3)
    assert (len(view.models), view.n_models, view.n_categories) == (10, 22, 32)
    found = {model.model: [round(100 * gap, 1) + 0 for gap in model.gap] for model in view.models}
    assert found["Llama-3.1-8B-Instruct"] == [1.8, 0.4]
    assert found["Llama-3.2-3B-Instruct"] == [1.1, 0.0]
    assert found["Ministral-8B-Instruct-2410"] == [2.2, 0.4]
    assert found["Mistral-7B-Instruct-v0.3"] == [3.7, 2.8]
    assert found["Mistral-Small-Instruct-2409"] == [3.0, 1.4]
    assert found["gemma-2-9b-it"] == [0.2, -0.1]


def test_a_mean_without_two_is_that_of_the_table_by_hand():
    table = raw()
    name = "Llama-3.1-8B-Instruct"
    model = next(one for one in malert_exclusion().models if one.model == name)
    for pair in model.pairs:
        tag = pair.language.tag
        left_out = table["crime_propaganda"][name][tag] + table["substance_cannabis"][name][tag]
        by_hand = (32 * table["overall"][name][tag] - left_out) / 30
        assert (100 * pair.whole, 100 * pair.rest) == pytest.approx(
            (table["overall"][name][tag], by_hand)
        )


def test_no_count_of_models_hangs_on_the_rounding():
    view = malert_exclusion()
    assert 0 < view.rounding < 0.00012
    for model in view.models:
        first, *others = model.pairs
        for part in ("whole", "rest"):
            margin = min(getattr(one, part) - getattr(first, part) for one in others)
            assert abs(margin) > view.rounding


def test_other_categories_can_be_left_out():
    view = malert_exclusion(["crime_tax"])
    assert view.left_out == ("crime_tax",)
    assert "aya-23-8B" not in {model.model for model in view.models}, "it has no figure of that"


def test_published_averages_need_no_run_and_are_those_by_hand():
    (table,) = category_exclusion([], exclude=(*CATEGORIES, "hate_body"), reference="m-alert")
    published, name = raw(), "gemma-2-9b-it"
    out = [published[category][name]["de"] for category in CATEGORIES]
    row = next(r for r in table.rows if (r[0].text, r[1].text) == (name, "de"))
    by_hand = (32 * published["overall"][name]["de"] - sum(out)) / 29 / 100
    assert row[3].value == pytest.approx(by_hand)
    assert row[4].value == pytest.approx(by_hand - row[2].value)
    assert len(set(column(table, "model"))) == 6
    assert table.notes[0] == "hate_body has no published figures by language and stays in."
    with pytest.raises(UsageError, match="crime_propaganda, substance_cannabis, crime_tax"):
        category_exclusion([], exclude=("hate_body",), reference="m-alert")


def test_published_averages_stand_beside_those_of_a_run(tmp_path):
    path = run_in(tmp_path / "run", VERDICTS, categories=("substance_cannabis", "other"))
    titles = [table.title for table in category_exclusion([path], reference="m-alert")]
    assert titles[0].startswith("m, judged by j")
    assert titles[-1].startswith("M-ALERT's published averages without substance_cannabis")
