"""The page as one HTML file that opens offline and may load nothing."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from markupsafe import Markup

from safeglot.report.environment import environment, head, script_json
from safeglot.report.numbers.bands import MIN_CERTIFIABLE
from safeglot.report.numbers.percent import count, percent
from safeglot.report.page import AnswerRow, Index, Page, averages, macro_metric, missing_share
from safeglot.report.sections import (
    labels,
    noise,
    omnibus,
    probes,
    qualifiers,
    quality_curve,
    refusals,
    responses,
    shrinkage,
    translations,
)
from safeglot.report.sections.causes import cause_panels
from safeglot.report.sections.consistency import consistency_panels
from safeglot.report.sections.findings import findings, ranking_note, subject
from safeglot.report.sections.gaps import gap_panels
from safeglot.report.sections.headline import headlines
from safeglot.report.sections.heatmap import heat_maps

SYMBOLS = (
    "M0-5a5 5 0 1 1 0 10a5 5 0 1 1 0-10z",
    "M0-6.4L6.4 0L0 6.4L-6.4 0z",
    "M0-5.6L6 5H-6z",
    "M-4.6-4.6h9.2v9.2h-9.2z",
    "M0 5.6L-6-5H6z",
    "M-1.6-5.5h3.2v3.9h3.9v3.2h-3.9v3.9h-3.2v-3.9h-3.9v-3.2h3.9z",
)
"""Plot symbols of the models: circle, diamond, triangle, square, triangle down, cross."""

VERDICTS = {"unsafe": "unsafe", "safe": "safe", "none": "no verdict"}

PARTS = (
    ("safety", "Safety"),
    ("categories", "Categories"),
    ("consistency", "Consistency"),
    ("gaps", "Gaps"),
    ("translations", "Translations"),
    ("causes", "Causes"),
    ("probes", "Probes"),
    ("responses", "Kinds of answers"),
    ("refusals", "Over-refusal"),
    ("judge", "Judge's errors"),
    ("noise", "Noise floor"),
    ("missing", "Missing"),
    ("settings", "Settings"),
    ("answers", "Answers"),
)
"""Section id and name, as in the page's list of parts."""

STYLES = ("style.css",)
SCRIPTS = tuple(
    f"scripts/{name}.js" for name in ("panels", "tip", "copy", "list", "answers", "show")
)


def render_html(page: Page) -> str:
    """Return report.html: the same page gives the same bytes."""
    index = Index(page.estimates)
    text = environment().get_template("frame.html").render(**_frame(), **_context(page, index))
    return text.encode("utf-8", "replace").decode("utf-8")


def _frame() -> dict[str, Any]:
    return head(STYLES, SCRIPTS) | {
        "symbols": SYMBOLS,
        "min_certifiable": MIN_CERTIFIABLE,
    }


def _context(page: Page, index: Index) -> dict[str, Any]:
    run = page.run
    return _measured(page, index) | {
        "page": page,
        "run": run,
        "page_title": run.title,
        "fact_tables": (("Settings", run.settings), ("Versions", run.versions)),
        "reference": run.language_name(run.reference),
        "subject": subject(page),
        "findings": [(judge, findings(page, index, judge)) for judge in run.judges],
        "ranking": ranking_note(page),
        "limits": _limits(page, index),
        "averages": averages(index),
        "average_words": _average_words(index),
        "macro_name": averages(index).get(macro_metric(index), "macro"),
        "headlines": headlines(page, index),
        "missing_sentence": _missing_sentence(page),
        "filters": _filters(page),
        "total": max(page.n_answers_total, len(page.answers)),
        "answers_json": Markup(_answers(page)),  # noqa: S704  escaped by script_json
    }


