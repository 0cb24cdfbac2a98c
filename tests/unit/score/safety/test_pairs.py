import numpy as np

from safeglot.score.frame import frame_of, sheet_of
from safeglot.score.safety.pairs import join, joined_ends, pairs_OP
from unit.score.safety.test_outcomes import SAFE, UNREAD, UNSAFE, cube


def sheet(**languages):
    return sheet_of(frame_of(cube(**languages), level=0.95), 0, 0)


def test_pairs_lack_what_one_language_lacks():
    joined = join(sheet(en=[SAFE, SAFE, UNREAD, UNSAFE], sw=[UNSAFE, SAFE, SAFE, UNREAD]))
    assert joined.n_OP.tolist() == [[1, 1, 0, 0]]
    assert (joined.b_OP.sum(), joined.c_OP.sum(), joined.ref_safe_OP.sum()) == (1, 0, 2)


def test_the_ends_have_every_planned_pair():
    worst, best = joined_ends(sheet(en=[SAFE, UNREAD, UNSAFE], sw=[UNREAD, SAFE, UNREAD]))
    assert worst.n_OP.tolist() == best.n_OP.tolist() == [[1, 1, 1]]
    assert (worst.net_OP.sum(), best.net_OP.sum()) == (-1, 2)


def test_without_a_missing_verdict_there_are_no_ends():
    assert joined_ends(sheet(en=[SAFE, SAFE], sw=[SAFE, UNSAFE])) is None


def test_the_gate_plans_no_pair():
    whole = cube(en=[SAFE, SAFE], sw=[SAFE, UNREAD])
    gated = np.array([[False, False], [False, True]])
    given = type(whole)(
        **{name: getattr(whole, name) for name in whole.__slots__} | {"gated_LP": gated}
    )
    assert pairs_OP(given).tolist() == [[True, False]]
    assert joined_ends(sheet_of(frame_of(given, level=0.95), 0, 0)) is None
