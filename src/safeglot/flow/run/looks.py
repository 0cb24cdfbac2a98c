"""A plan that stops early, followed through the looks of a run: what is asked until the next one.

Each target has a ledger of its own. It is made anew from what is stored, so that a run which is gone
on with, or whose replies come in another order, stops in the same place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from safeglot.backends.console import Console
from safeglot.backends.engine.collect import Wanted
from safeglot.backends.files.manifest import Manifest
from safeglot.backends.files.rundir import RunDir
from safeglot.backends.store.stop import (
    StoredLook,
    history_of,
    planned_texts,
    put_chosen,
    put_looks,
    settled,
)
from safeglot.backends.store.store import Store
from safeglot.backends.store.texts import prompt_labels
from safeglot.config.settings import Config
from safeglot.flow.run.session import stored_config
from safeglot.prompts.order import HasTags, Tagged, asking_order, rounds
from safeglot.prompts.prompt_set import PromptSet
from safeglot.score.arrays import Bools
from safeglot.score.plans.kinds import plan_of, span
from safeglot.score.plans.pool import GOES_ON, Ledger, PromptPool, PromptsSeen
from safeglot.score.plans.stopping import StoppingPlan, follow

Place = tuple[str, str]
"""(language, prompt)."""


def plan_in(config: Config) -> StoppingPlan:
    """Return the plan that a configuration names."""
    drop = None if config.drop is None else config.drop / 100
    return plan_of(config.plan, within=config.within / 100, drop=drop)


def wanted_until_looks(run_dir: RunDir, store: Store, console: Console) -> Iterator[Wanted | None]:
    """Yield what each target is to be asked until its next look, once what was yielded before is done.

    Without a plan that stops early that is one None, for all.
    First what earlier looks wanted, so that what failed for a moment is tried again. A target ends
    where its plan does, or where something that was wanted neither came nor failed.
    """
    config = stored_config(run_dir)
    if config.plan == "full":
        yield None
        return
    run = PlannedRun.read(config, run_dir.read_manifest(), store)
    asked: dict[str, frozenset[int]] = {}
    going_on = list(run.manifest.models)
    told: dict[str, int] = {}
    while going_on:
        wants: dict[str, frozenset[int]] = {}
        for model in going_on:
            ledger = run.follow(store, model)
            put_chosen(store, model, run.chosen(ledger))
            put_looks(store, model, run.rows(model, ledger))
            for line in _lines(model, ledger, told.get(model, 0)):
                console.say(f"plan {config.plan}: {line}")
            told[model] = ledger.entries[-1].look if ledger.entries else 0
            want = run.texts_of(ledger)
            if model not in asked or not (ledger.done or want <= asked[model]):
                wants[model] = asked[model] = want
        going_on = list(wants)
        if wants:
            yield wants


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlannedRun:
    """What a plan draws from, and where its texts stand in the store."""

    plan: StoppingPlan
    manifest: Manifest
    pool: PromptPool
    place_P: Mapping[str, int]
    """Harmful prompt -> its place in the order of asking."""
    round_of: Mapping[str, int]
    """Benign prompt -> the round that asks it."""
    numbers: Mapping[Place, int]
    """The number of each text; of one that a gate took out too."""
    gated_LP: Bools
    textless_LP: Bools

    @classmethod
    def read(cls, config: Config, manifest: Manifest, store: Store) -> PlannedRun:
        """Return what the plan of a run draws from."""
        labels, seed = list(prompt_labels(store)), config.select_seed
        place_P = {p.id: at for at, p in enumerate(_asked(labels, seed))}
        texts = list(planned_texts(store))
        numbers = {(t.language, t.prompt): t.number for t in reversed(texts)}
        main = {(t.language, t.prompt) for t in texts if not t.gated}
        there_LP, main_LP = (
            _marked(places, manifest.languages, place_P) for places in (numbers, main)
        )
        return cls(
            plan=plan_in(config),
            manifest=manifest,
            pool=pool_of(
                labels,
                manifest.languages,
                reference=manifest.reference,
                categories=manifest.taxonomy.categories,
                seed=seed,
                history=history_of(store),
            ),
            place_P=place_P,
            round_of=_benign_rounds(labels, seed),
            numbers=numbers,
            gated_LP=there_LP & ~main_LP,
            textless_LP=~there_LP,
        )

    @property
    def judge(self) -> str:
        """The judge whose verdicts the looks read: the first that rates harm."""
        return next(iter(self.manifest.rating.judges))

    def follow(self, store: Store, model: str) -> Ledger:
        """Return a target's ledger: all looks that the settled prompts allow."""
        store.flush()
        unsafe_LP = np.full(self.gated_LP.shape, -1, dtype=np.int8)
        settled_LP = self.textless_LP.copy()
        at_L = {tag: at for at, tag in enumerate(self.pool.languages)}
        for language, prompt, unsafe in settled(store, model, self.judge):
            if language in at_L and prompt in self.place_P:
                place = at_L[language], self.place_P[prompt]
                settled_LP[place] = True
                unsafe_LP[place] = -1 if unsafe is None else unsafe
        seen = PromptsSeen(unsafe_LP=unsafe_LP, settled_LP=settled_LP, gated_LP=self.gated_LP)
        return follow(self.plan, self.pool, seen)

    def texts_of(self, ledger: Ledger) -> frozenset[int]:
        """Return the numbers of the texts that a ledger wants.

        What a gate took out is asked where another language has the prompt; benign prompts are asked
        in as many rounds as the harmful ones of a language.
        """
        want_LP = ledger.want_LP | (self.gated_LP & ledger.want_LP.any(axis=0))
        drawn_LC = ledger.want_LP.astype(np.int64) @ self.pool.member_PC
        depth_L = drawn_LC.max(axis=1, initial=0).tolist()
        places = list(self._places(want_LP))
        places += [
            (tag, name)
            for tag, depth in zip(self.pool.languages, depth_L, strict=True)
            for name, turn in self.round_of.items()
            if turn <= depth
        ]
        return frozenset(self.numbers[place] for place in places if place in self.numbers)

    def chosen(self, ledger: Ledger) -> Iterator[int]:
        """Yield the numbers of the texts that are wanted since they were hard in earlier runs."""
        for place in self._places(ledger.want_LP & ~ledger.even_LP):
            if place in self.numbers:
                yield self.numbers[place]

    def _places(self, of_LP: Bools) -> Iterator[Place]:
        ids = list(self.place_P)
        for tag, of_P in zip(self.pool.languages, of_LP, strict=True):
            yield from ((tag, ids[at]) for at in np.flatnonzero(of_P).tolist())

    def rows(self, model: str, ledger: Ledger) -> list[StoredLook]:
        """Return a ledger as it is stored."""
        return [
            StoredLook(
                model, self.judge, e.look, e.language, e.category or "", e.drawn, e.n, e.missing,
                e.pool, e.state, e.band, e.numbers,
            )
            for e in ledger.entries
        ]  # fmt: skip


