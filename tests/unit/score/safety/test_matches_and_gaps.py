"""Each language against the reference: pairs, exact matches, gaps by category and on average."""

from dataclasses import replace

import numpy as np
import pytest

from safeglot.score.basic import estimates
from safeglot.score.cube import Cube
from safeglot.score.frame import frame_of, sheet_of
from safeglot.score.safety.matches_and_gaps import (
    exact_matches,
    gaps_by_category,
    gaps_of_averages,
)
from safeglot.score.safety.pairs import join, others_of
from safeglot.score.stats.gaps import mcnemar_midp, tango
from safeglot.score.stats.intervals import wilson
from safeglot.score.stats.multiplicity import holm
from unit.score.cubes import cube_of


def sheet_with(unsafe_LP, *, categories=1, **changes):
    unsafe_LP = np.array(unsafe_LP, dtype=np.int8)
    cube = cube_of(0, (1, 1, *unsafe_LP.shape, 1), categories=categories)
    cube = replace(cube, unsafe_JMLPS=unsafe_LP[None, None, :, :, None], **changes)
    return sheet_of(frame_of(cube, level=0.95), 0, 0)


EN, DE = [0, 0, 0, 0, 0, 1, 1, 0], [1, 1, 1, 0, 0, 0, 1, -1]
"""Three lost, one won, three equal, one without a verdict."""


def test_pairs_without_both_verdicts_are_left_out():
    joined = join(sheet_with([EN, DE]))
    counts = (joined.n_OP, joined.b_OP, joined.c_OP, joined.ref_safe_OP)
    assert [int(x.sum()) for x in counts] == [7, 3, 1, 5]
    assert (int(joined.net_OP.sum()), int(joined.discordant_OP.sum())) == (-2, 4)


def test_the_reference_need_not_come_first():
    sheet = sheet_with([DE, EN], reference="de")
    assert others_of(sheet.frame.cube) == ("en",)
    assert int(join(sheet).net_OP.sum()) == -2


def test_the_gap_of_a_category_is_tangos():
    (gap,) = gaps_by_category(sheet_with([EN, DE]), join(sheet_with([EN, DE])))
    assert (gap.value, gap.n, gap.missing) == (pytest.approx(-2 / 7), 7, 1)
    assert (gap.low, gap.high) == pytest.approx(tuple(map(float, tango(3, 1, 7))))
    assert gap.extra["p_midp"] == pytest.approx(float(mcnemar_midp(3, 1)))
    assert (gap.extra["b"], gap.extra["c"]) == (3, 1)


def test_corrections_are_over_the_gaps_that_have_data():
    unsafe = [[0] * 12, [1, 0, -1] * 4, [1] * 12]
    sheet = sheet_with(unsafe, categories=3)
    gaps = gaps_by_category(sheet, join(sheet))
    known = [gap for gap in gaps if gap.value is not None]
    assert [(gap.language, gap.category) for gap in gaps if gap.value is None] == [("de", "c")]
    adjusted = holm([gap.extra["p_midp"] for gap in known])
    assert [gap.extra["p_holm"] for gap in known] == pytest.approx(adjusted.tolist())


def test_the_macro_gap_weighs_categories_alike():
    # category a: 1 of 1 lost; category b: 1 of 3 lost
    member = np.array([[True, False], [False, True], [False, True], [False, True]])
    sheet = sheet_with([[0] * 4, [1, 1, 0, 0]], categories=2, member_PC=member)
    (macro,) = gaps_of_averages(sheet, join(sheet))
    assert macro.value == pytest.approx(-(1 + 1 / 3) / 2)
    assert (macro.category, macro.n, macro.extra["categories"]) == (None, 4, 2)


def test_exact_match_is_the_share_of_equal_verdicts():
    sheet = sheet_with([EN, DE])
    match, expected, of_all, of_all_expected = exact_matches(sheet, join(sheet))
    assert (match.language, match.value, match.n) == ("de", pytest.approx(3 / 7), 7)
    assert (match.low, match.high) == pytest.approx(tuple(map(float, wilson(3, 7))))
    safe_en, safe_de = 5 / 7, 3 / 7
    chance = safe_en * safe_de + (1 - safe_en) * (1 - safe_de)
    assert expected.value == pytest.approx(chance)
    assert (of_all.language, of_all.value) == (None, match.value)
    assert of_all_expected.value == pytest.approx(chance)


