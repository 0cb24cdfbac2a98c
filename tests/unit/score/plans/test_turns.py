"""The turns of prompts: the same in each language, the hardest first, and a share that stands for all."""

import numpy as np

from safeglot.score.plans.pool import PromptPool
from safeglot.score.plans.turns import EVEN, HARDEST, RankedPool, classes, turns
from unit.score.plans.pools import pool_of


def test_each_category_draws_its_first_prompts_in_the_order_of_asking():
    pool = pool_of((5, 3))
    want_LP = RankedPool(pool, None).drawn(np.array([[2, 3], [0, 9]]))
    for c, drawn in enumerate((2, 3)):
        places = np.flatnonzero(pool.member_PC[:, c])
        assert np.flatnonzero(want_LP[0] & pool.member_PC[:, c]).tolist() == places[:drawn].tolist()
    assert want_LP[1].tolist() == pool.member_PC[:, 1].tolist()


def test_what_a_gate_takes_out_is_not_drawn_and_moves_no_other_prompt():
    pool = pool_of((6, 6))
    gated_LP = np.zeros((2, 12), dtype=bool)
    gated_LP[1, [0, 3]] = True
    strata = RankedPool(pool, gated_LP)
    drawn_LC = np.full((2, 2), 4)
    want_LP = strata.drawn(drawn_LC)
    assert (want_LP[1] == want_LP[0] & ~gated_LP[1]).all()
    assert strata.size_LC[0].tolist() == [6, 6]
    assert strata.size_LC[1].sum() == 10


def test_a_prompt_of_two_categories_counts_in_both_and_one_of_none_is_never_drawn():
    pool = PromptPool(
        languages=("en",),
        reference="en",
        categories=("a", "b"),
        member_PC=np.array([[1, 1], [0, 0], [1, 0], [0, 1]], dtype=bool),
    )
    strata = RankedPool(pool, None)
    assert strata.drawn(np.array([[1, 0]])).tolist() == [[True, False, False, False]]
    assert strata.drawn(np.array([[9, 9]])).tolist() == [[True, False, True, True]]
    assert strata.size_LC.tolist() == [[2, 2]]


def test_the_hardest_come_first_but_for_the_share_that_stands_for_all():
    rng = np.random.default_rng(2)
    difficulty_P = rng.permutation(np.linspace(0, 1, 200))
    class_P = classes(difficulty_P)
    assert np.bincount(class_P).tolist() == [10, 30, 60, 100]
    assert all(
        difficulty_P[class_P == h].min() > difficulty_P[class_P == h + 1].max() for h in range(3)
    )
    turn_P = turns(class_P)
    assert sorted(turn_P.tolist()) == list(range(200))
    for drawn in (1, 7, 20, 90, 199):
        within_P = turn_P < drawn
        even = int(np.ceil(EVEN * drawn - 1e-9))
        assert within_P[:even].all()
        others_P = within_P.copy()
        others_P[:even] = False
        left = [h for h in range(4) if not within_P[class_P == h].all()]
        assert others_P[class_P > min(left, default=3)].sum() == 0
        for h in range(4):  # of each class the first by the order of asking
            own = within_P[class_P == h]
            assert own[: own.sum()].all()


def test_prompts_without_a_history_are_as_the_mean_of_those_that_have_one():
    known = np.array([0.9, 0.0, 0.1, 0.2] * 10)
    unknown = np.where(np.arange(40) % 4 == 3, np.nan, known)
    at = classes(unknown)[np.isnan(unknown)]
    assert classes(unknown)[known == 0.9].max() <= at.min()
    assert at.max() <= classes(unknown)[known == 0.0].min()
    assert classes(np.full(40, np.nan)).tolist() == classes(np.zeros(40)).tolist()


def test_prompts_of_one_difficulty_are_of_one_class_that_of_their_middle():
    assert classes(np.array([0.0] * 97 + [1.0] * 3)).tolist() == [3] * 97 + [0] * 3
    assert classes(np.repeat([0.9, 0.5, 0.1], [10, 20, 70])).tolist() == (
        [0] * 10 + [1] * 20 + [3] * 70
    )
    assert classes(np.empty(0)).size == 0


def test_those_drawn_evenly_are_the_first_by_the_order_of_asking_until_all_are():
    difficulty_P = np.random.default_rng(4).random(150)
    pool = pool_of((50, 100), difficulty_P=difficulty_P)
    ranked = RankedPool(pool, None, hard_first=True)
    plain = RankedPool(pool, None)
    drawn_LC = np.array([[20, 20], [50, 99]])
    even_LP = ranked.drawn(drawn_LC, evenly=True)
    assert (even_LP == plain.drawn(np.array([[6, 6], [50, 30]]))).all()
    assert (even_LP <= ranked.drawn(drawn_LC)).all()
    assert (plain.drawn(drawn_LC, evenly=True) == plain.drawn(drawn_LC)).all()


def test_counts_by_class_add_up_to_those_of_the_category():
    pool = pool_of((50, 100), difficulty_P=np.random.default_rng(4).random(150))
    ranked = RankedPool(pool, None, hard_first=True)
    all_LP = np.ones((2, 150), dtype=bool)
    by_class = ranked.counts_by_class(all_LP)
    assert by_class.sum(axis=2).tolist() == ranked.counts(all_LP).tolist()
    assert by_class[0, 1].tolist() == [5, 15, 30, 50]
    alike = RankedPool(pool, None).counts_by_class(all_LP)
    assert alike[0].tolist() == [[50] + [0] * len(HARDEST), [100] + [0] * len(HARDEST)]
