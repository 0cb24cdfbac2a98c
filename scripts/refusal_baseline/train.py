"""Train and measure the embedded refusal baseline from its seed texts.

Run from the repository root:

    .venv/bin/python scripts/refusal_baseline/train.py

It writes src/safeglot/judge/families/refusal_baseline.npz (trained on the train part only) and prints the tables that
docs/reference/refusal-baseline.md quotes. `--check` writes nothing.
"""

from __future__ import annotations

import argparse
import io
import random
import re
import sys
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.optimize import minimize
from scipy.special import expit, logit

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "scripts")]

from refusal_seeds import Seed, read_file, read_seeds  # noqa: E402
from safeglot.judge.families.refusal import (  # noqa: E402
    DIM,
    KNOWN_DIM,
    VERSION,
    Decision,
    RefusalModel,
    features,
    is_wide,
    known_buckets,
    normalise,
    parse_model,
    script_blocks,
)

SEEDS = ROOT / "scripts" / "refusal_baseline" / "seeds"
CHALLENGE = ROOT / "scripts" / "refusal_baseline" / "challenge.jsonl"
WEIGHTS = ROOT / "src" / "safeglot" / "judge" / "families" / "refusal_baseline.npz"

HELD_OUT_MODULUS = 4
"""One group in this many is held out."""
FOLDS = 5
PENALTY = 0.05
"""Ridge penalty on the scaled weights: penalty / 2 * |w|^2 against the class-balanced sum of log losses."""
BIAS_PENALTY = 0.005
SMOOTHING = 1.0
"""Added to the counts of texts with a bucket, in the log ratio that scales it."""
RATIO_POWER = 0.6
"""Power of that log ratio: 0 scales no bucket, 1 scales fully."""
COPIES = 4
"""Copies of each train text with words left out, so that no single word decides."""
DROPPED = 0.3
"""Share of words left out of a copy."""
COPY_WEIGHT = 0.5
"""Weight of a copy in the fit, where a text has 1."""
LEAST_ROWS = 3
"""Rows, texts or copies, that a bucket must be in to get a weight."""
STEPS = 60
"""Most steps of the fit."""
LEVELS = 512
"""Weights are rounded to the largest one over this, which keeps the file small."""
MOST_UNSURE = 0.06
"""Largest share of texts between the thresholds in cross-validation, where models have seen a fifth less."""
KNOWN_QUANTILE = 0.01
KNOWN_SLACK = 0.5
"""The known-share threshold is this times that quantile, in cross-validation, of seeds that are not CJK.

The slack is for answers in technical words or with code, which seeds do not have: to drop those as not covered,
and keep refusals, would make models look safer than they are.
"""
MIN_SCRIPT = 0.7
_PIECES = {"zh": re.compile(r".{1,2}", re.DOTALL), "": re.compile(r"\S+\s*")}

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of the baseline's decisions over labelled texts."""

    total: int
    right: int
    unsure: int
    not_covered: int
    false_refusal: int
    false_other: int

    @property
    def decided(self) -> int:
        """Number of texts that got a verdict."""
        return self.right + self.false_refusal + self.false_other


def slot(group: int, modulus: int, salt: str) -> int:
    """Put a group into one of `modulus` slots, the same in every language and on every machine."""
    return zlib.crc32(f"{salt}:{group}".encode()) % modulus


def is_held_out(seed: Seed) -> bool:
    """Say whether a seed is in the held-out part; one group is never in both parts, in any language."""
    return slot(seed.group, HELD_OUT_MODULUS, "held-out") == 0


def split(seeds: Sequence[Seed]) -> tuple[list[Seed], list[Seed]]:
    """Split seeds into the train part and the held-out part."""
    return [s for s in seeds if not is_held_out(s)], [s for s in seeds if is_held_out(s)]


def thinned(seed: Seed) -> list[Seed]:
    """Make the copies of a seed with words left out (in Chinese, pairs of characters)."""
    draw = random.Random(zlib.crc32(seed.text.encode()))
    pieces = _PIECES["zh" if seed.language == "zh" else ""].findall(seed.text)
    texts = ["".join(piece for piece in pieces if draw.random() >= DROPPED) for _ in range(COPIES)]
    return [replace(seed, text=text or seed.text) for text in texts]


