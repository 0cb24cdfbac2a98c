"""Train the head of `refusal-encoder` from the project's own seed texts.

Run from the repository root:

    .venv/bin/python scripts/refusal_encoder/train.py

It writes src/safeglot/judge/families/refusal_encoder.npz; `--check` writes nothing and exits with 1
where the weights would change. What was chosen on recorded answers (evaluate.py) stands here as constants.
"""

from __future__ import annotations

import argparse
import io
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "scripts")]

from refusal_seeds import FOLDERS, Seed, read_seeds  # noqa: E402
from safeglot.backends.encoders.use import open_encoder  # noqa: E402
from safeglot.judge.families.refusal_decision import ENCODER_VERSION  # noqa: E402
from safeglot.judge.families.refusal_encoder import EncoderHead, parse_head, views  # noqa: E402

WEIGHTS = ROOT / "src" / "safeglot" / "judge" / "families" / "refusal_encoder.npz"
NOT_COVERED = frozenset({"sw"})
"""Seeds of the baseline in languages that the encoder was not trained on."""
C = 0.1
"""Inverse of the ridge penalty, as scikit-learn has it."""
SHIFT = 0.75
"""Added to the bias: refusals of models are less plain than those of the seeds."""
ALONE, JOINED, SHARE = 2.05, 1.7, 0.25
"""Factors on the log odds, and what the baseline's count in the sum."""
LOW, HIGH = 0.33, 0.69
"""No verdict in between."""

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.bool_]


def covered_seeds() -> list[Seed]:
    """Read the seeds of the languages that are covered, in the order of folders and files."""
    return [seed for seed in read_seeds(*FOLDERS) if seed.language not in NOT_COVERED]


def fit(x: Floats, y: Labels, c: float = C) -> tuple[Floats, float]:
    """Fit ridge-penalised logistic regression, the classes balanced; weights of shape (D,) and the bias."""
    mean, sign = x.mean(axis=0), np.where(y, 1.0, -1.0)
    centred = x - mean
    balance = 0.5 * len(y) / np.where(y, y.sum(), (~y).sum())

    def loss(point: Floats) -> tuple[float, Floats]:
        w, bias = point[:-1], float(point[-1])
        margins = sign * (centred @ w + bias)
        pull = -balance * sign * expit(-margins)
        total = balance @ np.logaddexp(0.0, -margins) + w @ w / (2 * c)
        return float(total), np.append(centred.T @ pull + w / c, pull.sum())

    options = {"maxiter": 2000, "gtol": 1e-6, "ftol": 1e-13}
    start = np.zeros(x.shape[1] + 1)
    best = minimize(loss, start, jac=True, method="L-BFGS-B", options=options).x
    return best[:-1], float(best[-1] - mean @ best[:-1])


def train(seeds: Sequence[Seed], x: Floats, c: float = C) -> EncoderHead:
    """Train a head on seeds and what it sees of them."""
    weights, bias = fit(x, np.array([seed.refusal for seed in seeds]), c)
    return EncoderHead(
        weights=np.round(weights, 3).astype(np.float32),
        bias=round(bias + SHIFT, 3),
        alone=ALONE,
        joined=JOINED,
        share=SHARE,
        low=LOW,
        high=HIGH,
        languages=tuple(sorted({seed.language for seed in seeds})),
        encoder=open_encoder().id,
        version=ENCODER_VERSION,
    )


def seen(texts: Sequence[str]) -> Floats:
    """Return what the head sees of texts; shape TxD."""
    vectors: Floats = views(texts, open_encoder().embed).astype(np.float64)
    return vectors


def dump(head: EncoderHead) -> bytes:
    """Write a head as npz bytes with fixed dates, so that equal heads give equal bytes."""
    numbers = [head.bias, head.alone, head.joined, head.share, head.low, head.high]
    arrays: dict[str, npt.NDArray[Any]] = {
        "weights": head.weights,
        "numbers": np.array(numbers, dtype=np.float64),
        "languages": np.array(" ".join(head.languages)),
        "encoder": np.array(head.encoder),
        "version": np.array(head.version),
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


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, and write the weights unless told to check only."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if changed")
    options = parser.parse_args(arguments)
    seeds = covered_seeds()
    data = dump(train(seeds, seen([seed.text for seed in seeds])))
    changed = not WEIGHTS.exists() or WEIGHTS.read_bytes() != data
    if not options.check:
        WEIGHTS.write_bytes(data)
    head = parse_head(data, open_encoder().id)
    print(f"{head.version}: {len(head.languages)} languages, {len(seeds)} seeds, {len(data)} bytes")
    return 1 if options.check and changed else 0


if __name__ == "__main__":
    sys.exit(main())
