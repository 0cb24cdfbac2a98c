"""What the command ratings prints: how far it is, and what people say of the translations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from safeglot.flow.translation.ratings_summary import (
    LEAST_ABOVE,
    LEAST_THRESHOLD,
    PRECISION,
    Rated,
    SuggestedThreshold,
    gate_lines,
)
from safeglot.report.table import (
    ResultCell,
    ResultRow,
    ResultTable,
    columns,
    number,
    said,
    to_text,
    word,
)
from safeglot.report.translation_set.quality import HUMAN, by_people, overall
from safeglot.report.translation_set.view import MeanSpread, RatedView, Statistic, TranslationsView
from safeglot.text import languages
from safeglot.types import GATED, KEPT


def _name(tag: str) -> str:
    return f"{tag} ({languages.lookup(tag).name})"


# ---- how far it is


def progress(rated: Rated, tags: Sequence[str]) -> str:
    """Return how many texts are drawn and rated in each language."""
    counts = ("kept, rated", "gated, rated", "rated twice", "ratings")
    heads = columns({"language": "word", **dict.fromkeys(counts, "count")})
    rows = tuple(_progress_row(rated, tag) for tag in tags)
    table = ResultTable(title="", columns=heads, rows=rows, text="")
    return to_text([table]).strip("\n")


def _progress_row(rated: Rated, tag: str) -> ResultRow:
    here = [text for text in rated.drawn if text.language == tag]
    cells = []
    for outcome in (KEPT, GATED):
        of = [text for text in here if rated.texts[text.item].outcome == outcome]
        cells.append(_of(sum(bool(text.ratings) for text in of), len(of)))
    twice = [text for text in here if text.raters > 1]
    cells.append(_of(sum(len(text.ratings) > 1 for text in twice), len(twice)))
    done = sum(min(len(text.ratings), text.raters) for text in here)
    return (word(_name(tag)), *cells, _of(done, sum(text.raters for text in here)))


def _of(done: int, whole: int) -> ResultCell:
    return ResultCell(text=f"{done} of {whole}")


# ---- what people say


def tables(
    view: TranslationsView, rated: Rated, suggested: Sequence[SuggestedThreshold]
) -> list[ResultTable]:
    """Return the tables of `safeglot ratings show`."""
    return [_ratings(view, rated), _quality(view), _thresholds(suggested)]


def gate_file(suggested: Sequence[SuggestedThreshold]) -> str:
    """Return the lines to paste into a gate file, "" where no threshold is suggested."""
    lines = gate_lines(suggested)
    if not lines:
        return ""
    head = "Lines for a gate file (safeglot translate … --again --gate FILE), the estimator that keeps most:"
    return "\n".join([head, "", *lines])


def _measure(m: Statistic) -> ResultCell:
    if m.number is None:
        return number(None, reason=m.why)
    return number(m.number, (m.low, m.high))


def _ratings(view: TranslationsView, rated: Rated) -> ResultTable:
    rows = tuple(map(_rating_row, view.rated))
    return ResultTable(**said("ratings"), rows=rows, notes=tuple(_notes(rated)))


def _rating_row(row: RatedView) -> ResultRow:
    return (
        word(_name(row.language)),
        word(row.outcome),
        _of(row.adequacy.n, row.drawn),
        _measure(row.adequacy),
        _measure(row.preserved),
        _measure(row.alpha),
        number(float(row.alpha.n) if row.outcome == KEPT else None),
    )


def _notes(rated: Rated) -> Iterator[str]:
    if rated.stale:
        yield (
            f"{rated.stale} rated texts are not counted: they are not in the set any more, or not in the "
            "last draw. Their ratings are kept."
        )
    if rated.other_set:
        yield (
            "the set has changed since the texts were drawn. Where more texts are kept now, draw anew "
            "(`safeglot ratings sample`): the new ones had no chance to be drawn."
        )


def _quality(view: TranslationsView) -> ResultTable:
    tags = [language.language.tag for language in view.languages]
    rows = [
        _spread_row(e.name, {o.language.tag: o.quality.get(e.name) for o in view.languages})
        for e in view.estimators
    ]
    human = by_people(view)
    rows.append(_spread_row(HUMAN, {tag: human.get(tag) for tag in tags}))
    heads = columns({"": "word", **dict.fromkeys((*tags, "all"), "word")})
    return ResultTable(**said("estimates_and_ratings"), columns=heads, rows=tuple(rows))


def _spread_row(name: str, spreads: Mapping[str, MeanSpread | None]) -> ResultRow:
    whole = overall([spread for spread in spreads.values() if spread is not None])
    return (word(name), *map(_spread, (*spreads.values(), whole)))


def _spread(spread: MeanSpread | None) -> ResultCell:
    if spread is None:
        return word("none")
    return word(f"{spread.mean:.2f}" + ("" if spread.sd is None else f" ± {spread.sd:.2f}"))


def _thresholds(suggested: Sequence[SuggestedThreshold]) -> ResultTable:
    words = said("thresholds", share=100 * PRECISION, rated=LEAST_THRESHOLD, above=LEAST_ABOVE)
    return ResultTable(**words, rows=tuple(map(_threshold_row, suggested)))


def _threshold_row(suggestion: SuggestedThreshold) -> ResultRow:
    none = suggestion.bound is None
    return (
        word(_name(suggestion.language)),
        word(suggestion.estimator),
        _measure(suggestion.rank),
        number(float(suggestion.rank.n)),
        word(suggestion.why if suggestion.bound is None else f"{suggestion.bound:g}"),
        number(suggestion.share),
        number(None if none else float(suggestion.n)),
        number(None) if none else _of(suggestion.keeps, suggestion.of),
    )
