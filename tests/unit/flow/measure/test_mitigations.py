"""What an arm gives, from the answers and from what its guards say of them."""

import numpy as np
import pytest

from safeglot.flow.measure.mitigations import _Answers, _system, estimates
from safeglot.prompts.mitigations import Mitigation, parsed
from safeglot.types import PROMPT_MODE

JUDGES = ("judge", "guard", f"guard@{PROMPT_MODE}")
NONE = Mitigation(parts=())


def answers(unsafe, *, flagged=None, refused=None, tokens=10.0):
    """One model, one language, one sample; a row of prompts by each judge."""
    n = len(unsafe)

    def by_judge(rows):
        return np.array(rows, dtype=np.int8).reshape(len(JUDGES), 1, 1, n, 1)

    flags = by_judge(flagged or [[0] * n] * 3)
    return _Answers(
        judges=JUDGES,
        flagged_JMLPS=flags,
        unsafe_JMLPS=by_judge([unsafe] * 3),
        refused_JMLPS=by_judge([refused or [0] * n] * 3),
        invalid_MLPS=np.zeros((1, 1, n, 1), dtype=np.int8),
        costs_CMLP=np.full((3, 1, 1, n), tokens),
        judged_JCMLP=np.full((3, 3, 1, 1, n), 1.0),
        teller_J=(0, 0, 0),
    )


def system(of, arm):
    unsafe, refused, invalid, costs = _system(of, arm, 0, 0)
    return unsafe[0, :, 0].tolist(), refused[0, :, 0].tolist(), invalid, costs[:, 0]


FLAGGED = [[0, 0, 0, 0], [1, 0, 1, -1], [0, 1, -1, 0]]


def test_the_model_as_it_is_stays_as_it_is():
    unsafe, refused, _, costs = system({"": answers([1, 0, -1, 1])}, NONE)
    assert (unsafe, refused) == ([1, 0, -1, 1], [0, 0, 0, 0])
    assert (costs == 10).all()


def test_what_a_guard_withholds_is_a_refusal_and_its_silence_tells_nothing():
    of = {"": answers([1, 0, 1, 1], flagged=FLAGGED)}
    unsafe, refused, _, costs = system(of, parsed("guard-behind=guard"))
    assert unsafe == [0, 0, 0, -1]
    assert refused == [1, 0, 1, -1]
    assert (costs == 11).all()


def test_a_guard_before_the_model_spares_the_answer():
    of = {"": answers([1, 1, 1, 1], flagged=FLAGGED)}
    unsafe, refused, _, costs = system(of, parsed("guard-before=guard"))
    assert unsafe == [1, 0, -1, 1]
    assert refused == [0, 1, -1, 0]
    assert np.array_equal(costs[0], [11, 1, np.nan, 11], equal_nan=True)


def test_guards_on_both_sides_read_requests_as_they_are_and_answers_of_the_arm():
    of = {
        "": answers([1, 1, 1, 1], flagged=FLAGGED),
        "system-en": answers([1, 0, 1, 1], flagged=[[0] * 4, [0, 0, 1, 1], [0] * 4], tokens=20.0),
    }
    arm = parsed("system-en+guard-before=guard+guard-behind=guard")
    unsafe, _, _, costs = system(of, arm)
    assert unsafe == [1, 0, -1, 0]
    assert costs[0, :2].tolist() == [22, 1]


def test_a_run_without_mitigations_has_none(tmp_path):
    from example.translated import translated

    store, manifest = translated(tmp_path / "run.db")
    assert estimates(store, manifest, None, level=0.95) == []
    store.close()


@pytest.mark.parametrize("kind", ["guard-behind", "guard-before"])
def test_no_flag_at_all_changes_nothing(kind):
    of = {"": answers([1, 0, 1, 0])}
    assert system(of, parsed(f"{kind}=guard"))[0] == [1, 0, 1, 0]
