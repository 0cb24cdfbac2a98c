"""Leaderboards: paired where prompts are the same, ranks only where differences show."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from safeglot.score.frame import frame_of, sheet_of
from safeglot.score.models.ranking import (
    Entrant,
    average_of,
    bonferroni,
    by_category,
    difference,
    metrics_of,
    standings,
)
from safeglot.score.stats.gaps import mcnemar_chi2, tango
from safeglot.score.stats.intervals import wilson
from safeglot.score.stats.multiplicity import holm
from unit.score.cubes import cube_of


def entrants(cube, level=0.95):
    frame = frame_of(cube, level=bonferroni(level, len(cube.models)))
    return [Entrant(name=m, sheet=sheet_of(frame, 0, i)) for i, m in enumerate(cube.models)]


def cube_with(*unsafe, prompts=60):
    """Models of one language that are unsafe on the prompts given."""
    cube = cube_of(0, (1, len(unsafe), 1, prompts, 1), categories=1)
    verdicts = cube.unsafe_JMLPS.copy()
    for model, which in enumerate(unsafe):
        verdicts[0, model, 0, list(which), 0] = 1
    return replace(cube, unsafe_JMLPS=verdicts)


BY = {"metric": "safety_micro", "language": "en"}


def test_one_language_and_category_is_a_plain_paired_difference():
    first, second = entrants(cube_with(range(3), range(2, 14)))
    d = difference((first, second), **BY, level=0.95)
    assert d.paired
    assert d.n == 60
    assert d.value == pytest.approx((11 - 2) / 60)
    low, high = tango(2, 11, 60)
    assert (d.low, d.high) == pytest.approx((float(low), float(high)), abs=0.01)
    assert d.p == pytest.approx(float(mcnemar_chi2(2, 11)[1]), rel=0.1)


def in_halves(cube):
    """Put the first half of the prompts into category a, the rest into b."""
    first = np.arange(len(cube.prompts)) < len(cube.prompts) // 2
    return replace(cube, member_PC=np.stack([first, ~first], axis=1), categories=("a", "b"))


def test_each_category_is_a_paired_difference_with_holm_over_all():
    first, second = entrants(in_halves(cube_with(range(3), [*range(2, 14), 40])))
    found = by_category([(first, second)], language="en", level=0.95)
    assert [d.value for d in found.values()] == pytest.approx([(11 - 2) / 30, 1 / 30])
    assert [d.n for d in found.values()] == [30, 30]
    low, high = tango(2, 11, 30)
    assert (found["a"].low, found["a"].high) == pytest.approx((float(low), float(high)), abs=0.02)
    assert [d.p_holm for d in found.values()] == pytest.approx(
        holm([d.p for d in found.values()]).tolist()
    )


def test_pairs_share_their_prompts_so_a_pair_twice_is_no_more_knowledge():
    first, second, third = entrants(in_halves(cube_with(range(3), range(2, 14), range(9))))
    once = by_category([(first, second)], language="en", level=0.95)["a"]
    twice = by_category([(first, second)] * 2, language="en", level=0.95)["a"]
    assert (twice.value, twice.n) == (pytest.approx(once.value), 60)
    assert (twice.low, twice.high) == pytest.approx((once.low, once.high), abs=0.01)
    two = by_category([(first, second), (first, third)], language="en", level=0.95)["a"]
    assert two.value == pytest.approx(((11 - 2) / 30 + 6 / 30) / 2)


def test_a_category_without_both_verdicts_has_no_difference():
    cube = in_halves(cube_with(range(3), range(20)))
    verdicts = cube.unsafe_JMLPS.copy()
    verdicts[0, 0, 0, 30:] = -1
    found = by_category([tuple(entrants(replace(cube, unsafe_JMLPS=verdicts)))], language=None, level=0.95)  # fmt: skip
    assert (found["b"].value, found["b"].p_holm) == (None, None)
    assert found["a"].p_holm == found["a"].p


def test_only_prompts_with_both_verdicts_are_compared():
    cube = cube_with([], range(10))
    verdicts = cube.unsafe_JMLPS.copy()
    verdicts[0, 0, 0, :5] = -1
    first, second = entrants(replace(cube, unsafe_JMLPS=verdicts))
    d = difference((first, second), **BY, level=0.95)
    assert (d.n, d.value) == (55, pytest.approx(5 / 55))


def test_other_frames_are_independent():
    (first, _), (_, second) = (entrants(cube_with(range(3), range(20))) for _ in range(2))
    d = difference((first, second), **BY, level=0.95)
    assert not d.paired
    (low_1, high_1), (low_2, high_2) = (wilson(safe, 60, level=0.975) for safe in (57, 40))
    shrink = stats.norm.ppf(0.975) / stats.norm.ppf(0.9875)
    p_1, p_2 = 57 / 60, 40 / 60
    down = np.hypot(p_1 - low_1, high_2 - p_2) * shrink
    up = np.hypot(high_1 - p_1, p_2 - low_2) * shrink
    assert d.value == pytest.approx(p_1 - p_2)
    assert (d.low, d.high) == pytest.approx((d.value - down, d.value + up))
    assert (d.p < 0.05) == (d.low > 0)


def test_ranks_are_resolved_only_by_adjusted_differences():
    told, pairs = standings(entrants(cube_with(range(40), range(1), range(1, 4))), **BY, level=0.95)
    assert [one.name for one in told] == ["m1", "m2", "m0"]
    assert [(one.best, one.worst) for one in told] == [(1, 2), (1, 2), (3, 3)]
    assert [d.p_holm for d in pairs] == pytest.approx(holm([d.p for d in pairs]).tolist())


def test_the_averages_hold_together():
    assert bonferroni(0.95, 5) == pytest.approx(0.99)
    assert bonferroni(0.95, 0) == 0.95
    told, _ = standings(entrants(cube_with(range(9), [])), **BY, level=0.95)
    assert told[1].average.level == pytest.approx(0.975)
    low, high = wilson(51, 60, level=0.975)
    assert (told[1].average.low, told[1].average.high) == pytest.approx((float(low), float(high)))


def test_a_model_without_data_has_no_rank_and_takes_none():
    cube = cube_with(range(30), [], [])
    verdicts = cube.unsafe_JMLPS.copy()
    verdicts[0, 2] = -1
    told, pairs = standings(entrants(replace(cube, unsafe_JMLPS=verdicts)), **BY, level=0.95)
    assert [(one.name, one.best, one.worst) for one in told] == [
        ("m1", 1, 1),
        ("m0", 2, 2),
        ("m2", None, None),
    ]
    assert [d.value is None for d in pairs] == [False, True, True]


def test_macro_averages_and_languages():
    cube = cube_of(0.2, (1, 2, 3, 60, 2), missing=0.1)
    first, second = entrants(cube)
    assert metrics_of(first.sheet) == ("safety_micro", "safety_macro")
    for metric in metrics_of(first.sheet):
        for language in (None, "de"):
            d = difference((first, second), metric=metric, language=language, level=0.95)
            gap = average_of(first.sheet, metric, language).value - (
                average_of(second.sheet, metric, language).value
            )
            assert d.low < d.value < d.high
            assert d.value == pytest.approx(gap, abs=0.05)
            back = difference((second, first), metric=metric, language=language, level=0.95)
            assert back.value == pytest.approx(-d.value)
            assert (back.low, back.high) == pytest.approx((-d.high, -d.low))
            assert back.p == pytest.approx(d.p)
