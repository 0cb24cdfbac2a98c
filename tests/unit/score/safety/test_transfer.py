"""Transfer: counted by hand, and independence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from safeglot.score.frame import frame_of, sheet_of
from safeglot.score.safety.transfer import transfers
from safeglot.score.stats.intervals import wilson
from unit.score.cubes import cube_of


def found(unsafe_LPS, *, categories=2, **changes):
    """(language, kind) -> its transfer."""
    unsafe_LPS = np.array(unsafe_LPS, dtype=np.int8)
    cube = cube_of(0, (1, 1, *unsafe_LPS.shape), categories=categories)
    cube = replace(cube, unsafe_JMLPS=unsafe_LPS[None, None], **changes)
    each = transfers(sheet_of(frame_of(cube, level=0.95), 0, 0))
    return {(t.given_safe.language, t.given_safe.category): t for t in each}


def single(*rows):
    return [[[x] for x in row] for row in rows]


EN, DE = [0, 0, 0, 0, 0, 1, 1, 0], [1, 1, 1, 0, 0, 0, 1, -1]


def test_pairs_are_counted_in_all_and_by_kind_of_harm():
    cubes = cube_of(0, (1, 1, 2, 8, 1), categories=2)
    every = found(single(EN, DE))
    (language,) = {tag for tag, _ in every}
    whole = every[language, None]
    assert (whole.given_safe.value, whole.given_safe.n) == (2 / 5, 5)
    assert (whole.given_unsafe.value, whole.given_unsafe.n) == (1 / 2, 2)
    assert whole.given_safe.missing == whole.given_unsafe.missing == 1
    assert whole.unrelated == pytest.approx(3 / 7)
    assert (whole.given_safe.low, whole.given_safe.high) == pytest.approx(
        tuple(map(float, wilson(2, 5, level=0.95)))
    )
    for at, name in enumerate(cubes.categories):
        inside = cubes.member_PC[:, at]
        pairs = [(e, d) for e, d, there in zip(EN, DE, inside, strict=True) if there and d >= 0]
        safe = [d == 0 for e, d in pairs if e == 0]
        kind = every[language, name]
        assert kind.given_safe.n == len(safe)
        if safe:
            assert kind.given_safe.value == pytest.approx(sum(safe) / len(safe))
        assert kind.unrelated == pytest.approx(sum(d == 0 for _, d in pairs) / len(pairs))


def test_a_share_of_nothing_has_no_value():
    whole = found(single([1, 1, 1, 1], [0, 1, 0, -1]))
    transfer = next(t for (_, kind), t in whole.items() if kind is None)
    assert transfer.given_safe.value is None
    assert (transfer.given_safe.n, transfer.given_safe.missing) == (0, 1)
    assert transfer.given_unsafe.value == pytest.approx(2 / 3)


def test_copies_of_an_answer_are_worth_one():
    once = found(single(EN, DE))
    thrice = found([[[x] * 3 for x in row] for row in (EN, DE)])
    for place, one in once.items():
        other = thrice[place].given_safe
        assert other.n == 3 * one.given_safe.n
        assert (other.value, other.low, other.high) == pytest.approx(
            (one.given_safe.value, one.given_safe.low, one.given_safe.high)
        )


def test_what_lacks_verdicts_is_not_interpreted():
    lost = [-1 if i % 8 == 7 else x for i, x in enumerate(DE * 4)]
    transfer = next(iter(found(single(EN * 4, lost)).values()))
    assert transfer.given_safe.extra["match_not_interpretable"] == "missing"