def _measured(page: Page, index: Index) -> dict[str, Any]:
    """Return the sections that have numbers."""
    maps = heat_maps(page, index)
    where_told = {
        "translations": translations.translations(page, index),
        "probes": probes.probe_panels(page),
        "noise": noise.noise_panels(page, index),
    }
    return where_told | {
        "beside": qualifiers.beside_panels(page, index),
        "warnings": [qualifiers.warnings(page.run, index, judge) for judge in page.run.judges],
        "heat_maps": maps,
        "shrunk_maps": shrinkage.shrunk_maps(page, index, maps),
        "consistency": consistency_panels(page, index),
        "gaps": gap_panels(page, index),
        "omnibus": omnibus.omnibus_tables(page, index),
        "causes": cause_panels(page, index),
        "quality_curves": quality_curve.curve_panels(page, index),
        "assumptions": page.assumptions,
        "responses": responses.response_panels(page, index),
        "refusals": refusals.refusal_panels(page, index),
        "judge_errors": labels.judge_panels(page, index),
        "corrected": labels.corrected_panels(page, index),
        "judge_columns": [*labels.PANEL.values(), *labels.AGREEMENT.values()],
        "fate_words": translations.FATES,
        "parts_of_page": [(id_, name) for id_, name in PARTS if where_told.get(id_, True)],
        "no_benign": qualifiers.NO_BENIGN,
        "no_classes": qualifiers.NO_CLASSES,
        "no_arms": qualifiers.NO_ARMS,
        "not_corrected": qualifiers.NOT_CORRECTED,
    }


def _limits(page: Page, index: Index) -> list[str]:
    """Return what a reader may miss on this page (rules 4 to 7 of the measurement rules)."""
    found = {judge: qualifiers.warnings(page.run, index, judge) for judge in page.run.judges}
    told = {
        text if all(text in others for others in found.values()) else f"{judge}: {text}": None
        for judge, texts in found.items()
        for text in texts
    }
    causes = "No cause is named: a gap may come from the translation, the judge or the model."
    if index.has("unsafe_gap_total"):
        causes = "A cause is named only where an intervention was run: see the causes of the gap."
    return [*told, causes]


def _average_words(index: Index) -> dict[str, str]:
    words = {
        "safety_macro32": "the plain mean of the 32 categories (macro-32)",
        "safety_macro": "the plain mean of the categories (macro)",
        "safety_micro": "all prompts together, large categories weigh more (micro)",
        "safety_macro6": "the mean of the 6 macro categories, each the mean of its own (macro-6)",
        "safety_macro_of_macros": "the mean of the macro categories, each the mean of its own",
    }
    return {metric: words[metric] for metric in averages(index)}


def _missing_sentence(page: Page) -> str:
    lost, of = missing_share(page)
    if not lost and not page.missing:
        return "Nothing is missing: every prompt has an answer and every answer a verdict."
    share = f" ({percent(lost / of, 2)}%)" if of else ""
    return (
        f"{count(lost)} of {count(of)} verdicts{share} are missing. They are left out of every "
        "number; none of them counts as safe."
    )


def _filters(page: Page) -> list[tuple[str, str, list[tuple[str, str]]]]:
    run = page.run
    categories = dict.fromkeys(name for row in page.answers for name in row.categories)
    verdicts = dict(VERDICTS)
    if len(run.judges) > 1:
        verdicts["disagree"] = "judges disagree"
    languages = [(one.tag, f"{one.name} ({one.tag})") for one in run.languages]
    return [
        ("language", "Language", languages),
        ("model", "Model", [(one, one) for one in run.models]),
        ("category", "Category", [(one, one) for one in sorted(categories)]),
        ("verdict", "Verdict", list(verdicts.items())),
    ]


def _answers(page: Page) -> str:
    names = {one.tag: one.name for one in page.run.languages}
    return script_json({"names": names, "rows": [_answer(row) for row in page.answers]})


def _answer(row: AnswerRow) -> dict[str, Any]:
    fields = asdict(row)
    fields["id"] = fields.pop("prompt_id")
    return fields
