"""The models of a run that are asked by the batch APIs of their makers."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping

from safeglot.backends.engine.batches import BatchModel, Desk
from safeglot.backends.engine.engine import Route
from safeglot.backends.models.adapting import AdaptingModel
from safeglot.backends.models.batches.anthropic import AnthropicBatches
from safeglot.backends.models.batches.openai import OpenAIBatches
from safeglot.backends.store.store import Store
from safeglot.backends.store.tries import open_batches
from safeglot.config.model_strings import ModelConfig
from safeglot.config.settings import Config
from safeglot.flow.run.models import batch_api, batch_price, is_batched

WAITING, LEAST_WAITING = 100_000, 10_000
"""Requests that wait together, of all models, and the least of one: each takes 6 KiB of memory."""
_SERVICES = {"openai": OpenAIBatches, "anthropic": AnthropicBatches}


def with_batches(
    config: Config,
    store: Store,
    say: Callable[[str], None],
    *,
    routes: Mapping[str, Route],
    by_id: Iterable[tuple[str, ModelConfig]],
) -> dict[str, Route]:
    """Return the routes of a run, of the models that are asked by batches through these.

    Batches of an earlier process are waited for in any case: they are paid for.
    """
    there = {batch.model for batch in open_batches(store)}
    made = dict(routes)
    room = max(LEAST_WAITING, WAITING // max(1, len(made)))
    for model_id, model in by_id:
        wanted, asks = is_batched(config, model), routes[model_id].model
        if not isinstance(asks, AdaptingModel) or not (wanted or model_id in there):
            continue
        if not (api := batch_api(model)):
            continue
        desk = Desk(
            store=store, model=model_id, say=say, patience_s=config.patience_s, is_new=wanted
        )
        batched = BatchModel(_SERVICES[api](asks), asks, desk)
        if wanted or batched.holds_any:
            route = _route(routes[model_id], batched, model, wanted=wanted)
            made[model_id] = dataclasses.replace(route, concurrency=room)
    return made


def _route(route: Route, batched: BatchModel, model: ModelConfig, *, wanted: bool) -> Route:
    share = batch_price(model) if wanted else 1.0
    return dataclasses.replace(
        route,
        model=batched,
        lane=f"{route.lane} (batches of {model.model})",
        fixed=True,
        waits=True,
        usd_in=None if route.usd_in is None else route.usd_in * share,
        usd_out=None if route.usd_out is None else route.usd_out * share,
        others=(),
    )


def progress(routes: Mapping[str, Route]) -> str:
    """Return how far the batches are that are waited for, "" for none."""
    each = [r.model.under_way for r in routes.values() if isinstance(r.model, BatchModel)]
    batches, requests, done = map(sum, zip(*each, strict=True)) if each else (0, 0, 0)
    if not batches:
        return ""
    return f"{batches} batch{'es' if batches > 1 else ''}: {done:,}/{requests:,} done"


def told_under_way(store: Store) -> str:
    """Return a line on each batch whose replies are to come; "" for none."""
    lines = [
        f"{batch.ticket or 'a batch that was being submitted'} ({batch.left:,} requests of "
        f"{batch.model}) goes on at {batch.address}."
        for batch in open_batches(store)
    ]
    if lines:
        lines.append("Nothing is submitted twice.")
    return "".join(f"\n{line}" for line in lines)
