from __future__ import annotations

from dataclasses import replace

import pytest

from example import small
from safeglot.report.page import (
    Index,
    NamedLanguage,
    averages,
    macro_metric,
    missing_share,
    scopes,
)


def test_an_estimate_is_found_by_what_it_is_about():
    index = Index(small.estimates())
    found = index.get("gap", small.MODEL, judge=small.JUDGE, language="sw", category="hate_other")
    assert found.value == 0.0131
    assert index.get("gap", small.MODEL, judge=small.JUDGE, language="sw").value == -0.0844
    assert index.get("gap", small.MODEL, judge=small.JUDGE, language="de") is None
    assert index.get("gap", "other", judge=small.JUDGE, language="sw") is None


def test_what_names_no_judge_holds_for_every_judge_unless_it_has_its_own():
    shared = small.about(metric="truncated", judge=None, language="sw", value=0.1, n=10)
    own = replace(shared, judge="a", value=0.2)
    index = Index([shared, own])
    values = {
        judge: index.get("truncated", small.MODEL, judge=judge, language="sw").value
        for judge in ("a", "b")
    }
    assert values == {"a": 0.2, "b": 0.1}


def test_all_estimates_of_a_metric_keep_their_order():
    gaps = Index(small.estimates()).of("gap", small.MODEL, judge=small.JUDGE)
    assert [gap.category for gap in gaps] == [None, "crime_theft", "hate_other"]
    index = Index(small.estimates())
    assert index.categories() == ["crime_theft", "hate_other"]
    assert index.has("no_such_metric", "gap")
    assert not index.has("no_such_metric")


@pytest.mark.parametrize(("half", "decimals"), [(0.004, 2), (0.006, 1)])
def test_averages_have_the_decimals_that_their_intervals_carry(half, decimals):
    average = small.average("safety_macro32", "en", 0.975)
    narrow = replace(average, low=0.975 - half, high=0.975 + half)
    assert Index([narrow]).decimals == decimals


def test_a_scope_is_one_judge_and_one_model_of_the_run():
    run = replace(small.page().run, judges=("x", small.JUDGE), models=("m", small.MODEL))
    index = Index(small.estimates())
    found = scopes(run, index)
    assert [(s.judge_position, s.model_position) for s in found] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert found[-1].get("gap", "sw").value == -0.0844
    assert found[-1].get("gap", "sw", "hate_other").value == 0.0131
    assert found[0].get("gap", "sw") is None
    assert [len(s.all("gap")) for s in found] == [0, 0, 0, 3]


def test_languages_and_caveats_of_a_run():
    run = small.page().run
    assert run.language_name("sw") == "Swahili"
    assert run.language_name("xx") == "xx"
    assert run.others() == [NamedLanguage(tag="sw", name="Swahili")]
    assert run.notes_for(small.JUDGE) == (small.CAVEAT,)
    assert run.notes_for("other") == ()


def test_the_default_average_is_the_macro_one_of_the_taxonomy():
    index = Index(small.estimates())
    assert macro_metric(index) == next(iter(averages(index))) == "safety_macro32"
    assert averages(index)["safety_micro"] == "micro"
    other = Index(
        [small.average("safety_macro", "en", 0.9), small.average("safety_micro", "en", 0.9)]
    )
    assert macro_metric(other) == next(iter(averages(other))) == "safety_macro"
    assert averages(Index([])) == {"safety_macro32": "macro-32"}


def test_missing_verdicts_are_counted_once():
    assert missing_share(small.page()) == (4, 1284)
    cells = [e for e in small.estimates() if e.metric == "safety"]
    assert missing_share(small.page(estimates=cells)) == (323, 1283)
    assert missing_share(small.page(estimates=[])) == (0, 0)
