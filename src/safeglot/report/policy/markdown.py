"""The decision on a release policy for a pull request: what it names can link to nothing and call nobody."""

from __future__ import annotations

from safeglot.report.environment import environment
from safeglot.report.policy.view import HEADS, PolicyView, basis, conclusion, name_of, sentence
from safeglot.text.cells import code_span, markdown_cell
from safeglot.text.control import one_line

MOST = 100
"""So many claims of one decision are listed: a comment holds 65,536 signs."""


def to_markdown(view: PolicyView) -> str:
    """Return the conclusion, and tables of what is not met, not decided and met."""
    jinja = environment().overlay(autoescape=False)
    ours = (basis, code_span, conclusion, markdown_cell, name_of, one_line, sentence)
    jinja.filters = jinja.filters | {of.__name__: of for of in ours}
    made = jinja.get_template("policy.md").render(view=view, heads=HEADS, most=MOST)
    return f"{made}\n"
