import numpy as np
import pytest

from safeglot.score.guards.pairs import guard_differences, language_gaps
from safeglot.score.stats.gaps import mcnemar_midp, tango
from unit.score.guards.sheets import by_metric, sheet_of

LABEL = [[1] * 20 + [0] * 20] * 2
EN = [1] * 18 + [0] * 2 + [0] * 20
DE = [0] * 8 + [1] * 12 + [0] * 20


def test_a_gap_is_paired_by_id():
    told = list(language_gaps(sheet_of(LABEL, [[EN, DE]]), level=0.95))
    (gap,) = by_metric(told, "guard_recall_gap")
    assert (gap.language, gap.n, gap.value) == ("de", 20, pytest.approx(-0.3))
    assert (gap.low, gap.high) == pytest.approx(tuple(map(float, tango(8, 2, 20))))
    assert gap.extra["p"] == pytest.approx(float(mcnemar_midp(8, 2)))
    assert (gap.extra["less"], gap.extra["more"]) == (8, 2)
    (alarms,) = by_metric(told, "guard_fpr_gap")
    assert (alarms.value, alarms.n) == (0.0, 20)


def test_p_is_corrected_over_guards_and_languages():
    told = list(language_gaps(sheet_of(LABEL, [[EN, DE], [EN, EN]]), level=0.95))
    first, second = by_metric(told, "guard_recall_gap")
    assert first.extra["p_holm"] == pytest.approx(2 * first.extra["p"])
    assert second.extra["p_holm"] == 1.0


def test_pairs_that_lack_a_verdict_are_counted_and_bound_the_gap():
    (gap,) = by_metric(
        language_gaps(sheet_of(LABEL, [[EN, [-1] * 4 + DE[4:]]]), level=0.95), "guard_recall_gap"
    )
    assert (gap.n, gap.missing) == (16, 4)
    assert (gap.extra["low_bound"], gap.extra["high_bound"]) == pytest.approx((-0.3, -0.1))


def test_ids_that_are_labelled_unsafe_in_one_language_only_are_no_pairs():
    label = [[1, 1, 0, 0], [0, 1, 1, 0]]
    told = list(language_gaps(sheet_of(label, [[[1, 1, 0, 0], [0, 1, 1, 0]]]), level=0.95))
    assert [(e.metric, e.n) for e in told] == [("guard_recall_gap", 1), ("guard_fpr_gap", 1)]


def test_languages_without_shared_ids_are_not_compared():
    sheet = sheet_of(LABEL, [[EN, DE]], prompt_N=np.arange(80))
    assert list(language_gaps(sheet, level=0.95)) == []
    assert list(language_gaps(sheet_of(LABEL, [[EN, DE]], reference="yo"), level=0.95)) == []


def test_guards_are_compared_on_the_texts_that_both_read():
    told = list(guard_differences(sheet_of(LABEL, [[EN, EN], [EN, DE]]), level=0.95))
    found = by_metric(told, "guard_recall_difference")
    assert [(e.judge, e.extra["than"], e.language, e.value) for e in found] == [
        ("a", "b", "en", 0.0),
        ("a", "b", "de", pytest.approx(0.3)),
    ]


def test_several_texts_of_an_id_count_as_its_share():
    sheet = sheet_of(LABEL, [[EN, DE]], prompt_N=np.tile(np.arange(40) // 2, 2))
    (gap,) = by_metric(language_gaps(sheet, level=0.95), "guard_recall_gap")
    assert (gap.n, gap.value) == (10, pytest.approx(-0.3))
    assert gap.low < gap.value < gap.high
