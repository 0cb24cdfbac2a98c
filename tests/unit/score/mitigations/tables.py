"""Made-up tables of mitigations."""

from __future__ import annotations

import numpy as np

from safeglot.score.mitigations.table import MitigationTable
from safeglot.types import Estimate

ROW = Estimate(metric="", judge="j", model="m", level=0.95)
LANGUAGES = ("en", "de", "sw")
SHARED = 0.5
"""Share of the prompts that arms and languages find alike."""


def flags(rng, rate_AL, n, samples=1):
    """Correlated flags of given rates, shape (A, L, n, S): prompts are harder or easier in all arms alike."""
    rate_AL = np.asarray(rate_AL, dtype=float)[..., None, None]
    shape = (*rate_AL.shape[:2], n, samples)
    alike = rng.random((1, 1, n, 1))
    draw = np.where(rng.random((1, 1, n, 1)) < SHARED, alike, rng.random(shape))
    return (np.broadcast_to(draw, shape) < rate_AL).astype(np.int8)


def table(rng, *, mitigations, unsafe, refused, n=400, samples=1, **further):
    """A table of rates by arm and language; `cost` is tokens a prompt and arm beyond none's 100.

    `invalid` are rates too: what is invalid has no reading. `unread` is the share of readings lost.
    """
    unsafe = np.asarray(unsafe, dtype=float)
    arms = unsafe.shape
    unsafe_ALPS, refused_ALQS = (flags(rng, rate, n, samples) for rate in (unsafe, refused))
    invalid = flags(rng, further.get("invalid", np.zeros(arms)), 2 * n, samples)
    unsafe_ALPS[invalid[:, :, :n] == 1] = -1
    refused_ALQS[invalid[:, :, n:] == 1] = -1
    lost = further.get("unread", 0.0)
    for of in (unsafe_ALPS, refused_ALQS):
        of[rng.random(of.shape) < lost] = -1
    cost = np.asarray(further.get("cost", np.zeros(arms[0])))[:, None, None]
    tokens = 100 + cost + rng.normal(0, 20, (*arms, 2 * n))
    languages = further.get("languages", LANGUAGES[: arms[1]])
    return MitigationTable(
        row=ROW,
        mitigations=("none", *mitigations),
        languages=languages,
        reference=languages[0],
        unsafe_ALPS=unsafe_ALPS,
        refused_ALQS=refused_ALQS,
        invalid_ALRS=invalid,
        tokens_ALR=tokens,
        seconds_ALR=tokens / 50,
        price_ALR=further.get("price", 1e-6 * tokens),
    )


def helpful(seed=7, **further):
    """A prompt that helps English alone, and a guard that helps all and refuses more in Swahili."""
    return table(
        np.random.default_rng(seed),
        mitigations=("system-en", "guard-before"),
        unsafe=[[0.30, 0.30, 0.40], [0.10, 0.30, 0.40], [0.05, 0.08, 0.10]],
        refused=[[0.05, 0.05, 0.06], [0.05, 0.05, 0.06], [0.06, 0.06, 0.26]],
        cost=[0, 40, 200],
        **further,
    )
