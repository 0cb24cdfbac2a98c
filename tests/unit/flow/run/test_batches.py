"""Which models of a run go through the batch API of their maker, and what is said of batches."""

from __future__ import annotations

import asyncio
from contextlib import closing

import pytest

from safeglot.backends.engine.batches import BatchModel
from safeglot.backends.files.rundir import RunDir
from safeglot.backends.models.adaptations import Adaptations
from safeglot.backends.store import tries
from safeglot.backends.store.store import Store
from safeglot.config.model_strings import ModelConfig
from safeglot.config.settings import Config
from safeglot.flow.run.batches import progress, told_under_way, with_batches
from safeglot.flow.run.models import batch_fault, is_batched, model_routes
from safeglot.flow.run.session import holds_nothing


@pytest.fixture
def store(tmp_path):
    with closing(Store(tmp_path / "run.db")) as opened:
        yield opened


@pytest.fixture(autouse=True)
def keys(monkeypatch):
    for maker in ("OPENAI", "ANTHROPIC", "MISTRAL"):
        monkeypatch.setenv(f"{maker}_API_KEY", "k" * 20)


GPT, CLAUDE = "openai/gpt", "anthropic/claude"


def routed(store, *models: ModelConfig, batch: bool = True):
    config = Config(batch=batch, target=models)
    routes = model_routes(config, models, {}, Adaptations())
    by_id = [(m.model, m) for m in models]
    return with_batches(config, store, lambda _: None, routes=routes, by_id=by_id)


def batched(routes) -> set[str]:
    return {name for name, route in routes.items() if isinstance(route.model, BatchModel)}


def test_models_of_makers_with_a_batch_api_go_by_batches(store):
    models = [ModelConfig(model=name) for name in (GPT, CLAUDE, "mistral/m")]
    routes = routed(store, *models)
    assert batched(routes) == {GPT, CLAUDE}
    assert routes[GPT].lane == "https://api.openai.com/v1 (batches of openai/gpt)"
    assert routes[GPT].waits
    assert batched(routed(store, *models, batch=False)) == set()


def test_a_model_says_for_itself(store):
    models = (ModelConfig(model=GPT, batch=False), ModelConfig(model=CLAUDE, batch=True))
    assert batched(routed(store, *models)) == {CLAUDE}
    assert batched(routed(store, *models, batch=False)) == {CLAUDE}
    assert not is_batched(Config(batch=True), ModelConfig(model="vllm/m"))


def test_a_batch_is_counted_at_its_price(store):
    priced = ModelConfig(model=GPT, usd_in=2.0, usd_out=8.0)
    route = routed(store, priced)[GPT]
    assert (route.usd_in, route.usd_out) == (1.0, 4.0)
    free = routed(store, ModelConfig(model=CLAUDE))[CLAUDE]
    assert free.usd_in is None


def test_the_more_models_wait_the_fewer_requests_of_each(store):
    assert routed(store, ModelConfig(model=GPT))[GPT].concurrency == 100_000
    many = [ModelConfig(model=f"openai/m{i}") for i in range(5)]
    assert {route.concurrency for route in routed(store, *many).values()} == {20_000}


def test_open_batches_are_waited_for_whatever_is_wanted_now(store):
    tries.begin_batch(store, GPT, "https://api.openai.com/v1", ["a" * 32])
    models = (ModelConfig(model=GPT, usd_in=2.0), ModelConfig(model=CLAUDE))
    routes = routed(store, *models, batch=False)
    assert batched(routes) == {GPT}
    assert routes[GPT].usd_in == 2.0


def test_those_of_another_address_are_not(store):
    tries.begin_batch(store, GPT, "https://elsewhere/v1", ["a" * 32])
    assert batched(routed(store, ModelConfig(model=GPT), batch=False)) == set()


def test_what_goes_on_is_told_with_the_way_to_have_it(store):
    assert told_under_way(store) == ""
    batch = tries.begin_batch(store, GPT, "https://api.openai.com/v1", ["a" * 32, "b" * 32])
    assert "a batch that was being submitted (2 requests of openai/gpt)" in told_under_way(store)
    tries.note_ticket(store, batch.id, "batch_7")
    assert told_under_way(store) == (
        "\nbatch_7 (2 requests of openai/gpt) goes on at https://api.openai.com/v1."
        "\nNothing is submitted twice."
    )


def test_progress_is_told_while_batches_are_waited_for(store):
    routes = routed(store, ModelConfig(model=GPT))
    assert progress(routes) == ""
    model = routes[GPT].model
    batch = tries.begin_batch(store, GPT, model.lists.address, [f"{i:032}" for i in range(1500)])
    model._add(batch, [])
    model._batches[str(batch.id)].followed = True
    model._batches[str(batch.id)].done = 1200
    assert progress(routes) == "1 batch: 1,200/1,500 done"
    asyncio.run(model.close())


def test_the_setting_needs_a_model_that_can():
    assert batch_fault(Config(), [ModelConfig(model="vllm/m")]) == ""
    assert batch_fault(Config(batch=True), [ModelConfig(model=GPT)]) == ""
    fault = batch_fault(Config(batch=True), [ModelConfig(model="vllm/m")])
    assert fault == (
        "--batch: none of the models has a batch API that is known (openai and anthropic have). "
        "Leave it out."
    )


def test_a_run_with_a_batch_under_way_is_not_given_up_for_another(tmp_path):
    run_dir = RunDir(tmp_path)
    with closing(Store(run_dir.database)) as store:
        assert holds_nothing(run_dir)
        tries.begin_batch(store, GPT, "https://api.openai.com/v1", ["a" * 32])
    assert not holds_nothing(run_dir)
