"""Invented runs of which the truth is known. All randomness comes from the generator that is given."""

from __future__ import annotations

import numpy as np
from scipy import special

from safeglot.score.cube import Cube

LANGUAGES = ("en", "de", "sw", "th", "zh", "fr", "hi", "yo")
SHARE, OWN = 0.5, 0.3
"""How much of what makes an answer unsafe belongs to the prompt, and to the prompt in a language."""


def cubes(rng, *, sizes, rate_LC, runs, samples=1, doubled=0.0, lost=0.0):
    """`runs` independent runs as the models of one cube, the rates of its cells, the home shares.

    `sizes` prompts are at home in each category and have its rate; `doubled` is the share of them
    that count in the next category too, `lost` that of verdicts missing at random. An answer is
    unsafe below a threshold of normal numbers: the rates hold exactly, whatever is shared. Rates
    of shape (runs, L, C) are those of each run.
    """
    rate_LC = np.asarray(rate_LC, dtype=float)
    n_L, n_C = rate_LC.shape[-2:]
    home_P = np.repeat(np.arange(n_C), sizes)
    n_P = home_P.size
    prompt = rng.standard_normal((runs, 1, n_P, 1))
    inner = rng.standard_normal((runs, n_L, n_P, 1))
    answer = rng.standard_normal((runs, n_L, n_P, samples))
    cause = np.sqrt(SHARE) * prompt + np.sqrt(OWN) * inner + np.sqrt(1 - SHARE - OWN) * answer
    unsafe = cause < special.ndtri(rate_LC[..., home_P])[..., None]
    label = unsafe.astype(np.int8)
    label[rng.random(label.shape) < lost] = -1
    member_PC = home_P[:, None] == np.arange(n_C)
    twice_P = np.flatnonzero(rng.random(n_P) < doubled)
    member_PC[twice_P, (home_P[twice_P] + 1) % n_C] = True
    cube = Cube(
        unsafe_JMLPS=label[None],
        member_PC=member_PC,
        judges=("judge",),
        models=tuple(f"run{i}" for i in range(runs)),
        languages=LANGUAGES[:n_L],
        prompts=tuple(f"p{i}" for i in range(n_P)),
        categories=tuple(f"c{i}" for i in range(n_C)),
        macro_C=tuple("AAABBC"[i % 6] for i in range(n_C)),
        reference="en",
    )
    cell_LC = np.stack(
        [rate_LC[..., home_P[member_PC[:, c]]].mean(axis=-1) for c in range(n_C)], axis=-1
    )
    return cube, cell_LC, np.asarray(sizes) / n_P


def spread(base, *, languages, categories, wide=1.0, step=0.25):
    """Rates whose categories differ by `wide` on the logit scale and whose languages by `step`."""
    along_C = np.linspace(-wide, wide, categories)
    down_L = step * np.arange(languages)
    return special.expit(special.logit(base) + along_C[None, :] + down_L[:, None])
