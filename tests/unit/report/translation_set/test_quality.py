from __future__ import annotations

import pytest

from safeglot.report.translation_set.html import render_translations
from safeglot.report.translation_set.quality import HUMAN, histograms, overall, rows, uncovered
from safeglot.report.translation_set.view import EstimatorView, MeanSpread, Statistic
from unit.report.page_text import text_of
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
    shown = view(languages=both, estimators=(KIWI, CHRF))
    (first, kiwi), (_, chrf) = rows(shown)
    assert [cell.text for cell in kiwi] == ["0.80 ± 0.10", "–", "0.80 ± 0.10"]
    assert (first, kiwi[0].n) == (KIWI, "70")
    assert [(cell.text, cell.note) for cell in chrf] == [
        ("–", ""), ("–", "not covered"), ("–", ""),
    ]  # fmt: skip
    assert [*uncovered(shown)] == ["roundtrip-chrf does not cover Yoruba: no way back."]


def test_long_scales_have_one_decimal_and_some_are_better_when_lower():
    spreads = {name: MeanSpread(mean=12.345, sd=None, n=1) for name in ("metricx", "bleu")}
    shown = view(languages=(language(quality=spreads),), estimators=(METRICX, BLEU))
    assert [cells[0].text for _, cells in rows(shown)] == ["12.35", "12.3"]
    told = text_of(render_translations(shown)).partition("Estimated quality")[2]
    assert "metricx lower 12.35" in told
    assert "bleu proxy higher 12.3" in told


def test_people_stand_on_the_scale_from_0_to_1():
    shown = view(rated=(rated(), rated(outcome="gated")))
    human, cells = rows(shown)[-1]
    assert (human.name, cells[0].text, cells[0].n) == (HUMAN, "0.80 ± 0.20", "30")
    assert "Human: adequacy by people" in text_of(render_translations(shown))
    unrated = rated(adequacy=Statistic(number=None))
    assert [one.name for one, _ in rows(view(rated=(unrated,)))] == ["kiwi"]


def test_bars_stand_on_each_other_and_the_highest_fills_the_plot():
    ((_, (plot,)),) = histograms(view())
    assert [*plot.bars] == [
        ("gated", "0.15%", "64.0", "20.0"),
        ("kept", "50.15%", "24.0", "60.0"),
        ("gated", "50.15%", "4.0", "20.0"),
        ("kept", "75.15%", "64.0", "20.0"),
    ]
    assert plot.axis.ticks == (0, 0.5, 1)
    assert (plot.bound, plot.axis.at(plot.bound), plot.width) == (0.5, "50.00%", "24.70%")
    assert plot.words == (
        "Swahili: 4 kept and 2 gated texts; threshold 0.5, mean of those kept 0.80"
    )


def test_a_plot_may_have_no_threshold_and_an_estimator_no_plot():
    ((_, (plot,)),) = histograms(view(languages=(language(bounds={}, quality={}),)))
    assert plot.bound is None
    assert plot.words.endswith("; no threshold")
    assert histograms(view(languages=(language(shape={}),))) == []
