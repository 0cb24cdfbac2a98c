"""A test of guards: labelled texts and the guards that rate them, as a run's folder."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple, Unpack

from safeglot.backends.console import Console
from safeglot.backends.files.manifest import GuardTest, Manifest, PromptOrigin
from safeglot.backends.files.rundir import RunDir
from safeglot.backends.models.routes import IMPORTED
from safeglot.backends.store.answers import count_answers
from safeglot.backends.store.records import reply_row
from safeglot.backends.store.store import Store
from safeglot.backends.store.texts import text_numbers
from safeglot.config.endpoints import Named
from safeglot.config.model_strings import JudgeConfig, ModelConfig
from safeglot.config.registry import rates_prompts
from safeglot.config.settings import OF_CLUSTER, Config, some, to_table
from safeglot.errors import UsageError
from safeglot.flow.guards import run_labels
from safeglot.flow.guards.run_labels import LabelledRun, run_of
from safeglot.flow.guards.variants import Varied, varied
from safeglot.flow.judging import verdicts
from safeglot.flow.measure.guards import FILE
from safeglot.flow.prompt_files import load_all
from safeglot.flow.prompts import origin_of
from safeglot.flow.run import job as jobs
from safeglot.flow.run import manifest, models, session
from safeglot.flow.run.job import How, Job
from safeglot.judge.guards.first_check import EXCHANGES
from safeglot.keys import translation_key
from safeglot.prompts.prompt_set import PromptSet
from safeglot.prompts.reading.label_columns import PROMPTS, LabelledOptions
from safeglot.prompts.reading.label_rows import LabelledSet, LabelledText, read_labelled
from safeglot.prompts.reading.tables import read_table
from safeglot.prompts.taxonomy import OWN, Taxonomy
from safeglot.types import PROMPT_MODE, Answer, Item, Prompt, Reply, Response, Translation

TEXTS = f"{IMPORTED}/labelled-texts"
"""What stands in the place of the model that gave the texts."""
_ROWS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """Which guards are tested on what; `configured` are the languages that the user named."""

    config: Config
    labelled: LabelledSet
    origin: PromptOrigin
    configured: tuple[str, ...]
    varied: Varied = field(default_factory=Varied)
    run: LabelledRun | None = None
    """Whose labels these are; None for those of files."""

    @property
    def run_dir(self) -> RunDir:
        """The folder of the test."""
        return RunDir(Path(self.config.out or f"runs/guards-{Path(self.origin.name).stem}"))

    def job(self) -> Job:
        """Return the guards as the judges of a run, checked. Raises: InputErrors."""
        held = PromptSet(
            prompts=(),
            translations=(),
            taxonomy=manifest.taxonomy_of(self.run.manifest.taxonomy)
            if self.run
            else Taxonomy(name=OWN, categories=self.labelled.categories),
            languages=self.labelled.languages,
            source=self.origin.name,
            notes=self.labelled.notes,
        )
        return jobs.prepare(self.config, held, self.origin, target_ids=(TEXTS,))

    def manifest(self) -> Manifest:
        """Return what the test is."""
        job, labelled = self.job(), self.labelled
        about = manifest.manifest_of(dataclasses.replace(job, judges=(), config=self.unjudged))
        name = f"{self.origin.name}@{labelled.digest[:12]}"
        identity = {
            **about.identity,
            "prompts": name,
            "n": str(labelled.n_prompts),
            **self.varied.identity,
        }
        return dataclasses.replace(
            about,
            identity=identity,
            signature=jobs.run_signature(identity, {}, about.level, about.draws),
            guards=GuardTest(
                side=labelled.side,
                configured=self.configured,
                texts=self.run.answers
                if self.run
                else {tag: self.texts_in(tag) for tag in labelled.languages},
                labelled={tag: self.texts_in(tag, "unsafe", "safe") for tag in labelled.languages},
                draw=self.run.draw if self.run else None,
            ),
            notes=(),
            settings=self._settings(),
        )

    @property
    def unjudged(self) -> Config:
        """The settings without the guards."""
        return dataclasses.replace(self.config, judge=())

    @property
    def n(self) -> int:
        """How many texts each guard is asked, variants included."""
        return self.labelled.n + len(self.varied.texts)

    def texts_in(self, language: str, *meanings: str) -> int:
        """Return how many texts there are in a language, with these labels or with any or none."""
        counts = self.labelled.counts.items()
        return sum(
            n for (tag, m), n in counts if tag == language and (not meanings or m in meanings)
        )

    def _settings(self) -> dict[str, str]:
        labelled = self.labelled
        return {
            "texts": f"{self.origin.name} ({self.origin.sha256[:12]}): {labelled.n} {labelled.side}",
            "probes": "; ".join(self.varied.notes()) or "none",
            "on reading the texts": "; ".join(labelled.notes) or "nothing to note",
            "languages": ", ".join(labelled.languages),
            "languages that were named": ", ".join(self.configured),
            "reference": self.config.reference,
            "intervals": f"{100 * self.config.level:g}% level",
        }


def plan(files: Sequence[str], config: Config, options: LabelledOptions) -> Trial:
    """Return the test of a configuration's judges on labelled files, or on a run's labels. Raises: UsageError."""
    if run_dir := run_of(files):
        return _of_run(run_dir, config, options)
    if not config.judge:
        raise UsageError(
            "no guard is named. Give one or more: --judge FAMILY=PROVIDER/MODEL, as in "
            "--judge qwen3guard=vllm/Qwen/Qwen3Guard-Gen-4B."
        )
    config = dataclasses.replace(config, prompts=tuple(files))
    loaded = load_all(config)
    table = read_table(loaded.files, options.columns.values())
    options = dataclasses.replace(options, languages=config.languages, read_as=config.read_as)
    labelled = read_labelled(table, options)
    made = varied(labelled, dataclasses.replace(config, languages=labelled.languages))
    return _trial(config, labelled, origin_of(loaded), varied=made)


def _trial(config: Config, labelled: LabelledSet, origin: PromptOrigin, **more: Any) -> Trial:
    return Trial(
        config=dataclasses.replace(
            config,
            probes=(),
            languages=labelled.languages,
            judge=tuple(_as_guard(judge, labelled.side) for judge in config.judge),
            target=(ModelConfig(model=TEXTS),),
        ),
        labelled=labelled,
        origin=origin,
        **{"configured": config.languages or labelled.languages, **more},
    )


def _of_run(run_dir: RunDir, config: Config, options: LabelledOptions) -> Trial:
    """Return the test on a run's labels: of its own judges, as they judged, where no guard is named."""
    for flag, given in (("--columns", options.columns), ("--read-as", config.read_as), ("--side", options.side), ("--probes", config.probes)):  # fmt: skip
        if given:
            raise UsageError(
                f"{flag}: goes with a file of labelled texts, and {run_dir.path} is a run, whose answers "
                f"and labels are taken as they are. Leave it out."
            )
    held = run_labels.read(run_dir, config.languages)
    about = held.manifest
    config = dataclasses.replace(config, reference=about.reference)
    origin = PromptOrigin(name=str(run_dir.path), sha256=held.labelled.digest, revision="")
    return _trial(
        config, held.labelled, origin, run=held, configured=config.languages or about.languages
    )


