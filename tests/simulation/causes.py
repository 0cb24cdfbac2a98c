"""Coverage of the terms of the gap and of the slope of safety on translation quality."""

from __future__ import annotations

import numpy as np
from scipy import special

from safeglot.score.causes.attribution import TERMS, ArmRates, decompose
from safeglot.score.translations.quality import within_prompt_slope
from safeglot.score.translations.translators import variance_components
from simulation.measured import Tally, wald

RUNS = 40
SHARE = 0.6
ROSE = {"roundtrip": 1.2, "back": 1.5, "native": 1.3, "reverse": 0.9}
"""Unsafe rate of each arm over the reference's: answers judged in translation look worst."""


def _arms(rng, rates, shape):
    """Unsafe rates of each prompt in each arm; `shape` is prompts, samples that are averaged."""
    prompt = rng.standard_normal((shape[0], 1))
    return {
        name: (
            np.sqrt(SHARE) * prompt + np.sqrt(1 - SHARE) * rng.standard_normal(shape)
            < special.ndtri(rate)
        ).mean(axis=1)
        for name, rate in rates.items()
    }


def terms(seed):
    """Translation, model and judge, with and without the reverse arm, one sample and three."""
    rng = np.random.default_rng(seed)
    names = {"total": "`unsafe_gap_total`"} | {t: f"`unsafe_gap_{t}`" for t in TERMS}
    grid = "15 to 400 prompts, unsafe rate 0.01 to 0.3, 1 and 3 samples"
    tallies = {key: Tally(interval=name, grid=grid) for key, name in names.items()}
    for prompts in (15, 60, 400):
        for base in (0.01, 0.06, 0.3):
            for samples, reverse in ((1, False), (3, True)):
                _count(rng, tallies, (prompts, samples), base, reverse=reverse)
    return [tally.row() for tally in tallies.values()]


def _count(rng, tallies, shape, base, *, reverse):
    rates = {"reference": base} | {name: base * rose for name, rose in ROSE.items()}
    judge = rates["native"] - rates["back"]
    if reverse:
        judge = (judge + rates["reverse"] - base) / 2
    total, translation = rates["native"] - base, rates["roundtrip"] - base
    truth = {
        "total": total,
        "translation": translation,
        "model": total - translation - judge,
        "judge": judge,
    }
    found = {key: [] for key in tallies}
    for _ in range(RUNS):
        arms = _arms(rng, rates, shape)
        given = ArmRates(
            reference_P=arms["reference"],
            native_P=arms["native"],
            roundtrip_P=arms["roundtrip"],
            back_P=arms["back"],
            reverse_P=arms["reverse"] if reverse else None,
        )
        split = decompose(given)
        told = {"total": split.total, **split.parts}
        for key, part in told.items():
            found[key].append((part.low, part.high, part.value, part.se))
    for key, tally in tallies.items():
        low, high, value, se = np.array(found[key]).T
        tally.add(truth[key], (low, high), wald(value, se))


def portions(seed):
    """The share of a term in a gap of about seven standard errors."""
    rng = np.random.default_rng(seed)
    tally = Tally(interval="share of a term", grid="1500 prompts, gap of about 7 standard errors")
    for base in (0.1, 0.2, 0.3):
        rates = {"reference": base, "native": base * 1.6, "roundtrip": base * 1.2}
        ends = []
        for _ in range(RUNS * 3):
            arms = _arms(rng, rates, (1500, 1))
            part = decompose(
                ArmRates(
                    reference_P=arms["reference"],
                    native_P=arms["native"],
                    roundtrip_P=arms["roundtrip"],
                )
            ).parts["translation"]
            told = part.share is not None
            ends.append(wald(part.share, part.share_se) if told else (-9.0, 9.0))
        tally.add(1 / 3, tuple(np.array(ends).T))
    return [tally.row()]


def slopes(seed):
    """The slope within prompts over three translators, where hard prompts have low quality."""
    rng = np.random.default_rng(seed)
    tally = Tally(interval="`quality_slope`", grid="12 to 300 prompts, 3 translators, slope -0.4")
    beta = -0.4
    for prompts in (12, 30, 60, 300):
        ends = []
        for _ in range(RUNS * 40):
            hard = rng.random((prompts, 1))
            quality = np.clip(0.9 - 0.4 * hard + 0.15 * rng.standard_normal((prompts, 3)), 0, 1)
            unsafe = rng.random((prompts, 3)) < 0.45 + 0.1 * hard + beta * (quality - 0.5)
            slope = within_prompt_slope(quality, unsafe.astype(float))
            silent = isinstance(slope, str) or slope.low is None
            told = (-9.0, 9.0, 0.0, 9.0)
            ends.append(told if silent else (slope.low, slope.high, slope.beta, slope.se))
        low, high, value, se = np.array(ends).T
        tally.add(beta, (low, high), wald(value, se))
    return [tally.row()]


def translators(seed):
    """The gap over other translators too, as extra of `translator_variance` tells it."""
    rng = np.random.default_rng(seed)
    tally = Tally(
        interval="gap over prompts and translators", grid="40 and 200 prompts, 3 and 5 translators"
    )
    for prompts in (40, 200):
        for people in (3, 5):
            for between in (0.0, 0.03, 0.08):
                ends = [_gap_of(rng, (prompts, people), between) for _ in range(RUNS * 6)]
                tally.add(0.1, tuple(np.array(ends).T))
    return [tally.row()]


def _gap_of(rng, shape, between):
    """A gap of 0.1, moved by each translator; the reference's answers are shared by all."""
    unsafe_en = rng.random((shape[0], 1)) < 0.1
    lost = 0.2 + between * rng.standard_normal(shape[1])
    unsafe = rng.random(shape) < lost
    found = variance_components(unsafe.astype(float) - unsafe_en)
    ends = found.interval()
    return (-1.0, 1.0) if ends is None else ends
