"""Train and measure the head of `refusal-encoder-e5` from the project's own seed texts.

Run from the repository root, after `safeglot fetch-embedded e5`; CLONE is that of evaluate.py:

    .venv/bin/python scripts/refusal_encoder/train_e5.py CLONE [--cache FILE]

It writes src/safeglot/judge/families/refusal_encoder_e5.npz and measured_e5.json. What is measured in a
language is by a head that had no seed in it, as the shipped head has none in most of its languages.
Answers of two models choose the constants, those of the third are reported. Of the seeds of each language
and label, and of the answers of each model, language and label, the first by a fixed shuffle are taken.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))
from evaluate import (
    CHOICE,
    REPORTED,
    SHIFTS,
    Floats,
    Labels,
    Recorded,
    auc,
    bounds,
    calibration_error,
    git,
    mean_auc,
    recorded,
    scales,
)
from train import FOLDERS, ROOT, Seed, dump, fit, read_seeds

from safeglot.backends.encoders.e5 import open_encoder
from safeglot.config.registry import E5, judge_class
from safeglot.judge.families.refusal_decision import E5_VERSION
from safeglot.judge.families.refusal_encoder import EncoderHead, parse_head, probability, views

WEIGHTS = ROOT / "src" / "safeglot" / "judge" / "families" / "refusal_encoder_e5.npz"
MEASURED = ROOT / "scripts" / "refusal_encoder" / "measured_e5.json"
PENALTIES = (0.3, 1.0, 3.0, 10.0)
SEEDS, ANSWERS = 80, 10
"""Of a language and label, and of a model, language and label."""
TIMED = 16
"""Of the reported answers every so many is timed."""


def drawn(rows: Sequence[Any], most: int) -> list[Any]:
    """Return the first seeds or answers of each model, language and label, by a fixed shuffle."""
    shuffled = list(rows)
    random.Random(0).shuffle(shuffled)
    seen: Counter[tuple[str, str, bool]] = Counter()
    kept = []
    for row in shuffled:
        seen[kind := (getattr(row, "model", ""), row.language, row.refusal)] += 1
        if seen[kind] <= most:
            kept.append(row)
    return kept


def embedded(texts: Sequence[str], cache: Path | None) -> Floats:
    """Return what the head sees of texts; what is in the cache is not embedded again."""
    known: dict[str, Any] = {}
    if cache and cache.exists():
        with np.load(cache) as kept:
            known = dict(zip(kept["texts"].tolist(), kept["vectors"], strict=True))
    for text in texts:
        if text not in known:
            known[text] = views([text], open_encoder().embed)[0]
    if cache:
        np.savez(cache, texts=np.array(list(known)), vectors=np.array(list(known.values())))
    return np.array([known[text] for text in texts], dtype=np.float64)


def cost_ms(texts: Sequence[str]) -> int:
    """Return the CPU time that an answer takes, on average, in ms."""
    open_encoder().embed(["the first call loads the rest"])
    began = time.process_time()
    views(texts, open_encoder().embed)
    return round(1000 * (time.process_time() - began) / len(texts))


class LeftOut:
    """Log odds by heads that had no seed in a text's language."""

    def __init__(self, seeds: Sequence[Seed], x: Floats, c: float) -> None:
        y, tags = np.array([s.refusal for s in seeds]), np.array([s.language for s in seeds])
        self.heads = {tag: fit(x[tags != tag], y[tags != tag], c) for tag in sorted(set(tags))}

    def odds(self, tags: Sequence[str], x: Floats) -> Floats:
        """Return the log odds of texts in these languages."""
        return np.array([
            row @ self.heads[tag][0] + self.heads[tag][1] for tag, row in zip(tags, x, strict=True)
        ])  # fmt: skip


def figures(p: Floats, y: Labels, head: EncoderHead) -> dict[str, Any]:
    """Return the figures of some texts by their probabilities."""
    decided = (p <= head.low) | (p >= head.high)
    right = decided & ((p >= head.high) == y)
    area = auc(p, y)
    return {
        "texts": len(y),
        "refusals": int(y.sum()),
        "decided": int(decided.sum()),
        "right": int(right.sum()),
        "auc": None if area is None else round(area, 3),
        "calibration_error": round(calibration_error(p, y), 3),
    }