def _as_guard(judge: JudgeConfig, side: str) -> JudgeConfig:
    """Return a judge as it rates prompts, where these are tested. Raises: UsageError where it rates answers only."""
    if side != PROMPTS:
        return judge
    if not rates_prompts(judge.family):
        raise UsageError(
            f"--judge {judge.judge}: {judge.family} rates answers, and these are prompts. Give another "
            "guard, or a file with answers and --side answers."
        )
    return dataclasses.replace(judge, mode=PROMPT_MODE)


def run(trial: Trial, console: Console, **how: Unpack[How]) -> RunDir:
    """Return the folder after asking the guards for what it lacks. Raises: UsageError, Stopped."""
    trial.job()  # what cannot be asked is said before anything is written
    run_dir = trial.run_dir
    run_dir.create()
    with run_dir.locked():
        _begin(run_dir, trial, console)
        with session.opened(run_dir, create=True) as store:
            if count_answers(store) < trial.n:
                _put(store, trial)
            c = trial.config
            if trial.run:
                _take_verdicts(run_dir, trial, trial.run, store)
            if c.judge:
                named = Named(
                    judges=c.judge,
                    proxy=c.proxy,
                    http_client=c.http_client,
                    cluster=some(c, OF_CLUSTER),
                )
                verdicts.judge(run_dir, named, store, console, **how)
    return run_dir


