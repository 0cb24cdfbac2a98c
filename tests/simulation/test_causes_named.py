"""What a round trip may be blamed for, and how often languages that do not differ are said to."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

from safeglot.score.causes.naming import CAUSES, MODEL_OR_REPAIRED
from safeglot.score.stats.linear import Layout
from safeglot.score.stats.multiplicity import holm
from safeglot.score.stats.omnibus import cochran_q
from simulation import coverage, roundtrips
from simulation.roundtrips import HONEST, REPAIRING, SIZES, held, seen

pytestmark = pytest.mark.simulation

SEED = coverage.SIMULATIONS[roundtrips.pairs]
ERROR = (0.95 * 0.05 / roundtrips.RUNS) ** 0.5
"""Monte Carlo standard error of a share of 5 or 95 % of the runs."""
FALSE = {
    "translation only, both ways alike": ("the model", "the judge"),
    "translation only, way back harmless": ("the model", "the judge"),
    "model only": ("the translation", "the judge"),
    "both, ways alike": ("the judge",),
    "both, way back harmless": ("the judge",),
    "neither": tuple(CAUSES.values()),
    "way back repairs 60%": ("the model", "the judge"),
    "way back repairs all": ("the model", "the judge"),
}


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("world", HONEST)
def test_the_model_term_holds_the_truth_in_each_of_the_six_worlds(world, n):
    assert held(SEED, world, n) >= 0.93 - 2 * ERROR


def test_over_the_six_worlds_it_holds_in_more_than_93_of_100():
    assert np.mean([held(SEED, world, n) for world in HONEST for n in SIZES]) >= 0.93


def test_without_its_bound_the_term_blames_the_model_for_the_way_back():
    assert held(SEED, "translation only, both ways alike", 600, own=True) < 0.5


@pytest.mark.parametrize("people", [False, True])
@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("world", FALSE)
def test_no_cause_that_is_none_is_named_without_words_that_qualify_it(world, n, people):
    named = seen(SEED, people=people)[world, n].named
    assert max(named[words] for words in FALSE[world]) <= 0.05 + 2 * ERROR


@pytest.mark.parametrize("n", SIZES)
def test_where_translating_back_repairs_the_model_is_named_with_these_words(n):
    for world in REPAIRING:
        assert seen(SEED, people=False)[world, n].named["the model"] == 0
        assert seen(SEED, people=True)[world, n].named[MODEL_OR_REPAIRED] == 0
    assert seen(SEED, people=False)["way back repairs all", 600].named[MODEL_OR_REPAIRED] > 0.5


def test_people_find_what_the_translation_did_where_the_way_back_repairs_it():
    named = seen(SEED, people=True)["way back repairs all", 600].named
    assert named["the translation"] > 0.5


# ---- Cochran's Q where no language differs

TOGETHER = {
    "en, de and fr together, sw on its own": (0.97, 0.97, 0.97, 0.4),
    "four together, one on its own": (0.97, 0.97, 0.97, 0.97, 0.3),
    "all five alike": (0.8, 0.8, 0.8, 0.8, 0.8),
}
N_CATEGORIES, N_WORLDS = 32, 100


def null_worlds(rng, shared, n, base):
    """p of each category of each world, shape (worlds, categories), with and without epsilon."""
    strata = N_WORLDS * N_CATEGORIES
    prompt = rng.standard_normal(strata * n)
    unsafe = [
        np.sqrt(share) * prompt + np.sqrt(1 - share) * rng.standard_normal(strata * n)
        < special.ndtri(base)
        for share in shared
    ]
    layout = Layout(
        prompt_E=np.arange(strata * n),
        stratum_E=np.repeat(np.arange(strata), n),
        n_prompts=strata * n,
        n_strata=strata,
    )
    found = cochran_q(np.array(unsafe, dtype=np.int8)[:, :, None], layout)
    return found.p_H.reshape(N_WORLDS, -1), found.p_chi2_H.reshape(N_WORLDS, -1)


def family(p):
    return float(np.mean([holm(row).min() < 0.05 for row in p]))


@pytest.mark.parametrize("n", [60, 150, 460])
@pytest.mark.parametrize("shared", TOGETHER.values(), ids=TOGETHER)
def test_languages_that_do_not_differ_are_seldom_said_to(shared, n):
    rng = np.random.default_rng([130, n, len(shared)])
    cells, families, plain = [], [], []
    for base in (0.02, 0.06, 0.2, 0.4):
        p, p_chi2 = null_worlds(rng, shared, n, base)
        cells.append((p < 0.05).mean())
        families.append(family(p))
        plain.append(family(p_chi2))
    assert max(cells) <= 0.06
    assert np.mean(families) <= 0.12
    assert max(families) <= 0.12 + 2 * (0.12 * 0.88 / N_WORLDS) ** 0.5
    if max(shared) > min(shared) and n > 60:
        assert np.mean(plain) > 0.12
