"""chrF of one text against another: how much of their characters' n-grams they share."""

from __future__ import annotations

from collections import Counter

ORDERS = (6, 5, 4, 3, 2, 1)
"""Lengths of the character n-grams, the longest first: different texts part there already."""
SIGNATURE = "chrF2|nc:6|nw:0|space:no"
"""Of sacrebleu's metric that this equals, but for the scale: 0 to 1 here, 0 to 100 there."""


def chrf(hypothesis: str, reference: str) -> float:
    """Return chrF of a text against a reference, from 0 to 1, spaces left out.

    Character n-grams of orders 1 to 6; precision and recall are averaged over the orders that
    both texts have, recall counts twice (beta 2). The same as sacrebleu's without word n-grams.
    Source: Popović 2015, chrF: character n-gram F-score for automatic MT evaluation, WMT.
    """
    return bounded(bare(hypothesis), bare(reference), beyond=-1.0)


def bare(text: str) -> str:
    """Return a text without its spaces."""
    return "".join(text.split())


def most(hypothesis: int, reference: int) -> float:
    """Return the highest chrF that texts of these lengths can have."""
    return _f(min(1.0, reference / max(hypothesis, 1)), min(1.0, hypothesis / max(reference, 1)))


def bounded(hypothesis: str, reference: str, *, beyond: float) -> float:
    """Return chrF of bare texts, or 0 as soon as it cannot come to more than `beyond`."""
    orders = [n for n in ORDERS if n <= min(len(hypothesis), len(reference))]
    precision = recall = 0.0
    for done, n in enumerate(orders, start=1):
        ours, theirs = _grams(hypothesis, n), _grams(reference, n)
        shared = sum((ours & theirs).values())
        precision += shared / (len(hypothesis) - n + 1)
        recall += shared / (len(reference) - n + 1)
        left = len(orders) - done
        if _f((precision + left) / len(orders), (recall + left) / len(orders)) <= beyond:
            return 0.0
    return _f(precision / len(orders), recall / len(orders)) if orders else 0.0


def _f(precision: float, recall: float) -> float:
    whole = 4 * precision + recall
    return 5 * precision * recall / whole if whole > 0 else 0.0


def _grams(text: str, n: int) -> Counter[str]:
    return Counter(text[i : i + n] for i in range(len(text) - n + 1))