def _take_verdicts(run_dir: RunDir, trial: Trial, run: LabelledRun, store: Store) -> None:
    """Take over what judges of the run said: those that are named, else all, which then are the guards.

    A judge that is another by now says it anew.
    """
    there, of_run = run_dir.read_manifest(), run.manifest.rating.judges
    own = {models.judge_name(j): j for j in session.stored_config(run.run_dir).judge}
    named = trial.job().judge_ids()
    new = {n: i for n, i in (named or of_run).items() if n not in there.judges and n in own}
    for name, judge_id in new.items():
        store.drop_verdicts(name)
        if of_run.get(name) == judge_id:
            step = store.step("judge", name, judge_id, own[name].mode)
            store.write("verdicts", [(n, step, *told, None) for n, *told in run.verdicts(name)])
    checks = {n: check for n, check in run.manifest.checks.items() if n in new}
    there, config = (
        dataclasses.replace(there, checks={**checks, **there.checks}),
        session.stored_config(run_dir),
    )
    if not named:
        there = dataclasses.replace(
            there,
            judges={**there.judges, **new},
            judge_notes={**run.manifest.judge_notes, **there.judge_notes},
        )
        config = dataclasses.replace(config, judge=(*config.judge, *(own[n] for n in new)))
    run_dir.write(to_table(config), there)


def _begin(run_dir: RunDir, trial: Trial, console: Console) -> None:
    for note in (*trial.labelled.notes, *trial.varied.notes()):
        console.say(f"note: {note}")
    about = trial.manifest()
    if not run_dir.exists():
        run_dir.write(to_table(trial.unjudged), about)
        return
    there = run_dir.read_manifest()
    if there.guards is None or there.identity != about.identity:
        what = "a run that tests no guards" if there.guards is None else _differences(there, about)
        raise UsageError(f"--out {run_dir.path}: holds {what}. Give another --out.")
    stored = session.stored_config(run_dir)
    run_dir.write(to_table(dataclasses.replace(trial.config, judge=stored.judge)), there)
    console.say(f"resuming {run_dir.path}")


def _differences(there: Manifest, now: Manifest) -> str:
    old, new = there.identity, now.identity
    parts = [k for k in {**old, **new} if old.get(k) != new.get(k)]
    told = "; ".join(f"{k}: there {old.get(k, 'none')}, now {new.get(k, 'none')}" for k in parts)
    return f"a test on other texts ({told})"


class _Asked(NamedTuple):
    """What a guard is shown, and whose label it has."""

    asked: Translation
    answer: str
    of: LabelledText


def _put(store: Store, trial: Trial) -> None:
    """Write the texts, their variants and labels; a put that was cut off is written again under the same numbers."""
    labelled, made = trial.labelled, trial.varied
    variants = {translation_key(text.asked): text.asked for text in made.texts}
    plain = (_translation(text) for text in labelled.texts if not text.sample)
    store.add_inputs(_prompts(trial), chain(plain, variants.values()))
    session.put_untranslated(store, made.lacking)
    (target,) = trial.job().targets
    step, number = store.step("generate", target.name, target.id), 0
    if trial.run:
        by, drawn = trial.run.draw.judge, enumerate(trial.run.drawn, start=1)
        store.write("draws", [(n, by, d.language, d.stratum, 1, d.design) for n, d in drawn])
    rows = chain(
        (_Asked(_translation(text), text.answer, text) for text in labelled.texts),
        (_Asked(text.asked, text.answer, text.of) for text in made.texts),
    )
    while chunk := list(islice(rows, _ROWS)):
        _write(store, chunk, step, number + 1)
        number += len(chunk)


