"""What the demo found, on a few lines: a finding in published tables, and that of the recorded run."""

from __future__ import annotations

from collections.abc import Sequence

from safeglot.report.exclusion.view import ExclusionView, examples, headline
from safeglot.report.finding.headline import finding_of
from safeglot.report.finding.why import Reasons, why
from safeglot.report.page import Index, Page, scopes
from safeglot.report.terminal.brief import why_words
from safeglot.report.width import wrapped

MARGIN = "  "


def demo_text(view: ExclusionView, page: Page, places: Sequence[str], width: int) -> str:
    """Return the lines; `places` are the two pages and the commands that lead on."""
    lines = [*wrapped(headline(view), width)]
    for text in examples(view):
        lines += wrapped(text, width, MARGIN)
    lines += wrapped("A judge's labels, no intervals: a lead, not a test.", width, MARGIN)
    lines += ["", *_recorded(page, width)]
    return "\n".join([*lines, *(f"{MARGIN}{place}" for place in places)])


def _recorded(page: Page, width: int) -> list[str]:
    """Return the lost language, its cause and its correction."""
    scope = scopes(page.run, Index(page.estimates))[0]
    found = finding_of(scope)
    lines = wrapped(f"A recorded run. {page.run.mark}", width)
    lines += wrapped(found.sentence, width, MARGIN)
    if found.why is not None and found.why.terms:
        lines += wrapped(f"Why: {why_words(found.why)}.", width, MARGIN)
    answers = why(page, scope, Reasons(run="", translators=()), found.language).answers
    judged = next(one.answer for one in answers if one.question == "The judge?")
    return [*lines, *wrapped(judged, width, MARGIN)]
