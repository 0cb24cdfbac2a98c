"""Alignment of words that stand for each other, learned from the parallel texts of a run."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from safeglot.prompts.probes.segments import Span, words

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]

MAX_TRAINED_WORDS = 60
"""Longer texts teach nothing: pairs of words grow with the square."""
MAX_PAIRS = 6_000_000
"""Of words that one table is learned from: what is beyond is left out, in the order of the texts."""
STEM = 5
"""Letters of a word that count: a few hundred texts show too few forms of each word."""
TENSION = 4.0
"""How strongly words in the same place of their texts attract each other."""
NULL = 0.1
"""Prior that a word stands for none of the other text."""
ALONE, TOGETHER = 3, 5
"""Rounds in which each direction learns by itself, then both by what they agree on."""
CONFIDENT = 0.5
"""Least geometric mean of both directions' posteriors of a link."""
OFTEN, STRONG = 2.2, 0.4
"""Least number of links that were seen of two words, in all and by the geometric mean of how often
each word stands in the texts: two links may be there by their places alone."""
TWICE, EXCLUSIVE = 1.9, 0.9
"""The same, of words that are rarer and stand in hardly any text without each other."""
SAME, ALIKE = 4, 9.0
"""How much more likely two words are at first that share this many first letters; these need no more
evidence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """Neighbouring words of one text (indices) that stand for neighbouring words of the other."""

    reference: tuple[int, ...]
    target: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WordTable:
    """Probabilities of words given words of the other language, both ways; made by `learn`."""

    reference_ids: dict[str, int]
    target_ids: dict[str, int]
    codes: Ints
    """Sorted: id of the reference word times number of target words, plus id of the target word."""
    target_given_reference: Floats
    reference_given_target: Floats
    target_null: Floats
    reference_null: Floats
    sure: NDArray[np.bool_]
    """Whether two words were linked often enough, or begin the same."""


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """Return the first letters of a word, case folded; the letters of Hangul are those in its syllables."""
    if "\uac00" <= word[0] <= "\ud7a3":
        word = unicodedata.normalize("NFD", word)
    return word.casefold()[:STEM]


def stems(text: str) -> list[str]:
    """Return the stems of the words of a text."""
    return [stem(span.of(text)) for span in words(text)]


def learn(pairs: Iterable[tuple[str, str]]) -> WordTable:
    """Return a table learned from pairs of (reference text, target text), in whatever order.

    IBM Model 1 in both directions with a prior that favours the diagonal; after a few rounds the
    directions learn from the product of their posteriors.
    Source: Brown et al. 1993, The mathematics of statistical machine translation; Dyer et al.
    2013, A simple, fast, and effective reparameterization of IBM Model 2; Liang et al. 2006,
    Alignment by agreement.
    """
    texts = _trainable(pairs)
    reference_ids, target_ids = _ids(r for r, _ in texts), _ids(t for _, t in texts)
    data = _Pairs(
        [[reference_ids[w] for w in r] for r, _ in texts],
        [[target_ids[w] for w in t] for _, t in texts],
        len(target_ids),
    )
    nulls = (
        _unigram(data.all_targets, len(target_ids)),
        _unigram(data.all_references, len(reference_ids)),
    )
    first = _alike(data.codes, list(reference_ids), list(target_ids))
    forward = data.normalised(first, by_reference=True)
    backward = data.normalised(first, by_reference=False)
    both = first
    for turn in range(ALONE + TOGETHER):
        a, b = data.posteriors(forward, backward, *nulls)
        both = data.counts(a * b)
        together = turn >= ALONE
        forward = data.normalised(both if together else data.counts(a), by_reference=True)
        backward = data.normalised(both if together else data.counts(b), by_reference=False)
    return WordTable(
        reference_ids=reference_ids,
        target_ids=target_ids,
        codes=data.codes,
        target_given_reference=forward,
        reference_given_target=backward,
        target_null=nulls[0],
        reference_null=nulls[1],
        sure=(first > 1) | data.strong(both),
    )


def align(table: WordTable, reference: str, target: str) -> list[Unit]:
    """Return the words of two texts that stand for each other with confidence, in reference order."""
    confidence_RT = _confidence(table, stems(reference), stems(target))
    if not confidence_RT.size:
        return []
    best_T = confidence_RT.argmax(axis=0)
    best_R = confidence_RT.argmax(axis=1)
    sure = {
        (r, int(t))
        for r, t in enumerate(best_R)
        if best_T[t] == r and confidence_RT[r, t] >= CONFIDENT
    }
    either = {(r, int(t)) for r, t in enumerate(best_R)} | {
        (int(r), t) for t, r in enumerate(best_T)
    }
    likely = {(r, t) for r, t in either if confidence_RT[r, t] >= CONFIDENT / 2}
    return _units(_grown(sure, likely))


def _trainable(pairs: Iterable[tuple[str, str]]) -> list[tuple[list[str], list[str]]]:
    """Return the stems of the texts to learn from, sorted, so that their order changes nothing."""
    texts, left = [], MAX_PAIRS
    for reference, target in sorted(set(pairs)):
        r, t = stems(reference), stems(target)
        left -= len(r) * len(t)
        if r and t and max(len(r), len(t)) <= MAX_TRAINED_WORDS and left >= 0:
            texts.append((r, t))
    return texts


def _ids(texts: Iterable[Sequence[str]]) -> dict[str, int]:
    return {w: i for i, w in enumerate(sorted({w for text in texts for w in text}))}


def _unigram(tokens: Ints, n: int) -> Floats:
    share: Floats = np.bincount(tokens, minlength=n) / max(len(tokens), 1)
    return share


def _prior(n_reference: int, n_target: int) -> Floats:
    """Return the weights of places in one text for places in the other, shape (R, T)."""
    r = (np.arange(n_reference)[:, None] + 0.5) / n_reference
    t = (np.arange(n_target)[None, :] + 0.5) / n_target
    weights: Floats = np.exp(-TENSION * np.abs(r - t))
    return weights


def _alike(codes: Ints, reference: Sequence[str], target: Sequence[str]) -> Floats:
    """Return first weights of pairs of words: more where at least their first four letters are the same."""
    heads = {w[:SAME]: i for i, w in enumerate(reference) if len(w) >= SAME}
    n_target = max(len(target), 1)
    of_reference = np.array([heads.get(w[:SAME], -1) for w in reference], dtype=np.int64)
    of_target = np.array([heads.get(w[:SAME], -2) for w in target], dtype=np.int64)
    same = of_reference[codes // n_target] == of_target[codes % n_target]
    weights: Floats = np.where(same, 1.0 + ALIKE, 1.0)
    return weights


class _Pairs:
    """Every pair of a reference word and a target word that stand in the same pair of texts."""

    def __init__(
        self, references: list[list[int]], targets: list[list[int]], n_target: int
    ) -> None:
        self.n_target = max(n_target, 1)
        self.all_references = np.array([w for text in references for w in text], dtype=np.int64)
        self.all_targets = np.array([w for text in targets for w in text], dtype=np.int64)
        sizes = [(len(r), len(t)) for r, t in zip(references, targets, strict=True)]
        at_reference = at_target = 0
        rows: list[Any] = []
        columns: list[Any] = []
        for n_r, n_t in sizes:
            rows.append(np.repeat(np.arange(at_reference, at_reference + n_r, dtype=np.int32), n_t))
            columns.append(np.tile(np.arange(at_target, at_target + n_t, dtype=np.int32), n_r))
            at_reference, at_target = at_reference + n_r, at_target + n_t
        none = np.zeros(0, dtype=np.int32)
        self.row = np.concatenate([none, *rows])
        self.column = np.concatenate([none, *columns])
        prior = np.concatenate([np.zeros(0), *(_prior(*size).ravel() for size in sizes)])
        self.prior_of_reference = prior / np.bincount(self.column, prior)[self.column]
        self.prior_of_target = prior / np.bincount(self.row, prior)[self.row]
        codes = self.all_references[self.row] * self.n_target + self.all_targets[self.column]
        self.codes, self.code = np.unique(codes, return_inverse=True)

    def normalised(self, counts: Floats, *, by_reference: bool) -> Floats:
        """Return the probabilities of pairs of words, given the one or the other word, from their counts."""
        given = self.codes // self.n_target if by_reference else self.codes % self.n_target
        total = np.bincount(given, counts)[given] if len(given) else counts
        return counts / np.maximum(total, np.finfo(np.float64).tiny)

    def counts(self, posterior: Floats) -> Floats:
        """Return the counts of pairs of words: the sums of posteriors of pairs of tokens."""
        return np.bincount(self.code, posterior, minlength=len(self.codes)).astype(np.float64)

    def strong(self, links: Floats) -> NDArray[np.bool_]:
        """Return of which pairs of words the links are many for how often both words occur."""
        n_reference = np.bincount(self.all_references)[self.codes // self.n_target]
        n_target = np.bincount(self.all_targets)[self.codes % self.n_target]
        strength = links / np.sqrt(n_reference * n_target)
        often = (links >= OFTEN) & (strength >= STRONG)
        strong: NDArray[np.bool_] = often | (links >= TWICE) & (strength >= EXCLUSIVE)
        return strong

    def posteriors(
        self, forward: Floats, backward: Floats, target_null: Floats, reference_null: Floats
    ) -> tuple[Floats, Floats]:
        """Return how likely each token of one text stands for each of the other, both ways."""
        a = (1 - NULL) * self.prior_of_reference * forward[self.code]
        b = (1 - NULL) * self.prior_of_target * backward[self.code]
        n_t, n_r = len(self.all_targets), len(self.all_references)
        sum_a = np.bincount(self.column, a, minlength=n_t) + NULL * target_null[self.all_targets]
        sum_b = np.bincount(self.row, b, minlength=n_r) + NULL * reference_null[self.all_references]
        return a / sum_a[self.column], b / sum_b[self.row]


def _confidence(table: WordTable, reference: Sequence[str], target: Sequence[str]) -> Floats:
    """Return the geometric mean of both posteriors for every pair of words, 0 where it is not sure.

    Shape (R, T).
    """
    r = np.array([table.reference_ids.get(w, -1) for w in reference], dtype=np.int64)
    t = np.array([table.target_ids.get(w, -1) for w in target], dtype=np.int64)
    if not len(r) or not len(t) or not len(table.codes):
        return np.zeros((0, 0))
    wanted = r[:, None] * len(table.target_ids) + t[None, :]
    place = np.minimum(np.searchsorted(table.codes, wanted), len(table.codes) - 1)
    known = (table.codes[place] == wanted) & (r[:, None] >= 0) & (t[None, :] >= 0)
    prior = _prior(len(r), len(t))
    a = (
        (1 - NULL)
        * prior
        / prior.sum(axis=0)
        * np.where(known, table.target_given_reference[place], 0)
    )
    b = (
        (1 - NULL)
        * prior
        / prior.sum(axis=1, keepdims=True)
        * np.where(known, table.reference_given_target[place], 0)
    )
    null_t = NULL * np.where(t >= 0, table.target_null[t], 1.0)
    null_r = NULL * np.where(r >= 0, table.reference_null[r], 1.0)
    both = a / (a.sum(axis=0) + null_t) * b / (b.sum(axis=1) + null_r)[:, None]
    confidence: Floats = np.where(known & table.sure[place], np.sqrt(both), 0.0)
    return confidence


def _grown(sure: set[tuple[int, int]], likely: set[tuple[int, int]]) -> set[tuple[int, int]]:
    """Return the sure links, and likely ones next to them where one of the two words has no link yet."""
    links = set(sure)
    while True:
        rows, columns = {r for r, _ in links}, {t for _, t in links}
        for r, t in sorted(likely - links):
            neighbours = {(r - 1, t), (r + 1, t), (r, t - 1), (r, t + 1)} & links
            if neighbours and (r not in rows or t not in columns):
                links.add((r, t))
                break
        else:
            return links


def _units(links: set[tuple[int, int]]) -> list[Unit]:
    """Return links that share a word as one unit, where its words are neighbours in both texts."""
    units: list[tuple[set[int], set[int]]] = []
    for r, t in sorted(links):
        mine = [unit for unit in units if r in unit[0] or t in unit[1]]
        rows = {r}.union(*(unit[0] for unit in mine))
        columns = {t}.union(*(unit[1] for unit in mine))
        units = [unit for unit in units if unit not in mine] + [(rows, columns)]
    return [
        Unit(reference=tuple(sorted(rows)), target=tuple(sorted(columns)))
        for rows, columns in sorted(units, key=lambda unit: min(unit[0]))
        if _together(rows) and _together(columns)
    ]


def _together(indices: set[int]) -> bool:
    return max(indices) - min(indices) == len(indices) - 1


def span_of(spans: Sequence[Span], indices: Sequence[int]) -> Span:
    """Return the span from the first to the last of some neighbouring words."""
    return Span(spans[indices[0]].start, spans[indices[-1]].end)