def matrix(seeds: Sequence[Seed]) -> sparse.csr_matrix:
    """Give the features of seeds; shape (len(seeds), DIM)."""
    rows = [_features_of(seed.text) for seed in seeds]
    starts = np.cumsum([0, *(buckets.size for buckets, _ in rows)])
    indices = np.concatenate([buckets for buckets, _ in rows]).astype(np.int64)
    values = np.concatenate([values for _, values in rows]).astype(np.float64)
    return sparse.csr_matrix((values, indices, starts), shape=(len(seeds), DIM))


@cache
def _features_of(text: str) -> tuple[Any, Any]:
    return features(normalise(text))


def labels(seeds: Sequence[Seed]) -> Labels:
    """Give the labels of seeds; shape (len(seeds),)."""
    return np.array([seed.refusal for seed in seeds], dtype=np.bool_)


def ratios(x: sparse.csr_matrix, y: Labels) -> Floats:
    """Give each bucket the size of its smoothed log ratio between refusals and others; shape (DIM,).

    Source: S. Wang and C. D. Manning, "Baselines and Bigrams", ACL 2012, section 2.3.
    """
    present = x > 0
    on = np.asarray(present[y].sum(axis=0)).ravel() + SMOOTHING
    off = np.asarray(present[~y].sum(axis=0)).ravel() + SMOOTHING
    sizes: Floats = np.abs(np.log((on / on.sum()) / (off / off.sum()))) ** RATIO_POWER
    return sizes


def fit(x: sparse.csr_matrix, y: Labels, share: Floats) -> tuple[Floats, float]:
    """Fit ridge-penalised logistic regression on scaled features; weights of shape (DIM,) and the bias.

    `share` is what each row counts, shape (len(y),); the classes are balanced besides.
    """
    scales = ratios(x, y)
    scaled = x.multiply(scales).tocsr()
    size = float(np.sqrt(scaled.multiply(scaled).sum() / x.shape[0]))
    used = np.flatnonzero(np.bincount(scaled.indices, minlength=DIM) >= LEAST_ROWS)
    scaled = (scaled[:, used] / size).tocsr()
    turned, sign = scaled.T.tocsr(), np.where(y, 1.0, -1.0)
    balance = 0.5 * share * share.sum() / np.where(y, share[y].sum(), share[~y].sum())

    def loss(point: Floats) -> tuple[float, Floats]:
        w, bias = point[:-1], float(point[-1])
        margins = sign * (scaled @ w + bias)
        pull = -balance * sign * expit(-margins)
        total = balance @ np.logaddexp(0.0, -margins)
        total += PENALTY / 2 * (w @ w) + BIAS_PENALTY / 2 * bias**2
        slope = np.append(turned @ pull + PENALTY * w, pull.sum() + BIAS_PENALTY * bias)
        return float(total), slope

    options = {"maxiter": STEPS, "maxcor": 6, "gtol": 1e-3}
    best = minimize(loss, np.zeros(used.size + 1), jac=True, method="L-BFGS-B", options=options).x
    weights = np.zeros(DIM)
    weights[used] = best[:-1] * scales[used] / size
    return weights, float(best[-1])


def known_bitmap(seeds: Sequence[Seed]) -> Labels:
    """Mark the buckets of n-grams that occur in seeds; shape (KNOWN_DIM,)."""
    seen = np.zeros(KNOWN_DIM, dtype=np.bool_)
    for seed in seeds:
        seen[known_buckets(normalise(seed.text))] = True
    return seen


def fit_model(seeds: Sequence[Seed]) -> RefusalModel:
    """Train a model whose thresholds are not set yet: it decides at 0.5 and covers every text."""
    copies = [copy for seed in seeds for copy in thinned(seed)]
    share = np.concatenate([np.ones(len(seeds)), np.full(len(copies), COPY_WEIGHT)])
    weights, bias = fit(matrix([*seeds, *copies]), labels([*seeds, *copies]), share)
    blocks = np.unique(np.concatenate([script_blocks(normalise(seed.text)) for seed in seeds]))
    return RefusalModel(
        weights=weights.astype(np.float32),
        bias=bias,
        languages=tuple(sorted({seed.language for seed in seeds})),
        low=0.5,
        high=0.5,
        known=known_bitmap(seeds),
        blocks=blocks,
        min_known=0.0,
        min_script=MIN_SCRIPT,
        version=VERSION,
    )


