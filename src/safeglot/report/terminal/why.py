"""The answers on a gap as lines for a terminal: two a question, commands such that they can be pasted."""

from __future__ import annotations

from collections.abc import Iterator

from safeglot.report.finding.commands import pasted
from safeglot.report.finding.why import WhyAnswer, WhyGap
from safeglot.report.width import display_width, wrapped
from safeglot.text.control import one_line

INDENT = "   "


def why_lines(gap: WhyGap, width: int) -> list[str]:
    """Return the gap and the answers in lines of at most `width` columns, commands on lines of their own."""
    lines = wrapped(one_line(gap.title), width)
    for number, answer in enumerate(gap.answers, 1):
        lines += ["", *_answer(answer, number, width)] if number == 1 else _answer(answer, number, width)  # fmt: skip
    if any(not answer.is_known for answer in gap.answers):
        lost = sum(not answer.is_known for answer in gap.answers)
        lines += ["", *wrapped(f"{lost} of {len(gap.answers)} not known. Each command asks only what is missing.", width)]  # fmt: skip
    return lines


def _answer(answer: WhyAnswer, number: int, width: int) -> Iterator[str]:
    yield from wrapped(one_line(f"{number}. {answer.question} {answer.answer}"), width)
    more = one_line(f"{answer.more} {answer.command}")
    if more and display_width(INDENT + more) <= width:
        yield INDENT + more
    elif more:
        yield from wrapped(one_line(answer.more), width, INDENT)
        if answer.command:
            yield from pasted(one_line(answer.command), width, INDENT)
