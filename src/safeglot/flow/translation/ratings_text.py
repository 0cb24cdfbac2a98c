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
from safeglot.report.table import Column, ResultCell, ResultRow, ResultTable, number, to_text, word
from safeglot.report.translation_set.quality import HUMAN, overall
from safeglot.report.translation_set.view import MeanSpread, RatedView, Statistic, TranslationsView
from safeglot.text import languages
from safeglot.types import GATED, KEPT

_MAPPING = (
    "Human is (mean adequacy - 1) / 4, from 0 to 1. The table of M-ALERT (arXiv 2412.15035, table 2) "
    "has a row Human of .91 to .95 on a scale that it does not describe: the mapping is ours, so do "
    "not set the two beside each other"
)


def _name(tag: str) -> str:
    return f"{tag} ({languages.lookup(tag).name})"


# ---- how far it is


def progress(rated: Rated, tags: Sequence[str]) -> str:
    """Return how many texts are drawn and rated in each language."""
    counts = ("kept, rated", "gated, rated", "rated twice", "ratings")
    columns = [Column(name="language"), *(Column(name=name, kind="count") for name in counts)]
    rows = tuple(_progress_row(rated, tag) for tag in tags)
    table = ResultTable(title="", columns=tuple(columns), rows=rows, text="")
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
    return ResultTable(
        title="Ratings by people",
        columns=(
            Column(name="language"),
            Column(name="texts"),
            Column(name="rated", kind="count"),
            Column(name="adequacy", kind="number"),
            Column(name="meaning kept", kind="rate"),
            Column(name="alpha", kind="number"),
            Column(name="rated twice", kind="count"),
        ),
        rows=tuple(map(_rating_row, view.rated)),
        text=(
            "Tells how much of the meaning the texts carry, as people see it who knew neither the "
            "translator nor the estimates. Does not tell whether two languages differ, unless the same "
            "people rated both."
        ),
        assumptions=(
            "texts were rated from the top of the file or all of them, not picked",
            "adequacy is the mean over texts of the mean of their raters, from 1 to 5, with Student's t",
            "meaning kept: the mean of a text is 4 or more, with Wilson's interval",
            "alpha is Krippendorff's with the interval metric, over kept and gated texts together",
        ),
        notes=tuple(_notes(rated)),
    )


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
    human = {row.language: _human(row) for row in view.rated if row.outcome == KEPT}
    rows.append(_spread_row(HUMAN, {tag: human.get(tag) for tag in tags}))
    return ResultTable(
        title="Estimates and ratings of the texts kept, mean ± standard deviation",
        columns=(Column(name=""), *(Column(name=tag) for tag in (*tags, "all"))),
        rows=tuple(rows),
        text=(
            "Tells how good programs and people find the kept texts. Does not tell which language is "
            "translated better: an estimator's numbers are not comparable between languages."
        ),
        assumptions=("all: every language weighs the same", _MAPPING),
    )


def _human(row: RatedView) -> MeanSpread | None:
    if row.adequacy.number is None:
        return None
    sd = None if row.sd is None else row.sd / 4
    return MeanSpread(mean=(row.adequacy.number - 1) / 4, sd=sd, n=row.adequacy.n)


def _spread_row(name: str, spreads: Mapping[str, MeanSpread | None]) -> ResultRow:
    whole = overall([spread for spread in spreads.values() if spread is not None])
    return (word(name), *map(_spread, (*spreads.values(), whole)))


def _spread(spread: MeanSpread | None) -> ResultCell:
    if spread is None:
        return word("none")
    return word(f"{spread.mean:.2f}" + ("" if spread.sd is None else f" ± {spread.sd:.2f}"))


def _thresholds(suggested: Sequence[SuggestedThreshold]) -> ResultTable:
    return ResultTable(
        title="Estimators beside people, and suggested thresholds",
        columns=(
            Column(name="language"),
            Column(name="estimator"),
            Column(name="rank correlation", kind="number"),
            Column(name="rated", kind="count"),
            Column(name="threshold"),
            Column(name="meaning kept above it", kind="rate"),
            Column(name="rated above it", kind="count"),
            Column(name="keeps", kind="count"),
        ),
        rows=tuple(_threshold_row(suggestion) for suggestion in suggested),
        text=(
            "Tells whether an estimator ranks texts as people do (1: just so, 0: not at all), and the least strict "
            f"threshold at which {100 * PRECISION:g}% of the rated "
            f"texts at or above it keep their meaning, from {LEAST_THRESHOLD} rated texts on. Does not tell "
            "that this share holds for other prompts: it was chosen on these very texts, which flatters it."
        ),
        assumptions=(
            "correlations are Spearman's over all rated texts, kept and gated ones as they were drawn",
            f"at least {LEAST_ABOVE} rated texts lie above a threshold",
            "texts below the present gate count only where gated ones were drawn too (--gated)",
        ),
    )


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