def cross_validate(seeds: Sequence[Seed]) -> tuple[Floats, Floats]:
    """Give p_refusal and known share of each seed by models that never saw its group; shape (len(seeds),) each."""
    folds = np.array([slot(seed.group, FOLDS, "fold") for seed in seeds])
    p, known = np.zeros(len(seeds)), np.zeros(len(seeds))
    for fold in range(FOLDS):
        model = fit_model([seed for seed, at in zip(seeds, folds, strict=True) if at != fold])
        for index in np.flatnonzero(folds == fold):
            text = seeds[int(index)].text
            p[index], known[index] = model.p_refusal(text), model.known_share(text)
    return p, known


def temperature(p: Floats, y: Labels) -> float:
    """Give the factor on the log odds that makes cross-validated probabilities fit best.

    Source: C. Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, section 4.2.
    """
    odds = np.where(y, 1.0, -1.0) * logit(p)
    factors = np.arange(0.2, 2.0, 0.05)
    return float(factors[np.argmin([np.logaddexp(0.0, -f * odds).mean() for f in factors])])


def thresholds(p: Floats, y: Labels) -> tuple[float, float]:
    """Give the pair (low, high) with the least error of those that leave at most MOST_UNSURE between.

    The error is the share of refusals taken for other answers plus the share of others taken for refusals. Ties
    go to the pair that is nearest to 0.5.
    """
    grid = np.round(np.arange(0.02, 0.985, 0.01), 2)
    missed = [float(np.mean(p[y] <= low)) for low in grid]
    mistaken = [float(np.mean(p[~y] >= high)) for high in grid]
    kept = [
        (round(missed[i] + mistaken[j], 9), round(abs(low - 0.5) + abs(high - 0.5), 2), low, high)
        for i, low in enumerate(grid)
        for j, high in enumerate(grid)
        if low <= high and np.mean((p > low) & (p < high)) <= MOST_UNSURE
    ]
    _, _, low, high = min(kept)
    return float(low), float(high)


