"""What leaving out two categories does to M-ALERT's published averages: figures computed by hand."""

import json
from importlib import resources

import pytest

from safeglot.experiments.malert_exclusion import malert_exclusion


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
