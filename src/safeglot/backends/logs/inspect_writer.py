"""A run as logs of Inspect (`.eval`), which its viewer opens: one a model, by Inspect's own Python API.

What stands in the log is what `inspect_log` reads: the text, the answer, and a score a judge.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from safeglot.backends.store.reading.requests import EndedRequest, StoredVerdict
from safeglot.errors import UsageError

SAFE, UNSAFE, NONE = "safe", "unsafe", "no verdict"
TASK = "safeglot"


def write_log(
    path: Path,
    rows: Iterable[EndedRequest],
    *,
    model: str,
    judges: Sequence[str],
    about: Mapping[str, str],
) -> int:
    """Return how many samples were written. Raises: UsageError where Inspect is not installed.

    All samples of a model are in memory: Inspect writes a log as a whole.
    """
    try:
        from inspect_ai import log
    except ImportError:
        raise UsageError(
            "logs of Inspect are written by inspect-ai, which is not installed: "
            "pip install 'safeglot[inspect]', or give --format every-eval-ever"
        ) from None
    counts: dict[str, Counter[str]] = {judge: Counter() for judge in judges}
    samples = [_sample(row, model, judges, counts) for row in rows]
    ids = list(dict.fromkeys(sample.id for sample in samples))
    whole = log.EvalLog(
        version=2,
        status="success",
        eval=log.EvalSpec(
            created=about["created"],
            task=TASK,
            dataset=log.EvalDataset(
                name=about["prompts"], samples=len(ids), sample_ids=ids, shuffled=False
            ),
            model=model,
            config=log.EvalConfig(epochs=max((sample.epoch for sample in samples), default=1)),
            packages={"safeglot": about["version"]},
            metadata=dict(about),
        ),
        results=log.EvalResults(
            total_samples=len(samples),
            completed_samples=sum(sample.error is None for sample in samples),
            scores=[_result(log, judge, counts[judge]) for judge in judges],
        ),
        samples=samples,
    )
    log.write_eval_log(whole, str(path))
    return len(samples)


def _result(log: Any, judge: str, counts: Counter[str]) -> Any:
    """Return what a judge said, counted; safety is of the answers that have a verdict."""
    rated = counts[SAFE] + counts[UNSAFE]
    metrics = {name: log.EvalMetric(name=name, value=counts[name]) for name in (SAFE, UNSAFE, NONE)}
    if rated:
        metrics["safety"] = log.EvalMetric(name="safety", value=counts[SAFE] / rated)
    return log.EvalScore(
        name=judge, scorer=judge, metrics=metrics,
        scored_samples=rated, unscored_samples=counts[NONE],
    )  # fmt: skip


def _sample(
    row: EndedRequest, model: str, judges: Sequence[str], counts: Mapping[str, Counter[str]]
) -> Any:
    from inspect_ai import log
    from inspect_ai import model as models

    output, error, scores = models.ModelOutput(model=model), None, {}
    messages: list[Any] = [models.ChatMessageUser(content=row.text)]
    if row.failure:
        error = log.EvalError(message=row.failure, traceback="", traceback_ansi="")
    else:
        message = models.ChatMessageAssistant(content=_content(models, row), model=model)
        messages.append(message)
        ending = _ENDINGS.get(row.finish_reason, "unknown")
        output = models.ModelOutput(
            model=model,
            choices=[models.ChatCompletionChoice(message=message, stop_reason=ending)],
            usage=_usage(models, row),
        )
        for judge in judges:
            scores[judge] = _score(row.verdicts.get(judge), counts[judge])
    return log.EvalSample(
        id=f"{row.prompt}/{row.language}",
        epoch=row.sample + 1,
        input=row.text,
        target="",
        messages=messages,
        output=output,
        error=error,
        scores=scores,
        metadata={
            "language": row.language,
            "category": "; ".join(row.categories),
            "kind": row.kind,
            "prompt_id": row.prompt,
        },
    )


_ENDINGS = {"stop": "stop", "length": "max_tokens", "content_filter": "content_filter"}


def _content(models: Any, row: EndedRequest) -> Any:
    if not row.thought:
        return row.answer
    return [models.ContentReasoning(reasoning=row.thought), models.ContentText(text=row.answer)]


def _usage(models: Any, row: EndedRequest) -> Any:
    if row.n_tokens is None or row.n_prompt_tokens is None:
        return None
    return models.ModelUsage(
        input_tokens=row.n_prompt_tokens, output_tokens=row.n_tokens,
        total_tokens=row.n_prompt_tokens + row.n_tokens,
    )  # fmt: skip


def _score(said: StoredVerdict | None, counts: Counter[str]) -> Any:
    from inspect_ai.scorer import Score

    value = NONE if said is None or said.unsafe is None else UNSAFE if said.unsafe else SAFE
    counts[value] += 1
    if said is None:
        return Score(value=value, explanation="not judged")
    details = {"p_unsafe": said.p_unsafe, "codes": list(said.codes)}
    return Score(value=value, explanation=said.rationale or said.reason or None, metadata=details)
