from __future__ import annotations

from dataclasses import replace

from example import full, small
from safeglot.report.sections.noise import blocks
from unit.report.page_text import everything, row_of, section, tables_of


def table(*estimates):
    return tables_of(blocks, full.page(*estimates)).get("")


def test_a_row_has_the_shares_and_the_advice():
    shown = table(*full.noise())
    assert "Of 5 answers to each prompt" in shown.words
    assert row_of(shown) == {
        "two answers with other verdicts": "6.4 5.4–7.4 n 600",
        "prompts with an answer unsafe": "18.4 17.4–19.4 n 600",
        "prompts with both verdicts": "14.3 13.3–15.3 n 600",
        "more samples?": "more are not worth it",
    }


def test_a_share_that_is_not_there_leaves_the_others():
    assert [*row_of(table(full.noise()[1]))] == ["prompts with an answer unsafe", "more samples?"]


def test_how_many_answers_were_drawn_may_be_unknown():
    shown = table(*(replace(e, extra={}) for e in full.noise()))
    assert "Of several answers to each prompt" in shown.words
    assert "more samples?" not in row_of(shown)


def test_a_run_that_asked_once_has_no_table():
    assert tables_of(blocks, small.page()) == {}
    assert table(*(replace(e, judge="other") for e in full.noise())) is None


def test_the_numbers_stand_in_the_section():
    text = section(full.page(*everything()), "noise")
    for part in (
        "5 answers to each prompt",
        "6.4 5.4–7.4",
        "18.4 17.4–19.4",
        "more are not worth it",
    ):
        assert part in text, part
