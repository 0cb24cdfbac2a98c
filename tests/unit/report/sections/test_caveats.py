from __future__ import annotations

from example import polyglot
from safeglot.report.page import Index
from safeglot.report.sections.caveats import MOST, context
from unit.report.page_text import section


def test_at_most_three_caveats_stand_open_and_each_stands_once():
    rows = polyglot.mute(polyglot.rows("sw", "jv"))
    page = polyglot.page(rows, polyglot.unusable(), polyglot.arms("sw"))
    ((_, first, others),) = context(page, Index(page.estimates))["panels"]
    assert 0 < len(first) <= MOST
    text = section(page, "caveats")
    for caveat in (*first, *others):
        assert text.count(caveat.text) == 1, caveat.text
    assert f"All {len(first) + len(others)} caveats" in text


def test_commands_name_the_run_as_its_user_did_so_that_a_shell_reads_one_word():
    page = polyglot.page(polyglot.rows("sw"), run={"folder": "../my runs/it's"})
    text = section(page, "caveats")
    assert "safeglot label '../my runs/it'\"'\"'s'" in text
    assert "runs/polyglot" not in text
    small = polyglot.small_run()
    small = polyglot.replace(small, run=polyglot.replace(small.run, folder="/data/a b"))
    assert "safeglot view '/data/a b'" in section(small, "finding")


def test_harmless_requests_and_a_judge_of_refusals_are_asked_for_by_a_command():
    page = polyglot.page(polyglot.rows("sw"))
    assert "safeglot run runs/polyglot --kinds harmful,benign" in section(page, "caveats")
    asked = [
        polyglot.replace(e, value=None, low=None, high=None) for e in polyglot.over_refusal(en=0.1)
    ]
    page = polyglot.page(polyglot.rows("sw"), asked)
    assert "safeglot judge runs/polyglot --judge refusal-baseline" in section(page, "caveats")