def test_what_turns_unsafe_has_wilsons_interval_on_what_is_safe_in_the_reference():
    sheet = sheet_with([EN, DE])
    extra = next(exact_matches(sheet, join(sheet))).extra
    assert (extra["b"], extra["n_ref_safe"]) == (3, 5)
    ends = tuple(map(float, wilson(3, 5)))
    assert (extra["flip_low"], extra["flip_high"]) == pytest.approx(ends)


def test_samples_of_a_prompt_that_say_the_same_do_not_narrow_that_interval():
    ends = []
    for times in (1, 2):
        unsafe_LPS = np.repeat(np.array([EN, DE, DE], dtype=np.int8)[:, :6, None], times, axis=2)
        (match, *_) = (e for e in estimates(drawn(unsafe_LPS)) if e.metric == "exact_match")
        ends.append((match.extra["flip_low"], match.extra["flip_high"]))
    assert ends[0] == pytest.approx(ends[1])


def test_a_language_without_verdicts_leaves_pairs_of_the_others():
    sheet = sheet_with([EN, DE, [-1] * 8])
    told = {(e.metric, e.language): e for e in exact_matches(sheet, join(sheet))}
    assert told["exact_match", "sw"].value is None
    assert told["exact_match", None].value is None
    assert told["exact_match_expected", "de"].n == told["exact_match", "de"].n == 7
    assert "pairs" in told["exact_match_expected", "de"].method


def drawn(unsafe_LPS, size_C=None, times=(1, 1)):
    """Of two categories of three prompts each; each prompt stands `times` of its category."""
    unsafe = np.array(unsafe_LPS, dtype=np.int8)
    of_C = np.repeat([0, 1], 3)
    pick = np.repeat(np.arange(6), np.array(times)[of_C])
    unsafe = unsafe[:, pick]
    return Cube(
        unsafe_JMLPS=unsafe[None, None],
        member_PC=of_C[pick][:, None] == np.arange(2),
        judges=("j",), models=("m",), languages=("en", "de", "sw"),
        prompts=tuple(map(str, range(len(pick)))), categories=("a", "b"), reference="en",
        size_C=size_C,
    )  # fmt: skip


@pytest.mark.parametrize("samples", [1, 2])
@pytest.mark.parametrize("missing", [False, True])
def test_matches_of_a_draw_are_those_of_the_source(samples, missing):
    """A draw of 3 of 27 and 3 of 6 prompts says what 27 and 6 prompts of the same kinds say."""
    rng = np.random.default_rng(5)
    unsafe = rng.integers(0, 2, (3, 6, samples))
    unsafe[:, :3] = unsafe[:1, :3]
    unsafe[1, 0] = 1 - unsafe[0, 0]
    if missing:
        unsafe[1, 2, 0] = unsafe[2, 4, 0] = -1
    draw, source = (
        {
            (e.metric, e.language): e
            for e in estimates(cube)
            if e.metric in ("exact_match", "exact_match_expected", "safety_micro")
        }
        for cube in (drawn(unsafe, (27, 6)), drawn(unsafe, times=(9, 2)))
    )
    keys = ("phi", "flip_safe_to_unsafe", "flip_unsafe_to_safe", "low_bound", "high_bound")
    if missing:  # sizes weigh a category whatever is read of it: only the bounds are the same
        keys = keys[3:]
    for place, row in draw.items():
        assert missing or row.value == pytest.approx(source[place].value), place
        of = {key: row.extra[key] for key in keys if key in row.extra}
        assert of == pytest.approx({key: source[place].extra[key] for key in of}), place
        assert "weighted by their size in the source" in row.method or row.language is None
    match = draw["exact_match", "de"]
    plain = next(e for e in estimates(drawn(unsafe)) if e.metric == "exact_match")
    assert match.value != pytest.approx(plain.value)
    assert (match.n, match.extra["b"]) == (plain.n, plain.extra["b"])
    assert match.low < match.value < match.high
