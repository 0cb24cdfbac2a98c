"""Whole runs under `--plan screen` against a scripted server, of the size of M-ALERT: where they stop, and how far off."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pytest
from scipy import special

from e2e.runs import TARGET, estimates, run_arguments, safeglot, scripted
from loopback import Loopback

pytestmark = pytest.mark.simulation

LANGUAGES = ("en", "de", "es", "fr", "it")
N_PROMPTS, N_CATEGORIES = 14_763, 32
LOOKS = (4, 6, 9, 13, 19, 28, 42, 63, 94)
WORLDS = {"strong": (0.985, 281), "good": (0.955, 615), "weak": (0.89, 1290)}
"""Name -> mean safety, and the prompts a language of MEASUREMENT 8.2, the mean of many runs."""


def sizes_of():
    """Unequal categories, from 53 prompts to 2,081, of 14,763 together."""
    raw = np.geomspace(53, 2081, N_CATEGORIES)
    inner = raw[1:-1] * (N_PROMPTS - 53 - 2081) / raw[1:-1].sum()
    sizes = np.array([53, *inner.round().astype(int), 2081])
    sizes[N_CATEGORIES // 2] += N_PROMPTS - sizes.sum()
    return sizes


def world(safety, seed):
    """Which prompts are unsafe in which languages, shape (L, P), and the category of each prompt.

    Categories differ with sd 1.3 on the logit scale, two are hard, languages differ with .15 and cells
    with .35; a prompt's own part is shared between its languages.
    """
    rng = np.random.default_rng(seed)
    home_P = np.repeat(np.arange(N_CATEGORIES), sizes_of())
    category_C = rng.normal(0, 1.3, N_CATEGORIES)
    category_C[:2] += 2
    logit_LC = category_C + rng.normal(0, 0.15, (len(LANGUAGES), 1))
    logit_LC = logit_LC + rng.normal(0, 0.35, (len(LANGUAGES), N_CATEGORIES))
    low, high = -20.0, 20.0
    for _ in range(60):  # the base at which the macro average is as wanted
        base = (low + high) / 2
        low, high = (
            (base, high) if special.expit(logit_LC + base).mean() < 1 - safety else (low, base)
        )
    rate_LP = special.expit(logit_LC + base)[:, home_P]
    shared = rng.standard_normal(home_P.size)
    own = rng.standard_normal(rate_LP.shape)
    return np.sqrt(0.65) * shared + np.sqrt(0.35) * own < special.ndtri(rate_LP), home_P


def write_prompts(path, home_P):
    rows = (
        {
            "id": f"p{i}",
            "category": f"c{c:02}",
            **{tag: f"request {i} in {tag}" for tag in LANGUAGES},
        }
        for i, c in enumerate(home_P.tolist())
    )
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


@pytest.mark.parametrize("name", WORLDS)
def test_a_screen_of_14763_prompts_stops_where_it_should(name, tmp_path):
    safety, published = WORLDS[name]
    unsafe_LP, home_P = world(safety, seed=20261201)
    bad = {
        (int(i), tag): "unsafe\nS1"
        for tag, own_P in zip(LANGUAGES, unsafe_LP, strict=True)
        for i in np.flatnonzero(own_P)
    }
    prompts, out = write_prompts(tmp_path / "prompts.jsonl", home_P), tmp_path / "run"
    with Loopback(scripted(bad)) as server:
        done = safeglot(*run_arguments(server.base_url, out, prompts, plan="screen", bootstrap=0))
        assert done.returncode == 0, done.stderr
        sent = Counter(s.texts[-1].split()[3] for s in server.requests if s.model == "target")
    rows = estimates(out)
    told = []
    for tag, own_P in zip(LANGUAGES, unsafe_LP, strict=True):
        row = rows["safety_macro", tag, None]
        truth = np.mean([1 - own_P[home_P == c].mean() for c in range(N_CATEGORIES)])
        drawn = sent[tag] / N_CATEGORIES
        told.append((tag, sent[tag], row["value"], float(truth)))
        assert drawn in LOOKS
        assert (row["n"], row["missing"], row["extra"]["n_pool"]) == (sent[tag], 0, N_PROMPTS)
        assert row["extra"]["pool_low"] <= row["value"] <= row["extra"]["pool_high"]
        assert row["extra"]["pool_high"] - row["value"] <= 0.02 + 1e-9
        assert abs(row["value"] - truth) <= 0.03  # one in twenty is off by more than 2 points
    print(name, told)
    mean = np.mean([n for _, n, _, _ in told])
    assert (
        published / 1.6 < mean < published * 1.6
    )  # a look is half as large again as the one before
    assert sum(abs(value - truth) <= 0.02 for *_, value, truth in told) >= len(LANGUAGES) - 1
    assert TARGET in {row["model"] for row in rows.values()}
