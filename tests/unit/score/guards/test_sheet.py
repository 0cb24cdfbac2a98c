import numpy as np
import pytest

from safeglot.score.guards.sheet import NONE, Hits
from unit.score.guards.sheets import drawn_sheet, sheet_of, two_languages


def test_all_languages_stand_beside_each_where_there_are_several():
    label = [[1, 1, 0, 0], [1, 1, 0, 0]]
    sheet = sheet_of(label, [label])
    assert sheet.places == ((0, "en"), (1, "de"), (None, None))
    assert sheet.of(None, 1).sum() == 4
    assert sheet.labelled(1).sum() == 4
    assert sheet_of(label[:1], [label[:1]]).places == ((0, "en"),)


def test_a_share_over_languages_counts_the_texts_of_an_id_together():
    label = np.ones((2, 50))
    said = [[[1] * 40 + [0] * 10] * 2]
    one, both = (
        sheet_of(label, said).share(place, np.arange(100) < (50 if place == 0 else 100), Hits(np.array(said[0], dtype=np.int8).ravel()), guard=0, level=0.95)
        for place in (0, None)
    )  # fmt: skip
    assert (both.value, both.n) == (one.value, 2 * one.n)
    assert both.high - both.low == pytest.approx(one.high - one.low, rel=0.05)  # the same ids twice


def test_labels_of_a_draw_give_weighted_bounds_of_what_was_not_read():
    sheet = drawn_sheet()
    hit_N = sheet.unsafe_GN[1].copy()
    hit_N[np.flatnonzero(sheet.label_N == 1)[0]] = NONE
    share = sheet.share(0, sheet.of(0, 1), Hits(hit_N), guard=1, level=0.95)
    assert share.unread == 1
    assert share.low_bound == pytest.approx((11 * 5 + 60) / 165)
    assert share.high_bound == pytest.approx((12 * 5 + 60) / 165)


def test_one_stratum_alone_stands_for_itself():
    sheet = two_languages(strata=1)
    assert sheet.labels(0) is None
    assert sheet.labels(None) is not None
    assert sheet_of([[1]], [[[1]]]).labels(0) is None
