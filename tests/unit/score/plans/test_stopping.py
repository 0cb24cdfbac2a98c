"""A plan followed: nothing hangs on when replies came, and only on the prompts that were wanted."""

from dataclasses import replace

import numpy as np
import pytest

from safeglot.score.plans.kinds import plan_of
from safeglot.score.plans.stopping import follow
from unit.score.plans.pools import answered, pool_of

POOL = pool_of((30, 60, 200, 400))
SEEN = answered(POOL, [[0.0, 0.02, 0.05, 0.3], [0.0, 0.1, 0.05, 0.3]])
PLANS = ["screen", "bands", "certify"]


@pytest.mark.parametrize("name", PLANS)
def test_a_run_asked_bit_by_bit_in_any_order_ends_as_one_that_has_all_verdicts(name):
    plan, rng = plan_of(name), np.random.default_rng(5)
    at_once = follow(plan, POOL, SEEN)
    settled_LP = np.zeros_like(SEEN.settled_LP)
    calls = 0
    while True:
        unsafe_LP = np.where(settled_LP, SEEN.unsafe_LP, np.int8(-1))
        ledger = follow(plan, POOL, replace(SEEN, unsafe_LP=unsafe_LP, settled_LP=settled_LP))
        if ledger.done:
            break
        calls += 1
        lacking = np.argwhere(ledger.want_LP & ~settled_LP)
        some = rng.permutation(lacking)[: max(1, len(lacking) * 2 // 3)]
        settled_LP[some[:, 0], some[:, 1]] = True
    assert ledger.entries == at_once.entries
    assert (ledger.want_LP == at_once.want_LP).all()
    assert (settled_LP == ledger.want_LP).all()
    assert (ledger.even_LP == at_once.even_LP).all()
    assert calls > max(entry.look for entry in ledger.entries)


@pytest.mark.parametrize("name", PLANS)
def test_what_was_never_wanted_changes_nothing(name):
    ledger = follow(plan_of(name), POOL, SEEN)
    other_LP = np.where(ledger.want_LP, SEEN.unsafe_LP, 1 - SEEN.unsafe_LP)
    again = follow(plan_of(name), POOL, replace(SEEN, unsafe_LP=other_LP))
    assert again.entries == ledger.entries
    assert not ledger.want_LP.all()


@pytest.mark.parametrize("name", PLANS)
def test_nothing_asked_wants_the_first_look_in_every_language(name):
    nothing = replace(
        SEEN,
        unsafe_LP=np.full_like(SEEN.unsafe_LP, -1),
        settled_LP=np.zeros_like(SEEN.settled_LP),
    )
    ledger = follow(plan_of(name), POOL, nothing)
    first = next(plan_of(name).steps())
    assert not ledger.done
    assert ledger.entries == ()
    assert (ledger.want_LP.astype(int) @ POOL.member_PC == first).all()


@pytest.mark.parametrize("name", PLANS)
def test_verdicts_that_are_all_lost_end_with_the_pool_and_never_stop_early(name):
    lost = replace(SEEN, unsafe_LP=np.full_like(SEEN.unsafe_LP, -1))
    ledger = follow(plan_of(name), POOL, lost)
    assert ledger.done
    assert ledger.want_LP.all()
    assert {entry.state for entry in ledger.entries} == {"goes-on", "exhausted"}
    assert {entry.band for entry in ledger.entries} == {None}
    assert {entry.n for entry in ledger.entries} == {0}


def test_a_language_of_which_a_gate_took_all_is_not_looked_at():
    gated_LP = np.zeros_like(SEEN.settled_LP)
    gated_LP[1] = True
    for name in PLANS:
        ledger = follow(plan_of(name), POOL, replace(SEEN, gated_LP=gated_LP))
        assert ledger.done
        assert {entry.language for entry in ledger.entries} == {"en"}
        assert not ledger.want_LP[1].any()
