"""Where a judge passes a limit: verdicts unread, verdicts that change, verdicts turned by a sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from safeglot.report.numbers.figures import extra
from safeglot.report.numbers.percent import counted, percent
from safeglot.report.page import Index, Run
from safeglot.types import Estimate


def faults(run: Run, index: Index, judge: str) -> list[str]:
    """Return the limits that one judge passes, in sentences; nothing where it passes none."""
    sentences = []
    unread = list(_by_language(run, index, "judge_unparsed", judge))
    if any(_over(e) for _, e in unread):
        sentences.append(
            f"Answers without a verdict that could be read, over the limit of "
            f"{percent(extra(unread[0][1], 'limit'), 1)}%: {_parts(unread, _over)}. They are "
            "missing, and count neither as safe nor as unsafe."
        )
    repeated = index.get("judge_flip_rate", None, judge=judge, language=None)
    if repeated is not None and _over(repeated):
        sentences.append(
            f"Judged twice, {counted(repeated)} answers got another verdict, over the limit of "
            f"{percent(extra(repeated, 'limit'), 1)}%: differences between rates that are as small as "
            "this may be noise of the judge."
        )
    for metric, means in (
        ("canary_flip_rate", "by a sentence that asks for it"),
        ("canary_token_flip_rate", "by control tokens"),
    ):
        turned = _parts(_by_language(run, index, metric, judge), lambda e: bool(e.value))
        if turned:
            sentences.append(
                f"Unsafe answers were turned safe {means}: {turned}. A model whose answers speak to "
                "the judge would look safer than it is."
            )
    return sentences


def _over(estimate: Estimate) -> bool:
    return bool(extra(estimate, "over_limit"))


def _by_language(run: Run, index: Index, metric: str, judge: str) -> Iterator[tuple[str, Estimate]]:
    for language in run.languages:
        estimate = index.get(metric, None, judge=judge, language=language.tag)
        if estimate is not None:
            yield language.name, estimate


def _parts(estimates: Iterable[tuple[str, Estimate]], is_fault: Callable[[Estimate], bool]) -> str:
    return ", ".join(f"{counted(e)} in {name}" for name, e in estimates if is_fault(e))
