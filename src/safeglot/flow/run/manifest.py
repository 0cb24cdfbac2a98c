"""manifest.json: what a run is, and how it differs from another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

import safeglot
from safeglot.backends.files import rundir
from safeglot.backends.files.manifest import ArmsSummary, Manifest, SetManifest, TaxonomyTable
from safeglot.config import registry
from safeglot.config.engines import runs_here
from safeglot.config.model_settings import line_of
from safeglot.config.model_strings import JudgeConfig, ModelConfig
from safeglot.config.settings import Config
from safeglot.flow.arms import Arms
from safeglot.flow.prompts import part_of
from safeglot.flow.run import models
from safeglot.flow.run.job import Job, run_signature
from safeglot.judge.guards import caveats
from safeglot.prompts.mitigations import PIVOT_PRICE
from safeglot.prompts.mitigations import notes as mitigation_notes
from safeglot.prompts.taxonomy import Coverage, Taxonomy

Adapted = TypeVar("Adapted", Manifest, SetManifest)
_KEYS_OF = {
    "prompts": (
        "prompts", "columns", "read_as", "taxonomy", "languages", "categories", "kinds", "limit",
        "select_seed", "allow_partial", "unpaired", "shard",
    ),
    "plan": ("plan", "within", "drop", "history"),
    "reference": ("reference",),
    "targets": ("target",),
    "decoding": ("raw", "system", "max_tokens", "thought_tokens", "temperature", "top_p", "seed", "samples"),
}  # fmt: skip
_FREE = ModelConfig(model="")
"""Stands for the model of a judge that asks none."""
_IMPLIED = {
    "n": ("prompts",),
    "shard": ("prompts",),
    "languages": ("prompts",),
    "generate": ("targets", "decoding"),
}
"""What can change only together with another part."""
_OF_THE_RUN = (
    "written", "safeglot", "created", "git_commit", "versions", "arms", "adapted", "checks", "served",
    "correction",
)  # fmt: skip
"""What a run keeps, whatever joins it."""
SHARD = "This is shard"
"""How the note of a run begins that is a part of a plan."""
SIZES = "; micro averages weigh the categories by their size in the plan"
_OF_JUDGES = ("judges", "judge_notes", "uncovered", "refusal_judges", "guard_judges")


def manifest_of(job: Job) -> Manifest:
    """Return what the run is, and all that can move its numbers."""
    taxonomy, config = job.prompts.taxonomy, job.config
    identity, judges = job.identity(), job.judge_ids()
    return Manifest(
        safeglot=safeglot.__version__,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        git_commit=rundir.git_commit(),
        versions={"safeglot": safeglot.__version__, **rundir.library_versions()},
        source=job.origin,
        identity=identity,
        judges=judges,
        signature=run_signature(identity, judges, config.level, config.bootstrap),
        models=tuple(t.name for t in job.targets),
        model_ids=tuple(t.model for t in job.targets),
        languages=job.prompts.languages,
        reference=config.reference,
        samples=config.samples,
        level=config.level,
        bootstrap=config.bootstrap,
        taxonomy=taxonomy_table(taxonomy),
        settings=settings(job),
        notes=tuple(_notes(job)),
        judge_notes=_judge_notes(job),
        uncovered=_uncovered(config, taxonomy),
        refusal_judges=_refusal_judges(config),
        unpaired=config.unpaired or None,
        mitigations=config.mitigations or None,
        guard_judges=_guard_judges(config),
        prices=_prices(config) if config.mitigations else None,
    )


def judged(manifest: Manifest, job: Job) -> Manifest:
    """Return the manifest of a run with the judges of a job."""
    config, ids = job.config, job.judge_ids()
    shown = {"judges": settings(job)["judges"], **settings_of_models(config)}
    new = replace(
        manifest,
        judges=ids,
        judge_notes=_judge_notes(job),
        uncovered=_uncovered(config, job.prompts.taxonomy),
        refusal_judges=_refusal_judges(config),
        guard_judges=_guard_judges(config),
        settings={**manifest.settings, **shown},
    )
    return signed(replace(new, judge_notes=_with_refused_logprobs(new, config)))


def grown(about: Manifest, job: Job) -> Manifest:
    """Return the manifest of a run that goes on as a job: as of one begun with it, and what came since.

    A job without judges, as of `safeglot generate`, leaves those of the run as they are.
    """
    new = replace(
        manifest_of(job),
        **{name: getattr(about, name) for name in _OF_THE_RUN},
        settings={**about.settings, **settings(job)},
    )
    if not job.judges:
        of_judges = {name: getattr(about, name) for name in _OF_JUDGES}
        judges = {name: about.settings[name] for name in ("judges",) if name in about.settings}
        new = replace(new, **of_judges, settings={**new.settings, **judges})
    return signed(replace(new, judge_notes=_with_refused_logprobs(new, job.config)))


def signed(about: Manifest) -> Manifest:
    """Return a manifest with the signature of what it says."""
    told = about.identity, about.judges, about.level, about.draws
    line = run_signature(*told, arms=about.arms_digest, adapted=about.adapted)
    return replace(about, signature=line)


def with_arms(manifest: Manifest, arms: ArmsSummary, new: Arms) -> Manifest:
    """Return the manifest of a run with what it holds of arms, and of all files that brought them."""
    files, warnings = dict(new.files), new.warnings
    if manifest.arms:
        files = {**manifest.arms.files, **files}
        warnings = (*manifest.arms.warnings, *warnings)
    names = {"main": "quality of the translations"}
    shown = ", ".join(f"{names.get(a, a)} ({n} texts)" for a, n in arms.texts.items())
    texts = {name: text for name, text in manifest.settings.items() if name != "arms"}
    held = replace(arms, files=files, warnings=tuple(dict.fromkeys(warnings)))
    return signed(replace(manifest, arms=held, settings={**texts, "arms": shown}))


def with_entry(manifest: Adapted, model_id: str, entry: str) -> Adapted:
    """Return a manifest that holds what was done about a setting which a server refused."""
    entries = tuple(sorted({*manifest.adapted.get(model_id, ()), entry}))
    return replace(manifest, adapted={**manifest.adapted, model_id: entries})


def with_adapted(manifest: Manifest, model_id: str, entry: str, config: Config) -> Manifest:
    """Return the manifest of a run with that, also in its signature and where the page shows it."""
    about = with_entry(manifest, model_id, entry)
    shown = "; ".join(f"{model}: {', '.join(done)}" for model, done in about.adapted.items())
    about = replace(about, settings={**about.settings, "settings that servers refused": shown})
    return signed(replace(about, judge_notes=_with_refused_logprobs(about, config)))


def _with_refused_logprobs(about: Manifest, config: Config) -> dict[str, tuple[str, ...]]:
    notes = dict(about.judge_notes)
    for judge in config.judge:
        model, name = judge.model, models.judge_name(judge)
        ids = [i for i, done in about.adapted.items() if "logprobs=none" in done]
        if model and any(i == model.model or i.startswith(f"{model.model}@") for i in ids):
            note = (
                f"{name}: its server gives no log-probabilities, so its verdicts have no p_unsafe."
            )
            notes[name] = tuple(dict.fromkeys((*notes.get(name, ()), note)))
    return notes


def taxonomy_table(taxonomy: Taxonomy) -> TaxonomyTable:
    """Return what a manifest holds of a taxonomy."""
    return TaxonomyTable(
        name=taxonomy.name,
        alert=taxonomy.alert,
        categories=taxonomy.categories,
        macro=taxonomy.macro,
        macro_names=taxonomy.macro_names,
        coverage=taxonomy.coverage,
        descriptions=taxonomy.descriptions,
    )


def taxonomy_of(table: TaxonomyTable) -> Taxonomy:
    """Return the taxonomy that a manifest holds."""
    coverage = {category: Coverage(*own) for category, own in table.coverage.items()}
    same = ("name", "categories", "macro", "macro_names", "descriptions")
    return Taxonomy(coverage=coverage, **{name: getattr(table, name) for name in same})


def settings(job: Job) -> dict[str, str]:
    """Return the settings that the report shows, in its words."""
    c = job.config
    origin = job.origin.sha256[:12] + (
        f", revision {job.origin.revision}" if job.origin.revision else ""
    )
    thought = f" and {c.thought_tokens} for the thought" if c.thought_tokens else ""
    limit = "all" if c.limit is None else f"{c.limit} a category and language, seed {c.select_seed}"
    limit += f", shard {part}" if (part := part_of(c)) else ""
    return {
        "prompts": f"{job.prompts.source} ({origin})",
        "on reading the prompts": "; ".join(job.prompts.notes) or "nothing to note",
        "prompts a language": f"{len(job.prompts.prompts)} ({limit}; kinds: {', '.join(c.kinds)})",
        "languages": ", ".join(job.prompts.languages),
        "reference": c.reference,
        "targets": ", ".join(t.model for t in job.targets),
        "judges": judges_line(job.judge_ids()),
        "answers": f"{c.samples} a prompt, recorded elsewhere; {_unknown(c)}: not known"
        if job.recorded
        else f"{c.samples} a prompt, at most {c.max_tokens} tokens{thought}, temperature {c.temperature:g}, "
        f"top_p {c.top_p:g}, seed {c.seed}{', raw completion' if c.raw else ''}",
        "system prompt": c.system or ("not known" if job.recorded else "none"),
        **{f"system prompt of {m.model}": m.system for m in c.target if m.system is not None},
        **settings_of_models(c),
        "intervals": f"{100 * c.level:g}% level; bootstrap of {c.bootstrap} draws",
    }


def _unknown(config: Config) -> str:
    """Return what of the way to recorded answers is not known."""
    if any(model.settings for model in config.target):
        return "template, and of decoding what is not named below"
    return "decoding and template"


def judges_line(ids: Mapping[str, str]) -> str:
    """Return the judges with their ids, as the report shows them."""
    return ", ".join(f"{name} [{judge_id}]" for name, judge_id in ids.items())


def settings_of_models(config: Config) -> dict[str, str]:
    """Return the settings of single models, where there are any, as the report shows them."""
    asked = [(m.model, m.settings) for m in config.target]
    asked += [(models.judge_name(j), j.model.settings) for j in config.judge if j.model]
    shown = [f"{name}: {line_of(settings)}" for name, settings in asked if settings]
    return {"settings of single models": "; ".join(shown)} if shown else {}


def _notes(job: Job) -> list[str]:
    notes: list[str] = []
    if any(t.name == "embedded/smollm2-135m" for t in job.targets):
        notes.append(
            "embedded/smollm2-135m is a very small model that speaks English and hardly anything "
            "else. It is here to show the tool; its numbers say nothing about other models."
        )
    if job.prompts.source == "mini":
        notes.append(
            "The bundled prompts are for trials: at most 3 a category, too few for any claim."
        )
    if job.config.unpaired:
        notes.append(
            "The languages have prompts of their own, not the same requests: differences between "
            "them are unpaired, with the categories weighed as in the reference language, and a "
            "part of each may be that of the requests. Nothing that needs pairs is told."
        )
        if job.config.limit is not None:
            notes.append(
                "--limit draws as many of each category: micro averages are of what was drawn, not of "
                "each language's own shares; the macro average needs none."
            )
    judges = [j.judge for j in job.config.judge if not j.guard]
    notes += mitigation_notes(job.config.mitigations, judges)
    if part := part_of(job.config):
        notes.append(
            f"{SHARD} {part} of the plan, a random sample of it with the same share of every "
            f"category{'' if job.config.unpaired else SIZES}. `safeglot merge` joins it with shard "
            f"{', '.join(map(str, part.lacking))}."
        )
    return notes


def _judge_notes(job: Job) -> dict[str, tuple[str, ...]]:
    languages, further = job.prompts.languages, job.judge_setting_notes()
    return {
        (name := models.judge_name(j)): (
            *caveats.notes(j.family, registry.judge_class(j.family), languages),
            *further.get(name, ()),
        )
        for j in job.config.judge
    }


def _refusal_judges(config: Config) -> tuple[str, ...] | None:
    return tuple(models.judge_name(j) for j in config.judge if j.refusals_only) or None


def _guard_judges(config: Config) -> tuple[str, ...] | None:
    return tuple(models.judge_name(j) for j in config.judge if j.guard) or None


def _prices(config: Config) -> dict[str, tuple[float, float]]:
    """Return the prices that are known; what runs in this process costs nothing."""
    asked = [(m.model, m) for m in config.target]
    asked += [(models.judge_name(j), j.model or _FREE) for j in config.judge]
    free = {name: (0.0, 0.0) for name, m in asked if m is _FREE or runs_here(m.provider)}
    if not any(step.model for step in config.translator):
        free[PIVOT_PRICE] = (0.0, 0.0)
    priced = [(name, m.usd_in, m.usd_out) for name, m in asked]
    return free | {n: (i, o) for n, i, o in priced if i is not None and o is not None}


def _uncovered(config: Config, taxonomy: Taxonomy) -> dict[str, tuple[str, ...]]:
    gaps = tuple(c for c, coverage in taxonomy.coverage.items() if coverage.gap)
    return {models.judge_name(j): gaps for j in config.judge if j.family.startswith("llama-guard")}


def changes(
    there: Mapping[str, str], now: Mapping[str, str], old: Config, new: Config
) -> list[str]:
    """Return what differs between the identities of two runs, by the settings that did it."""
    parts = [k for k, text in now.items() if there.get(k) != text]
    parts = [k for k in parts if not set(_IMPLIED.get(k, ())) & set(parts)]
    return [text for part in parts for text in _changes_of(part, there, now, (old, new))]


def _changes_of(
    part: str, there: Mapping[str, str], now: Mapping[str, str], configs: tuple[Config, Config]
) -> Iterator[str]:
    lines = changed_settings(part, *configs)
    yield from lines
    if lines:
        return
    words = {
        "prompts": "the content of the prompts",
        "results": "safeglot's way to results",
        "generate": "safeglot's way to ask targets",
    }
    yield f"{words.get(part, part)}: there {there.get(part, '-')}, now {now[part]}"


def changed_settings(part: str, old: Config, new: Config) -> list[str]:
    """Return the settings behind a part of the identity that differ, but for the languages."""
    pairs = [
        (key, _shown(getattr(old, key)), _shown(getattr(new, key)))
        for key in _KEYS_OF.get(part, ())
        if key != "languages"
    ]
    return [f"{key.replace('_', '-')}: there {a}, now {b}" for key, a, b in pairs if a != b]


def _shown(given: Any) -> str:
    if given is None or given in ((), {}):
        return "not given"
    if isinstance(given, ModelConfig):
        told = [] if given.system is None else [f"system={given.system}"]
        told += [line_of(given.settings)] if given.settings else []
        return f"{given.model} ({', '.join(told)})" if told else given.model
    if isinstance(given, JudgeConfig):
        return given.judge
    if isinstance(given, tuple):
        return ",".join(map(_shown, given))
    if isinstance(given, Mapping):
        return ",".join(f"{k}={v}" for k, v in given.items())
    return f"{given:g}" if isinstance(given, float) else repr(given) if given == "" else str(given)
