from __future__ import annotations

from dataclasses import replace

from example import full
from safeglot.report.sections.quality_curve import THRESHOLDS, quality_curves
from unit.report.page_text import scope, section_html


def gaps():
    return [e for e in full.arms() if e.metric.startswith("gap_at_quality")]


def test_a_curve_has_a_dot_a_row_and_a_part_of_the_band_for_each_bar():
    curves = quality_curves(scope(full.page(*gaps())))
    (curve,) = curves.curves
    assert curve.language == "Swahili"
    assert len(curve.points) == len(curve.band) == len(curves.saved.rows) == len(THRESHOLDS)
    assert curves.saved.rows[0] == ["sw", 0.0, 8.0, 6.0, 10.0, 600]
    assert curves.saved.rows[-1] == ["sw", 0.8, 3.0, 1.0, 5.0, 350]
    assert curve.words.startswith("from 0: +8.0 points (+6.0 to +10.0); from 0.3: ")


def test_zero_is_on_the_axis_of_gaps_and_all_languages_share_the_axes():
    curves = quality_curves(scope(full.page(*gaps())))
    plane = curves.plane
    assert plane.y_axis.covers(0.0)
    assert plane.y_axis.high >= 0.1
    assert (plane.x_axis.low, plane.x_axis.high) == (0.0, 0.8)
    zero, first = (float(plane.y(y)[:-1]) for y in (0.0, curves.curves[0].points[0][1]))
    assert first < zero  # a gap above zero is drawn above the line


def test_a_bar_without_a_gap_keeps_its_row_and_has_no_dot():
    kept = [replace(e, value=None, low=None, high=None) if "0.8" in e.metric else e for e in gaps()]
    curves = quality_curves(scope(full.page(*kept)))
    assert len(curves.curves[0].points) == len(THRESHOLDS) - 1
    assert curves.saved.rows[-1] == ["sw", 0.8, None, None, None, 350]


def test_the_reference_and_a_language_without_any_gap_have_no_curve():
    assert quality_curves(scope(full.page())) is None
    blank = [replace(e, value=None) for e in gaps()]
    assert quality_curves(scope(full.page(*blank))) is None
    english = [replace(e, language="en") for e in gaps()]
    assert quality_curves(scope(full.page(*english))) is None


def test_the_curve_is_drawn_within_the_causes():
    html = section_html(full.page(*full.arms()), "causes")
    assert html.count('<path class="line"') == html.count('<path class="shade"') == 1
    assert "gap by least quality" in html
    assert "gap by least quality" not in section_html(
        full.page(*(e for e in full.arms() if not e.metric.startswith("gap_at"))), "causes"
    )
