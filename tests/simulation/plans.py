"""Plans that stop early, over invented runs of 32 categories in 5 languages with 15,000 prompts each.

The truth: a category's rates spread by 1.3 on the logit scale, two categories harder than that, a
language by .15, a category in a language by .35; what is unsafe about a prompt is shared by the
languages with a correlation of .65. Sizes of categories are those of lognormal quantiles, 53 to 2,082.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from safeglot.score.basic import estimates
from safeglot.score.cube import Cube
from safeglot.score.plans.bands import Bands
from safeglot.score.plans.history import pooled, shares
from safeglot.score.plans.pool import PromptPool, PromptsSeen
from safeglot.score.plans.screen import Screen
from safeglot.score.plans.stopping import follow
from safeglot.score.plans.turns import RankedPool
from safeglot.score.safety.safety import band

SAFETY = {"strong": 0.985, "good": 0.955, "weak": 0.89}
LANGUAGES = ("en", "de", "sw", "th", "zh")
N_CATEGORIES, N_PROMPTS = 32, 15_000
HARDER, SHARED, ALIKE = 1.25, 0.65, 0.5


def sizes():
    """The categories' sizes."""
    middle = (np.arange(N_CATEGORIES) + 0.5) / N_CATEGORIES
    part = np.exp(0.85 * special.ndtri(middle))
    return np.round(part / part.sum() * N_PROMPTS).astype(int)


@dataclass(frozen=True, kw_only=True)
class World:
    """One run: its pool, all its verdicts, and the rates that made them."""

    pool: PromptPool
    unsafe_LP: np.ndarray
    rate_LC: np.ndarray

    @property
    def seen(self):
        """All prompts settled."""
        return PromptsSeen(
            unsafe_LP=self.unsafe_LP, settled_LP=np.ones(self.unsafe_LP.shape, dtype=bool)
        )


def rates(rng, model):
    """The rates of unsafe answers of one kind of model, shape (L, C)."""
    category_C = 1.3 * rng.standard_normal(N_CATEGORIES)
    category_C[rng.choice(N_CATEGORIES, 2, replace=False)] += HARDER
    shape = (len(LANGUAGES), N_CATEGORIES)
    logit_LC = (
        category_C + 0.15 * rng.standard_normal((shape[0], 1)) + 0.35 * rng.standard_normal(shape)
    )
    middle = optimize.brentq(
        lambda m: special.expit(m + logit_LC).mean() - 1 + SAFETY[model], -14, 8
    )
    return special.expit(middle + logit_LC)


def answers(rng, rate_LP, prompt_P):
    """Which prompts are answered unsafely, shape (L, P), by their rates and what their languages share."""
    own_LP = rng.standard_normal(rate_LP.shape)
    cause_LP = np.sqrt(SHARED) * prompt_P + np.sqrt(1 - SHARED) * own_LP
    return (cause_LP < special.ndtri(rate_LP)).astype(np.int8)


def told_by(rng, earlier, home_P, prompt_P):
    """What full runs of earlier models tell of each prompt; half of a prompt's own effect is each model's own."""
    runs = []
    for model in earlier:
        effect_P = np.sqrt(ALIKE) * prompt_P + np.sqrt(1 - ALIKE) * rng.standard_normal(home_P.size)
        unsafe_LP = answers(rng, rates(rng, model)[:, home_P], effect_P)
        runs.append(shares(unsafe_LP[None, None, :, :, None], range(home_P.size)))
    return np.array(pooled(runs))


def world(rng, model, *, known=None, earlier=()):
    """A run of one kind of model; `known` is how much of a prompt's own effect is told beforehand.

    `earlier` are kinds of models that were asked the same prompts in the same languages before.
    """
    rate_LC = rates(rng, model)
    home_P = rng.permutation(np.repeat(np.arange(N_CATEGORIES), sizes()))
    prompt_P = rng.standard_normal(home_P.size)
    unsafe_LP = answers(rng, rate_LC[:, home_P], prompt_P)
    difficulty_P = told_by(rng, earlier, home_P, prompt_P) if earlier else None
    if known is not None:
        noise_P = rng.standard_normal(home_P.size)
        difficulty_P = -(np.sqrt(known) * prompt_P + np.sqrt(1 - known) * noise_P)
    pool = PromptPool(
        languages=LANGUAGES,
        reference="en",
        categories=tuple(f"c{at}" for at in range(N_CATEGORIES)),
        member_PC=home_P[:, None] == np.arange(N_CATEGORIES),
        difficulty_P=difficulty_P,
    )
    return World(pool=pool, unsafe_LP=unsafe_LP, rate_LC=rate_LC)


@dataclass(frozen=True, kw_only=True)
class Found:
    """A mean over worlds and its Monte Carlo error."""

    mean: float
    error: float

    @classmethod
    def of(cls, numbers):
        """The mean of one number a world."""
        numbers = np.asarray(numbers, dtype=float)
        return cls(mean=numbers.mean(), error=numbers.std(ddof=1) / np.sqrt(numbers.size))

    def __str__(self):
        return f"{self.mean:,.3f} +- {self.error:,.3f}"


def worlds(seed, model, n, **more):
    """As many worlds, each from a generator of its own."""
    for child in np.random.SeedSequence(seed).spawn(n):
        yield world(np.random.default_rng(child), model, **more)


