from __future__ import annotations

import re
import shlex

import pytest

from example.polyglot import FIVE, page, rows, scope
from safeglot.report.finding.why import Reasons, why
from safeglot.report.terminal.why import why_lines
from safeglot.report.width import display_width


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("run", ["runs/polyglot", f"runs/{'long/' * 30}it's one, of é", "語" * 70])
def test_no_line_is_wider_and_commands_can_be_pasted(width, run):
    shown = page(rows(*FIVE))
    gap = why(shown, scope(shown), Reasons(run=run, translators=("apertium",)))
    lines = why_lines(gap, width)
    assert max(map(display_width, lines)) <= width
    text = "\n".join(lines).replace("\\\n", "")
    told = [text[found.start() :] for found in re.finditer("safeglot ", text)]
    for answer in (answer for answer in gap.answers if answer.command):
        words = shlex.split(answer.command)
        assert any(_words(part, len(words)) == words for part in told), answer.command
    assert lines[-1].startswith("7 of 8 not known")


def _words(text, n):
    """The first words of a text that a shell would read."""
    reader = shlex.shlex(text, posix=True, punctuation_chars=False)
    reader.whitespace_split, reader.commenters = True, ""
    return [reader.get_token() for _ in range(n)]


def test_each_answer_takes_two_lines_at_80_columns():
    shown = page(rows(*FIVE))
    gap = why(shown, scope(shown), Reasons(run="runs/polyglot"))
    assert len(why_lines(gap, 80)) <= 2 * len(gap.answers) + 4
