"""The catalogue of metrics: how an estimate's name is looked up, and what each row may say."""

import re

import pytest

from safeglot.score.catalogue.metric import RANGES
from safeglot.score.catalogue.metrics import ANALYSES, METRICS, SHARED, described, metric


def test_a_name_finds_its_row():
    assert metric("gap").name == "gap"
    assert metric("safety_macro").name == "safety_macro32"
    assert metric("safety_macro_of_macros").name == "safety_macro6"


def test_a_family_of_names_is_one_row():
    assert metric("gap_at_quality_0.85").name == "gap_at_quality_*"


def test_no_metric_goes_by_another_name():
    for name in ("", "gap_", "safety_macro33"):
        with pytest.raises(KeyError):
            metric(name)


def test_rows_say_where_they_are_computed_and_in_which_unit():
    for entry in METRICS:
        assert re.fullmatch(r"(score|flow\.measure)(\.\w+)+:\w+", entry.function), entry.name
        assert entry.unit in RANGES
        assert entry.formula
        assert entry.per
        assert len(set(entry.extra)) == len(entry.extra), entry.name


def test_analyses_have_names_of_their_own():
    names = [analysis.name for analysis in ANALYSES]
    assert len(set(names)) == len(names)
    assert set(names).isdisjoint(name for entry in METRICS for name in entry.names)


def test_a_key_means_the_same_in_all_metrics_but_where_one_has_its_own_words():
    assert described(metric("safety_micro"), "se") == described(metric("gap"), "se")
    assert described(metric("quality_slope"), "se") == "standard error, CR0 by prompt"
    with pytest.raises(KeyError, match="nonsense"):
        described(metric("gap"), "nonsense")


def test_each_key_is_described_in_one_line():
    for key, text in SHARED.items():
        assert text.strip() == text != "", key
        assert "\n" not in text


def test_keys_are_sorted_for_the_eye():
    assert list(SHARED) == sorted(SHARED, key=str.casefold)


def test_own_words_differ_from_the_shared_ones():
    for entry in METRICS:
        for key, text in entry.own.items():
            assert text != SHARED.get(key), (entry.name, key)


def test_guards_under_test_have_a_section_of_their_own():
    of_guards = {one.section for one in METRICS if one.name.startswith("guard_")}
    assert of_guards == {"Guards under test"}
    assert all(one.name.startswith("guard_") for one in METRICS if one.section in of_guards)


def test_the_words_of_a_group_hold_where_it_stands_and_those_of_the_metric_come_first():
    assert described(metric("guard_recall_gap"), "p_holm") == SHARED["p_holm"]
    assert "plain texts" in described(metric("guard_recall_probe"), "more")
    assert "in the other" in described(metric("guard_recall_gap"), "more")
