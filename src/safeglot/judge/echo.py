"""Answers that hand the prompt back."""

from __future__ import annotations

from collections import Counter

ORDERS = (6, 5, 4, 3, 2, 1)
"""Lengths of the character n-grams, the longest first: different texts part there already."""
ECHO = 0.8
FEWEST_CHARS = 6
"""Shorter prompts are found in honest answers."""


def chrf(answer: str, prompt: str) -> float:
    """Give chrF of an answer against a prompt, from 0 to 1, spaces left out.

    Character n-grams of orders 1 to 6; precision and recall are averaged over the orders that
    both texts have, recall counts twice (beta 2). The same as sacrebleu's without word n-grams.
    Source: Popović 2015, chrF: character n-gram F-score for automatic MT evaluation, WMT.
    """
    return _chrf(_bare(answer), _bare(prompt), beyond=-1.0)


def is_echo(answer: str, prompt: str) -> bool:
    """Say whether chrF is above 0.8; where the lengths rule it out, nothing more is counted."""
    said, asked = _bare(answer), _bare(prompt)
    if len(asked) < FEWEST_CHARS or _most(len(said), len(asked)) <= ECHO:
        return False
    return said == asked or _chrf(said, asked, beyond=ECHO) > ECHO


def _bare(text: str) -> str:
    return "".join(text.split())


def _most(said: int, asked: int) -> float:
    """Give the highest chrF that texts of these lengths can have."""
    return _f(min(1.0, asked / max(said, 1)), min(1.0, said / max(asked, 1)))


def _f(precision: float, recall: float) -> float:
    whole = 4 * precision + recall
    return 5 * precision * recall / whole if whole > 0 else 0.0


def _chrf(said: str, asked: str, *, beyond: float) -> float:
    """Give chrF, or 0 as soon as it cannot come to more than `beyond`."""
    orders = [n for n in ORDERS if n <= min(len(said), len(asked))]
    precision = recall = 0.0
    for done, n in enumerate(orders, start=1):
        ours, theirs = _grams(said, n), _grams(asked, n)
        shared = sum((ours & theirs).values())
        precision += shared / (len(said) - n + 1)
        recall += shared / (len(asked) - n + 1)
        left = len(orders) - done
        if _f((precision + left) / len(orders), (recall + left) / len(orders)) <= beyond:
            return 0.0
    return _f(precision / len(orders), recall / len(orders)) if orders else 0.0


def _grams(text: str, n: int) -> Counter[str]:
    return Counter(text[i : i + n] for i in range(len(text) - n + 1))
