"""How a run grows: what it holds stays as it is, and what a plan has beyond that joins it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from safeglot.backends.files.manifest import Manifest
from safeglot.config.settings import Config
from safeglot.flow.run import manifest
from safeglot.flow.run.job import Job

_SHOWN = 3
_ANOTHER = "Give another --out, or the inputs of that run to resume it."
_OF_EVERY_PART = ("results", "reference", "decoding")
_AT_LEAST = (
    "A run grows and never shrinks: name what it holds as well (its run.toml does), or give "
    "another --out."
)


class OtherRun(NamedTuple):
    """How a run differs from what is asked for under its name."""

    kind: str
    what: str
    do: str


class Held(NamedTuple):
    """What a run holds: its manifest and configuration, and of its database prompts and texts."""

    path: Path
    about: Manifest
    config: Config
    prompts: Sequence[str]
    """Ids, in the order of the file."""
    texts: Iterable[tuple[str, str, str]]
    """(prompt, language, text) of the main ones, read where they are needed."""


def difference(run: Held, job: Job) -> OtherRun | None:
    """Return how a run is no part of a job; None where it is one."""
    about = run.about
    gone = [*_gone_prompts(run, job), *_gone_names(about, job)]
    part = held_part(job, about, run.prompts)
    there, now = ({k: i[k] for k in i if k != "shard"} for i in (about.identity, part.identity()))
    if gone:
        there = {key: text for key, text in there.items() if key in _OF_EVERY_PART}
        now = {key: text for key, text in now.items() if key in _OF_EVERY_PART}
    if changed := manifest.changes(there, now, run.config, _as_selected(part.config, run.config)):
        changed += _other_texts(run.texts, job)
    if gone or changed:
        do = _AT_LEAST if gone else _ANOTHER
        return OtherRun("a run of other inputs.", f"{'; '.join(gone + changed)}.", do)
    return _other_judges(run, job)


def held_part(job: Job, about: Manifest, held: Sequence[str]) -> Job:
    """Return what of a job a run holds already, in the order of the run."""
    places = {name: place for place, name in enumerate(job.prompts.labels().ids)}
    rows = [places[name] for name in held if name in places]
    targets = {t.name: (t, c) for t, c in zip(job.targets, job.config.target, strict=True)}
    pairs = [targets[name] for name in about.models if name in targets]
    return replace(
        job,
        targets=tuple(step for step, _ in pairs),
        config=replace(
            job.config, target=tuple(c for _, c in pairs), samples=about.samples, shard=None
        ),
        prompts=replace(job.prompts.keep(rows, languages=about.languages), positions=()),
    )


def gains(about: Manifest, job: Job) -> str:
    """Return what a job brings that a run has not; "" for nothing."""
    names: tuple[tuple[str, Iterable[str], Iterable[str]], ...] = (
        ("languages", about.languages, job.prompts.languages),
        ("targets", about.models, (target.name for target in job.targets)),
        ("judges", about.judges, job.judge_ids()),
    )
    found = [
        f"{what} {', '.join(new)}"
        for what, there, now in names
        if (new := [name for name in now if name not in there])
    ]
    there, now = int(about.identity["n"]), len(job.prompts.prompts)
    found += [f"{now - there} prompts"] if now > there else []
    if "plan" in about.identity and job.config.plan == "full":
        found.append("the prompts that its plan left out")
    more = job.config.samples - about.samples
    found += [f"{more} more answers to each prompt"] if more > 0 else []
    return "; ".join(found)


def _gone_prompts(run: Held, job: Job) -> list[str]:
    """Return what makes that prompts which a run holds are not in a job; nothing where all are."""
    now = set(job.prompts.labels().ids)
    lost = [identifier for identifier in run.prompts if identifier not in now]
    if not lost:
        return []
    shown = ", ".join(lost[:_SHOWN]) + (", …" if len(lost) > _SHOWN else "")
    return manifest.changed_settings("prompts", run.config, job.config) or [
        f"prompts: there {len(run.prompts)}, now {len(now)}, without {shown}"
    ]


def _gone_names(about: Manifest, job: Job) -> Iterator[str]:
    names = (
        ("languages", about.languages, job.prompts.languages),
        ("targets", about.models, [target.name for target in job.targets]),
        ("mitigations", about.mitigations or (), job.config.mitigations),
    )
    for what, there, now in names:
        if not set(there) <= set(now):
            yield f"{what}: there {','.join(there)}, now {','.join(now) or 'none'}"
    if job.config.samples < about.samples:
        yield f"samples: there {about.samples}, now {job.config.samples}"


def _as_selected(config: Config, old: Config) -> Config:
    """Return a configuration with what selects of the old one, so that no growth is told as a change."""
    return replace(
        config,
        languages=old.languages,
        limit=old.limit,
        shard=old.shard,
        kinds=old.kinds,
        samples=old.samples,
        target=tuple(new for was in old.target for new in config.target if new.model == was.model),
    )


def _other_judges(run: Held, job: Job) -> OtherRun | None:
    """Return how the judges of a run are not among those of a job, as they were.

    One that was added for its word on refusals alone may go: another tells them now.
    """
    there, ids = run.about.judges, job.judge_ids()
    added = run.about.refusal_judges or ()
    same = all(ids.get(name, i if name in added else "") == i for name, i in there.items())
    if same or not ids:
        return None
    old, new = ", ".join(there), ", ".join(ids)
    hint = _judge_hint(run.config, job.config) if set(there) <= set(ids) else ""
    return OtherRun(
        f"this run with other judges{hint}.",
        f"judges: there {old}, now {new}.",
        f"Use `safeglot judge {run.path} --judge …` to add or read again, or give another --out.",
    )


def _judge_hint(old: Config, new: Config) -> str:
    """Return why judges of the same names are not the same."""
    there, now = manifest.settings_of_models(old), manifest.settings_of_models(new)
    if there == now:
        return " (the way a judge's replies are read has changed)"
    was, shown = "; ".join(there.values()) or "none", "; ".join(now.values()) or "none"
    return f" (settings of single models: there {was}, now {shown})"


def _other_texts(texts: Iterable[tuple[str, str, str]], job: Job) -> list[str]:
    """Return which texts of a job are others than those of a run."""
    there = {(prompt, language): text for prompt, language, text in texts}
    lost = [
        f"{t.prompt} ({t.language})"
        for t in job.prompts.translations
        if there.get((t.prompt, t.language), t.text) != t.text
    ]
    more = ", …" if len(lost) > _SHOWN else ""
    return [f"other texts of {', '.join(lost[:_SHOWN])}{more}"] if lost else []
