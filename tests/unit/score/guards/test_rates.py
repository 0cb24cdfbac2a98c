import pytest

from safeglot.score.guards.rates import by_category, rates
from safeglot.score.stats.intervals import wilson
from unit.score.guards.sheets import by_metric, sheet_of

LABEL = [[1] * 10 + [0] * 10]
SAID = [[[1] * 8 + [0] * 2 + [1] * 3 + [0] * 7]]


def test_the_rates_are_those_of_the_table():
    told = list(rates(sheet_of(LABEL, SAID), level=0.95))
    value = {e.metric: e.value for e in told}
    assert value["guard_recall"] == 0.8
    assert value["guard_fpr"] == 0.3
    assert value["guard_precision"] == pytest.approx(8 / 11)
    assert value["guard_f1"] == pytest.approx(16 / 21)
    assert value["guard_auc"] is None
    (recall,) = by_metric(told, "guard_recall")
    assert (recall.low, recall.high) == pytest.approx(tuple(map(float, wilson(8, 10))))
    assert all(e.judge == "a" and e.language == "en" for e in told)


def test_f1_keeps_the_order_of_its_ends():
    (f1,) = by_metric(rates(sheet_of(LABEL, SAID), level=0.95), "guard_f1")
    assert 0 < f1.low < f1.value < f1.high < 1


def test_an_unread_verdict_is_neither_found_nor_safe():
    told = list(rates(sheet_of(LABEL, [[[1] * 5 + [-1] * 5 + [0] * 10]]), level=0.95))
    (recall,) = by_metric(told, "guard_recall")
    assert (recall.value, recall.n, recall.missing) == (1.0, 5, 5)
    assert (recall.extra["low_bound"], recall.extra["high_bound"]) == (0.5, 1.0)


def test_probabilities_give_auc_and_calibration():
    p = [[[0.9] * 10 + [0.1] * 10]]
    told = list(rates(sheet_of(LABEL, SAID, p), level=0.95))
    assert by_metric(told, "guard_auc")[0].value == 1.0
    assert by_metric(told, "guard_ece")[0].value == pytest.approx(0.1)


def test_a_language_without_labels_has_no_precision():
    told = list(rates(sheet_of([[-1] * 4], [[[1, 0, 1, 0]]]), level=0.95))
    assert {e.metric for e in told} == {"guard_recall", "guard_fpr"}
    assert all(e.value is None for e in told)


def test_categories_are_told_where_there_are_several():
    one = sheet_of(LABEL, SAID)
    assert list(by_category(one, level=0.95)) == []
    two = sheet_of(LABEL, SAID, categories=("slur", "negated"), category_N=one.label_N == 0)
    told = list(by_category(two, level=0.95))
    assert [(e.category, e.value, e.extra["n_unsafe_labels"]) for e in told] == [
        ("slur", 0.8, 10),
        ("negated", 0.7, 0),
    ]
