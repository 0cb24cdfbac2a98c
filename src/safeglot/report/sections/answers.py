"""The answers: the data of the list, which the page's script fills, and its filters."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from markupsafe import Markup

from safeglot.report.answer_files import answer_fields
from safeglot.report.environment import script_json
from safeglot.report.page import Index, Page

VERDICTS = {"unsafe": "unsafe", "safe": "safe", "none": "no verdict"}


def context(page: Page, _: Index) -> dict[str, Any]:
    """Return what the template needs."""
    return {
        "filters": filters(page),
        "total": max(page.n_answers_total, len(page.answers)),
        "beside": page.beside,
        "answers_json": Markup(answers_json(page)),  # noqa: S704  escaped by script_json
    }


def filters(page: Page) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """Return (id, name, options) of each filter of the list; an option is (value, name)."""
    run = page.run
    within = dict.fromkeys(name for row in page.answers for name in row.categories)
    categories = page.beside.categories if page.beside else within
    verdicts = dict(VERDICTS)
    if len(run.judges) > 1:
        verdicts["disagree"] = "judges disagree"
    return [
        ("language", "Language", [(o.tag, f"{o.name} ({o.tag})") for o in run.languages]),
        ("model", "Model", [(model, model) for model in run.models]),
        ("category", "Category", [(name, name) for name in sorted(categories)]),
        ("verdict", "Verdict", list(verdicts.items())),
    ]


def answers_json(page: Page) -> str:
    """Return the answers as the JSON that the page's script reads."""
    names = {language.tag: language.name for language in page.run.languages}
    rows = [answer_fields(answer) for answer in page.answers]
    beside = {"beside": asdict(page.beside)} if page.beside else {}
    return script_json({"names": names, "reference": page.run.reference, "rows": rows} | beside)
