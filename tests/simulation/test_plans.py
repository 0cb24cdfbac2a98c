"""Plans that stop early ask as few prompts, and differ from a full run as seldom, as MEASUREMENT 8.2 says.

Each row of its tables that a plan of the product is gets its figure there, by the product's own
`follow`. Prompts may lie above it by three Monte Carlo errors and the share named here; below it as
far as they like, if the bands differ no more often. Certificates take up to 7 % more than the table:
half of it are looks every 20 prompts in place of every 8, the other half the world, of which the
specification tells the spreads and not all draws.
"""

import numpy as np
import pytest

from safeglot.score.plans.bands import Bands
from safeglot.score.plans.certify import Certify
from safeglot.score.plans.screen import Screen
from simulation.plans import N_PROMPTS, bands, gaps, intervals, macros, off, sizes, worlds

pytestmark = pytest.mark.simulation
ALPHA = 0.05
EARLIER = ("strong", "good", "weak")


def at_most(found, told, *, more=0.0):
    return found.mean <= told * (1 + more) + 3 * found.error


def test_the_world_is_the_one_of_the_tables():
    assert (sizes().min(), sizes().max()) == (53, 2082)
    for model, alike in (("strong", 0.98), ("good", 0.95), ("weak", 0.90)):
        matching = [(w.unsafe_LP[1:] == w.unsafe_LP[0]).mean() for w in worlds(800, model, 10)]
        assert np.mean(matching) == pytest.approx(alike, abs=0.01)


@pytest.mark.parametrize(
    ("model", "told", "coverage"),
    [("strong", 281, 0.99), ("good", 615, 0.95), ("weak", 1290, 0.96)],
)
def test_a_screen_takes_what_the_table_says_and_its_half_width_holds(model, told, coverage):
    asked, near, held = macros(Screen(), worlds(801, model, 24))
    assert abs(asked.mean - told) <= 3 * asked.error + 0.02 * told
    assert held.mean >= coverage - 3 * held.error
    assert near.mean >= 0.95


@pytest.mark.parametrize("model", ["strong", "good", "weak"])
def test_the_interval_of_a_screened_average_covers(model):
    true, whole = intervals(worlds(905, model, 40))
    print(f"{model}: {true} of the truth, {whole} of the pool")
    assert min(true.mean, whole.mean) >= 0.93


@pytest.mark.parametrize(("model", "told"), [("strong", 9283), ("good", 8753), ("weak", 7037)])
def test_bands_are_certified_as_the_table_says_and_in_a_family_for_little_more(model, told):
    drawn = list(worlds(802, model, 8))
    alone, other, wrong, in_full = bands(Certify(each=True), drawn)
    assert at_most(alone, told, more=0.07)
    assert other.mean <= ALPHA / 5  # .1 to .2 %
    assert wrong.mean <= in_full.mean + 0.005
    asked, other, _, _ = bands(Certify(), drawn)
    assert 1.1 <= N_PROMPTS / asked.mean <= 2.6
    assert alone.mean <= asked.mean <= 1.06 * alone.mean
    assert other.mean <= ALPHA / 5


@pytest.mark.parametrize(
    ("model", "known", "told", "differs"),
    [
        ("strong", None, 3771, 0.045),
        ("good", None, 4234, 0.054),
        ("weak", None, 3634, 0.037),
        ("strong", 0.5, 2495, 0.054),
        ("good", 0.5, 3001, 0.058),
        ("weak", 0.5, 2766, 0.033),
    ],
)
def test_bands_for_screening_take_what_the_table_says(model, known, told, differs):
    asked, other, wrong, in_full = bands(Bands(), worlds(803, model, 12, known=known))
    assert at_most(asked, told)
    assert at_most(other, differs)
    assert at_most(wrong, in_full.mean + 0.026)  # +1.5 to +2.6 points


@pytest.mark.parametrize(
    ("model", "told", "differs"),
    [("strong", 2495, 0.054), ("good", 3001, 0.058), ("weak", 2766, 0.045)],
)
def test_earlier_runs_save_what_the_table_says_of_a_difficulty(model, told, differs):
    asked, other, wrong, in_full = bands(Bands(), worlds(901, model, 12, earlier=EARLIER))
    print(f"{model}: {asked} asked, {other} differ, {wrong} wrong, {in_full} in full")
    assert at_most(asked, told)
    assert at_most(other, differs)
    assert at_most(wrong, in_full.mean + 0.03)


@pytest.mark.parametrize("model", EARLIER)
def test_one_earlier_run_saves_less_and_errs_no_more_often(model):
    asked, other, _, _ = bands(Bands(), worlds(903, model, 12, earlier=("good",)))
    assert 4 <= N_PROMPTS / asked.mean <= 6
    assert at_most(other, 0.05)


@pytest.mark.parametrize("model", EARLIER)
def test_safety_is_told_without_bias_where_the_hardest_come_first(model):
    drawn = list(worlds(904, model, 12, earlier=EARLIER))
    told, _ = off(drawn)
    assert abs(told.mean) <= 3 * told.error
    of_all_asked, _ = off(drawn, evenly=False)
    assert of_all_asked.mean < -3  # what it would be without
    whatever_came, _ = off(drawn, depth=100)
    assert abs(whatever_came.mean) <= 3 * whatever_came.error


def test_a_difficulty_that_tells_nothing_costs_no_more_than_none():
    asked, other, _, _ = bands(Bands(), worlds(804, "good", 10, known=0.0))
    assert at_most(asked, N_PROMPTS / 3.4)
    assert at_most(other, 0.061)


@pytest.mark.parametrize(
    ("rates", "told"),
    [
        ((0.97, 0.96, 0.4), 3616),
        ((0.97, 0.95, 0.4), 1003),
        ((0.99, 0.97, 0.3), 628),
        ((0.95, 0.90, 0.4), 308),
        ((0.90, 0.85, 0.5), 424),
    ],
)
def test_a_gap_is_shown_after_as_many_prompts_as_the_table_says(rates, told):
    asked, shown = gaps(Screen(within=0.5, drop=1e-9), np.random.default_rng(805), rates, runs=30)
    assert shown.mean == 1
    assert abs(asked.mean - told) <= 3 * asked.error


def test_a_gap_that_is_not_there_is_seldom_shown_and_a_drop_that_is_there_seldom_ruled_out():
    rng = np.random.default_rng(806)
    _, shown = gaps(Screen(within=0.5, drop=0.02), rng, (0.95, 0.95, 0.4), runs=60)
    assert shown.mean <= ALPHA
    _, shown = gaps(Screen(within=0.5, drop=0.05), rng, (0.95, 0.90, 0.4), runs=100)
    assert shown.mean + 3 * shown.error >= 1 - ALPHA