def rounded(weights: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Round weights to LEVELS steps up to the largest."""
    step = float(np.abs(weights).max()) / LEVELS
    return (np.round(weights / step) * step).astype(np.float16).astype(np.float32)


def train(seeds: Sequence[Seed]) -> RefusalModel:
    """Train the model that is shipped, on these seeds (the train part) alone."""
    p, known = cross_validate(seeds)
    y, model = labels(seeds), fit_model(seeds)
    factor = temperature(p, y)
    low, high = thresholds(expit(factor * logit(p)), y)
    wide = np.array([is_wide(normalise(seed.text)) for seed in seeds])
    floor = round(KNOWN_SLACK * float(np.quantile(known[~wide], KNOWN_QUANTILE)), 2)
    weights, bias = rounded(model.weights * np.float32(factor)), model.bias * factor
    return replace(model, weights=weights, bias=bias, low=low, high=high, min_known=floor)


def dump(model: RefusalModel) -> bytes:
    """Write a model as npz bytes with fixed dates, so that equal models give equal bytes."""
    numbers = [model.bias, model.low, model.high, model.min_known, model.min_script]
    arrays: dict[str, npt.NDArray[Any]] = {
        "weights": model.weights.astype(np.float16),
        "numbers": np.array(numbers, dtype=np.float64).round(6),
        "languages": np.array(" ".join(model.languages)),
        "known": np.packbits(model.known),
        "blocks": model.blocks.astype(np.uint32),
        "version": np.array(model.version),
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, array in arrays.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, array, allow_pickle=False)
            entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, member.getvalue())
    return buffer.getvalue()


def tally(model: RefusalModel, seeds: Sequence[Seed], language: str | None = None) -> Tally:
    """Count a model's decisions; `language` overrides the language the answers are expected in."""
    made = [(seed.refusal, model.decide(seed.text, (language or seed.language,))) for seed in seeds]
    return Tally(
        total=len(made),
        right=sum(said.refusal is truth for truth, said in made),
        unsure=_reasons(made, "unsure"),
        not_covered=_reasons(made, "not-covered") + _reasons(made, "empty"),
        false_refusal=sum(said.refusal is True and not truth for truth, said in made),
        false_other=sum(said.refusal is False and truth for truth, said in made),
    )


def _reasons(made: Sequence[tuple[bool, Decision]], reason: str) -> int:
    return sum(said.reason == reason for _, said in made)


def wilson(right: int, total: int, z: float = 1.959964) -> tuple[float, float]:
    """Give the 95 % interval of a share.

    Source: E. B. Wilson, JASA 22 (1927) 209-212.
    """
    if total == 0:
        return 0.0, 1.0
    share, square = right / total, z * z / total
    centre = (share + square / 2) / (1 + square)
    half = z / (1 + square) * float(np.sqrt(share * (1 - share) / total + square / (4 * total)))
    return max(0.0, centre - half), min(1.0, centre + half)


def row(name: str, trained: int, counts: Tally) -> str:
    """Give one line of a Markdown table for a tally."""
    low, high = wilson(counts.right, counts.decided)
    share = f"{counts.right / counts.decided:.3f}" if counts.decided else "-"
    return (
        f"| {name} | {trained} | {counts.total} | {counts.decided} | {share} | {low:.3f}-{high:.3f} "
        f"| {counts.unsure} | {counts.not_covered} | {counts.false_refusal} | {counts.false_other} |"
    )


def table(model: RefusalModel, trained: Sequence[Seed], tested: Sequence[Seed]) -> str:
    """Give the Markdown table of a model's figures, per language and over all."""
    lines = [
        (
            "| language | train | tested | decided | right of decided | 95 % interval "
            "| unsure | not covered | false refusal | false other |"
        ),
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for language in sorted({seed.language for seed in tested}):
        there = [seed for seed in tested if seed.language == language]
        lines.append(
            row(language, sum(seed.language == language for seed in trained), tally(model, there))
        )
    return "\n".join([*lines, row("all", len(trained), tally(model, tested))])


def leave_one_out(seeds: Sequence[Seed], shipped: RefusalModel) -> str:
    """Give the table of what a model says on a language it was not trained on, were it made to speak.

    The model of each line is trained on the train part of the other languages and asked about the held-out part
    of the language; the last column is the share that its n-grams would tell it not to cover.
    """
    lines = [
        "| left out | tested | right at 0.5, made to speak | 95 % interval | false refusal | false other | not covered |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    trained, held_out = split(seeds)
    for language in shipped.languages:
        model = fit_model([seed for seed in trained if seed.language != language])
        there = [seed for seed in held_out if seed.language == language]
        spoken = tally(replace(model, min_script=0.0), there, model.languages[0])
        silent = tally(replace(model, min_known=shipped.min_known), there, model.languages[0])
        low, high = wilson(spoken.right, spoken.total)
        lines.append(
            f"| {language} | {spoken.total} | {spoken.right / spoken.total:.3f} | {low:.3f}-{high:.3f} "
            f"| {spoken.false_refusal} | {spoken.false_other} | {silent.not_covered / silent.total:.2f} |"
        )
    return "\n".join(lines)


def report(model: RefusalModel, size: int) -> str:
    """Give everything that the documentation quotes."""
    seeds = read_seeds(SEEDS)
    trained, held_out = split(seeds)
    parts = [
        (
            f"{model.version}: {len(model.languages)} languages, {len(trained)} train texts, "
            f"{len(held_out)} held out, {size} bytes"
        ),
        (
            f"unsure between {model.low} and {model.high}; known share at least {model.min_known}; "
            f"script share at least {model.min_script}"
        ),
        "\nHeld-out part, shipped weights:\n\n" + table(model, trained, held_out),
        "\nLeave one language out:\n\n" + leave_one_out(seeds, model),
    ]
    if CHALLENGE.exists():
        parts.append(
            "\nChallenge file, shipped weights:\n\n" + table(model, trained, read_file(CHALLENGE))
        )
    return "\n".join(parts)


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, write the weights unless told to check only, and print the report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 when the weights would change"
    )
    options = parser.parse_args(arguments)
    data = dump(train(split(read_seeds(SEEDS))[0]))
    changed = not WEIGHTS.exists() or WEIGHTS.read_bytes() != data
    if not options.check:
        WEIGHTS.write_bytes(data)
    print(report(parse_model(data), len(data)))
    return 1 if options.check and changed else 0


if __name__ == "__main__":
    sys.exit(main())
