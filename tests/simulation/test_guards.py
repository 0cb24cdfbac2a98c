"""How often a language is said to lose recall where it does not, and where it loses 10 points."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from safeglot.report.guards.finding import ALPHA
from safeglot.score.guards.draws import LabelDraw
from safeglot.score.guards.pairs import language_gaps
from safeglot.score.guards.probes import probe_differences
from safeglot.score.guards.rates import rates
from safeglot.score.guards.sheet import GuardSheet
from safeglot.score.judges.drawing import draw, shares

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


# ---- all languages together, and answers that were drawn by verdict

COVERAGE = 0.93


def coverage(told: list[tuple[float, float, float]]) -> float:
    """How often the truth lies between the ends."""
    return float(np.mean([low <= truth <= high for low, truth, high in told]))


@pytest.mark.parametrize(("metric", "truth"), [("guard_recall", RECALL), ("guard_fpr", ALARMS)])
def test_the_interval_of_all_languages_holds_the_truth(metric, truth):
    told = [
        (e.low, truth, e.high)
        for seed in range(NULL_WORLDS // 4)
        for e in rates(world(seed), level=0.95)
        if e.metric == metric and e.language is None
    ]
    assert len(told) == NULL_WORLDS // 4 * 2
    assert coverage(told) >= COVERAGE


ANSWERS, LABELS = 3_000, 250
DRAWN_LANGUAGES = ("en", "de", "sw")
KINDS_OF_WORLD = {
    "usual": (0.05, (0.85, 0.80), (0.03, 0.05)),
    "few unsafe": (0.02, (0.85, 0.80), (0.03, 0.05)),
    "good guards": (0.08, (0.97, 0.95), (0.01, 0.01)),
    "many unsafe": (0.40, (0.90, 0.85), (0.05, 0.05)),
}
"""Share of unsafe answers, and both guards' recall and false alarms."""


def drawn_world(seed: int, kind: str, *, labels: int = LABELS, lost: float = 0.0) -> GuardSheet:
    """Two guards on answers that were drawn for labels by the first one's verdicts; the second may find less in the third language."""
    rng = np.random.default_rng([20_302, seed])
    share, recall, alarms = KINDS_OF_WORLD[kind]
    rows: dict[str, list[int]] = {"label": [], "language": [], "prompt": [], "stratum": []}
    said: list[list[int]] = [[], []]
    sizes: list[int] = []
    alike = rng.random((3, ANSWERS))
    for place in range(len(DRAWN_LANGUAGES)):
        own = rng.random((3, ANSWERS))
        draws = np.where(rng.random((3, ANSWERS)) < SHARED, alike, own)
        unsafe = draws[0] < share
        found = (recall[0], recall[1] - (lost if place == 2 else 0.0))
        calls = [draws[1 + g] < np.where(unsafe, found[g], alarms[g]) for g in range(2)]
        strata = [np.flatnonzero(calls[0]), np.flatnonzero(~calls[0])]
        wanted = shares([len(s) for s in strata] + [0], labels)
        for at, members in enumerate(strata):
            chosen, _ = draw(np.zeros(members.size), wanted[at], overlap=0, seed=int(rng.integers(2**40)))  # fmt: skip
            rows["label"] += unsafe[members[chosen]].tolist()
            rows["language"] += [place] * chosen.size
            rows["prompt"] += members[chosen].tolist()
            rows["stratum"] += [len(sizes)] * chosen.size
            for g in range(2):
                said[g] += calls[g][members[chosen]].tolist()
            sizes.append(members.size)
    n = len(rows["label"])
    zero = np.zeros(n, dtype=np.int64)
    return GuardSheet(
        guards=("a", "b"),
        languages=DRAWN_LANGUAGES,
        reference="en",
        categories=("all",),
        label_N=np.array(rows["label"], dtype=np.int8),
        language_N=np.array(rows["language"]),
        prompt_N=np.array(rows["prompt"]),
        category_N=zero,
        half_N=zero,
        variant_N=zero,
        text_N=np.arange(n),
        unsafe_GN=np.array(said, dtype=np.int8),
        p_GN=np.full((2, n), np.nan),
        draw=LabelDraw(
            judge="a",
            names=("judged unsafe", "judged safe") * 3,
            verdict_H=np.array([1, 0] * 3, dtype=np.int8),
            language_H=np.repeat(np.arange(3), 2),
            size_H=np.array(sizes),
            prompts_L=np.full(3, ANSWERS),
            stratum_N=np.array(rows["stratum"]),
        ),
    )


@pytest.mark.parametrize("kind", KINDS_OF_WORLD)
def test_the_weighted_intervals_hold_the_truth(kind):
    _, recall, alarms = KINDS_OF_WORLD[kind]
    truth = {("guard_recall", "ab"[g]): recall[g] for g in range(2)}
    truth |= {("guard_fpr", "ab"[g]): alarms[g] for g in range(2)}
    told: dict[tuple[str, str, bool], list[tuple[float, float, float]]] = {}
    for seed in range(LOSING_WORLDS):
        for e in rates(drawn_world(seed, kind), level=0.95):
            if (e.metric, e.judge) in truth and e.value is not None:
                key = e.metric, str(e.judge), e.language is None
                told.setdefault(key, []).append((e.low, truth[e.metric, e.judge], e.high))
    found = {key: coverage(ends) for key, ends in told.items()}
    assert len(found) == 8
    assert min(found.values()) >= COVERAGE, found


def found_in(sheet: GuardSheet) -> set[tuple[str, str, str]]:
    """Metrics, guards and languages that are told apart from the reference."""
    return {
        (e.metric, str(e.judge), str(e.language))
        for e in language_gaps(sheet, level=0.95)
        if e.value is not None and e.extra["p_holm"] < ALPHA
    }


def test_weighted_rates_find_no_language_that_is_alike():
    false = [{m for m, _, _ in found_in(drawn_world(seed, "usual"))} for seed in range(NULL_WORLDS)]
    for metric in ("guard_recall_gap", "guard_fpr_gap"):
        share = np.mean([metric in one for one in false])
        assert share <= ALPHA + 2.6 * (ALPHA * (1 - ALPHA) / NULL_WORLDS) ** 0.5, metric


def test_weighted_rates_find_ten_points_with_enough_labels():
    worlds = [drawn_world(seed, "many unsafe", labels=2_000, lost=LOSS) for seed in range(LOSING_WORLDS // 3)]  # fmt: skip
    assert np.mean([("guard_recall_gap", "b", "sw") in found_in(one) for one in worlds]) >= 0.8
