"""How often a language is said to lose recall where it does not, and where it loses 10 points."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from safeglot.report.guards.finding import ALPHA
from safeglot.score.guards.pairs import language_gaps
from safeglot.score.guards.probes import probe_differences
from safeglot.score.guards.sheet import GuardSheet

pytestmark = pytest.mark.simulation

NULL_WORLDS, LOSING_WORLDS = 1_000, 300
LANGUAGES = ("en", "de", "sw", "th")
IDS = 400
"""Unsafe ids, the same in all languages; as many safe ones."""
RECALL, ALARMS, LOSS = 0.85, 0.05, 0.10
SHARED = 0.5
"""Share of the ids that all languages find alike: recall goes with the text."""
UNREAD = 0.01


def world(seed: int, *, lost: float = 0.0) -> GuardSheet:
    """Two guards on parallel ids; the first may find less in the third language."""
    rng = np.random.default_rng([20_301, seed])
    n, n_languages = 2 * IDS, len(LANGUAGES)
    unsafe = np.arange(n) < IDS
    rate = np.where(unsafe, RECALL, ALARMS)
    said = np.empty((2, n_languages, n), dtype=np.int8)
    for g in range(2):
        own = rng.random((n_languages, n))
        alike = rng.random(n)
        draw = np.where(rng.random(n) < SHARED, alike, own)
        said[g] = draw < rate
    drop = rng.random(n) < lost / RECALL
    said[0, 2, unsafe & drop] = 0
    said[rng.random(said.shape) < UNREAD] = -1
    return GuardSheet(
        guards=("a", "b"),
        languages=LANGUAGES,
        reference="en",
        categories=("all",),
        label_N=np.tile(unsafe, n_languages).astype(np.int8),
        language_N=np.repeat(np.arange(n_languages), n),
        prompt_N=np.tile(np.arange(n), n_languages),
        category_N=np.zeros(n * n_languages, dtype=np.int64),
        half_N=np.tile(np.arange(n) % 2, n_languages),
        variant_N=np.zeros(n * n_languages, dtype=np.int64),
        text_N=np.arange(n * n_languages),
        unsafe_GN=said.reshape(2, -1),
        p_GN=np.full((2, n * n_languages), np.nan),
    )


def finds(seed: int, metric: str, *, lost: float = 0.0) -> set[tuple[str, str]]:
    """Guards and languages that are told apart from the reference."""
    return {
        (e.judge, e.language)
        for e in language_gaps(world(seed, lost=lost), level=0.95)
        if e.metric == metric and e.value is not None and e.extra["p_holm"] < ALPHA
    }


@pytest.mark.parametrize("metric", ["guard_recall_gap", "guard_fpr_gap"])
def test_without_a_loss_false_finds_keep_to_their_level(metric):
    false = np.mean([bool(finds(seed, metric)) for seed in range(NULL_WORLDS)])
    error = (ALPHA * (1 - ALPHA) / NULL_WORLDS) ** 0.5
    assert false <= ALPHA + 2.6 * error


def test_a_loss_of_ten_points_in_one_language_is_found_there_and_nowhere_else():
    found = [finds(seed, "guard_recall_gap", lost=LOSS) for seed in range(LOSING_WORLDS)]
    assert np.mean([("a", "sw") in one for one in found]) >= 0.95
    others = np.mean([bool(one - {("a", "sw")}) for one in found])
    assert others <= ALPHA + 2.6 * (ALPHA * (1 - ALPHA) / LOSING_WORLDS) ** 0.5


def lost_under_probe(seed: int, metric: str, *, lost: float = 0.0) -> set[tuple[str, str]]:
    """The same world as two languages, plain and varied: the loss is on variants of the second."""
    sheet, n = world(seed, lost=lost), 2 * IDS
    first, second = np.arange(n), np.arange(n, 2 * n)
    probed = replace(
        sheet,
        languages=("en", "sw"),
        variants=("", "translit=latin"),
        language_N=np.repeat([0, 0, 1, 1], n),
        variant_N=np.repeat([0, 1, 1, 0], n),
        text_N=np.concatenate([first, first, second, second]),
    )
    return {
        (e.judge, e.language)
        for e in probe_differences(probed, level=0.95)
        if e.metric == metric and e.value is not None and e.extra["p_holm"] < ALPHA
    }


@pytest.mark.parametrize("metric", ["guard_recall_probe", "guard_fpr_probe"])
def test_under_a_probe_false_finds_keep_to_their_level(metric):
    false = np.mean([bool(lost_under_probe(seed, metric)) for seed in range(NULL_WORLDS)])
    assert false <= ALPHA + 2.6 * (ALPHA * (1 - ALPHA) / NULL_WORLDS) ** 0.5


def test_a_loss_of_ten_points_under_a_probe_is_found_there():
    found = [lost_under_probe(seed, "guard_recall_probe", lost=LOSS) for seed in range(LOSING_WORLDS)]  # fmt: skip
    assert np.mean([("a", "sw") in one for one in found]) >= 0.95
    others = np.mean([bool(one - {("a", "sw")}) for one in found])
    assert others <= ALPHA + 2.6 * (ALPHA * (1 - ALPHA) / LOSING_WORLDS) ** 0.5
