from __future__ import annotations

import pytest

from safeglot.report.translation_set.quality import HUMAN, histograms, overall, table
from safeglot.report.translation_set.view import EstimatorView, MeanSpread, Statistic
from unit.report.translation_set.views import CHRF, KIWI, language, rated, view

METRICX = EstimatorView(name="metricx", worst=25.0, best=0.0, proxy=False)
BLEU = EstimatorView(name="bleu", worst=0.0, best=100.0, proxy=True)


def test_languages_weigh_the_same_over_all():
    parts = [MeanSpread(mean=0.6, sd=0.0, n=1000), MeanSpread(mean=0.8, sd=0.0, n=10)]
    whole = overall(parts)
    assert (whole.mean, whole.sd, whole.n) == (pytest.approx(0.7), pytest.approx(0.1), 1010)
    assert overall([]) is None
    assert overall([MeanSpread(mean=0.6, sd=None, n=1)]).sd is None


def test_the_deviation_is_within_and_between_languages():
    parts = [MeanSpread(mean=0.6, sd=0.3, n=9), MeanSpread(mean=0.8, sd=0.3, n=9)]
    assert overall(parts).sd == pytest.approx((0.3**2 + 0.1**2) ** 0.5)


def test_a_row_has_a_cell_for_each_language_and_one_for_all():
    both = (language(), language("yo", "Yoruba", quality={}))
    shown = table(view(languages=both, estimators=(KIWI, CHRF)))
    kiwi, chrf = shown.rows
    assert [cell.text for cell in kiwi.cells] == ["0.80 ± 0.10", "–", "0.80 ± 0.10"]
    assert (kiwi.better, kiwi.proxy, kiwi.cells[0].n) == ("higher", False, "70")
    assert [(cell.text, cell.note) for cell in chrf.cells] == [
        ("–", ""), ("–", "not covered"), ("–", ""),
    ]  # fmt: skip
    assert shown.uncovered == ("roundtrip-chrf does not cover Yoruba: no way back.",)


def test_long_scales_have_one_decimal_and_some_are_better_when_lower():
    spreads = {name: MeanSpread(mean=12.345, sd=None, n=1) for name in ("metricx", "bleu")}
    shown = table(view(languages=(language(quality=spreads),), estimators=(METRICX, BLEU)))
    assert [row.cells[0].text for row in shown.rows] == ["12.35", "12.3"]
    assert [row.better for row in shown.rows] == ["lower", "higher"]


def test_people_stand_on_the_scale_from_0_to_1():
    shown = table(view(rated=(rated(), rated(outcome="gated"))))
    assert shown.human
    human = shown.rows[-1]
    assert (human.name, human.cells[0].text, human.cells[0].n) == (HUMAN, "0.80 ± 0.20", "30")
    unrated = rated(adequacy=Statistic(number=None))
    assert not table(view(rated=(unrated,))).human


def test_bars_stand_on_each_other_and_the_highest_fills_the_plot():
    (plots,) = histograms(view())
    (plot,) = plots.plots
    assert [(bar.name, bar.x, bar.y, bar.height) for bar in plot.bars] == [
        ("gated", "0.15%", "64.0", "20.0"),
        ("kept", "50.15%", "24.0", "60.0"),
        ("gated", "50.15%", "4.0", "20.0"),
        ("kept", "75.15%", "64.0", "20.0"),
    ]
    assert [(tick.at, tick.text, tick.anchor) for tick in plot.ticks] == [
        ("0.00%", "0", "start"), ("50.00%", "0.5", "middle"), ("100.00%", "1", "end"),
    ]  # fmt: skip
    assert (plot.bound.at, plot.bound.text) == ("50.00%", "0.5")
    assert plot.words == (
        "Swahili: 4 kept and 2 gated texts; threshold 0.5, mean of those kept 0.80"
    )


def test_a_plot_may_have_no_threshold_and_an_estimator_no_plot():
    (plots,) = histograms(view(languages=(language(bounds={}, quality={}),)))
    assert plots.plots[0].bound is None
    assert plots.plots[0].words.endswith("; no threshold")
    assert histograms(view(languages=(language(shape={}),))) == []
