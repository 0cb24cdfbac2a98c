"""The models of a run as replicas in a cluster: placed, opened there, and made into routes."""

from __future__ import annotations

import dataclasses
import functools
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from safeglot.backends.cluster import choice, ray_cluster
from safeglot.backends.cluster.ray_cluster import Placed
from safeglot.backends.cluster.replica import OpenModel, ReplicaState
from safeglot.backends.cluster.replica_lists import ReplicaLists
from safeglot.backends.engine.engine import Route
from safeglot.backends.engine.lists import ListedModel
from safeglot.backends.models.adaptations import Adaptations
from safeglot.backends.models.engines.base import InProcess
from safeglot.backends.models.weights import Progress
from safeglot.config.engines import runs_here
from safeglot.config.model_strings import ModelConfig
from safeglot.config.settings import Config
from safeglot.errors import UsageError
from safeglot.flow.run.models import batch_api, check_model, model_id, model_routes


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What a model takes of a cluster."""

    model: ModelConfig
    copies: int
    """Replicas at each of its addresses."""
    cpus: float
    gpus: float

    @property
    def ways(self) -> list[ModelConfig]:
        """The model at one address each, as often as there are replicas."""
        m = self.model
        each = [m.at((address,)) for address in m.addresses] or [m]
        return [one for one in each for _ in range(self.copies)]


def needs(config: Config, models: Sequence[ModelConfig], cpus: float, gpus: float) -> list[Need]:
    """Return what each model takes of a cluster with so many processors and GPUs.

    One that only asks a server takes nothing; one in a process has the GPUs that were named, one where
    there are any, or its share of the processors.
    """
    copies = {m: m.replicas or config.replicas for m in models}
    held = sum(n for m, n in copies.items() if runs_here(m.provider))
    found = []
    for model in dict.fromkeys(models):
        wanted = model.gpus_per_replica
        wanted = config.gpus_per_replica if wanted is None else wanted
        if not runs_here(model.provider):
            own, share = 0.0, 0.0
        else:
            own = float(gpus > 0) if wanted is None else wanted
            share = 1.0 if own else max(1.0, cpus // held)
        found.append(Need(model=model, copies=copies[model], cpus=share, gpus=own))
    return found


def fits(config: Config, models: Sequence[ModelConfig]) -> bool:
    """Return whether all models of a run can be in its cluster's memory at once; never without one."""
    if config.engine == choice.LOCAL:
        return False
    cpus, gpus = ray_cluster.resources(ray_cluster.connect(config.ray_address))
    wanted = needs(config, models, cpus, gpus)
    return sum(n.gpus * n.copies for n in wanted) <= gpus and sum(
        n.cpus * n.copies for n in wanted
    ) <= max(cpus, 1.0)


def opened(
    config: Config, model: ModelConfig, model_id_: str, known: Mapping[str, Any]
) -> OpenModel:
    """Return a model, opened in the process of its replica. Raises: UsageError where it is not the run's."""
    engines: dict[str, InProcess] = {}
    check_model(model, engines)
    if (here := model_id(model, engines)) != model_id_:
        raise UsageError(f"{model.model}: the file here is another than the run's: {here}")
    heard: list[tuple[str, str]] = []
    listening = Adaptations(known, lambda _model, entry, why: heard.append((entry, why)))
    route = model_routes(config, [model], engines, listening)[model_id_]
    return OpenModel(
        model=route.model, lane=route.lane, concurrency=route.concurrency, fixed=route.fixed,
        usd_in=route.usd_in, usd_out=route.usd_out, heard=heard,
    )  # fmt: skip


async def run_routes(
    config: Config,
    models: Sequence[ModelConfig],
    engines: Mapping[str, InProcess],
    *,
    adaptations: Adaptations,
    say: Callable[[str], None],
    progress: Progress,
) -> dict[str, Route]:
    """Return the route of each model id by the engine of a run; what servers refuse goes to `adaptations`."""
    if config.engine == choice.LOCAL:
        return model_routes(config, models, engines, adaptations, progress=progress)
    hosted = [model for model in models if batch_api(model)]  # of a service nothing is spread
    here = model_routes(config, hosted, engines, adaptations)
    spread = [model for model in models if model not in hosted]
    return {**here, **await _cluster_routes(config, spread, engines, adaptations, say)}


