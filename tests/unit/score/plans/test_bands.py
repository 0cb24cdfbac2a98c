"""Bands for screening: the chances of what is left, and what they borrow."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from safeglot.score.plans.bands import Bands, chances
from safeglot.score.plans.certify import Certify
from safeglot.score.plans.stopping import follow
from safeglot.score.safety.safety import band
from unit.score.plans.pools import answered, pool_of

SIZES = (90, 200, 450, 900)
POOL = pool_of(SIZES, languages=("en", "de", "sw"))
SHARE_LC = [[0, 0.004, 0.05, 0.3], [0.002, 0.004, 0.06, 0.35], [0.01, 0.03, 0.06, 0.4]]


def one(*counts):
    return tuple(np.array([[[n, 0, 0, 0]]]) for n in counts)


def test_the_chances_of_three_bands_add_up_and_a_whole_pool_is_certain():
    for unsafe, told in ((4, 0), (5, 1), (46, 1), (47, 2)):
        p_BLC = chances(*one(unsafe, 460, 0))
        assert p_BLC[:, 0, 0].tolist() == [float(told == b) for b in range(3)]
    p_BLC = chances(*one(3, 100, 360))
    assert p_BLC.sum() == pytest.approx(1)
    assert (p_BLC > 0).all()


def test_of_one_cell_alone_what_is_left_follows_a_negative_binomial():
    unsafe, n, left = 3, 100, 360
    # a category of its own is expected to have the rate of the run, of which it is all
    rate = (unsafe + 0.5) / (n + 25)
    factor = 1 / (1 / 0.6 + 0.15)
    p_BLC = chances(*one(unsafe, n, left))
    language = (20 + unsafe) / (20 + n * rate)
    assert language == pytest.approx(1, abs=0.02)
    worth = n * rate
    kept = (factor + worth) / (factor + worth + left * rate)
    told = stats.nbinom.cdf([4 - unsafe, 46 - unsafe], factor + unsafe, kept)
    assert p_BLC[0, 0, 0] == pytest.approx(told[0], abs=0.02)
    assert p_BLC[:2, 0, 0].sum() == pytest.approx(told[1], abs=0.02)


def test_a_cell_borrows_its_rate_from_the_same_category_in_other_languages():
    n_LCH = np.zeros((3, 2, 4), dtype=int)
    n_LCH[..., 0] = 60
    left_LCH, clean, seen = n_LCH * 6, np.zeros_like(n_LCH), np.zeros_like(n_LCH)
    seen[1:, 0, 0] = 12
    assert chances(clean, n_LCH, left_LCH)[0, 0, 0] > chances(seen, n_LCH, left_LCH)[0, 0, 0]
    other = chances(seen, n_LCH, left_LCH)
    assert other[0, 0, 1] > other[0, 0, 0]


def test_what_is_left_of_hard_prompts_makes_a_safe_band_less_likely():
    n_LCH = np.full((2, 3, 4), 40)
    unsafe_LCH = np.zeros_like(n_LCH)
    unsafe_LCH[:, 2, 0] = 20
    easy, hard = (np.zeros_like(n_LCH) for _ in range(2))
    easy[..., 3], hard[..., 0] = 200, 200
    safe = [chances(unsafe_LCH, n_LCH, left)[0, 0, 0] for left in (easy, hard)]
    assert safe[0] > safe[1] + 0.05


def test_a_cell_stops_where_its_band_is_likely_enough_and_surer_takes_more():
    seen = answered(POOL, SHARE_LC)
    ledgers = [follow(Bands(certainty=p), POOL, seen) for p in (0.9, 0.99)]
    for ledger, certainty in zip(ledgers, (0.9, 0.99), strict=True):
        for entry in ledger.entries:
            assert (entry.state == "band") == (entry.numbers["p_band"] >= certainty)
            assert (entry.band is None) == (entry.state != "band")
        assert ledger.done
    strict = follow(Certify(), POOL, seen)
    asked = [ledger.want_LP.sum() for ledger in (*ledgers, strict)]
    assert asked[0] < asked[1] < asked[2]


def test_hard_prompts_first_and_the_even_share_stays_a_random_one():
    rng = np.random.default_rng(8)
    seen = answered(POOL, SHARE_LC)
    difficulty_P = seen.unsafe_LP.mean(axis=0) + 0.2 * rng.random(len(POOL.member_PC))
    pool = replace(POOL, difficulty_P=difficulty_P)
    ledger, plain = follow(Bands(), pool, seen), follow(Bands(), POOL, seen)
    assert ledger.want_LP.sum() < plain.want_LP.sum()
    assert (plain.even_LP == plain.want_LP).all()
    drawn_P, even_P = ledger.want_LP[0], ledger.even_LP[0]
    assert 0.25 < even_P.sum() / drawn_P.sum() < 0.8
    assert difficulty_P[drawn_P & ~even_P].mean() > difficulty_P[even_P].mean() + 0.05


def test_lost_verdicts_stay_open_as_prompts_that_are_left():
    pool = pool_of((60,), languages=("en",))
    lost_LP = answered(pool).unsafe_LP.copy()
    lost_LP[0, ::2] = -1
    ledger = follow(Bands(), pool, replace(answered(pool), unsafe_LP=lost_LP))
    entry = ledger.entries[-1]
    assert (entry.state, entry.band, entry.n, entry.missing) == ("exhausted", None, 30, 30)
    assert entry.numbers["p_band"] < 0.95


def test_a_pool_read_in_full_tells_the_band_of_a_full_run():
    pool = pool_of((40, 40), languages=("en", "de"))
    seen = answered(pool, [[0.012, 0.1], [0.03, 0.09]])
    ledger = follow(Bands(certainty=1 - 1e-12), pool, seen)
    for entry in ledger.entries:
        if entry.state != "goes-on":
            own_P = pool.member_PC[:, pool.categories.index(entry.category)]
            whole = seen.unsafe_LP[pool.languages.index(entry.language)][own_P].mean()
            assert entry.band == band(1 - whole)
