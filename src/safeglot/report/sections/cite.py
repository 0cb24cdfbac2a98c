"""How to cite a report: the program with the run's signature, the benchmark, and the methods used."""

from __future__ import annotations

import re
from typing import Any

from safeglot import __version__
from safeglot.report.environment import file_text
from safeglot.report.page import Index, Page
from safeglot.report.saved_figure import short_signature

ALWAYS = ("malert", "alert")
_KEY = re.compile(r"@\w+\{(\w+),")


def context(page: Page, _: Index) -> dict[str, Any]:
    """Return what the template needs."""
    return {"bibtex": bibtex(page), "short": short_signature(page.run)}


def bibtex(page: Page) -> str:
    """Return the entries of all that a report rests on; where a title is not at hand, the source as a note."""
    entries = file_text("references.bib").strip().split("\n\n")
    known = {found[1]: entry for entry in entries if (found := _KEY.match(entry))}
    used = dict.fromkeys(ALWAYS, "") | dict(page.references)
    return "\n\n".join(
        (_program(page), *(known.get(key) or _note(key, text) for key, text in used.items()))
    )


def _program(page: Page) -> str:
    version = page.run.versions.get("safeglot", __version__)
    return (
        "@software{safeglot,\n  title = {safeglot: where a language model's safety gets lost between languages},\n"
        f"  version = {{{_plain(version)}}}, note = {{signature {short_signature(page.run)}}}\n}}"
    )


def _note(key: str, text: str) -> str:
    return f"@misc{{{key},\n  note = {{{_plain(text)}}}\n}}"


def _plain(text: str) -> str:
    """Return a text without the signs that mean something in BibTeX."""
    return re.sub(r"[{}\\%#$&_~^]", " ", text).strip()
