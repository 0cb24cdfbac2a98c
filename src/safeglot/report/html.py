"""The page as one HTML file that opens offline and may load nothing."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import cache
from typing import Any

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup

from safeglot.report import (
    beside,
    causes_template,
    gate,
    judge_error,
    noise,
    omnibus,
    probes,
    quality_curve,
    refusals,
    responses,
    shrunk,
    template,
    template_parts,
)
from safeglot.report.bands import MIN_CERTIFIABLE
from safeglot.report.causes import cause_panels
from safeglot.report.consistency import consistency_panels
from safeglot.report.findings import findings, ranking_note, subject
from safeglot.report.gaps import gap_panels
from safeglot.report.headline import headlines
from safeglot.report.heatmap import heat_maps
from safeglot.report.page import AnswerRow, Index, Page, averages, macro_metric, missing_share
from safeglot.report.percent import count, percent
from safeglot.report.plane import upside
from safeglot.report.plot import Axis
from safeglot.report.script import SCRIPT
from safeglot.report.style import NO_SCRIPT, STYLE

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

_TEMPLATES = {
    "frame": template.FRAME,
    "facts": template.FACTS,
    "macros": template.MACROS,
    "top": template.TOP,
    "safety": template.SAFETY,
    "legend": template.LEGEND,
    "legend_map": template_parts.LEGEND_MAP,
    "categories": template_parts.CATEGORIES,
    "consistency": template_parts.CONSISTENCY,
    "gaps": template_parts.GAPS,
    "beside": beside.TEMPLATE,
    "shrunk": shrunk.TEMPLATE,
    "omnibus": omnibus.TEMPLATE,
    "translations": gate.TEMPLATE,
    "causes": causes_template.TEMPLATE,
    "probes": probes.TEMPLATE,
    "quality_curves": quality_curve.TEMPLATE,
    "responses": responses.TEMPLATE,
    "refusals": refusals.TEMPLATE,
    "judge_errors": judge_error.TEMPLATE,
    "noise": noise.TEMPLATE,
    "missing": template_parts.MISSING,
    "settings": template_parts.SETTINGS,
    "answers": template_parts.ANSWERS,
    "folded": template_parts.FOLDED,
}


def render_html(page: Page) -> str:
    """Return report.html: the same page gives the same bytes."""
    index = Index(page.estimates)
    text = _environment().get_template("frame").render(**_frame(), **_context(page, index))
    return text.encode("utf-8", "replace").decode("utf-8")


def policy(style: str = STYLE, script: str = SCRIPT) -> str:
    """Content security policy: this style and this script by their hashes, no network at all."""
    styles = f"{_hash(style)} {_hash(NO_SCRIPT)}"
    return (
        f"default-src 'none'; style-src {styles}; script-src {_hash(script)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def script_json(value: Any) -> str:
    """Encode JSON so that it can stand inside a script element."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@cache
def _environment() -> Environment:
    return environment_of(_TEMPLATES)


def environment_of(templates: Mapping[str, str]) -> Environment:
    """Return what fills the templates of a page: all that is put in is escaped."""
    environment = Environment(
        loader=DictLoader(templates),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["count"] = count
    environment.filters["parts"] = _parts
    environment.filters["tick"] = _tick
    environment.filters["upside"] = _upside
    return environment


def _frame() -> dict[str, Any]:
    return {
        "policy": policy(),
        "style": Markup(STYLE),  # noqa: S704  our own constant
        "no_script": Markup(NO_SCRIPT),  # noqa: S704  our own constant
        "script": Markup(SCRIPT),  # noqa: S704  our own constant
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
    """Give the sections that have numbers."""
    maps = heat_maps(page, index)
    where_told = {
        "translations": gate.translations(page, index),
        "probes": probes.probe_panels(page),
        "noise": noise.noise_panels(page, index),
    }
    return where_told | {
        "beside": beside.beside_panels(page, index),
        "warnings": [beside.warnings(page.run, index, judge) for judge in page.run.judges],
        "heat_maps": maps,
        "shrunk_maps": shrunk.shrunk_maps(page, index, maps),
        "consistency": consistency_panels(page, index),
        "gaps": gap_panels(page, index),
        "omnibus": omnibus.omnibus_tables(page, index),
        "causes": cause_panels(page, index),
        "quality_curves": quality_curve.curve_panels(page, index),
        "assumptions": page.assumptions,
        "responses": responses.response_panels(page, index),
        "refusals": refusals.refusal_panels(page, index),
        "judge_errors": judge_error.judge_panels(page, index),
        "corrected": judge_error.corrected_panels(page, index),
        "judge_columns": [*judge_error.PANEL.values(), *judge_error.AGREEMENT.values()],
        "fate_words": gate.FATES,
        "parts_of_page": [(id_, name) for id_, name in PARTS if where_told.get(id_, True)],
        "no_benign": beside.NO_BENIGN,
        "no_classes": beside.NO_CLASSES,
        "no_arms": beside.NO_ARMS,
        "not_corrected": beside.NOT_CORRECTED,
    }


def _limits(page: Page, index: Index) -> list[str]:
    """Say what a reader may miss on this page (rules 4 to 7 of the measurement rules)."""
    found = {judge: beside.warnings(page.run, index, judge) for judge in page.run.judges}
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


def _parts(name: str) -> Sequence[str]:
    """Cut a long name where a line may break: after a slash, hyphen, underscore or dot."""
    parts, start = [], 0
    for at, character in enumerate(name, 1):
        if character in "/-_.:=" or at == len(name):
            parts.append(name[start:at])
            start = at
    return parts


def _upside(rate: float, axis: Axis) -> str:
    return upside(axis, rate)


def _tick(rate: float) -> str:
    return f"{100 * rate:g}".replace("-", "\N{MINUS SIGN}")
