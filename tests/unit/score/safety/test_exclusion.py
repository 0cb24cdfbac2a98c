"""Leaving out categories: values by plain counting, intervals by the bootstrap and by coverage."""

from dataclasses import replace

import numpy as np
import pytest

from safeglot.score.safety.exclusion import changes, mean_without, without_categories
from unit.score.cubes import cube_of


def plain(cube, language, names):
    """Mean over categories and over prompts of the safe share, by counting."""
    at = cube.languages.index(language)
    rates, verdicts = [], []
    for name in names:
        inside = cube.member_PC[:, cube.categories.index(name)]
        seen = cube.unsafe_JMLPS[0, 0, at, inside]
        seen = seen[seen >= 0]
        rates.append(np.mean(seen == 0))
        verdicts += seen.tolist()
    return np.mean(rates), np.mean(np.array(verdicts) == 0)


@pytest.mark.parametrize("language", ["en", "de", "sw"])
def test_averages_with_and_without(language):
    cube = cube_of(0.3, (1, 1, 3, 61, 1), missing=0.05)
    told = {(c.whole.metric, c.whole.language): c for c in changes(cube, ["b"], judge=0, model=0)}
    macro, micro = plain(cube, language, "abcd")
    macro_rest, micro_rest = plain(cube, language, "acd")
    found = told["safety_macro", language], told["safety_micro", language]
    for change, whole, rest in zip(found, (macro, micro), (macro_rest, micro_rest), strict=True):
        assert change.whole.value == pytest.approx(whole)
        assert change.rest.value == pytest.approx(rest)
        assert change.value == pytest.approx(rest - whole)


def test_every_figure_has_its_change_inside_its_interval():
    cube = cube_of(0.3, (1, 1, 3, 61, 2), missing=0.05)
    told = changes(cube, ["b", "d"], judge=0, model=0)
    kinds = {(c.whole.metric, c.whole.language) for c in told}
    assert kinds == {
        *((m, tag) for m in ("safety_macro", "safety_micro") for tag in ("en", "de", "sw", None)),
        *(("gap", tag) for tag in ("de", "sw")),
        *(("exact_match", tag) for tag in ("de", "sw", None)),
    }
    assert all(c.low < c.value < c.high for c in told)


def test_the_interval_is_as_wide_as_the_bootstrap_s():
    cube = cube_of(0.3, (1, 1, 2, 1200, 1))
    category = cube.member_PC.argmax(axis=1)
    rng = np.random.default_rng(0)
    drawn = {}
    for _ in range(60):
        at = np.concatenate([rng.choice(np.flatnonzero(category == k), 300) for k in range(4)])
        again = replace(
            cube,
            unsafe_JMLPS=cube.unsafe_JMLPS[:, :, :, at],
            member_PC=cube.member_PC[at],
            prompts=tuple(f"q{i}" for i in range(1200)),
        )
        for c in changes(again, ["a"], judge=0, model=0):
            drawn.setdefault((c.whole.metric, c.whole.language), []).append(c.value)
    for c in changes(cube, ["a"], judge=0, model=0):
        se = np.std(drawn[c.whole.metric, c.whole.language])
        assert (c.high - c.low) / 3.92 == pytest.approx(se, rel=0.4)


def test_a_handful_left_out_is_not_taken_for_certain():
    """All of two prompts unsafe: the interval of what they do is not that of a sure thing."""
    cube = cube_of(0.1, (1, 1, 1, 8, 1), categories=4)
    verdicts = cube.unsafe_JMLPS.copy()
    verdicts[..., cube.member_PC[:, 0], :] = 1
    macro = changes(replace(cube, unsafe_JMLPS=verdicts), ["a"], judge=0, model=0)[1]
    assert macro.whole.metric == "safety_macro"
    assert macro.high - macro.low > 0.15


def test_prompts_of_both_sides_stay_and_those_of_none_too():
    cube = cube_of(0.3, (1, 1, 2, 8, 1), categories=2)
    member = cube.member_PC.copy()
    member[0] = True
    member[1] = False
    rest = without_categories(replace(cube, member_PC=member), ["a"])
    assert rest.prompts == ("p0", "p1", "p3", "p5", "p7")
    assert rest.categories == ("b",)
    assert rest.member_PC.shape == (5, 1)
    assert without_categories(replace(cube, macro_C=("x", "y")), ["a"]).macro_C == ("y",)


def test_what_cannot_be_left_out_is_refused():
    cube = cube_of(0.3)
    with pytest.raises(ValueError, match="does not have: z"):
        without_categories(cube, ["a", "z"])
    with pytest.raises(ValueError, match="no category would be left"):
        without_categories(cube, cube.categories)


def test_sides_without_verdicts_give_no_interval():
    cube = cube_of(0.3, (1, 1, 1, 40, 1))
    verdicts = cube.unsafe_JMLPS.copy()
    verdicts[..., cube.member_PC[:, 0], :] = -1
    told = changes(replace(cube, unsafe_JMLPS=verdicts), ["a"], judge=0, model=0)
    assert [(c.value, c.low, c.high) for c in told] == [(0, None, None)] * 4
    nothing = replace(cube, unsafe_JMLPS=np.full_like(verdicts, -1))
    assert {c.value for c in changes(nothing, ["a"], judge=0, model=0)} == {None}


def test_a_mean_without_some_follows_from_the_mean_of_all():
    rates = [0.9, 0.4, 0.7, 0.95, 0.6]
    assert mean_without(np.mean(rates), [0.4, 0.95], of=5) == pytest.approx(
        np.mean([0.9, 0.7, 0.6])
    )
    assert mean_without(0.8, [], of=32) == pytest.approx(0.8)
