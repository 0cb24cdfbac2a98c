"""How much the embedded estimates have to do with chrF against a human translation, per segment.

English -> Spanish -> Italian and the way back with Apertium, on the prompts of MultiJail, whose
Italian column is by people; and the encoder's cosines of people's translations in its languages.
Usage: roundtrip_correlation.py MULTIJAIL.CSV [N]
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

from safeglot.backends.encoders.cosines import Cosines
from safeglot.backends.encoders.use import open_encoder
from safeglot.text.chrf import chrf
from safeglot.translate.estimators.roundtrip import RoundTripChrf, untranslated_share
from safeglot.types import Candidate, Reply, Request, Source, Translated

PEOPLE = ("zh", "it", "ar", "ko", "th")
"""The columns of MultiJail in the encoder's languages."""
NAMES = ("proxy", "round trip alone", "untranslated share", "cosine", "proxy and cosine")
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
    """Give a row for each prompt: what NAMES says of Apertium's text, its chrF."""
    texts = translate([row["en"] for row in rows], THERE)
    return np.array([
        (*numbers, chrf(text, row["it"]))
        for row, text, numbers in zip(rows, texts, estimated(rows, texts), strict=True)
    ])  # fmt: skip


def estimated(rows: Sequence[dict[str, str]], texts: Sequence[str]) -> list[tuple[float, ...]]:
    """Give the numbers of Italian texts, in the order of NAMES."""
    estimator = RoundTripChrf(back=Apertium())
    backs = translate(texts, BACK)
    cosines = Cosines(open_encoder()).of((row["en"], text) for row, text in zip(rows, texts, strict=True))  # fmt: skip
    found = []
    for row, text, back, cosine in zip(rows, texts, backs, cosines, strict=True):
        source = Source(prompt=row["id"], text=row["en"], language="en", target="it")
        candidate = Candidate(source=source, translator="apertium", text=text)
        proxy = estimator.read(candidate, [Reply(text=back)]).value
        assert proxy is not None, row["id"]
        share = untranslated_share(row["en"], text)
        found.append((proxy, chrf(back, row["en"]), share, cosine, (proxy + max(cosine, 0)) / 2))
    return found


def higher(x: np.ndarray, y: np.ndarray) -> float:
    """Give the probability that one of x is above one of y."""
    return float(stats.mannwhitneyu(x, y).statistic) / (len(x) * len(y))


def say_people(rows: Sequence[dict[str, str]], machine: np.ndarray) -> None:
    """Say what the estimates make of people's translations."""
    people = np.array(estimated(rows, [row["it"] for row in rows]))
    for name, x, y in zip(NAMES, people.T, machine.T, strict=False):
        print(f"{name}: people {x.mean():.2f}, Apertium {y.mean():.2f}, P(people above) {higher(x, y):.2f}")  # fmt: skip
    cosines = Cosines(open_encoder())
    for tag in PEOPLE:
        kinds = {
            "people": [row[tag] for row in rows],
            "of another prompt": [row[tag] for row in (*rows[-1:], *rows[:-1])],
            "half": [row[tag][: len(row[tag]) // 2] for row in rows],
        }
        of = {kind: np.array(list(cosines.of((row["en"], text) for row, text in zip(rows, texts, strict=True)))) for kind, texts in kinds.items()}  # fmt: skip
        bound = np.quantile(of["people"], 0.05)
        print(f"{tag}: 5th percentile {bound:.2f}; " + "; ".join(
            f"{kind}: AUC {higher(of['people'], of[kind]):.3f}, below it {(of[kind] < bound).mean():.3f}"
            for kind in ("of another prompt", "half")
        ))  # fmt: skip


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
    human = found[:, -1]
    print(f"n {len(found)}, mean chrF against the human Italian {human.mean():.3f}")
    for name, x in zip(NAMES, found.T, strict=False):
        print(f"{name}: mean {x.mean():.3f}, sd {x.std(ddof=1):.3f}")
        for label, ranks in (("Pearson", False), ("Spearman", True)):
            pair = [stats.rankdata(one) if ranks else one for one in (x, human)]
            low, high = interval(x, human, ranks=ranks)
            print(f"  {label} {float(correlation(*pair)):.2f} ({low:.2f} to {high:.2f})")
    say_people(rows, found)
    copies = [row["en"] for row in rows]
    backs = translate(copies, BACK)
    alone = np.mean([chrf(back, text) for back, text in zip(backs, copies, strict=True)])
    print(f"the source in place of a translation: round trip alone {alone:.3f}, proxy 0")


if __name__ == "__main__":
    main()
