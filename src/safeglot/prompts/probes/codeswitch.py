"""Code-switching: words or clauses of a text stand in the other language, 30% of them by default."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from safeglot.prompts.probes.alignment import Unit, WordTable, align, span_of
from safeglot.prompts.probes.base import SHARE, Variant, failed, shuffled
from safeglot.prompts.probes.segments import UNSPACED, Span, clauses, sentences, words
from safeglot.text import languages

FREQUENT_SHARE = 0.05
FREQUENT_TEXTS = 3
"""A reference word in more of the texts than both is taken last: it is likely to be a function word."""
LONGEST = 3
"""Words on either side of what is swapped as one."""
OFF = 0.25
"""How far the share of a beginning or an end may be from the share that is wanted."""
SKEW = 0.1
"""How differently a cut may divide the words of both texts: a word without a counterpart stands there."""
STRETCH = 3.0
"""How much longer or shorter than expected a clause may be and still pass for the other's translation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A prompt in the reference language and in another; tags are BCP 47."""

    reference: str
    target: str
    reference_tag: str
    target_tag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Swap:
    """A stretch of the matrix text, and what takes its place."""

    at: Span
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Done:
    """The level of a swap, the share of the reference text, and into which text it goes."""

    level: str
    share: float
    into_reference: bool


def frequent_words(references: Iterable[str]) -> frozenset[str]:
    """Return the words of the reference language that stand in many of the texts, case folded."""
    texts = [{span.of(text).casefold() for span in words(text)} for text in set(references)]
    counts = Counter(word for text in texts for word in text)
    least = max(FREQUENT_TEXTS, FREQUENT_SHARE * len(texts))
    return frozenset(word for word, n in counts.items() if n > least)


def by_word(
    pair: Pair,
    table: WordTable,
    *,
    seed: int,
    share: float = SHARE,
    frequent: frozenset[str] = frozenset(),
    into_reference: bool = False,
) -> Variant:
    """Return a text with words swapped: of the target for reference words, or the other way round.

    The reference words are taken in an order that the seed alone determines, frequent ones last;
    a word without a counterpart that is sure gives its turn to the next. At least one is swapped,
    never all. Where there is none, whole clauses are swapped, and the facts say so.
    """
    if pair.reference == pair.target:
        return failed("the text is that of the reference language: there is nothing to switch to")
    for tag in (pair.target_tag, pair.reference_tag):
        if fault := _unspaced(tag):
            return failed(fault)
    reference, target = words(pair.reference), words(pair.target)
    units = [u for u in align(table, pair.reference, pair.target) if _usable(u, pair)]
    order = _order(pair.reference, reference, seed, frequent)
    chosen = _chosen(units, order, len(reference), share)
    matrix_words = len(reference) if into_reference else len(target)
    chosen = _not_all(chosen, matrix_words, into_reference=into_reference)
    if not chosen:
        other = by_clause(pair, seed=seed, share=share, into_reference=into_reference, table=table)
        why = "no word has a counterpart that is sure"
        return failed(f"{why}; {other.fault}") if other.fault else other
    pieces = [(span_of(reference, u.reference), span_of(target, u.target)) for u in chosen]
    swaps = _swaps(pieces, pair, into_reference=into_reference)
    n_reference = sum(len(unit.reference) for unit in chosen)
    done = _Done(level="word", share=n_reference / len(reference), into_reference=into_reference)
    return _variant(pair, swaps, done)


