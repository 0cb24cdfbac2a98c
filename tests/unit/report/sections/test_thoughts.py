from __future__ import annotations

from dataclasses import replace

from example import small
from example.small import about
from safeglot.report.page import Index, PanelScope
from safeglot.report.sections.thoughts import thought_sentences


def sentences(*estimates):
    run = small.page().run
    scope = PanelScope(run=run, index=Index(estimates), judge=run.judges[0], model=small.MODEL)
    return thought_sentences(scope)


def rate(metric, value, n, **more):
    return about(metric=metric, language="sw", value=value, n=n, model=small.MODEL, **more)


def test_a_model_that_does_not_think_has_no_sentence():
    assert sentences(rate("safety", 0.5, 10)) == []
    assert sentences(rate("thinking_rate", None, 0)) == []


def test_counts_stand_by_language_with_what_is_not_known():
    judged = replace(rate("thought_unsafe", 0.3, 10), missing=2)
    assert sentences(rate("thinking_rate", 0.25, 40), judged) == [
        "Answers that came with a thought: 10 of 40 in Swahili.",
        "Thoughts that the judge calls unsafe: 3 of 10 (2 not known) in Swahili.",
    ]