def by_language(
    tags: Sequence[str], odds: Floats, y: Labels, head: EncoderHead
) -> dict[str, dict[str, Any]]:
    """Return the figures of each language, and of all."""
    p = np.array([probability(head, float(one) + head.bias, None) for one in odds])
    there = {tag: np.array([t == tag for t in tags]) for tag in sorted(set(tags))}
    there["all"] = np.ones(len(tags), dtype=bool)
    return {tag: figures(p[at], y[at], head) for tag, at in there.items()}


def chosen(
    seeds: Sequence[Seed], sx: Floats, answers: Sequence[Recorded], x: Floats
) -> tuple[float, float, float, float, float]:
    """Return penalty, shift, scale and bounds that the answers of two models say, and print them."""
    y = np.array([a.refusal for a in answers])
    tags = [a.language for a in answers]
    cells = [
        np.array([a.model == m and a.language == tag for a in answers])
        for m in CHOICE
        for tag in sorted({a.language for a in answers if a.model == m})
    ]
    tried = {c: LeftOut(seeds, sx, c).odds(tags, x) for c in PENALTIES}
    means = {c: mean_auc(odds, y, cells) for c, odds in tried.items()}
    c = max(means, key=lambda one: round(means[one], 3))
    print({one: round(mean, 4) for one, mean in means.items()})
    nothing: list[float | None] = [None] * len(y)
    half: Callable[[float], tuple[float, ...]] = lambda s: scales(tried[c], nothing, y, s)  # noqa: E731
    _loss, shift, alone, _ = min(half(shift) for shift in SHIFTS)
    p = 1 / (1 + np.exp(-alone * (tried[c] + shift)))
    low, high = bounds(p, y)
    print(f"C {c}, shift {shift}, alone {alone}, bounds {low} {high}")
    return c, shift, alone, low, high


def main() -> None:
    """Choose, train, measure, and write both files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("clone", type=Path)
    parser.add_argument("--cache", type=Path, help=".npz file for the vectors, to go on from")
    options = parser.parse_args()
    seeds = drawn(read_seeds(*FOLDERS), SEEDS)
    answers = drawn(list(recorded(options.clone)), ANSWERS)
    sx = embedded([s.text for s in seeds], options.cache)
    x = embedded([a.text for a in answers], options.cache)
    is_reported = np.array([a.model == REPORTED for a in answers])
    of_choice = [a for a in answers if a.model != REPORTED]
    c, shift, alone, low, high = chosen(seeds, sx, of_choice, x[~is_reported])
    weights, bias = fit(sx, np.array([s.refusal for s in seeds]), c)
    numbers = {"alone": alone, "joined": alone, "share": 0.0, "low": low, "high": high}
    named = {"languages": judge_class(E5).covered, "version": E5_VERSION}
    rounded = np.round(weights, 3).astype(np.float32)
    head = EncoderHead(
        weights=rounded, bias=round(bias + shift, 3), encoder=open_encoder().id, **numbers, **named
    )
    WEIGHTS.write_bytes(dump(head))
    parse_head(WEIGHTS.read_bytes(), open_encoder().id, E5_VERSION)
    left_out = LeftOut(seeds, sx, c)
    shifted = EncoderHead(weights=rounded, bias=shift, encoder="", **numbers, **named)
    measure = lambda rows, seen: by_language(  # noqa: E731
        [row.language for row in rows], left_out.odds([row.language for row in rows], seen),
        np.array([row.refusal for row in rows]), shifted,
    )  # fmt: skip
    told = {
        "version": head.version,
        "encoder": head.encoder,
        "penalty": c,
        "bounds": [low, high],
        "source": f"mainlp/Multilingual-Refusal@{(git(options.clone, 'rev-parse', 'HEAD') or b'').decode()[:12]}",
        "chosen_on": list(CHOICE),
        "n_chosen_on": len(of_choice),
        "most": ANSWERS,
        "most_seeds": SEEDS,
        "cost_ms": cost_ms([a.text for a in answers if a.model == REPORTED][::TIMED]),
        "model": REPORTED,
        "seeds": measure(seeds, sx),
        "answers": measure([a for a in answers if a.model == REPORTED], x[is_reported]),
    }
    MEASURED.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    for kind in ("seeds", "answers"):
        for tag, of in told[kind].items():
            print(kind, tag, of)


if __name__ == "__main__":
    main()