def _write(store: Store, rows: Sequence[_Asked], step: int, first: int) -> None:
    """Write texts in the place of answers, with these numbers from the first on."""
    keys = [translation_key(row.asked) for row in rows]
    at = text_numbers(store, keys)
    numbered = list(zip(range(first, first + len(rows)), keys, rows, strict=True))
    said = [(n, Reply(text=row.answer, finish_reason="given")) for n, _, row in numbered]
    store.write("replies", [reply_row(n, None, reply) for n, reply in said])
    store.write(
        "labels",
        [
            (n, FILE, "unsafe" if row.of.unsafe else "safe", "")
            for n, _, row in numbered
            if row.of.unsafe is not None
        ],
    )
    store.write(
        "responses", [(n, at[key], step, row.of.sample, n, None) for n, key, row in numbered]
    )


def _translation(text: LabelledText) -> Translation:
    return Translation(prompt=text.id, language=text.language, text=text.prompt)


def _prompts(trial: Trial) -> Iterator[Prompt]:
    """Yield each prompt: as it is in the run, of a file with its first text."""
    given = trial.run.prompts if trial.run else ()
    yield from given
    seen = {p.id for p in given}
    for text in trial.labelled.texts:
        if text.id not in seen:
            seen.add(text.id)
            yield _prompt(text, trial.origin.name)


def _prompt(text: LabelledText, source: str) -> Prompt:
    return Prompt(
        id=text.id,
        text=text.prompt,
        language=text.language,
        categories=(text.category,),
        source=source,
    )


def forecast_text(trial: Trial) -> str:
    """Return what a test would send; nothing is sent. Raises: UsageError where its folder is taken."""
    job, labelled = trial.job(), trial.labelled
    trial.run_dir.check_free()
    requests = tokens = 0
    probe = next(iter(labelled.texts))
    letters = sum(len(t.prompt) + len(t.answer) for t in labelled.texts) / labelled.n
    for judge in job.judges:
        asked = judge.ask(_answer(probe))
        size = sum(len(r.prompt or "") + sum(len(m[1]) for m in r.messages) for r in asked)
        own = len(asked) * (letters - len(probe.prompt) - len(probe.answer))
        requests += len(asked) * (trial.n + len(EXCHANGES))
        tokens += int((size + own) / 4 * trial.n)
    languages = ", ".join(f"{tag} {trial.texts_in(tag)}" for tag in labelled.languages)
    rows = {
        "texts": f"{labelled.n} {labelled.side} ({languages})",
        **({"variants": f"{len(trial.varied.texts)}"} if trial.varied.names else {}),
        "labels": _labels(trial),
        "requests to guards": f"{requests:,}",
        "tokens in": f"about {tokens:,}",
        "folder": str(trial.run_dir.path),
    }
    notes = (*labelled.notes, *trial.varied.notes())
    lines = [*(f"note: {note}" for note in notes), "dry run: nothing was sent or written"]
    return "\n".join([*lines, *(f"  {name:<20} {text}" for name, text in rows.items())])


def _labels(trial: Trial) -> str:
    by = {
        m: sum(trial.texts_in(tag, m) for tag in trial.labelled.languages)
        for m in ("unsafe", "safe", "none")
    }
    return f"{by['unsafe']} unsafe, {by['safe']} safe, {by['none']} without"


def _answer(text: LabelledText) -> Answer:
    translation = _translation(text)
    key = translation_key(translation)
    return Answer(
        item=Item(prompt=_prompt(text, ""), translation=translation, translation_key=key),
        response=Response(key=key, translation=key, model="", text=text.answer, sample=text.sample),
    )