def by_clause(
    pair: Pair,
    *,
    seed: int,
    share: float = SHARE,
    into_reference: bool = False,
    table: WordTable | None = None,
) -> Variant:
    """Return a text with clauses swapped where both texts have as many, else sentences.

    Which ones is determined by the seed alone: at least one, never all. With a table, a text that
    has none that answer each other gets its beginning or its end swapped: about the share of its
    words, cut where all words that are sure stay on the same side in both texts.
    """
    if pair.reference == pair.target:
        return failed("the text is that of the reference language: there is nothing to switch to")
    counts = []
    for level, split in (("clause", clauses), ("sentence", sentences)):
        reference, target = split(pair.reference), split(pair.target)
        counts.append(f"{level}s: {len(target)} against {len(reference)} in the reference language")
        if len(reference) == len(target) > 1 and _parallel(pair, reference, target):
            n = _share_of(len(reference), share)
            chosen = sorted(list(shuffled(seed, len(reference)))[:n])
            pieces = [(reference[i], target[i]) for i in chosen]
            done = _Done(level=level, share=n / len(reference), into_reference=into_reference)
            return _variant(pair, _swaps(pieces, pair, into_reference=into_reference), done)
    if table is not None and not any(map(_unspaced, (pair.target_tag, pair.reference_tag))):
        piece = _stretch(pair, table, seed, share)
        if piece:
            n, whole = len(words(piece[0].of(pair.reference))), len(words(pair.reference))
            done = _Done(level="stretch", share=n / whole, into_reference=into_reference)
            return _variant(pair, _swaps([piece], pair, into_reference=into_reference), done)
    return failed(f"no clauses that answer each other ({'; '.join(counts)})")


def code_mixing_index(labels: Sequence[str]) -> float:
    """Return the code-mixing index, 0 to 100, of tokens labelled by language, "" where by none.

    100 (1 - max w / (n - u)): n tokens, u of them of no language, max w of the most frequent one.
    Source: Das and Gambäck 2014, Identifying languages at the word level in code-mixed Indian
    social media text, ICON.
    """
    counts = Counter(label for label in labels if label)
    return 100.0 * (1 - max(counts.values()) / counts.total()) if counts else 0.0


def _unspaced(tag: str) -> str:
    script = languages.lookup(tag).script
    name = UNSPACED.get(script)
    return f"no word boundaries in {name} script; use codeswitch=clause" if name else ""


def _usable(unit: Unit, pair: Pair) -> bool:
    """Return whether a unit is short, has only spaces between its words, and differs between the texts."""
    if max(len(unit.reference), len(unit.target)) > LONGEST:
        return False
    texts = [
        span_of(words(text), indices).of(text)
        for text, indices in ((pair.reference, unit.reference), (pair.target, unit.target))
    ]
    n = (len(unit.reference), len(unit.target))
    whole = all(len(text.split()) == k for text, k in zip(texts, n, strict=True))
    return whole and texts[0].casefold() != texts[1].casefold()


def _order(text: str, spans: Sequence[Span], seed: int, frequent: frozenset[str]) -> list[int]:
    """Return the words of the reference text in the order in which they are taken."""
    drawn = list(shuffled(seed, len(spans)))
    return sorted(drawn, key=lambda i: spans[i].of(text).casefold() in frequent)


def _stretch(pair: Pair, table: WordTable, seed: int, share: float) -> tuple[Span, Span] | None:
    """Return the beginnings or the ends of both texts, cut between neighbours that both texts have.

    The seed says which; of the cuts, the one nearest to the share of the reference words.
    """
    reference, target = words(pair.reference), words(pair.target)
    units = align(table, pair.reference, pair.target)
    begins = {(unit.reference[0], unit.target[0]) for unit in units}
    ends = {(unit.reference[-1] + 1, unit.target[-1] + 1) for unit in units}
    links = [(r, t) for unit in units for r in unit.reference for t in unit.target]
    head = next(shuffled(seed, 2)) == 0
    n_r, n_t = len(reference), len(target)
    wanted = share * n_r if head else (1 - share) * n_r
    cuts = [
        (r, t)
        for r, t in sorted(begins & ends)
        if (r if head else n_r - r) > 1
        and abs(r - wanted) <= OFF * n_r
        and abs(r / n_r - t / n_t) <= SKEW
        and all((a < r) == (b < t) for a, b in links)
    ]
    if not cuts:
        return None
    r, t = min(cuts, key=lambda cut: abs(cut[0] - wanted))
    if head:
        start = Span(reference[0].start, reference[r - 1].end)
        return start, Span(target[0].start, target[t - 1].end)
    return Span(reference[r].start, reference[-1].end), Span(target[t].start, target[-1].end)


def _share_of(n: int, share: float) -> int:
    """Return how many of n are swapped: at least one, never all."""
    return max(1, min(round(share * n), n - 1))


