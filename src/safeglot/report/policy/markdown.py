"""The decision on a release policy for a pull request: what it names can link to nothing and call nobody."""

from __future__ import annotations

from collections.abc import Iterator

from safeglot.report.numbers.percent import count
from safeglot.report.policy.view import (
    HEADS,
    Decision,
    PolicyView,
    basis,
    conclusion,
    name_of,
    sentence,
)
from safeglot.text.cells import code_span, markdown_cell
from safeglot.text.control import one_line

MOST = 100
"""So many claims of one decision are listed: a comment holds 65,536 signs."""


def to_markdown(view: PolicyView) -> str:
    """Return the conclusion, and tables of what is not met, not decided and met."""
    return "\n".join(_lines(view)) + "\n"


def _lines(view: PolicyView) -> Iterator[str]:
    yield f"### {conclusion(view)}"
    yield f"\n{code_span(view.policy)} on {code_span(view.run)}"
    for decision in HEADS:
        if not view.of(decision):
            continue
        yield f"\n**{HEADS[decision]}: {count(len(view.of(decision)))}**"
        yield from _table(view, decision)
    yield "\n```text"
    yield from (one_line(text) for text in basis(view))
    yield "```"


def _table(view: PolicyView, decision: Decision) -> Iterator[str]:
    claims = view.of(decision)
    yield "\n| claim | found |\n| --- | --- |"
    for claim in claims[:MOST]:
        yield f"| {code_span(name_of(claim, view))} | {markdown_cell(sentence(claim))} |"
    if len(claims) > MOST:
        yield f"\nand {count(len(claims) - MOST)} more: `--junit FILE` has all"
