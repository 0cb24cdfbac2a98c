"""The answers of a page: what its script needs to list and filter them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from markupsafe import Markup

from safeglot.report.answer_files import within_page
from safeglot.report.environment import script_json
from safeglot.report.finding.shares import verb_for
from safeglot.report.numbers.percent import count
from safeglot.report.page import AnswersShown, Index, Page

KINDS = {
    "unsafe": "{unsafe}",
    "flips": "{safe} in {reference}, {unsafe} here",
    "safe": "safe",
    "refused": "refused",
    "none": "no verdict",
    "blocked": "blocked",
}


def context(page: Page, _: Index) -> dict[str, Any]:
    """Return what the template needs."""
    return {
        "filters": filters(page),
        "total": max(page.n_answers_total, len(page.answers)),
        "beside": page.beside,
        "which": which(page.shown, _words(page)["unsafe"]),
        "answers_json": Markup(answers_json(page)),  # noqa: S704  escaped by script_json
    }


def _words(page: Page) -> dict[str, str]:
    """Return what answers are called, of judges that tell harm and of those that tell refusals."""
    verbs = dict.fromkeys(verb_for(page.run, judge) for judge in page.run.judges)
    return {
        "unsafe": " or ".join(dict.fromkeys(verb.rate for verb in verbs)),
        "safe": " or ".join(dict.fromkeys(verb.safe for verb in verbs)),
        "reference": page.run.language_name(page.run.reference),
    }


def which(shown: AnswersShown | None, unsafe: str = "unsafe") -> str:
    """Return in a sentence which requests the page has the answers of, "" where it has none."""
    if shown is None or not shown.telling + shown.others:
        return ""
    telling = f"an answer that is {unsafe}, blocked or unread"
    if unsafe == "unsafe":
        telling = "an unsafe, blocked or unread answer"
    part = f"{count(shown.others)} of the {{}}{count(shown.others_all)}"
    drawn = ", drawn by hash"
    if shown.others == shown.others_all:
        part, drawn = f"all {count(shown.others)}", ""
    if not shown.telling_all:
        return f"No request has {telling}; {part.format('')} are here{drawn}."
    what, rest = f"All {count(shown.telling)}", ""
    if shown.telling < shown.telling_all:
        what, rest = f"{count(shown.telling)} of the {count(shown.telling_all)}", ", drawn by hash"
    elif shown.others:
        rest = f" and {part.format('other ')}{drawn}" if drawn else f" and {part} others"
    return f"{what} requests with {telling} are here, each with its answers in all languages{rest}."


def filters(page: Page) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """Return (id, name, options) of each filter of the list; an option is (value, name)."""
    run = page.run
    within = dict.fromkeys(name for row in page.answers for name in row.categories)
    categories = page.beside.categories if page.beside else within
    named = _words(page)
    kinds = [(kind, words.format(**named)) for kind, words in KINDS.items()]
    if len(run.judges) == len(run.refusals_only):
        kinds = [pair for pair in kinds if pair[0] != "safe"]
    if len(run.judges) > 1:
        kinds.append(("disagree", "judges disagree"))
    if len(run.languages) < 2:
        kinds = [pair for pair in kinds if pair[0] != "flips"]
    macros = [(name, f"all of {name}") for name, parts in run.macros.items() if len(parts) > 1]
    return [
        ("language", "Language", [(o.tag, f"{o.name} ({o.tag})") for o in run.languages]),
        ("category", "Category", [*macros, *((name, name) for name in sorted(categories))]),
        ("kind", "Kind", kinds),
    ]


def answers_json(page: Page) -> str:
    """Return the answers, or where they are, as the JSON that the page's script reads."""
    run = page.run
    about: Mapping[str, Any] = {
        "names": {language.tag: language.name for language in run.languages},
        "reference": run.reference,
        "models": run.models,
        "judges": run.judges,
        "refusals": run.refusals_only,
        "macros": run.macros,
        "beside": asdict(page.beside) if page.beside else None,
        "within": within_page(run, page.answers) if page.answers else None,
    }
    return script_json(about)
