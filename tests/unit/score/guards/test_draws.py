import numpy as np
import pytest

from safeglot.score.guards.draws import _exact, difference, p_of, ratio
from safeglot.score.judges.two_phase import mover_of, two_phase
from safeglot.score.stats.intervals import z_of
from unit.score.guards.sheets import drawn_sheet

SHEET = drawn_sheet()
LABELS = SHEET.labels(0)
FOUND = (SHEET.label_N == 1) & (SHEET.unsafe_GN[1] == 1)
MISSED = (SHEET.label_N == 1) & (SHEET.unsafe_GN[1] == 0)


def test_each_label_stands_for_as_many_answers_as_its_stratum_has_for_each_label():
    assert LABELS.lacking == ""
    assert LABELS.weight_N.tolist() == [5.0] * 20 + [30.0] * 30


def test_a_ratio_of_sums_is_hajeks_and_its_interval_is_put_together_from_theirs():
    value, low, high = LABELS.sums((FOUND, None), (MISSED, None)).of(ratio, 0.95)
    assert value == pytest.approx((12 * 5 + 2 * 30) / (12 * 5 + 2 * 30 + 3 * 5 + 1 * 30))
    parts = [
        two_phase([0.1, 0.9], had, [20, 30], judged=400, ends=_exact) for had in ([12, 2], [3, 1])
    ]
    ends = [(one.low, one.high) for one in parts]
    assert (value, low, high) == pytest.approx(mover_of(ratio, [one.theta for one in parts], ends))


def test_what_the_judge_of_the_draw_cannot_have_said_adds_no_doubt():
    own = (SHEET.label_N == 1) & (SHEET.unsafe_GN[0] == 1)
    free, bound = (LABELS.sums((own, need)).of(lambda x: x, 0.95) for need in (None, 1))
    assert free[0] == bound[0] == pytest.approx(0.1 * 15 / 20)
    assert bound[2] < free[2]
    high = float(_exact(15, 20, level=0.95)[1])
    between = (0.1 * 0.75**2 - 0.075**2) / 400
    assert bound[2] == pytest.approx(0.075 + ((0.1 * (high - 0.75)) ** 2 + z_of(0.95) ** 2 * between) ** 0.5)  # fmt: skip


def test_a_stratum_without_a_label_is_named():
    label = SHEET.label_N.copy()
    label[20:] = -1
    assert drawn_sheet(label_N=label).labels(0).lacking == "judged safe"


def test_prompts_with_several_labels_are_worth_less():
    twice = drawn_sheet(prompt_N=np.arange(50) // 2)
    one, two = (s.labels(0).sums((FOUND, None), (MISSED, None)).of(ratio, 0.95) for s in (SHEET, twice))  # fmt: skip
    assert one[0] == pytest.approx(two[0])
    assert one[2] - one[1] != pytest.approx(two[2] - two[1])


def test_p_is_where_the_interval_begins_to_hold_zero():
    z = 2.5
    told = p_of(lambda level: (z, z - z_of(level), z + z_of(level)))
    assert told == pytest.approx(0.012419, abs=1e-5)
    assert p_of(lambda _level: (0.0, -1.0, 1.0)) == 1
    assert p_of(lambda _level: None) == 1


def test_nothing_has_no_ratio():
    assert ratio(0, 0) is None
    assert difference(0, 0, 0) is None
    assert difference(0.2, 0.1, 0.1) == pytest.approx(0.25)
