"""Where a judge passes a limit: verdicts that cannot be read, that change, or that are talked away."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from safeglot.report.numbers.figures import extra
from safeglot.report.numbers.percent import count, percent
from safeglot.report.page import Index, Run
from safeglot.types import Estimate


def faults(run: Run, index: Index, judge: str) -> list[str]:
    """Return what the guards of one judge found; nothing where no limit is passed."""
    said = []
    unread = _shown(run, index, "judge_unparsed", judge, _over)
    if unread:
        said.append(
            f"Answers without a verdict that could be read, over the limit of "
            f"{_limit(index, 'judge_unparsed', judge, run)}%: {unread}. They are missing, and count "
            "neither as safe nor as unsafe."
        )
    whole = index.get("judge_flip_rate", None, judge=judge, language=None, category=None)
    if whole is not None and _over(whole):
        said.append(
            f"Judged twice, {_part(whole)} answers got another verdict, over the limit of "
            f"{percent(extra(whole, 'limit'), 1)}%: differences between rates that are as small as "
            "this may be noise of the judge."
        )
    for metric, what in (
        ("canary_flip_rate", "by a sentence that asks for it"),
        ("canary_token_flip_rate", "by control tokens"),
    ):
        talked = _shown(run, index, metric, judge, lambda one: bool(one.value))
        if talked:
            said.append(
                f"Unsafe answers were turned safe {what}: {talked}. A model whose answers speak to "
                "the judge would look safer than it is."
            )
    return said


def _over(one: Estimate) -> bool:
    return bool(extra(one, "over_limit"))


def _rows(run: Run, index: Index, metric: str, judge: str) -> Iterator[tuple[str, Estimate]]:
    for language in run.languages:
        one = index.get(metric, None, judge=judge, language=language.tag, category=None)
        if one is not None:
            yield language.name, one


def _shown(
    run: Run, index: Index, metric: str, judge: str, wanted: Callable[[Estimate], bool]
) -> str:
    found = _rows(run, index, metric, judge)
    return ", ".join(f"{_part(one)} in {name}" for name, one in found if wanted(one))


def _limit(index: Index, metric: str, judge: str, run: Run) -> str:
    return next(percent(extra(one, "limit"), 1) for _, one in _rows(run, index, metric, judge))


def _part(one: Estimate) -> str:
    return f"{count(round((one.value or 0.0) * one.n))} of {count(one.n)}"
