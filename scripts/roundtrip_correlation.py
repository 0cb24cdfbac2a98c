"""How much the round-trip proxy has to do with chrF against a human translation, per segment.

English -> Spanish -> Italian and the way back with Apertium, on the prompts of MultiJail, whose
Italian column is by people. Usage: roundtrip_correlation.py MULTIJAIL.CSV [N]
"""

from __future__ import annotations

import csv
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import stats

from safeglot.text.chrf import chrf
from safeglot.translate.estimators.roundtrip import RoundTripChrf, untranslated_share
from safeglot.types import Candidate, Reply, Request, Source, Translated

THERE, BACK = ("eng-spa", "spa-ita"), ("ita-spa", "spa-eng")
DRAWS = 5000


@dataclass(frozen=True)
class Apertium:
    """A translator whose replies are made here."""

    name: str = "apertium"
    id: str = "apertium"

    def fault(self, _source: str, _target: str) -> str:
        return ""

    def ask(self, item: Source, /) -> Sequence[Request]:
        return (Request(model="apertium", prompt=item.text, max_tokens=1),)

    def read(self, _item: Source, replies: Sequence[Reply], /) -> Translated:
        return Translated(text=replies[0].text)


def translate(texts: Sequence[str], modes: Sequence[str]) -> list[str]:
    """Translate texts through the modes; an empty line between two ends a sentence for Apertium.

    -u leaves the marks of unknown words out.
    """
    found = [" ".join(text.split()) for text in texts]
    for mode in modes:
        done = subprocess.run(
            ["apertium", "-u", mode],
            input="\n\n".join(found),
            capture_output=True,
            text=True,
            check=True,
        )
        found = done.stdout.strip().split("\n\n")
        assert len(found) == len(texts), f"{mode}: {len(found)} texts of {len(texts)}"
    return found


def measured(rows: Sequence[dict[str, str]]) -> np.ndarray:
    """Give a row for each prompt: the proxy, the round trip alone, the untranslated share, chrF."""
    estimator = RoundTripChrf(back=Apertium())
    sources = [row["en"] for row in rows]
    texts = translate(sources, THERE)
    backs = translate(texts, BACK)
    found = []
    for row, text, back in zip(rows, texts, backs, strict=True):
        source = Source(prompt=row["id"], text=row["en"], language="en", target="it")
        candidate = Candidate(source=source, translator="apertium", text=text)
        proxy = estimator.read(candidate, [Reply(text=back)]).value
        assert proxy is not None, row["id"]
        share = untranslated_share(row["en"], text)
        found.append((proxy, chrf(back, row["en"]), share, chrf(text, row["it"])))
    return np.array(found)


def correlation(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Give Pearson's r along the last axis."""
    x, y = (one - one.mean(-1, keepdims=True) for one in (x, y))
    whole = np.sqrt((x**2).sum(-1) * (y**2).sum(-1))
    return (x * y).sum(-1) / whole


def interval(x: np.ndarray, y: np.ndarray, *, ranks: bool) -> tuple[float, float]:
    """Bootstrap over segments: the 2.5 and 97.5 per cent points."""
    at = np.random.default_rng(0).integers(0, len(x), (DRAWS, len(x)))
    drawn = [stats.rankdata(one[at], axis=1) if ranks else one[at] for one in (x, y)]
    low, high = np.quantile(correlation(*drawn), [0.025, 0.975])
    return float(low), float(high)


def main() -> None:
    path, count = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 100
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))[:count]
    found = measured(rows)
    human = found[:, 3]
    print(f"n {len(found)}, mean chrF against the human Italian {human.mean():.3f}")
    for name, x in zip(("proxy", "round trip alone", "untranslated share"), found.T, strict=False):
        print(f"{name}: mean {x.mean():.3f}, sd {x.std(ddof=1):.3f}")
        for label, ranks in (("Pearson", False), ("Spearman", True)):
            pair = [stats.rankdata(one) if ranks else one for one in (x, human)]
            low, high = interval(x, human, ranks=ranks)
            print(f"  {label} {float(correlation(*pair)):.2f} ({low:.2f} to {high:.2f})")
    copies = [row["en"] for row in rows]
    backs = translate(copies, BACK)
    alone = np.mean([chrf(back, text) for back, text in zip(backs, copies, strict=True)])
    print(f"the source in place of a translation: round trip alone {alone:.3f}, proxy 0")


if __name__ == "__main__":
    main()
