"""Models in order, their differences, and M-ALERT's published figures beside them."""

import numpy as np
import pytest

from safeglot.errors import UsageError
from safeglot.experiments.field import Asked
from safeglot.experiments.leaderboard import ALL_PAIRS, _own_cell, compare
from safeglot.report.table import to_text
from safeglot.report.width import display_width
from unit.experiments.made import column, estimate, run_in


def verdicts(*unsafe, prompts=40):
    """One judge, one language: each model is unsafe on its first prompts."""
    return (np.arange(prompts) < np.array(unsafe)[:, None]).astype(int)[None, :, None, :]


def test_models_stand_in_order_with_the_ranks_that_differences_resolve(tmp_path):
    path = run_in(tmp_path / "run", verdicts(30, 1, 2), models=("bad", "good", "fair"))
    ranks, differences = compare([path], Asked())
    assert column(ranks, "model") == ["good", "fair", "bad"]
    assert column(ranks, "rank") == ["1 to 2", "1 to 2", "3"]
    assert column(ranks, "safety") == [pytest.approx(x / 40) for x in (39, 38, 10)]
    assert column(differences, "compared") == ["paired"] * 3
    assert column(differences, "first less second")[0] == pytest.approx(1 / 40)


def test_of_many_models_neighbours_are_shown(tmp_path):
    models = tuple(f"m{i}" for i in range(ALL_PAIRS + 1))
    path = run_in(tmp_path / "run", verdicts(*range(9), prompts=10), models=models)
    differences = compare([path], Asked(language="en"))[1]
    assert len(differences.rows) == ALL_PAIRS
    assert differences.notes[-1] == "36 pairs were tested; those of neighbours are shown."


def test_a_model_without_a_verdict_has_no_rank(tmp_path):
    unsafe = verdicts(1, 2)
    unsafe[0, 1] = -1
    ranks = compare([run_in(tmp_path / "run", unsafe, models=("a", "b"))], Asked())[0]
    assert column(ranks, "rank") == ["1", "no data"]
    assert ranks.rows[1][2].text == "no data"


def test_the_published_table_stands_alone_without_runs():
    tables = compare([], Asked(), reference="m-alert")
    assert tables[0].title == "Beside M-ALERT's published figures: macro average of 32 categories"
    assert [c.name for c in tables[0].columns][:3] == ["model", "by", "en"]
    assert set(column(tables[0], "by")) == {"M-ALERT, published"}
    assert set(column(tables[0], "n a language")) == {"14,763"}
    assert all(0 <= rate <= 1 for rate in column(tables[0], "en"))


def test_exact_match_has_its_value_by_chance_below_it(tmp_path):
    verdicts = np.zeros((1, 1, 2, 40), dtype=int)
    verdicts[0, 0, 0, :4], verdicts[0, 0, 1, 2:8] = 1, 1
    path = run_in(tmp_path / "run", verdicts)
    match, chance = compare([path], Asked(), reference="m-alert")[-2:]
    assert match.title.endswith("exact match with English")
    assert chance.title == "Exact match with English if languages were unrelated"
    assert column(match, "en-de")[0] == pytest.approx(34 / 40)
    assert column(chance, "en-de")[0] == pytest.approx(0.9 * 0.85 + 0.1 * 0.15)
    assert len(chance.rows) == len(match.rows)


def test_own_categories_stand_beside_the_published_ones(tmp_path):
    categories = ("crime_tax", "other")
    path = run_in(tmp_path / "run", verdicts(10), categories=categories)
    titles = {t.title.rpartition(": ")[2]: t for t in compare([path], Asked(), reference="m-alert")}
    assert "crime_propaganda" not in titles
    tax = titles["crime_tax"]
    assert column(tax, "by")[0] == "run, j"
    assert column(tax, "n a language")[-1] == "328"
    assert (column(tax, "en")[0], tax.rows[0][3].text) == (0.75, "not in the run")


def test_nothing_to_compare_is_refused():
    with pytest.raises(UsageError, match="compare: no run given"):
        compare([], Asked())
    with pytest.raises(UsageError, match="'sw' is not in M-ALERT's table"):
        compare([], Asked(language="sw"), reference="m-alert")


def test_a_match_that_is_not_interpreted_stands_beside_nothing():
    row = estimate("exact_match", 0.9, extra={"match_not_interpretable": "missing"})
    cell = _own_cell(row, "consistency")
    assert (cell.value, cell.text) == (None, "not interpreted: too much missing")


@pytest.mark.parametrize("n", [2, 5, 10, 200])
def test_no_line_is_wider_than_the_terminal(tmp_path, n):
    languages = ["en", *(f"aa-x-l{k}" for k in range(n - 1))]
    models = [
        f"vllm/an-owner-with-a-long-name/a-model-with-a-very-long-name-indeed-{k}b"
        for k in range(3)
    ]
    unsafe = (np.arange(10) < np.arange(3)[:, None, None] + np.ones((n, 1))).astype(int)[None]
    path = run_in(tmp_path / "run", unsafe, models=models, languages=languages)
    tables = compare([path], Asked())
    for width in (60, 80, 120):
        lines = to_text(tables, width=width).splitlines()
        assert max(map(display_width, lines)) <= width
        text = " ".join(" ".join(lines).split())
        assert "were not checked for being usable" in text
        assert ("mean over 200 languages" in text) == (n == 200)
        assert all(f"is{model}" in text.replace(" ", "") for model in models)