async def _cluster_routes(
    config: Config,
    models: Sequence[ModelConfig],
    engines: Mapping[str, InProcess],
    adaptations: Adaptations,
    say: Callable[[str], None],
) -> dict[str, Route]:
    """Return the routes of models to their replicas in a cluster, once these are open.

    Raises: UsageError where none of a model's can be had, or the cluster started here is too small.
    """
    if not models:
        return {}
    ray = ray_cluster.connect(config.ray_address)
    cpus, gpus = ray_cluster.resources(ray)
    wanted = needs(config, models, cpus, gpus)
    if config.ray_address is None:  # another may grow
        _check_room(wanted, gpus)
    placed: dict[str, list[Placed]] = {}
    for need in wanted:
        key = model_id(need.model, engines)
        placed.setdefault(key, []).extend(_placed(ray, config, need, key, adaptations))
    everyone = [one for each in placed.values() for one in each]
    try:
        abouts = await ray_cluster.abouts(ray, everyone, config.patience_s)
        _say_opened(say, everyone, abouts)
        return {
            key: _route(ray, key, {one: abouts[one] for one in each}, adaptations)
            for key, each in placed.items()
        }
    except BaseException:
        for one in everyone:
            ray.kill(one.handle)
        raise


def _check_room(wanted: Sequence[Need], gpus: float) -> None:
    for need in wanted:
        if (asked := need.copies * need.gpus) > gpus:
            raise UsageError(
                f"{need.model.model}: {need.copies} replicas of {need.gpus:g} GPUs each need {asked:g} "
                f"GPUs, and this machine has {gpus:g}. Ask for fewer: --replicas N "
                "--gpus-per-replica G (replicas and gpus_per_replica in the model's table), or join a "
                "cluster: --ray-address HOST:PORT."
            )


def _placed(
    ray: Any, config: Config, need: Need, key: str, adaptations: Adaptations
) -> list[Placed]:
    """Return the replicas of a model, on their way to where there is room."""
    bare = dataclasses.replace(
        Config(), concurrency=config.concurrency, timeout_s=config.timeout_s, proxy=config.proxy,
        http_client=config.http_client,
    )  # fmt: skip
    known = {key: sorted(adaptations.entries(key))}
    return [
        Placed(
            model=need.model.model,
            name=f"{need.model.model}, replica {n}",
            handle=ray_cluster.place(
                ray,
                functools.partial(opened, bare, way, key, known),
                cpus=need.cpus,
                gpus=need.gpus,
            ),
        )
        for n, way in enumerate(need.ways, 1)
    ]


def _say_opened(
    say: Callable[[str], None], everyone: Sequence[Placed], abouts: Mapping[Placed, ReplicaState]
) -> None:
    """Say what was opened and where. Raises: UsageError where a model has no replica."""
    faults = {one: abouts[one].fault for one in everyone if abouts[one].fault}
    there = [abouts[one] for one in everyone if one not in faults]
    machines = len({about.machine for about in there})
    lines = [f"{one.name}: {fault}" for one, fault in faults.items()]
    bare = {one.model for one in everyone} - {one.model for one in everyone if one not in faults}
    if bare:
        raise UsageError("\n".join(lines))
    for line in lines:
        say(f"note: {line} The others go on without it.")
    say(f"note: ray: {len(there)} replicas on {machines} machine{'s'[machines == 1 :]}")


def _route(
    ray: Any, key: str, abouts: Mapping[Placed, ReplicaState], adaptations: Adaptations
) -> Route:
    """Return the route to the replicas of a model that are open: a lane each."""
    heard = functools.partial(adaptations.add, key)
    there = [(one, about) for one, about in abouts.items() if not about.fault]
    share = Counter(about.lane for _, about in there)
    first, *others = (
        Route(
            model=ListedModel(ReplicaLists(ray, one.handle, one.name, heard)),
            lane=about.lane if share[about.lane] == 1 else f"{about.lane} ({one.name})",
            concurrency=_width(about, share[about.lane]),
            fixed=about.fixed,
            usd_in=about.usd_in,
            usd_out=about.usd_out,
        )
        for one, about in there
    )
    return dataclasses.replace(first, others=tuple(others))


def _width(about: ReplicaState, among: int) -> int:
    """Return how many requests may be in flight: a server's are shared, a process's have a queue."""
    if about.fixed:
        return about.concurrency + -(-about.concurrency // 4)
    return -(-about.concurrency // among)
