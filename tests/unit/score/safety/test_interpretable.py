import pytest

from safeglot.score.frame import frame_of, sheet_of
from safeglot.score.safety.interpretable import lacking, lacking_on_average
from unit.score.safety.test_outcomes import SAFE, UNREAD, cube


def sheet(**languages):
    return sheet_of(frame_of(cube(**languages), level=0.95), 0, 0)


def test_shares_are_those_of_each_language_and_category():
    given = lacking(sheet(en=[SAFE] * 4, sw=[UNREAD, SAFE, SAFE, SAFE]), frame_of(
        cube(en=[SAFE] * 4, sw=[SAFE] * 4), level=0.95
    ).by_category)  # fmt: skip
    assert given.missing_LH.tolist() == [[0, 0], [0.5, 0]]
    assert [bool(reason) for reason in given.reasons("gap_not_interpretable")] == [True, False]


def test_on_average_prompts_count_once():
    given = lacking_on_average(sheet(en=[UNREAD] + [SAFE] * 3, sw=[SAFE] * 4))
    (reason,) = given.reasons("gap_not_interpretable")
    assert reason["gap_not_interpretable"] == "missing"
    assert reason["missing_share_reference"] == pytest.approx(0.25)


def test_over_all_languages_the_worst_counts():
    of = sheet(en=[SAFE] * 4, sw=[UNREAD, SAFE, SAFE, SAFE], de=[SAFE] * 4)
    reason = lacking(of, of.frame.whole).reason_of_any("match_not_interpretable")
    assert (reason["missing_share"], reason["missing_share_reference"]) == (0.25, 0)
    whole = sheet(en=[SAFE] * 4, sw=[SAFE] * 4)
    assert lacking(whole, whole.frame.whole).reason_of_any("match_not_interpretable") == {}
