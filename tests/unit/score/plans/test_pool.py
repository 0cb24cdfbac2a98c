"""What a plan draws from: the ranks of prompts, and what a gate leaves."""

import numpy as np
import pytest

from safeglot.score.plans.pool import PromptPool, RankedPool
from unit.score.plans.pools import pool_of


def test_each_category_draws_its_first_prompts_in_the_order_of_asking():
    pool = pool_of((5, 3))
    want_LP = RankedPool(pool, None).first(np.array([[2, 3], [0, 9]]))
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
    want_LP = strata.first(drawn_LC)
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
    assert strata.first(np.array([[1, 0]])).tolist() == [[True, False, False, False]]
    assert strata.first(np.array([[9, 9]])).tolist() == [[True, False, True, True]]
    assert strata.size_LC.tolist() == [[2, 2]]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"member_PC": np.ones((3, 5), dtype=bool)}, r"\(3, 5\)"),
        ({"reference": "sw"}, "'sw'"),
        ({"difficulty_P": np.zeros(2)}, "2 difficulties of 7 prompts"),
    ],
)
def test_parts_that_do_not_fit_are_refused(changed, told):
    given = {
        "languages": ("en", "de"),
        "reference": "en",
        "categories": ("a", "b"),
        "member_PC": np.ones((7, 2), dtype=bool),
    }
    with pytest.raises(ValueError, match=told):
        PromptPool(**given | changed)
