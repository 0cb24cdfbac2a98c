from __future__ import annotations

import pytest

from example.polyglot import FIVE, page, rows, scope
from safeglot.report.finding.why import Reasons, why
from safeglot.report.terminal.why import why_lines
from safeglot.report.width import display_width


@pytest.mark.parametrize("width", [60, 80, 120])
def test_text_is_wrapped_and_commands_stay_whole(width):
    shown = page(rows(*FIVE))
    gap = why(shown, scope(shown), Reasons(run="runs/polyglot", translators=("apertium",)))
    lines = why_lines(gap, width)
    commands = [line for line in lines if "safeglot" in line]
    assert all(answer.command in "\n".join(commands) for answer in gap.answers)
    assert max(display_width(line) for line in lines if line not in commands) <= width
    assert lines[-1].startswith("7 of 8 not known")


def test_each_answer_takes_two_lines_at_80_columns():
    shown = page(rows(*FIVE))
    gap = why(shown, scope(shown), Reasons(run="runs/polyglot"))
    assert len(why_lines(gap, 80)) <= 2 * len(gap.answers) + 4
