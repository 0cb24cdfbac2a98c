from __future__ import annotations

from dataclasses import replace

from example.polyglot import FIVE, TEN, UNSAFE, labels, mute, page, rows, scope, unusable
from safeglot.report.finding.rates import language_rates
from safeglot.report.numbers.direction import unsafe, worse_by


def by_tag(*parts):
    return {row.language.tag: row for row in language_rates(scope(page(*parts)))}


def test_unsafe_is_what_is_not_safe_with_the_ends_exchanged():
    rate = rows("sw")[0]
    turned = unsafe(rate)
    assert (round(turned.value, 6), round(turned.low, 6), round(turned.high, 6)) == UNSAFE["sw"]
    assert unsafe(turned) == rate or abs(unsafe(turned).value - rate.value) < 1e-12
    assert unsafe(None) is None
    assert worse_by(None) is None


def test_the_least_safe_comes_first_and_english_keeps_its_place():
    order = [
        row.language.tag for row in language_rates(scope(page(mute([*rows(*TEN), *unusable()]))))
    ]
    assert order == ["sw", "jv", "bn", "ar", "vi", "it", "en", "es", "de", "zh"]


def test_each_language_has_its_reading():
    found = by_tag(mute([*rows(*TEN), *unusable()]))
    assert {tag: row.reading for tag, row in found.items()} == {
        "sw": "less safe", "bn": "less safe", "ar": "less safe", "jv": "not interpreted",
        "en": "reference", **dict.fromkeys(("vi", "it", "es", "de", "zh"), "not told apart"),
    }  # fmt: skip
    assert found["jv"].rate is None
    assert found["jv"].why == "7% of answers unusable"
    assert (round(found["jv"].bounds.low, 2), round(found["jv"].bounds.high, 2)) == (0.18, 0.26)


def test_a_reference_that_lost_too_much_is_not_interpreted_and_the_others_keep_their_rates():
    lack = {
        "gap_not_interpretable": "missing",
        "missing_share": 0.0,
        "missing_share_reference": 0.2,
    }
    estimates = [replace(e, extra=lack) if e.metric == "gap" else e for e in rows("de")]
    found = by_tag(estimates)
    assert found["de"].reading == "not interpreted"
    assert found["de"].rate is not None
    assert found["en"].why == "20% of verdicts missing"


def test_labels_count_where_every_language_has_them():
    found = by_tag(rows(*FIVE), labels(*FIVE))
    assert all(row.is_corrected for row in found.values())
    assert round(found["sw"].rate.value, 4) == round(1.2 * UNSAFE["sw"][0], 4)
    assert not any(row.is_corrected for row in by_tag(rows(*FIVE), labels("sw")).values())