def macros(plan, drawn):
    """Prompts a language; share of macro averages within 2 points, and within their half-width, of the truth."""
    asked, near, held = [], [], []
    for one in drawn:
        ledger = follow(plan, one.pool, one.seen)
        last = {entry.language: entry.numbers for entry in ledger.entries}
        far_L = np.array([last[tag]["macro"] for tag in LANGUAGES]) - 1 + one.rate_LC.mean(axis=1)
        half_L = np.array([last[tag]["half"] for tag in LANGUAGES])
        asked.append(ledger.want_LP.sum() / len(LANGUAGES))
        near.append((abs(far_L) <= 0.02).mean())
        held.append((abs(far_L) <= half_L).mean())
    return tuple(Found.of(numbers) for numbers in (asked, near, held))


def intervals(drawn):
    """The share of averages of a screen whose interval in the results has the truth, and has the whole pool's average."""
    true, whole = [], []
    for one in drawn:
        want_LP, member_PC = follow(Screen(), one.pool, one.seen).want_LP, one.pool.member_PC
        asked_P = want_LP.any(axis=0)
        unsafe_LP = np.where(want_LP, one.unsafe_LP, -1).astype(np.int8)[:, asked_P]
        cube = Cube(
            unsafe_JMLPS=unsafe_LP[None, None, :, :, None],
            judges=("j",), models=("m",), languages=LANGUAGES, reference="en",
            prompts=[f"p{at}" for at in np.flatnonzero(asked_P)],
            categories=one.pool.categories, member_PC=member_PC[asked_P],
            outcome_MLPS=np.zeros((1, *unsafe_LP.shape, 1), dtype=np.int8),
            unneeded_MLP=(unsafe_LP < 0)[None], size_C=tuple(member_PC.sum(axis=0).tolist()),
        )  # fmt: skip
        rows = {
            r.language: r
            for r in estimates(cube, draws=0)
            if r.metric == "safety_macro" and r.model
        }
        low_L, high_L = (
            np.array([getattr(rows[tag], end) for tag in LANGUAGES]) for end in ("low", "high")
        )
        pool_LC = one.unsafe_LP.astype(int) @ member_PC.astype(int) / member_PC.sum(axis=0)
        for rate_LC, held in ((one.rate_LC, true), (pool_LC, whole)):
            safety_L = 1 - rate_LC.mean(axis=1)
            held.append(((low_L <= safety_L) & (safety_L <= high_L)).mean())
    return Found.of(true), Found.of(whole)


def bands(plan, drawn):
    """Prompts a language; share of bands other than the full run's, and than the truth's; that of the full run."""
    asked, other, wrong, wrong_in_full = [], [], [], []
    for one in drawn:
        ledger = follow(plan, one.pool, one.seen)
        told = {(e.language, e.category): e.band for e in ledger.entries if e.state != "goes-on"}
        unsafe_LC = one.unsafe_LP.astype(int) @ one.pool.member_PC.astype(int)
        whole = [band(1 - rate) for rate in (unsafe_LC / one.pool.member_PC.sum(axis=0)).ravel()]
        true = [band(1 - rate) for rate in one.rate_LC.ravel()]
        mine = [told[tag, name] for tag in LANGUAGES for name in one.pool.categories]
        asked.append(ledger.want_LP.sum() / len(LANGUAGES))
        other.append(np.mean([a != b for a, b in zip(mine, whole, strict=True)]))
        wrong.append(np.mean([a != b for a, b in zip(mine, true, strict=True)]))
        wrong_in_full.append(np.mean([a != b for a, b in zip(whole, true, strict=True)]))
    return tuple(Found.of(numbers) for numbers in (asked, other, wrong, wrong_in_full))


def off(drawn, *, evenly=True, depth=None):
    """How far, in points, the mean safety of all cells is off that of their pools, and how far a language's may be.

    Of the prompts by bands that stand for their category, or of all it asked; with `depth` each cell
    ends after as many, whatever came.
    """
    means, squares = [], []
    for one in drawn:
        if depth is None:
            ledger = follow(Bands(), one.pool, one.seen)
            read_LP = ledger.even_LP if evenly else ledger.want_LP
        else:
            ranked = RankedPool(one.pool, None, hard_first=True)
            read_LP = ranked.drawn(np.full_like(ranked.size_LC, depth), evenly=evenly)
        member_PC = one.pool.member_PC.astype(int)
        whole_LC = one.unsafe_LP.astype(int) @ member_PC / member_PC.sum(axis=0)
        far_LC = whole_LC - (one.unsafe_LP * read_LP) @ member_PC / (read_LP @ member_PC)
        means.append(100 * far_LC.mean())
        squares.append(100 * np.sqrt((far_LC.mean(axis=1) ** 2).mean()))
    return Found.of(means), Found.of(squares)


def gaps(plan, rng, rates, *, runs):
    """Prompts of each language of one category until a gap is shown or the pool ends; the share that is shown."""
    p, q, phi = rates
    both = (1 - p) * (1 - q) + phi * np.sqrt(p * (1 - p) * q * (1 - q))
    chance = [both, (1 - p) - both, (1 - q) - both, p + q - 1 + both]
    pool = PromptPool(
        languages=("en", "sw"), reference="en", categories=("c",),
        member_PC=np.ones((N_PROMPTS, 1), dtype=bool),
    )  # fmt: skip
    asked, shown = [], []
    for _ in range(runs):
        pair_P = rng.choice(4, size=N_PROMPTS, p=chance)
        unsafe_LP = np.stack([pair_P <= 1, (pair_P == 0) | (pair_P == 2)]).astype(np.int8)
        seen = PromptsSeen(unsafe_LP=unsafe_LP, settled_LP=np.ones((2, N_PROMPTS), dtype=bool))
        ledger = follow(plan, pool, seen)
        asked.append(ledger.want_LP[1].sum())
        shown.append(ledger.entries[-1].numbers.get("gap_shown", 0.0))
    return Found.of(asked), Found.of(shown)
