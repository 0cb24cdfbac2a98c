"""What a run would send: requests, tokens, price and time."""

from __future__ import annotations

from dataclasses import dataclass

from safeglot.backends.models import routes
from safeglot.config.engines import runs_here
from safeglot.config.model_strings import ModelConfig
from safeglot.config.settings import EMBEDDED
from safeglot.flow.run.job import Job
from safeglot.flow.run.models import all_models, batch_price, is_batched
from safeglot.judge.guards.first_check import EXCHANGES
from safeglot.types import Answer, Response


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What a run will send; tokens are rough (four characters a token), answers an upper bound."""

    answers: int
    judge_requests: int
    tokens_in: int
    tokens_out: int
    usd: float
    """Of the models with prices, request by request; those in this process cost nothing."""
    usd_by_batch: float
    """The same with the batch APIs of their makers."""
    by_batch: bool
    """Whether any is asked by these."""
    unpriced: tuple[str, ...]
    """Models without a price."""
    seconds: float | None
    least: float = 1.0
    """The share of all that which is sent at least, by a plan that may stop early."""


def forecast(job: Job) -> Forecast:
    """Return what a job would send; nothing is sent."""
    answers, judge_requests = job.n_answers, 0
    texts, samples = [*job.prompts.translations, *job.arms.asked], job.config.samples
    tokens_in = sum(len(t.text) // 4 + 20 for t in texts) * samples * len(job.targets)
    wrote = [samples * sum(map(target.room, texts)) for target in job.targets]
    tokens_out = sum(wrote)
    longest = max(most for t in job.targets for most in (t.max_tokens, *t.tokens_in.values()))
    costs = [
        (model, _price(model, tokens_in // len(job.targets), tokens))
        for model, tokens in zip(job.config.target, wrote, strict=True)
    ]
    is_embedded = all(m.model == EMBEDDED for m in all_models(job.config))
    checks = len(EXCHANGES)
    for judge, model in zip(job.judges, job.config.judge, strict=True):
        requests, judged = judge.ask(_probe(job)), job.n_verdicts_of(judge)
        judge_requests += (judged + checks) * len(requests)
        size = sum(len(r.prompt or "") + sum(len(m[1]) for m in r.messages) for r in requests) // 4
        judge_in = judged * (size + len(requests) * longest) + checks * size
        judge_out = (judged + checks) * sum(r.max_tokens for r in requests)
        tokens_in, tokens_out = tokens_in + judge_in, tokens_out + judge_out
        if model.model:
            costs.append((model.model, _price(model.model, judge_in, judge_out)))
    return Forecast(
        answers=answers,
        judge_requests=judge_requests,
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        usd=sum(cost for _, cost in costs if cost is not None),
        usd_by_batch=sum(cost * batch_price(model) for model, cost in costs if cost is not None),
        by_batch=any(is_batched(job.config, model) for model, _ in costs),
        unpriced=tuple(dict.fromkeys(model.model for model, cost in costs if cost is None)),
        seconds=sum(wrote) / routes.EMBEDDED_TOKENS_PER_S if is_embedded else None,
        least=_least(job),
    )


def _least(job: Job) -> float:
    if job.config.plan == "full":
        return 1.0
    from safeglot.flow.run.looks import least_share  # late: it brings the arrays

    return least_share(job.config, job.prompts, job.history)


def _price(model: ModelConfig, tokens_in: int, tokens_out: int) -> float | None:
    if runs_here(model.provider):
        return 0.0
    if model.usd_in is None or model.usd_out is None:
        return None
    return (tokens_in * model.usd_in + tokens_out * model.usd_out) / 1e6


def _probe(job: Job) -> Answer:
    item = next(job.items())
    response = Response(key="", translation=item.translation_key, model="", text="")
    return Answer(item=item, response=response)
