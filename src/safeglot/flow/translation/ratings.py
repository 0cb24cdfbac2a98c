"""The commands that have translations rated by people: draw, read back, show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import cycle
from pathlib import Path

from safeglot.backends.files import labels as files
from safeglot.backends.files.rundir import write_text
from safeglot.backends.files.translation_folder import TranslationFolder
from safeglot.errors import InputErrors, UsageError
from safeglot.flow.translation import ratings_summary, ratings_text
from safeglot.flow.translation.page import estimates_of, scales_of, view_of, write_page
from safeglot.prompts.filled_tables import FilledCell, FilledForm, read_filled
from safeglot.report.table import ResultTable
from safeglot.text import languages
from safeglot.translate.choice.ratings import (
    GRADES,
    Chosen,
    DrawnText,
    Rating,
    RatingPlan,
    draw,
    grade_of,
    instructions,
    joined,
)

COLUMNS = ("item", "language", "source", "translation", "rater", "adequacy", "comment")
_ALLOWED = f"whole numbers from {min(GRADES)} to {max(GRADES)}"


# ---- drawing


def sample(folder: TranslationFolder, wanted: RatingPlan, out: Path, *, again: bool = False) -> str:
    """Return what was drawn to be rated, after writing what still lacks a rating. Raises: UsageError."""
    about = folder.require().read_manifest()
    _check(wanted)
    files.check_new(out)
    with folder.locked():
        before = ratings_summary.read_drawn(folder)
        drawn, shown = draw(ratings_summary.chosen_texts(folder), wanted, of=about.digest)
        if not drawn:
            raise UsageError(f"{folder.path}: has no text to rate: nothing is kept. {folder.page} shows why.")  # fmt: skip
        if not again:
            _check_grows(folder, before, drawn)
        whole = joined(drawn, before)
        rows = list(_rows(whole, shown))
        if not rows:
            raise UsageError(
                f"{folder.path}: all {len(drawn)} texts of this draw are rated already. Ask for more "
                "with --texts, or look at them with `safeglot ratings show`."
            )
        files.write(out, rows, columns=COLUMNS)
        guide = out.with_suffix(".txt")
        if not guide.exists():
            names = [languages.lookup(tag).name for tag in about.languages]
            write_text(guide, instructions(names, languages.lookup(about.reference).name))
        ratings_summary.write_drawn(folder, whole)
    progress = ratings_text.progress(ratings_summary.read_rated(folder, about), about.languages)
    return f"{progress}\n\nto rate: {out} ({len(rows)} rows)\nfor raters: {guide}\nNext: fill in the column adequacy with 1 to 5, then safeglot ratings add {folder.path} {out}"  # fmt: skip


def _check(wanted: RatingPlan) -> None:
    problems = []
    if wanted.texts < 0 or wanted.gated < 0 or wanted.texts + wanted.gated < 1:
        problems.append(
            f"--texts, --gated: got {wanted.texts} and {wanted.gated}, allowed are counts from 0 on, "
            "at least one of them above 0."
        )
    if not 0 <= wanted.overlap <= 1:
        problems.append(f"--overlap: got {wanted.overlap:g}, allowed is a share from 0 to 1.")
    if problems:
        raise InputErrors(problems)


def _check_grows(
    folder: TranslationFolder, before: Sequence[DrawnText], now: Sequence[DrawnText]
) -> None:
    """Check that a draw holds the one before. Raises: UsageError."""
    items = {text.item for text in now}
    lost = [text for text in before if text.drawn and text.item not in items]
    if lost:
        done = sum(bool(text.ratings) for text in before)
        raise UsageError(
            f"{folder.path}: {len(before)} texts were drawn already (seed {before[0].seed}), {done} "
            f"are rated; this draw would leave {len(lost)} of them out. Draw at least as many with the "
            "same --seed, or draw anew with --again: ratings of texts that are drawn again are kept."
        )


def _rows(drawn: Sequence[DrawnText], shown: Mapping[str, Chosen]) -> Iterator[dict[str, str]]:
    """Yield the rows that lack a rating, by language and rater, in an order of chance."""
    by_language: dict[str, list[DrawnText]] = {}
    for text in drawn:
        if text.drawn and text.lacking:
            by_language.setdefault(text.language, []).append(text)
    for here in by_language.values():
        turns = cycle(("1", "2") if any(text.raters > 1 for text in here) else ("1",))
        dealt: dict[str, list[dict[str, str]]] = {"1": [], "2": []}
        for text in here:
            free = [name for name in dealt if name not in text.ratings]
            for name in free[: text.lacking] if text.raters > 1 else (next(turns),):
                dealt[name].append(_row(shown[text.item], name))
        for rows in dealt.values():
            yield from rows


def _row(text: Chosen, rater: str) -> dict[str, str]:
    return {
        "item": text.item,
        "language": text.language,
        "source": text.source,
        "translation": text.text,
        "rater": rater,
        "adequacy": "",
        "comment": "",
    }


# ---- reading back


FORM = FilledForm("adequacy", "rater", "comment", grade_of, _ALLOWED)


def add(folder: TranslationFolder, paths: Sequence[Path]) -> str:
    """Return how far the rating is, after storing the ratings of the files. Raises: InputErrors."""
    about = folder.require().read_manifest()
    if not ratings_summary.read_drawn(folder):
        raise UsageError(
            f"{folder.path}: no texts were drawn for ratings yet. "
            f"Draw some: safeglot ratings sample {folder.path} --out to-rate.csv"
        )
    with folder.locked():
        drawn = ratings_summary.read_drawn(folder)
        items = {text.item for text in drawn}
        read = read_filled(((str(p), *files.read(p)) for p in paths), FORM, items)
        now, changed = _with_ratings(drawn, read)
        ratings_summary.write_drawn(folder, now)
        write_page(folder)
    summary = f"{len(read)} ratings read" + (f", {changed} of them changed" if changed else "")
    progress = ratings_text.progress(ratings_summary.read_rated(folder, about), about.languages)
    return f"{summary}\n{progress}\npage: {folder.page}\nNext: safeglot ratings show {folder.path}"


def _with_ratings(
    drawn: Sequence[DrawnText], read: Mapping[tuple[str, str], FilledCell]
) -> tuple[list[DrawnText], int]:
    by_item: dict[str, dict[str, Rating]] = {}
    for (item, name), own in read.items():
        by_item.setdefault(item, {})[name] = Rating(adequacy=own.value, comment=own.note)
    changed = sum(
        text.ratings[name].adequacy != rating.adequacy
        for text in drawn
        for name, rating in by_item.get(text.item, {}).items()
        if name in text.ratings
    )
    return [
        replace(text, ratings={**text.ratings, **by_item.get(text.item, {})}) for text in drawn
    ], changed


# ---- showing


def show(folder: TranslationFolder) -> tuple[list[ResultTable], str]:
    """Return what people say of the translations, and lines for a gate file. Raises: UsageError."""
    about = folder.require().read_manifest()
    rated, scales = ratings_summary.read_rated(folder, about), scales_of(about)
    if not rated.drawn and not rated.stale:
        raise UsageError(
            f"{folder.path}: no texts were drawn for ratings. "
            f"Draw some: safeglot ratings sample {folder.path} --out to-rate.csv"
        )
    values = estimates_of(folder)
    ordered = {
        (tag, name): values[tag, name]
        for tag in about.languages
        for name in scales
        if (tag, name) in values
    }
    suggested = ratings_summary.thresholds(rated, scales, ordered)
    return ratings_text.tables(view_of(folder, rows=0), rated, suggested), ratings_text.gate_file(
        suggested
    )
