"""The page of a translation set as one HTML file that opens offline and may load nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from markupsafe import Markup

from safeglot.report.environment import environment, head, script_json
from safeglot.report.numbers.figures import Figure, plain
from safeglot.report.numbers.percent import DASH, NBSP, NONE, count, percent
from safeglot.report.page import Language
from safeglot.report.sections.responses import Segment
from safeglot.report.translation_set import quality
from safeglot.report.translation_set.quality import NO_TEXT
from safeglot.report.translation_set.view import LanguageView, Measure, TextRow, TranslationsView
from safeglot.types import OUTCOMES, CandidateRow

PARTS = (
    ("outcomes", "Outcomes"),
    ("translators", "Translators"),
    ("quality", "Estimates"),
    ("ratings", "Ratings"),
    ("settings", "Settings"),
    ("texts", "Texts"),
)
"""Section id and name, as in the page's list of parts."""
MOST = 6
"""How many languages the top of the page names with what people say of them."""

STYLES = ("style.css", "translation_set/style.css")
SCRIPTS = ("scripts/panels.js", "scripts/copy.js", "scripts/list.js", "translation_set/texts.js")


def render_translations(view: TranslationsView) -> str:
    """Return translations.html: the same view gives the same bytes."""
    template = environment().get_template("translation_set/frame.html")
    text = template.render(**head(STYLES, SCRIPTS), **_context(view))
    return text.encode("utf-8", "replace").decode("utf-8")


def _context(view: TranslationsView) -> dict[str, Any]:
    return {
        "page_title": view.title,
        "fact_tables": (("Settings", view.settings), ("Versions", view.versions)),
        "view": view,
        "parts": PARTS,
        "dash": NONE,
        "lead": _lead(view),
        "findings": list(_findings(view)),
        "limits": list(_limits(view)),
        "outcomes": [_outcome_row(one) for one in view.languages],
        "translators": [row for one in view.languages for row in _translator_rows(view, one)],
        "quality": quality.table(view),
        "histograms": quality.histograms(view),
        "ratings": list(_rating_rows(view)),
        "correlations": _correlations(view),
        "filters": list(_filters(view)),
        "held": _held(view),
        "texts_json": Markup(_texts(view)),  # noqa: S704  escaped by script_json
    }


# ---- in words


def _lead(view: TranslationsView) -> str:
    n, many = view.n_prompts, len(view.languages)
    prompts = f"{count(n)} {'prompt' if n == 1 else 'prompts'} in {view.reference.name}"
    by = "1 translator" if len(view.translators) == 1 else f"{len(view.translators)} translators"
    into = view.languages[0].language.name if many == 1 else f"{many} languages"
    return f"{prompts}, translated into {into} by {by}."


def _findings(view: TranslationsView) -> Iterator[str]:
    totals = {name: sum(one.counts[name] for one in view.languages) for name in OUTCOMES}
    whole = sum(totals.values())
    share = f" ({percent(totals['kept'] / whole)}%)" if whole else ""
    yield (
        f"{count(totals['kept'])} of {count(whole)} texts are kept{share}, {count(totals['gated'])} "
        f"are gated, {count(totals['failed'])} failed."
    )
    if len(view.languages) > 1 and whole:
        ends = sorted(view.languages, key=lambda one: one.counts["kept"] / max(one.total, 1))
        if _share(ends[0]) != _share(ends[-1]):
            least, most = (f"{_share(one)}% ({one.language.name})" for one in (ends[0], ends[-1]))
            yield f"The share that is kept goes from {least} to {most}."
    yield from _people(view)


def _people(view: TranslationsView) -> Iterator[str]:
    names = {one.language.tag: one.language.name for one in view.languages}
    told = [
        f"{names[one.language]} {_percent(one.preserved)}, n{NBSP}={NBSP}{count(one.preserved.n)}"
        for one in view.rated
        if one.outcome == "kept" and one.preserved.number is not None
    ]
    if told:
        more = f"; {len(told) - MOST} more languages below" if len(told) > MOST else ""
        yield (
            "People find the meaning kept in this share of the kept texts that they rated: "
            f"{'; '.join(told[:MOST])}{more}."
        )


def _percent(m: Measure) -> str:
    span = f" ({percent(m.low)}{DASH}{percent(m.high)}%)" if m.low is not None else ""
    return f"{percent(m.number)}%{span}"


def _limits(view: TranslationsView) -> Iterator[str]:
    yield from view.notes
    proxies = [one.name for one in view.estimators if one.proxy]
    if not view.estimators:
        yield "No estimator was asked. The hard checks find gross faults, not wrong meaning."
    elif len(proxies) == len(view.estimators):
        yield (
            f"Every estimate here is a proxy ({', '.join(proxies)}): it was not trained on human "
            "judgements and says little of a single text."
        )
    for one in view.languages:
        if one.total and not one.counts["kept"]:
            yield f"Nothing is kept in {one.language.name}: a run cannot ask in it."
    if any(one.counts["gated"] + one.counts["failed"] for one in view.languages):
        yield (
            "What is kept may be the easier part of the prompts, and another part in each language. "
            "Compare languages on the prompts that all of them kept."
        )
    if not any(one.adequacy.n for one in view.rated):
        yield "No person has rated these translations."


def _held(view: TranslationsView) -> str:
    total = sum(one.total for one in view.languages)
    if view.n_shown >= view.n_prompts:
        return f"This page holds all {count(total)} texts."
    return (
        f"This page holds {count(len(view.rows))} of {count(total)} texts: {count(view.n_shown)} of "
        f"{count(view.n_prompts)} prompts in all languages, drawn by the hash of their ids, so that "
        "they are a fair sample. The tables above are of all texts."
    )


