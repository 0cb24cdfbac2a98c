from __future__ import annotations

from example.polyglot import page, rows, scope, small_run
from safeglot.report.finding.rates import language_rates
from safeglot.report.finding.small_run import found, in_english


def small(shown):
    about = scope(shown)
    return found(about, language_rates(about))


def test_the_languages_answered_in_come_in_counts():
    told = small(small_run())
    assert told.language == "sw"
    assert [(language.tag, round(rate.value, 2)) for language, rate in told.fallbacks] == [
        ("sw", 0.77), ("fr", 0.26), ("de", 0.2), ("es", 0.2),
    ]  # fmt: skip


def test_one_time_is_singular():
    assert "1 time of 9" in small(small_run(sw=(1, 9))).sentence


def test_without_english_answers_the_refusals_are_told():
    told = small(small_run(sw=(0, 22), de=(0, 30)))
    assert told.sentence == (
        "This small model refuses hardly anything in any language: 2 of 95 harmful requests."
    )


def test_a_judge_of_harm_and_a_model_that_refuses_are_no_small_run():
    assert small(page(rows("sw"))) is None
    assert small(page(rows("sw"), judge="refusal-baseline")) is None
    assert in_english(scope(page(rows("sw")))) == ()
