"""What models take of a cluster, what a replica opens, and the routes to several."""

from __future__ import annotations

import asyncio

import pytest

from safeglot.backends.cluster.ray_cluster import Placed
from safeglot.backends.cluster.replica import ReplicaState
from safeglot.backends.models.adaptations import Adaptations
from safeglot.config.model_strings import ModelConfig
from safeglot.config.settings import Config
from safeglot.errors import UsageError
from safeglot.flow.run.replicas import _check_room, _route, fits, needs, opened, run_routes

SERVED = ModelConfig(model="vllm/a", base_url="http://127.0.0.1:1/v1", others=("http://b/v1",))
HELD = ModelConfig(model="gguf/x.gguf", replicas=3)


def test_a_model_that_asks_a_server_takes_nothing_of_a_cluster():
    (need,) = needs(Config(replicas=2), [SERVED, SERVED], 16.0, 8.0)
    assert (need.cpus, need.gpus) == (0.0, 0.0)
    assert [way.addresses for way in need.ways] == [
        ("http://127.0.0.1:1/v1",),
        ("http://127.0.0.1:1/v1",),
        ("http://b/v1",),
        ("http://b/v1",),
    ]


@pytest.mark.parametrize(
    ("model", "setting", "gpus", "taken"),
    [
        (None, None, 8.0, (1.0, 1.0)),
        (None, None, 0.0, (5.0, 0.0)),
        (None, 0.5, 8.0, (1.0, 0.5)),
        (0.0, 1.0, 8.0, (5.0, 0.0)),
        (4.0, None, 8.0, (1.0, 4.0)),
    ],
)
def test_a_model_in_a_process_has_its_gpus_or_its_share_of_the_processors(
    model, setting, gpus, taken
):
    held = ModelConfig(model="gguf/x.gguf", replicas=3, gpus_per_replica=model)
    (need,) = needs(Config(gpus_per_replica=setting), [held], 16.0, gpus)
    assert (need.cpus, need.gpus) == taken
    assert len(need.ways) == 3


def test_more_gpus_than_there_are_is_told_with_what_to_ask_for():
    wanted = needs(Config(gpus_per_replica=1.0), [HELD], 16.0, 2.0)
    with pytest.raises(
        UsageError, match=r"3 replicas of 1 GPUs each need 3 GPUs.*has 2\. .*--replicas"
    ):
        _check_room(wanted, 2.0)
    _check_room(wanted, 3.0)


def test_without_a_cluster_models_are_in_memory_one_after_the_other():
    assert not fits(Config(), [HELD, SERVED])


def test_a_replica_opens_the_model_as_the_local_engine_does_and_knows_what_was_refused():
    bare = Config(concurrency=12, timeout_s=3.0)
    one = SERVED.at(("http://127.0.0.1:1/v1",))
    made = opened(bare, one, "vllm/a", {"vllm/a": ["seed=none"]})
    assert (made.lane, made.concurrency, made.fixed) == ("http://127.0.0.1:1/v1", 12, False)
    assert made.model._adaptations.refused("vllm/a") == {"seed"}
    made.model._adaptations.add("vllm/a", "top_p=none", "no top_p")
    assert made.heard == [("top_p=none", "no top_p")]
    with pytest.raises(UsageError, match="another than the run's"):
        opened(bare, one, "vllm/a@other", {})


def about(lane, **given):
    return ReplicaState(machine="m", process=1, version="1", lane=lane, **given)


def placed(n):
    return Placed(model="vllm/a", name=f"vllm/a, replica {n}", handle=n)


def test_replicas_of_one_server_share_what_it_may_be_asked_and_each_is_a_lane():
    there = {placed(n): about("http://a/v1", concurrency=64, usd_in=1.0) for n in (1, 2, 3)}
    there[placed(4)] = about("", fault="no room")
    route = _route(None, "vllm/a", there, Adaptations())
    assert [way.lane for way in route.replicas] == [
        f"http://a/v1 (vllm/a, replica {n})" for n in (1, 2, 3)
    ]
    assert [way.concurrency for way in route.replicas] == [22, 22, 22]
    assert {way.usd_in for way in route.replicas} == {1.0}


def test_a_process_with_slots_has_a_queue_before_them_and_a_server_alone_keeps_its_lane():
    route = _route(
        None, "gguf/x", {placed(1): about("local:x", concurrency=16, fixed=True)}, Adaptations()
    )
    assert (route.lane, route.concurrency, route.fixed) == ("local:x", 20, True)


def test_a_hosted_service_is_asked_from_here_and_starts_no_cluster(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    hosted = ModelConfig(model="openai/gpt-5-nano")
    asked = run_routes(
        Config(engine="ray"), [hosted], {}, adaptations=Adaptations(), say=print, progress=None
    )  # Ray is not installed here
    assert list(asyncio.run(asked)) == ["openai/gpt-5-nano"]
