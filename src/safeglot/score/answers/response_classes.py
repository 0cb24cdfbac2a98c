"""The estimates of response classes and over-refusal, for each judge, model and language."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from safeglot.score.answers.benign import over_refusal
from safeglot.score.answers.harmful import class_rates, of_the_answers
from safeglot.score.answers.off_topic import off_topic_rate
from safeglot.score.answers.sheet import Answers, AnswerSheet
from safeglot.types import Estimate


def estimates(
    answers: Answers, *, level: float = 0.95, but: Sequence[str] = ()
) -> Iterator[Estimate]:
    """Yield every estimate of response classes and of over-refusal that the answers allow.

    Without harmful prompts only `over_refusal` and `benign_helpful` are given, without benign
    ones nothing that needs them. The judges in `but` give no rates of their own: they are there
    for their word on refusals.
    """
    has_harmful, has_benign = bool(answers.harmful_P.any()), bool((~answers.harmful_P).any())
    for judge, name in enumerate(answers.judges):
        if name in but:
            continue
        for model in range(len(answers.models)):
            sheet = AnswerSheet(answers=answers, judge=judge, model=model, level=level)
            if has_harmful:
                yield from class_rates(sheet)
                yield from of_the_answers(sheet)
                yield from off_topic_rate(sheet)
            if has_benign:
                yield from over_refusal(sheet, has_harmful=has_harmful, joined=but)
