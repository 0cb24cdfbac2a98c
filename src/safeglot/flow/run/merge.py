"""Runs of one plan joined into one: shards, or runs of other prompts, targets or judges.

They may be somebody else's (ADR 19): they are read and never written, each must be as safeglot wrote
it, and where their models are asked is not believed without being named again.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shlex
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple, TypeVar

from safeglot.backends.console import Console
from safeglot.backends.files.links import replaced
from safeglot.backends.files.manifest import Manifest
from safeglot.backends.files.rundir import RunDir
from safeglot.backends.models.routes import IMPORTED
from safeglot.backends.store.merge import is_labelled, join
from safeglot.backends.store.ranges import check_ranges
from safeglot.backends.store.store import Store
from safeglot.config.settings import Config, to_table
from safeglot.errors import UsageError
from safeglot.flow.arms import Arms, arms_summary
from safeglot.flow.prompts import part_of, with_sizes
from safeglot.flow.run import manifest
from safeglot.flow.run.job import Job
from safeglot.flow.run.models import judge_name, make_targets
from safeglot.flow.run.session import of_models, stored_config, stored_prompts
from safeglot.generate import Generate
from safeglot.prompts.selection import Shard

Named = TypeVar("Named")
_APART = ("reference", "categories", "kinds", "select_seed", "raw", "system", "max_tokens", "thought_tokens",
          "temperature", "top_p", "seed", "samples", "plan", "within", "drop")  # fmt: skip

_KEPT = ("on reading the prompts",)


class PartRun(NamedTuple):
    """A run that is joined to others: what it is, and the steps of its targets."""

    run_dir: RunDir
    about: Manifest
    config: Config
    targets: tuple[Generate, ...]


def merge(folders: Sequence[Path], out: Path, console: Console) -> RunDir:
    """Return a new run with all that some runs hold. Raises: UsageError where they do not belong together."""
    run_dir = RunDir(out)
    run_dir.check_new()
    if len({folder.resolve() for folder in folders}) < max(2, len(folders)):
        raise UsageError("merge: name two runs or more, each of them once.")
    with contextlib.ExitStack() as held:
        sources = [_source(RunDir(folder), held) for folder in folders]
        config, shard = _together(sources)
        run_dir.create()
        held.enter_context(run_dir.locked())
        with replaced(run_dir.database) as temporary:
            about = _joined(sources, dataclasses.replace(config, out=str(out)), temporary, console)
        run_dir.write(to_table(dataclasses.replace(config, out=str(out))), about)
    if shard:
        console.say(f"note: shard {', '.join(map(str, shard.lacking))} of {shard.of} is lacking")
    return run_dir


# ---- reading


def _source(run_dir: RunDir, held: contextlib.ExitStack) -> PartRun:
    """Return a run once it is known to be as safeglot wrote it. Raises: UsageError."""
    if os.access(run_dir.require().path, os.W_OK):
        held.enter_context(run_dir.locked())
    about, config = of_models(run_dir), stored_config(run_dir)
    if not run_dir.database.exists():
        raise UsageError(f"{run_dir.database}: not there. Put it back, or leave this run out.")
    names = [model.model for model in config.target], {judge_name(j) for j in config.judge}
    if names != (list(about.models), set(about.judges)) or len(about.model_ids) != len(names[0]):
        fault = "its manifest.json and run.toml name other targets or judges"
        raise UsageError(_not_ours(run_dir, fault))
    targets = make_targets(config, about.model_ids)
    with contextlib.closing(Store(run_dir.database, read_only=True)) as store:
        check_ranges(store)
        if fault := store.damage():
            raise UsageError(_not_ours(run_dir, fault))
        prompts = stored_prompts(store, about)
    job = Job(config=config, prompts=prompts, origin=about.source, targets=targets, judges=())
    now = job.identity()
    if about.identity["results"] != now["results"]:
        raise UsageError(
            f"{run_dir.path}: was made by a safeglot with another way to results (result version "
            f"{about.identity['results']}, here {now['results']}). Make it again, or merge it there."
        )
    there = about.identity
    if other := [key for key in {**now, **there} if there.get(key) != now.get(key)]:
        raise UsageError(_not_ours(run_dir, f"its files disagree about: {', '.join(other)}"))
    return PartRun(run_dir, about, config, targets)


def _not_ours(run_dir: RunDir, fault: str) -> str:
    return (
        f"{run_dir.path}: is not as safeglot wrote it ({fault}). Run its command again where it "
        "was stopped as it grew, put a copy of it back, or leave it out."
    )


# ---- what belongs together


def _imported(sources: Sequence[PartRun]) -> str:
    """Return how recordings become one run, where all sources are that: by one import of all their files."""
    models = (model for source in sources for model in source.about.models)
    if not all(model.startswith(f"{IMPORTED}/") for model in models):
        return ""
    names = [source.about.source.name for source in sources]
    files = shlex.join("FILE" if " and " in name else name for name in names)
    return f" Recordings are brought together by importing their files at once: safeglot import {files} --out NEW"


def _together(sources: Sequence[PartRun]) -> tuple[Config, Shard | None]:
    """Return the configuration of the whole, and its shard where some are lacking. Raises: UsageError."""
    first = sources[0]
    for other in sources[1:]:
        if faults := [*_apart(first, other)] or [*_apart_in_models(first, other)]:
            raise UsageError(
                f"{other.run_dir.path}: does not belong to {first.run_dir.path}: {'; '.join(faults)}. "
                f"Runs of one plan differ in shards, prompts, languages, targets or judges alone.{_imported(sources)}"
            )
    shard = _shard_of(sources)
    limits = [source.config.limit for source in sources]
    several = any(source.about.languages != first.about.languages for source in sources)
    return dataclasses.replace(
        first.config,
        limit=None if None in limits else max(filter(None, limits)),
        shard=str(shard) if shard else None,
        languages=_union(s.about.languages for s in sources) if several else first.config.languages,
        target=tuple(_by_name({m.model: m for m in s.config.target} for s in sources).values()),
        judge=tuple(_by_name({judge_name(j): j for j in s.config.judge} for s in sources).values()),
        arms=_union(source.config.arms for source in sources),
    ), shard


def _apart(first: PartRun, other: PartRun) -> Iterator[str]:
    """Yield what two runs of one plan would not differ in."""
    ours, theirs = first.about.source, other.about.source
    if ours.sha256 != theirs.sha256:
        yield "the prompt file is another one"
    elif ours.sizes and theirs.sizes and ours.sizes != theirs.sizes:
        yield "the categories of the prompt file have other sizes"
    if first.about.taxonomy != other.about.taxonomy:
        yield "the taxonomy is another one"
    for key in _APART:
        here, there = getattr(first.config, key), getattr(other.config, key)
        if here != there:
            yield f"{key.replace('_', '-')}: {here} and {there}"
    if part_of(first.config) or part_of(other.config) or first.config.plan != "full":
        if first.config.limit != other.config.limit:
            yield f"limit: {first.config.limit} and {other.config.limit}"
        numbers = {part.of for s in (first, other) if (part := part_of(s.config))}
        if len(numbers) > 1:
            yield f"shards: of {' and of '.join(map(str, sorted(numbers)))}"


def _apart_in_models(first: PartRun, other: PartRun) -> Iterator[str]:
    """Yield which targets and judges of one name are not the same in two runs."""
    for what, ours, theirs in (
        ("target", _ids(first.targets), _ids(other.targets)),
        ("judge", first.about.judges, other.about.judges),
    ):
        for name, here in ours.items():
            if theirs.get(name, here) != here:
                yield f"{what} {name} has other settings, or another revision"


def _ids(targets: Iterable[Generate]) -> dict[str, str]:
    return {target.name: target.id for target in targets}


def _shard_of(sources: Sequence[PartRun]) -> Shard | None:
    """Return the parts that all runs are together; None for the whole plan."""
    parts = [part_of(source.config) for source in sources]
    found = [part for part in parts if part]
    if len(found) < len(parts):
        return None
    shard = Shard(frozenset().union(*(part.numbers for part in found)), found[0].of)
    return shard if shard.lacking else None


def _by_name(tables: Iterable[Mapping[str, Named]]) -> dict[str, Named]:
    """Return all tables as one; what the first has of a name stays."""
    found: dict[str, Named] = {}
    for table in tables:
        found |= {name: value for name, value in table.items() if name not in found}
    return found


def _union(lists: Iterable[Iterable[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for names in lists for name in names))


# ---- writing


def _joined(sources: Sequence[PartRun], config: Config, path: Path, console: Console) -> Manifest:
    """Return the manifest of the runs joined in a new database. Raises: UsageError."""
    try:
        with contextlib.closing(Store(path)) as store:
            for source in sources:
                _add(store, source, console)
            return _manifest(store, sources, config)
    except sqlite3.DatabaseError as error:
        raise UsageError(f"{source.run_dir.database}: cannot be joined ({error}).") from error


def _add(store: Store, source: PartRun, console: Console) -> None:
    run_dir = source.run_dir
    if clash := join(store, run_dir.database):
        names = ", ".join(clash.names) + (", …" if clash.n > len(clash.names) else "")
        raise UsageError(
            f"{run_dir.path}: holds what a run before it holds too, and another one: {clash.what} "
            f"{names} ({clash.n} in all). Leave one of the two runs out."
        )
    with contextlib.closing(Store(run_dir.database, read_only=True)) as reading:
        if is_labelled(reading):
            console.say(
                f"note: {run_dir.path}: its labels stay there: they were drawn of its answers alone. "
                "Draw anew from the joined run: safeglot annotate sample"
            )


def _manifest(store: Store, sources: Sequence[PartRun], config: Config) -> Manifest:
    """Return the manifest of a run begun with a configuration, with what the runs say of their models."""
    abouts = [source.about for source in sources]
    ids = _by_name(dict(zip(a.models, a.model_ids, strict=True)) for a in abouts)
    languages = _union(about.languages for about in abouts)
    about = _gathered(abouts, languages)
    sizes = next((a.source.sizes for a in abouts if a.source.sizes), {})
    job = Job(
        config=dataclasses.replace(config, judge=()),  # what is known of the judges stays
        prompts=stored_prompts(store, about),
        origin=with_sizes(about.source, sizes, config),
        targets=make_targets(config, [ids[model.model] for model in config.target]),
        judges=(),
    )
    reading = {name: about.settings[name] for name in _KEPT if name in about.settings}
    about = manifest.grown(about, job)
    shown = {**about.settings, **reading, **manifest.settings_of_models(config)}
    about = dataclasses.replace(about, settings=shown)
    arms = arms_summary(store)
    if arms is None:
        return about
    brought = [a.arms for a in abouts if a.arms]
    files = _by_name(a.files for a in brought)
    return manifest.with_arms(
        about, arms, Arms(files=files, warnings=_union(a.warnings for a in brought))
    )


def _gathered(abouts: Sequence[Manifest], languages: tuple[str, ...]) -> Manifest:
    served: dict[str, Counter[str]] = {}
    for about in abouts:
        for model, names in about.served.items():
            served[model] = served.get(model, Counter()) + Counter(names)
    judges = _by_name(about.judges for about in abouts)
    first = abouts[0]
    return dataclasses.replace(
        first,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        languages=languages,
        judges=judges,
        judge_notes={name: _union(a.judge_notes.get(name, ()) for a in abouts) for name in judges},
        uncovered=_by_name(about.uncovered for about in abouts),
        refusal_judges=_union(a.refusal_judges or () for a in abouts) or None,
        checks=_by_name(about.checks for about in abouts),
        adapted={
            model: tuple(sorted(_union(a.adapted.get(model, ()) for a in abouts)))
            for model in _union(about.adapted for about in abouts)
        },
        served={model: dict(names) for model, names in served.items()},
        settings={
            **{name: text for name, text in first.settings.items() if name != "arms"},
            "judges": manifest.judges_line(judges),
        },
        arms=None,
        correction=None,
        written={},
    )
