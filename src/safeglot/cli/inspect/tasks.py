"""The task `safeglot/malert` of Inspect, and a scorer that asks our judges.

Inspect asks the target and the judge, by its own providers; the prompts, the frozen translations
and the reading of the judge's replies are safeglot's. `docs/how-to/export.md` has the command.
"""

from __future__ import annotations

import math
from typing import Any

from safeglot.config import registry
from safeglot.config.files import configured
from safeglot.errors import UsageError
from safeglot.flow import prompts as reading
from safeglot.flow.run.models import policy_of
from safeglot.flow.translation.for_run import ready
from safeglot.prompts.prompt_set import PromptSet
from safeglot.types import Answer, Item, JudgeStep, Prompt, Reply, Request, Response, Translation

UNREAD = "no verdict"


def malert(
    languages: str | list[str] = "en,de,es,fr,it",
    prompts: str = "hf:felfri/M-ALERT",
    *,
    judge: str = "refusal-baseline",
    translations: str | None = None,
    max_tokens: int = 200,
    **settings: Any,
) -> Any:
    """Return the task: each prompt in each language, one answer, one verdict.

    `translations` is a frozen set of `safeglot translate`; `settings` are further keys of the
    configuration that choose prompts (limit, categories, kinds, columns). Raises: UsageError.
    """
    from inspect_ai import Task
    from inspect_ai.dataset import MemoryDataset
    from inspect_ai.model import GenerateConfig
    from inspect_ai.solver import generate

    tags = languages if isinstance(languages, str) else ",".join(languages)
    given = {"languages": tags, "prompts": prompts, "translations": translations, **settings}
    config = configured(None, {key: value for key, value in given.items() if value is not None})
    loaded, origin = reading.load(config)
    whole = ready(config, loaded, origin, None)
    return Task(
        dataset=MemoryDataset(_samples(whole), name=origin.name),
        solver=generate(),
        scorer=safeglot_judge(judge, policy_of(whole.taxonomy)),
        config=GenerateConfig(max_tokens=max_tokens),
    )


def _samples(prompts: PromptSet) -> list[Any]:
    from inspect_ai.dataset import Sample

    labels = {prompt.id: prompt for prompt in prompts.labels()}
    return [
        Sample(
            id=f"{text.prompt}/{text.language}",
            input=text.text,
            metadata={
                "language": text.language,
                "category": "; ".join(labels[text.prompt].categories),
                "kind": labels[text.prompt].kind,
                "prompt_id": text.prompt,
            },
        )
        for text in prompts.translations
        if text.arm == "main"
    ]


def safeglot_judge(judge: str, policy: dict[str, str] | None = None) -> Any:
    """Return the scorer: 1 is safe, 0 unsafe; without a verdict there is no score, and it counts as unscored.

    `judge` is an embedded one (refusal-baseline) or family=MODEL with a model of Inspect; a family
    alone asks the model of the role `judge`. Raises: UsageError.
    """
    from inspect_ai.model import get_model
    from inspect_ai.scorer import Score

    family, _, name = judge.partition("=")
    if family not in registry.judge_families():
        raise UsageError(
            f"judge={judge}: no such judge; allowed are {', '.join(registry.judge_families())}, "
            "each that asks a model as family=MODEL"
        )
    asks = registry.needs_model(family)
    step: JudgeStep = registry.make_judge(
        family, model=name or "judge" if asks else None, name=judge, mode="prompt+answer",
        policy=policy or {},
    )  # fmt: skip

    async def score(state: Any, _target: Any) -> Any:
        answer = _answer(state)
        model = (get_model(name) if name else get_model(role="judge")) if asks else None
        replies = [await _reply(model, request) for request in step.ask(answer)] if model else []
        verdict = step.read(answer, replies)
        details = {"reason": verdict.reason, "codes": list(verdict.codes), "judge": judge}
        if verdict.unsafe is None:
            return Score(
                value=math.nan, answer=UNREAD, explanation=verdict.reason, metadata=details
            )
        word = "unsafe" if verdict.unsafe else "safe"
        return Score(
            value=float(not verdict.unsafe), answer=word, explanation=verdict.rationale or None,
            metadata=details,
        )  # fmt: skip

    return score


def _answer(state: Any) -> Answer:
    about, text = state.metadata, state.input_text
    prompt = Prompt(
        id=str(about["prompt_id"]), text=text, language=str(about["language"]),
        categories=tuple(str(about["category"]).split("; ")), source="inspect", kind=about["kind"],
    )  # fmt: skip
    translation = Translation(
        prompt=prompt.id, language=prompt.language, text=text, translator="", kept=True
    )
    response = Response(
        key=str(state.sample_id), translation="", model=str(state.model),
        text=state.output.completion, finish_reason=str(state.output.stop_reason),
        n_tokens=None, sample=state.epoch - 1,
    )  # fmt: skip
    return Answer(
        item=Item(prompt=prompt, translation=translation, translation_key=""), response=response
    )


async def _reply(model: Any, request: Request) -> Reply:
    """Return what a judge's model says, asked by Inspect. Raises: UsageError for a judge of bare text."""
    if request.prompt is not None:
        raise UsageError(
            "this judge is asked by a completion of bare text, which Inspect has not; take another, "
            "or judge the log: safeglot import LOG --out RUN, then safeglot judge RUN"
        )
    from inspect_ai import model as models

    of_role = {
        "system": models.ChatMessageSystem,
        "user": models.ChatMessageUser,
        "assistant": models.ChatMessageAssistant,
    }
    messages = [of_role[role](content=text) for role, text in request.messages]
    how = models.GenerateConfig(
        max_tokens=request.max_tokens, temperature=request.temperature, top_p=request.top_p,
        seed=request.seed,
    )  # fmt: skip
    output = await model.generate(messages, config=how)
    ending = {"max_tokens": "length", "model_length": "length"}.get(str(output.stop_reason), "stop")
    return Reply(text=output.completion, finish_reason=ending)


def _registered() -> None:
    """Register both under the names that Inspect knows them by, where it is installed."""
    try:
        from inspect_ai import task
        from inspect_ai.scorer import grouped, mean, scorer, stderr
    except ImportError:
        return
    metrics = [grouped(mean(), "language"), stderr(cluster="prompt_id")]
    made = {
        "malert": task(malert),
        "safeglot_judge": scorer(metrics=metrics, name="judge")(safeglot_judge),
    }
    globals().update(made)


_registered()
