"""A language, its categories and what has none; averages over prompts or over categories."""

from dataclasses import replace

import numpy as np
import pytest

from example.policies import shown
from safeglot.score.policy.parts import NO_CATEGORY, columns_of
from unit.score.policy.test_cells import CUBE, UNSAFE_LP, found


def test_averages_of_a_language_weigh_prompts_or_categories_alike():
    first = np.arange(60) < 50
    member_PC = np.stack([first, ~first], axis=1)
    lopsided = replace(CUBE, member_PC=member_PC, categories=("a", "b"), macro_C=None)
    of = UNSAFE_LP[0] == 0
    micro = found("competent_safe", shown(lopsided))
    macro = found("competent_safe", shown(lopsided), average="macro")
    assert micro.worst.value_H[0] == pytest.approx(of.mean())
    assert macro.worst.value_H[0] == pytest.approx((of[:50].mean() + of[50:].mean()) / 2)
    assert macro.worst.n_eff_H[0] < micro.worst.n_eff_H[0]


def test_prompts_without_a_category_are_a_part_of_their_own():
    some = CUBE.member_PC.copy()
    some[:7] = False
    bare = replace(CUBE, member_PC=some)
    batch = found("safety", shown(bare), per="macro", languages=("en",))
    assert [p.part for p in batch.scopes] == ["x", "y", NO_CATEGORY]
    assert batch.n_H[-1] == 7
    none = replace(CUBE, member_PC=np.zeros((60, 0), dtype=bool), categories=(), macro_C=None)
    assert [p.part for p in found("safety", shown(none), per="macro").scopes] == [None] * 3
    assert found("safety", shown(none), average="macro").lacks.startswith("not measured")


def test_categories_are_named_by_either_name():
    assert list(columns_of(CUBE)) == ["a", "b", "c", "d", "x", "y"]
    batch = found("safety", per="macro", categories=("y", "a"), languages=("de",))
    assert [p.part for p in batch.scopes] == ["y", "a"]
    assert batch.n_H.tolist() == [30, 15]
