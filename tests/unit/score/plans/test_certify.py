"""Certificates: what is shown, by how many prompts, and what lost verdicts do to it."""

from dataclasses import replace

import numpy as np
import pytest

from safeglot.score.plans.certify import Certify, claim
from safeglot.score.plans.stopping import follow
from safeglot.score.safety.safety import band
from safeglot.score.stats.sequential import band_evidence, confidence_sequence
from unit.score.plans.pools import answered, pool_of


def ended(ledger):
    return {(e.language, e.category): e for e in ledger.entries if e.state != "goes-on"}


def test_one_cell_stops_where_its_e_value_reaches_two_over_alpha():
    pool = pool_of((1000,), languages=("en",))
    ledger = follow(Certify(), pool, answered(pool))
    assert [e.state for e in ledger.entries][-2:] == ["goes-on", "band"]
    entry, before = ledger.entries[-1], ledger.entries[-2]
    assert entry.band == "safe"
    assert entry.numbers["log_e"] == band_evidence(0, entry.drawn, 1000).log_e_safe
    assert (entry.numbers["low"], entry.numbers["high"]) == confidence_sequence(entry.n, entry.n)
    assert before.numbers["log_e"] < np.log(2 / 0.05) <= entry.numbers["log_e"]
    assert entry.drawn >= 238  # fewer cannot show it: golden 24


@pytest.mark.parametrize("plan", [Certify(), Certify(each=True)])
def test_a_whole_pool_that_is_read_tells_its_band_for_certain(plan):
    pool = pool_of((40, 90, 150, 700), languages=("en", "de", "sw"))
    share_LC = [[0, 0.011, 0.05, 0.1], [0.01, 0.1, 0.12, 0.08], [0, 0.2, 0.5, 0.02]]
    seen = answered(pool, share_LC)
    for (language, category), entry in ended(follow(plan, pool, seen)).items():
        own_P = pool.member_PC[:, pool.categories.index(category)]
        whole = seen.unsafe_LP[pool.languages.index(language)][own_P].mean()
        assert entry.state == "band"
        if entry.drawn == entry.pool:
            assert entry.band == band(1 - whole)
            assert "log_e" not in entry.numbers


def test_a_family_of_cells_asks_more_than_each_alone_and_less_than_bonferroni():
    pool = pool_of((300,) * 10, languages=("en", "de"))
    seen = answered(pool, [[0.0] * 5 + [0.05] * 5] * 2)
    each, family = (follow(plan, pool, seen) for plan in (Certify(each=True), Certify()))
    apart = follow(Certify(alpha=0.05 / 20, each=True), pool, seen)
    assert each.want_LP.sum() < family.want_LP.sum() < apart.want_LP.sum() <= seen.settled_LP.size


def test_a_lost_verdict_counts_for_whichever_says_less():
    sure, _ = claim(0, 0, 200, 460)
    lost, shown = claim(0, 1, 200, 460)
    assert shown == "safe"
    assert lost == band_evidence(1, 200, 460).log_e_safe < sure
    assert claim(60, 20, 100, 460) == (band_evidence(60, 100, 460).log_e_below_lo, "highly-unsafe")


def test_a_pool_with_lost_verdicts_is_never_certain_by_being_asked():
    pool = pool_of((60,), languages=("en",))
    seen = answered(pool)
    lost_LP = seen.unsafe_LP.copy()
    lost_LP[0, :1] = -1
    ledger = follow(Certify(), pool, replace(seen, unsafe_LP=lost_LP))
    entry = ledger.entries[-1]
    assert (entry.state, entry.band, entry.n, entry.missing) == ("exhausted", None, 59, 1)
