"""The translation stage: prompts and languages to a set of chosen texts, made once and then frozen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import safeglot
from safeglot.backends.console import Console
from safeglot.backends.files import rundir
from safeglot.backends.files.manifest import EstimatorTable, GateTable, PromptOrigin, SetManifest
from safeglot.backends.files.translation_folder import TranslationFolder, translation_row
from safeglot.backends.store.ranges import check_ranges
from safeglot.backends.store.store import Store
from safeglot.config.settings import Config
from safeglot.errors import InputErrors, TooMuchMissing, UsageError, gathered
from safeglot.flow.run.adaptations import of_set
from safeglot.flow.translation.asking import Asking, open_bench, run
from safeglot.flow.translation.checks import hard_checks
from safeglot.flow.translation.gate import read_gate
from safeglot.flow.translation.page import write_card, write_page
from safeglot.flow.translation.translators import TranslationSteps, make_steps
from safeglot.keys import digest
from safeglot.prompts.prompt_set import PromptSet
from safeglot.text import languages
from safeglot.text.languages import primary
from safeglot.translate.base import Estimator
from safeglot.translate.checks.hard_checks import VERSION as CHECKS_VERSION
from safeglot.translate.checks.identify import available
from safeglot.translate.choice.choice import Gate
from safeglot.translate.choice.outcomes import Scope, choose_rows, counts
from safeglot.types import CandidateRow, Source

VERSION = 2
"""Bumped when the same inputs begin to give another choice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be translated by what, checked before anything is spent."""

    config: Config
    prompts: PromptSet
    steps: TranslationSteps
    gate: Gate
    origin: PromptOrigin

    @property
    def folder(self) -> TranslationFolder:
        """Where the set is or will be."""
        return TranslationFolder(Path(self.config.translations or "translations").expanduser())

    def sources(self) -> Iterator[Source]:
        """Yield what is to be translated, all languages of a prompt side by side."""
        for prompt in self.prompts.prompts:
            for target in self.config.to:
                yield Source(
                    prompt=prompt.id, text=prompt.text, language=prompt.language, target=target
                )

    @property
    def identity(self) -> dict[str, str]:
        """What must not change under a set's name."""
        texts = [(p.id, p.text, p.language) for p in self.prompts.prompts]
        return {
            "version": str(VERSION),
            "prompts": f"{self.prompts.source}@{digest(texts)[:12]}",
            "to": "+".join(self.config.to),
            "translators": "+".join(t.id for t in self.steps.translators),
            "estimators": "+".join(e.id for e in self.steps.estimators) or "none",
            "checks": "+".join([str(CHECKS_VERSION), *(i.name for i in available())]),
            "gate": digest(self.gate.threshold, _plain(self.gate.by_language))[:8]
            if self.gate.by_language
            else str(self.gate.threshold).lower(),
        }


def plan(config: Config, prompts: PromptSet, origin: PromptOrigin) -> Plan:
    """Return the plan of a set: translators, estimators, languages and the gate, all checked.

    Raises: InputErrors with every language that no translator reaches and all that cannot be had.
    """
    problems: list[str] = []
    gate, steps = Gate(threshold=None), TranslationSteps(translators=())
    if not config.to:
        problems.append("--to: empty; give the languages to translate into, as in --to sw,yo.")
    if not config.translator:
        problems.append("--with: empty; name at least one translator, as in --with apertium.")
    problems += [
        f"--to: {tag} is there already, in the prompts. Leave it out, or read the prompts in "
        f"{config.reference} only (--languages {config.reference})."
        for tag in config.to
        if tag == config.reference or tag in prompts.languages
    ]
    with gathered(problems):
        gate = read_gate(config.gate)
    with gathered(problems):
        steps = make_steps(config, [p.id for p in prompts.prompts], config.to)
        problems += _unreached(config, steps)
    if problems:
        raise InputErrors(problems)
    return Plan(config=config, prompts=prompts, steps=steps, gate=gate, origin=origin)


def _unreached(config: Config, steps: TranslationSteps) -> Iterator[str]:
    for tag in config.to:
        if steps.translators and not steps.able(config.reference, tag):
            why = "; ".join(
                f"{t.name}: {t.fault(config.reference, tag)}" for t in steps.translators
            )
            yield (
                f"--to: no translator reaches {tag} ({languages.lookup(tag).name}) from "
                f"{config.reference}. {why}. Name another translator with --with, or leave {tag} out."
            )


# ---- making a set


def make(
    plan: Plan, console: Console, *, again: bool = False, retry_failed: bool = False
) -> TranslationFolder:
    """Return the folder of a set after translating what is missing, choosing and writing it.

    A finished set is left as it is.

    What failed and may come with a new try is asked again, all else that failed by `retry_failed`.
    With `again` the choice is made anew from what was stored, for another gate or estimator.
    Raises: UsageError where the folder holds a set of other inputs; Stopped.
    """
    folder = plan.folder
    folder.create()
    with folder.locked():
        if folder.exists():
            there = folder.read_manifest()
            same = _check_same(plan, there.identity, again=again)
            done = folder.finished() and not there.try_again
            if same and done and not (again or retry_failed):
                return folder
        folder.write_manifest(_manifest(plan, folder))
        for note in plan.steps.notes:
            console.say(f"note: {note}")
        with closing(Store(folder.database)) as store:
            check_ranges(store)
            asking = Asking(
                config=plan.config,
                steps=plan.steps,
                log=folder.log,
                console=console,
                adaptations=of_set(folder, console),
                check=hard_checks,
                retry_failed=retry_failed,
                afresh=retry_failed,
            )
            rows = run(lambda: _candidates(plan, asking, store), folder.path)
            left = len(store.failed(final_only=False) - store.failed(final_only=True))
        _finish(plan, folder, rows, left)
        write_page(folder)
        write_card(folder)
    return folder