def pool_of(
    labels: Tagged,
    languages: tuple[str, ...],
    *,
    reference: str,
    categories: Sequence[str],
    seed: int,
    history: Mapping[str, float],
) -> PromptPool:
    """Return what a plan draws from: the harmful prompts in the order of asking."""
    asked = _asked(labels, seed)
    used = {name for prompt in asked for name in prompt.categories}
    categories = tuple(name for name in categories if name in used)
    members = [[name in prompt.categories for name in categories] for prompt in asked]
    return PromptPool(
        languages=languages,
        reference=reference,
        categories=categories,
        member_PC=np.array(members, dtype=np.bool_).reshape(len(asked), len(categories)),
        difficulty_P=np.array([history.get(p.id, np.nan) for p in asked]) if history else None,
    )


def least_share(config: Config, prompts: PromptSet, history: Mapping[str, float]) -> float:
    """Return the share of its requests that a run sends at least under its plan."""
    order = prompts.taxonomy.categories
    pool = pool_of(
        prompts.labels(),
        prompts.languages,
        reference=config.reference,
        categories=order,
        seed=config.select_seed,
        history=history,
    )
    fewest, most = span(plan_in(config), pool)
    return fewest / most if most else 1.0


def _asked(labels: Tagged, seed: int) -> list[HasTags]:
    return [labels[at] for at in asking_order(labels, seed) if labels[at].kind == "harmful"]


def _benign_rounds(labels: Sequence[HasTags], seed: int) -> dict[str, int]:
    places = [at for at, prompt in enumerate(labels) if prompt.kind == "benign"]
    return {
        labels[at].id: turn
        for turn, new in enumerate(rounds(labels, places, seed), start=1)
        for at in new
    }


def _marked(
    places: Mapping[Place, int] | set[Place], languages: Sequence[str], place_P: Mapping[str, int]
) -> Bools:
    marked_LP = np.zeros((len(languages), len(place_P)), dtype=np.bool_)
    at_L = {tag: at for at, tag in enumerate(languages)}
    for language, prompt in places:
        if language in at_L and prompt in place_P:
            marked_LP[at_L[language], place_P[prompt]] = True
    return marked_LP


def _lines(model: str, ledger: Ledger, told: int) -> Iterator[str]:
    """Yield a line for each look that was not told yet."""
    for look, entries in groupby(ledger.entries, key=lambda entry: entry.look):
        if look <= told:
            continue
        found = list(entries)
        going = [e for e in found if e.state == GOES_ON]
        what = "cells" if found[0].category is not None else "languages"
        yield (
            f"{model}, look {look}, up to {max(e.drawn for e in found)} prompts a category: "
            f"{len(found) - len(going)} of {len(found)} {what} have enough"
        )