def _chosen(units: Sequence[Unit], order: Sequence[int], n: int, share: float) -> list[Unit]:
    of_word = {i: unit for unit in units for i in unit.reference}
    wanted, taken = _share_of(n, share), 0
    chosen: list[Unit] = []
    for i in order:
        unit = of_word.get(i)
        if unit is None or unit in chosen:
            continue
        if chosen and taken + len(unit.reference) > wanted:
            continue
        chosen.append(unit)
        taken += len(unit.reference)
        if taken >= wanted:
            break
    return chosen


def _not_all(chosen: Sequence[Unit], n_matrix: int, *, into_reference: bool) -> list[Unit]:
    """Return the units without the last ones, so that a word of the matrix language is left."""
    kept = list(chosen)
    while kept and n_matrix <= sum(
        len(unit.reference if into_reference else unit.target) for unit in kept
    ):
        kept.pop()
    return kept


def _swaps(pieces: Iterable[tuple[Span, Span]], pair: Pair, *, into_reference: bool) -> list[_Swap]:
    """Return what takes the place of what, of pieces of the reference text and of the target text."""
    swaps = []
    for reference, target in pieces:
        if into_reference:
            text = _cased(target, pair.target, reference, pair.reference)
            swaps.append(_Swap(at=reference, text=text))
        else:
            text = _cased(reference, pair.reference, target, pair.target)
            swaps.append(_Swap(at=target, text=text))
    return swaps


def _cased(taken: Span, embedded: str, span: Span, matrix: str) -> str:
    """Return embedded words with a capital where a sentence of the matrix begins, without one elsewhere.

    Only the first letter moves, and only where a sentence of the embedded text began with it.
    """
    text = taken.of(embedded)
    begins = any(piece.start == span.start for piece in sentences(matrix))
    if begins:
        return text[0].upper() + text[1:] if matrix[span.start].isupper() else text
    began = any(piece.start == taken.start for piece in sentences(embedded))
    first = text.split()[0]
    # "I" and "NATO" keep their capitals: a word of one letter cannot show whether it was the place.
    lowered = began and len(first) > 1 and first[1:] == first[1:].lower() and "'" not in first[:2]
    return text[0].lower() + text[1:] if lowered else text


def _parallel(pair: Pair, reference: Sequence[Span], target: Sequence[Span]) -> bool:
    """Return whether the pieces have about the lengths that translations of each other have."""
    whole = len(pair.target) / max(len(pair.reference), 1)
    ratios = [
        (t.end - t.start) / (r.end - r.start) / whole
        for r, t in zip(reference, target, strict=True)
    ]
    return all(1 / STRETCH <= ratio <= STRETCH for ratio in ratios)


def _variant(pair: Pair, swaps: Sequence[_Swap], done: _Done) -> Variant:
    """Return the matrix text with the swaps in it, and counts of what came of it."""
    text, matrix, embedded = pair.target, pair.target_tag, pair.reference_tag
    if done.into_reference:
        text, matrix, embedded = pair.reference, embedded, matrix
    out, labels, end = "", list[str](), 0
    for swap in sorted(swaps, key=lambda swap: swap.at.start):
        out += text[end : swap.at.start] + swap.text
        labels += [matrix] * _size(text[end : swap.at.start], pair)
        labels += [embedded] * _size(swap.text, pair)
        end = swap.at.end
    out, labels = out + text[end:], labels + [matrix] * _size(text[end:], pair)
    if out == text:
        return failed("what was swapped is the same in both languages")
    facts: dict[str, float | str] = {
        "level": done.level,
        "matrix": matrix,
        "embedded": embedded,
        "share": round(done.share, 4),
        "swapped": float(len(swaps)),
        "cmi": round(code_mixing_index(labels), 2),
        "cmi_unit": "letter" if _counts_letters(pair) else "word",
    }
    return Variant(text=out, facts=facts)


def _counts_letters(pair: Pair) -> bool:
    """Return whether one of the texts has no spaces between words: then letters are counted in both."""
    return bool(_unspaced(pair.target_tag) or _unspaced(pair.reference_tag))


def _size(text: str, pair: Pair) -> int:
    spans = words(text)
    return sum(s.end - s.start for s in spans) if _counts_letters(pair) else len(spans)
