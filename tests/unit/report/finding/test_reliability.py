from __future__ import annotations

from dataclasses import replace

import pytest

from example import small
from safeglot.report.finding.reliability import faults
from safeglot.report.html import render_html
from safeglot.report.page import Index
from safeglot.report.terminal.full import tables


def row(metric, language, value, n=200, **extra):
    return small.about(metric=metric, model=None, language=language, value=value, n=n, extra=extra)


UNREAD = [
    row("judge_unparsed", "en", 0.004, limit=0.005, over_limit=0.0),
    row("judge_unparsed", "sw", 0.06, limit=0.005, over_limit=1.0),
]
TWICE = row("judge_flip_rate", None, 0.01, limit=0.003, over_limit=1.0)
CANARIES = [row("canary_flip_rate", "en", 0.0, n=50), row("canary_flip_rate", "sw", 0.2, n=50)]


def said(*estimates):
    return faults(small.page().run, Index(estimates), small.JUDGE)


def test_only_languages_over_the_limit_are_named():
    (text,) = said(*UNREAD)
    assert "over the limit of 0.5%: 12 of 200 in Swahili." in text
    assert "English" not in text
    assert said(UNREAD[0]) == []


def test_changed_verdicts_are_told_over_all_languages():
    (text,) = said(TWICE, row("judge_flip_rate", "sw", 0.5, limit=0.003, over_limit=1.0))
    assert "2 of 200 answers got another verdict, over the limit of 0.3%" in text
    assert said(replace(TWICE, extra={"limit": 0.003, "over_limit": 0.0})) == []
    assert said(replace(TWICE, value=None, extra={})) == []


@pytest.mark.parametrize("metric", ["canary_flip_rate", "canary_token_flip_rate"])
def test_an_answer_that_talks_the_judge_out_of_it_is_told(metric):
    (text,) = said(*(replace(one, metric=metric) for one in CANARIES))
    assert "10 of 50 in Swahili" in text
    assert "English" not in text
    assert said(replace(CANARIES[0], metric=metric)) == []


def test_nothing_is_said_of_another_judge_or_without_guards():
    assert said() == []
    assert said(*(replace(one, judge="other") for one in (*UNREAD, TWICE, *CANARIES))) == []


def test_page_and_terminal_say_it():
    page = small.page()
    page = replace(page, estimates=[*page.estimates, *UNREAD, TWICE, *CANARIES])
    index = Index(page.estimates)
    assert len(faults(page.run, index, small.JUDGE)) == 3
    shown = " ".join(tables(page, 80).split())
    for text in faults(page.run, index, small.JUDGE):
        assert text in shown
        assert text in render_html(page)