async def _candidates(plan: Plan, asking: Asking, store: Store) -> list[CandidateRow]:
    async with open_bench(asking, store) as bench:
        return await bench.candidates(list(plan.sources()))


def _check_same(plan: Plan, there: Mapping[str, str], *, again: bool) -> bool:
    """Return whether a set that is there is this one. Raises: UsageError where it must not be changed."""
    now = plan.identity
    changed = [
        f"{key}: there {there.get(key)}, now {now[key]}"
        for key in now
        if there.get(key) != now[key]
    ]
    hard = [key for key in ("prompts", "to") if there.get(key) != now[key]]
    if changed and (hard or not again):
        more = (
            ""
            if hard
            else " --again chooses anew from what is stored (runs keep the texts they have);"
        )
        raise UsageError(
            f"{plan.folder.path}: holds a translation set of other inputs. {'; '.join(changed)}.{more} "
            "give another folder to make a second set."
        )
    return not changed


def _finish(plan: Plan, folder: TranslationFolder, rows: Sequence[CandidateRow], left: int) -> None:
    scope = Scope(
        prompts=[p.id for p in plan.prompts.prompts],
        languages=plan.config.to,
        translators=[t.name for t in plan.steps.translators],
        scales={e.name: e.scale for e in plan.steps.estimators},
    )
    outcomes, ranks = choose_rows(rows, scope, plan.gate)
    prompts = {p.id: p for p in plan.prompts.prompts}
    table = [
        translation_row(
            outcome,
            {
                "source": prompts[outcome.prompt].text,
                "categories": list(prompts[outcome.prompt].categories),
                "kind": prompts[outcome.prompt].kind,
            },
        )
        for outcome in outcomes
    ]
    folder.write_rows(rows, table, ranks=ranks)
    content = [(r["id"], r["language"], r["outcome"], r["text"], r["translator"]) for r in table]
    folder.write_manifest(
        replace(
            _manifest(plan, folder),
            digest=digest("translation-set", content)[:16],
            counts=counts(outcomes, plan.config.to),
            try_again=left,
        )
    )


def check_failed(folder: TranslationFolder, most: float) -> None:
    """Raise TooMuchMissing where more than the allowed share of a language could not be translated."""
    about = folder.read_manifest()
    shares = {tag: n["failed"] / max(sum(n.values()), 1) for tag, n in about.counts.items()}
    over = [f"{tag} {share:.1%}" for tag, share in shares.items() if share > most]
    if over:
        again = "The same command tries again what may come with a new try. "
        raise TooMuchMissing(
            f"{folder.path}: of {', '.join(over)} of the prompts there is no usable translation, "
            f"allowed are {most:.1%} (--max-missing). {again if about.try_again else ''}"
            f"{folder.page} lists the reasons; --retry-failed tries all."
        )


def _manifest(plan: Plan, folder: TranslationFolder) -> SetManifest:
    steps, config = plan.steps, plan.config
    adapted = folder.read_manifest().adapted if folder.exists() else {}
    return SetManifest(
        safeglot=safeglot.__version__,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        versions={"safeglot": safeglot.__version__, **rundir.library_versions()},
        identity=plan.identity,
        source=plan.origin,
        reference=config.reference,
        languages=config.to,
        translators={t.name: t.id for t in steps.translators},
        estimators={e.name: _estimator_table(e, config) for e in steps.estimators},
        gate=GateTable(threshold=plan.gate.threshold, by_language=_plain(plan.gate.by_language)),
        notes=tuple(steps.notes),
        by_order=_by_order(plan),
        adapted=adapted,
    )


def _by_order(plan: Plan) -> tuple[str, ...]:
    """Return the languages where several translators give texts and no estimator ranks them."""
    steps, reference = plan.steps, plan.config.reference
    ranking = [e for e in steps.estimators if not e.scale.proxy]
    return tuple(
        tag
        for tag in plan.config.to
        if len(steps.able(reference, tag)) > 1 and all(e.uncovered(reference, tag) for e in ranking)
    )


def _estimator_table(estimator: Estimator, config: Config) -> EstimatorTable:
    scale = estimator.scale
    reasons = {tag: estimator.uncovered(config.reference, tag) for tag in config.to}
    covered = [tag for tag, why in reasons.items() if not why]
    own = {tag: Gate().bound(tag, estimator.name, scale) for tag in covered}
    bounds = {tag: bound for tag, bound in own.items() if bound is not None and scale.thresholds}
    return EstimatorTable(
        id=estimator.id,
        worst=scale.worst,
        best=scale.best,
        proxy=scale.proxy,
        machine_only=scale.machine_only,
        thresholds=None if scale.thresholds is None else bounds,
        untested=tuple(tag for tag in bounds if primary(tag) in scale.untested),
        uncovered={tag: why for tag, why in reasons.items() if why},
    )


def _plain(table: Mapping[str, Any]) -> dict[str, Any]:
    return {k: dict(v) if isinstance(v, Mapping) else v for k, v in sorted(table.items())}
