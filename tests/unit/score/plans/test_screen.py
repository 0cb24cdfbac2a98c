"""Screening: the looks, the stop, and gaps."""

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest

from safeglot.score.plans.screen import Screen
from safeglot.score.plans.stopping import follow
from safeglot.score.stats.sequential import log_e_of_gap, look
from unit.score.plans.pools import answered, pool_of

SIZES = tuple(range(60, 92))
POOL = pool_of(SIZES)


def last(ledger):
    return {entry.language: entry for entry in ledger.entries}


def test_all_safe_answers_stop_at_the_first_look():
    ledger = follow(Screen(), POOL, answered(POOL))
    assert [e.state for e in ledger.entries] == ["precise", "precise"]
    assert ledger.want_LP.sum(axis=1).tolist() == [4 * 32, 4 * 32]
    assert ledger.entries[0].numbers["half"] == pytest.approx(2.24 / 32 / 4)
    assert ledger.entries[0].pool == sum(SIZES)


def test_each_look_is_the_formula_on_the_first_prompts_of_each_category():
    seen = answered(POOL, [[0.04], [0.1]])
    ledger = follow(Screen(), POOL, seen)
    steps = {}
    for entry in ledger.entries:
        at = POOL.languages.index(entry.language)
        own = [seen.unsafe_LP[at][POOL.member_PC[:, c]][: entry.drawn] for c in range(len(SIZES))]
        told = look([entry.drawn - unsafe.sum() for unsafe in own], entry.drawn)
        assert entry.numbers["macro"] == pytest.approx(told.macro)
        assert entry.numbers["half"] == pytest.approx(told.half)
        assert (entry.state == "precise") == told.stop
        assert entry.n == told.n
        steps.setdefault(entry.language, []).append(entry.drawn)
    assert steps["de"][:5] == [4, 6, 9, 13, 19]
    assert steps["de"][-1] == ledger.want_LP[1].sum() / 32
    assert len(steps["en"]) < len(steps["de"])


def test_a_category_that_is_asked_in_full_has_no_error_and_a_whole_pool_is_exact():
    pool = pool_of((5, 5, 40))
    ledger = follow(Screen(within=1e-6), pool, answered(pool, 0.3))
    ended = last(ledger)
    assert {entry.state for entry in ended.values()} == {"exhausted"}
    assert {entry.numbers["se"] for entry in ended.values()} == {0}
    entry = next(e for e in ledger.entries if e.drawn == 28)
    seen = answered(pool, 0.3).unsafe_LP[0][pool.member_PC[:, 2]][:28]
    spread = seen.mean() * (1 - seen.mean())
    assert entry.numbers["se"] == pytest.approx((spread / 27 + 1 / 28**2) ** 0.5 / 3)


def test_lost_verdicts_are_neither_safe_nor_counted():
    seen = answered(POOL, 0.1)
    lost_LP = np.random.default_rng(3).random(seen.unsafe_LP.shape) < 0.2
    ledger = follow(
        Screen(), POOL, replace(seen, unsafe_LP=np.where(lost_LP, np.int8(-1), seen.unsafe_LP))
    )
    entry = ledger.entries[-1]
    at = POOL.languages.index(entry.language)
    drawn_P = ledger.want_LP[at]
    assert entry.n == (drawn_P & ~lost_LP[at]).sum()
    assert entry.missing == (drawn_P & lost_LP[at]).sum() > 0
    rates = [
        seen.unsafe_LP[at][drawn_P & ~lost_LP[at] & POOL.member_PC[:, c]].mean()
        for c in range(len(SIZES))
    ]
    assert entry.numbers["macro"] == pytest.approx(1 - np.mean(rates))


def test_the_gap_is_that_of_the_pairs_and_its_evidence_that_of_those_that_differ():
    seen = answered(POOL, [[0.02], [0.15]])
    ledger = follow(Screen(), POOL, seen)
    entry = next(e for e in ledger.entries if e.language == "de")
    here_P = np.zeros(len(POOL.member_PC), dtype=bool)
    for c in range(len(SIZES)):
        here_P[np.flatnonzero(POOL.member_PC[:, c])[:4]] = True
    en_P, de_P = seen.unsafe_LP[:, here_P]
    b, c = int((de_P > en_P).sum()), int((de_P < en_P).sum())
    assert entry.numbers["log_e_gap"] == pytest.approx(log_e_of_gap(b, c))
    assert entry.numbers["gap"] == pytest.approx(en_P.mean() - de_P.mean())
    assert "gap" not in next(e for e in ledger.entries if e.language == "en").numbers


def test_with_a_drop_a_language_goes_on_until_its_gap_is_shown_or_the_drop_ruled_out():
    small, wide = Screen(within=0.05), Screen(within=0.05, drop=0.02)
    same = answered(POOL, [[0.05], [0.05]])
    lossy = answered(POOL, [[0.01], [0.2]])
    for seen in (same, lossy):
        plain, asked = follow(small, POOL, seen), follow(wide, POOL, seen)
        assert asked.want_LP.sum() >= plain.want_LP.sum()
        entry = last(asked)["de"]
        ruled_out = entry.numbers["gap"] - entry.numbers["gap_half"] > -0.02
        assert entry.state == "exhausted" or entry.numbers["gap_shown"] or ruled_out
    assert last(follow(wide, POOL, lossy))["de"].numbers["gap_shown"] == 1
    assert last(follow(wide, POOL, same))["de"].numbers["gap_shown"] == 0
    # pairs need both: the reference goes on with the language that still waits
    want_LP = follow(wide, POOL, same).want_LP
    assert (want_LP[0] >= want_LP[1]).all()


def test_with_a_drop_there_are_looks_between_but_only_the_chosen_ones_stop_for_precision():
    between = list(islice(Screen(drop=0.03).steps(), 30))
    chosen = list(islice(Screen().steps(), 8))
    assert chosen == [4, 6, 9, 13, 19, 28, 42, 63]
    assert between == sorted(set(between))
    assert set(chosen) <= set(between)
    seen = answered(POOL, [[0.05], [0.05]])
    ledger = follow(Screen(within=0.02, drop=0.03), POOL, seen)
    ended = [e for e in ledger.entries if e.state == "precise"]
    assert {entry.language for entry in ended} == {"en", "de"}
    # nothing of the gap is shown here, so a stop at a look between would be one for precision
    assert {e.drawn in Screen().steps() for e in ended if e.language == "de"} == {True}


def test_what_is_precise_at_a_chosen_look_stays_so_while_pairs_are_wanted():
    seen = answered(POOL, [[0.05], [0.09]], seed=2)
    ledger = follow(Screen(within=0.2, drop=0.001), POOL, seen)
    entry = last(ledger)["de"]
    assert entry.numbers["gap_shown"] == 1
    assert entry.state == "precise"
    assert entry.drawn not in set(islice(Screen().steps(), 12))