# ---- tables


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeRow:
    """One language in the first table."""

    language: Language
    bar: tuple[Segment, ...]
    words: str
    kept: int
    gated: int
    failed: int
    share: str
    gated_by: str
    failed_by: str


def _share(one: LanguageView) -> str:
    return percent(one.counts["kept"] / one.total) if one.total else NONE


def _outcome_row(one: LanguageView) -> OutcomeRow:
    parts = {name: one.counts[name] / max(one.total, 1) for name in OUTCOMES}
    words = ", ".join(f"{name} {percent(part)}%" for name, part in parts.items())
    return OutcomeRow(
        language=one.language,
        bar=tuple(_bar(parts)),
        words=f"{one.language.name}: {words}",
        kept=one.counts["kept"],
        gated=one.counts["gated"],
        failed=one.counts["failed"],
        share=_share(one),
        gated_by=counted(one.gated_by),
        failed_by=counted(one.failed_by),
    )


def _bar(parts: Mapping[str, float]) -> Iterator[Segment]:
    at = 0.0
    for name, part in parts.items():
        if part > 0:
            yield Segment(name=name, x=f"{100 * at:.3f}%", width=f"{100 * part:.3f}%")
        at += part


def counted(found: Mapping[str, int]) -> str:
    """Print counts by name, the most frequent first: "wrong language 12, empty 3"."""
    ordered = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{name} {count(n)}" for name, n in ordered if n)


@dataclass(frozen=True, slots=True, kw_only=True)
class TranslatorRow:
    """One translator in one language."""

    language: Language
    first: bool
    name: str
    asked: int
    passed: int
    chosen: int
    refused: str


def _translator_rows(view: TranslationsView, one: LanguageView) -> Iterator[TranslatorRow]:
    for at, name in enumerate(view.translators):
        asked = one.asked.get(name, 0)
        yield TranslatorRow(
            language=one.language,
            first=at == 0,
            name=name,
            asked=asked,
            passed=one.passed.get(name, 0),
            chosen=one.chosen.get(name, 0),
            refused=counted(one.refused.get(name, {})) if asked else "was not asked",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingRow:
    """What people say of the kept, or the gated, texts of one language."""

    language: Language
    outcome: str
    rated: str
    adequacy: Figure
    preserved: Figure
    alpha: Figure


def _rating_rows(view: TranslationsView) -> Iterator[RatingRow]:
    names = {one.language.tag: one.language for one in view.languages}
    for one in view.rated:
        yield RatingRow(
            language=names[one.language],
            outcome=one.outcome,
            rated=f"{count(one.adequacy.n)} of {count(one.drawn)}",
            adequacy=_figure(one.adequacy),
            preserved=_share_figure(one.preserved),
            alpha=_figure(one.alpha),
        )


def _correlations(view: TranslationsView) -> list[tuple[str, tuple[Figure, ...]]]:
    """Return a row for each estimator: how it ranks texts beside people, by language."""
    found = {one.language: one.correlation for one in view.rated if one.outcome == "kept"}
    none = Measure(number=None)
    return [
        (
            one.name,
            tuple(
                _figure(found.get(o.language.tag, {}).get(one.name, none)) for o in view.languages
            ),
        )
        for one in view.estimators
        if found
    ]


def _figure(m: Measure) -> Figure:
    if m.number is None:
        return Figure(text=NONE, note=m.why)
    span = "" if m.low is None else f"{plain(m.low)} to {plain(m.high)}"
    return Figure(text=plain(m.number), interval=span, n=count(m.n), note=m.why)


def _share_figure(m: Measure) -> Figure:
    if m.number is None or m.low is None or m.high is None:
        return _figure(m)
    span = f"{percent(m.low)}{DASH}{percent(m.high)}"
    return Figure(text=f"{percent(m.number)}%", interval=span, n=count(m.n))


# ---- the list


def _filters(view: TranslationsView) -> Iterator[tuple[str, str, Sequence[tuple[str, str]]]]:
    checks = {name for row in view.rows for c in row.candidates for name in c.faults}
    broken = any(c.broken for row in view.rows for c in row.candidates)
    tags = [(one.language.tag, one.language) for one in view.languages]
    yield "language", "Language", [(tag, f"{one.name} ({tag})") for tag, one in tags]
    yield "outcome", "Outcome", [(name, name) for name in OUTCOMES]
    yield (
        "check",
        "A candidate failed at",
        [(n, n) for n in [*sorted(checks), *([NO_TEXT] * broken)]],
    )
    yield "translator", "Translator chosen", [(name, name) for name in view.translators]
    kinds = sorted({row.kind for row in view.rows})
    yield "kind", "Kind", [(name, name) for name in kinds]


def _texts(view: TranslationsView) -> str:
    languages = [one.language for one in view.languages]
    return script_json(
        {
            "names": {one.tag: one.name for one in languages},
            "directions": {one.tag: one.direction for one in languages},
            "reference": asdict(view.reference),
            "rows": [_text(row) for row in view.rows],
        }
    )


def _text(row: TextRow) -> dict[str, Any]:
    return {
        "id": row.prompt_id,
        "language": row.language,
        "kind": row.kind,
        "categories": row.categories,
        "source": row.source,
        "outcome": row.outcome,
        "translator": row.translator,
        "reason": row.reason,
        "candidates": [_candidate(one) for one in row.candidates],
    }


def _candidate(one: CandidateRow) -> dict[str, Any]:
    found: dict[str, Any] = {"translator": one.translator, "text": one.text}
    for name in ("broken", "faults", "quality", "untold"):
        if told := getattr(one, name):
            found[name] = told if isinstance(told, str) else dict(told)
    return found if one.rank is None else found | {"rank": one.rank}
