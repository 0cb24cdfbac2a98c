"""Texts that a run asks beside its main ones and that safeglot makes itself: probes and round trips."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from safeglot.backends.console import Console
from safeglot.backends.files import datasets
from safeglot.backends.files.translation_folder import TranslationFolder
from safeglot.backends.store.ranges import check_ranges
from safeglot.backends.store.store import Store
from safeglot.config import registry
from safeglot.config.settings import Config
from safeglot.errors import InputErrors, UsageError
from safeglot.flow.run.adaptations import of_set
from safeglot.flow.translation.asking import Asking, open_bench, run
from safeglot.flow.translation.round_trips import round_trips
from safeglot.flow.translation.slots import filled, slotless
from safeglot.flow.translation.translators import TranslationSteps, make_steps
from safeglot.prompts.probes import base
from safeglot.prompts.probes.base import Made, Probe
from safeglot.prompts.probes.dialect import Dialects, read_dialects
from safeglot.prompts.probes.making import variants
from safeglot.prompts.probes.manipulation import Check, Seen, check_variant
from safeglot.prompts.problems import Problems
from safeglot.prompts.prompt_set import PromptSet, Untranslated
from safeglot.prompts.reading.arm_rows import ROUND_TRIPS
from safeglot.prompts.reading.tables import read_table
from safeglot.translate.base import Scale
from safeglot.translate.checks.dialects import foreign
from safeglot.translate.checks.identify import available
from safeglot.types import Candidate, Source, Translation

_Set: TypeAlias = tuple[Probe, ...]
_Place: TypeAlias = tuple[str, str, str]
"""(prompt, language, name of the probes)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantPlan:
    """What a run asks for beside its main texts."""

    config: Config
    prompts: PromptSet
    folder: TranslationFolder
    """Where replies of translators and estimators are kept."""
    probes: tuple[_Set, ...]
    dialects: Dialects
    steps: TranslationSteps

    @property
    def roundtrip(self) -> bool:
        """Whether round trips are wanted and can be made."""
        return bool(set(ROUND_TRIPS) & set(self.config.arms)) and bool(self.steps.translators)

    @property
    def asks(self) -> bool:
        """Whether a model has to be asked."""
        rated = bool(self.steps.estimators) and any(map(_checkable, self.probes))
        return self.roundtrip or rated


def with_variations(
    config: Config,
    prompts: PromptSet,
    folder: TranslationFolder,
    console: Console | None,
    *,
    before: Callable[[], None] = lambda: None,
) -> PromptSet:
    """Return the prompts with their probes and round trips beside them; slots of all texts filled.

    `before` is called before a model is asked. Without a console nothing is asked, so that round trips and checks of meaning are left out.
    Raises: InputErrors with all that is wrong with the probes.
    """
    plan = _planned(config, prompts, folder)
    made = list(_made(plan))
    ratings: Mapping[_Place, Mapping[str, float]] = {}
    backs: list[Translation | Untranslated] = []
    if plan.asks and console is not None:
        before()
        folder.create()
        store = Store(folder.database)
        asking = Asking(
            config=config,
            steps=plan.steps,
            log=folder.log,
            console=console,
            adaptations=of_set(folder, console),
        )
        try:
            check_ranges(store)
            ratings, backs = run(lambda: _ask(plan, made, asking, store), folder.path)
        finally:
            store.close()
    main = filled(prompts, config)
    probes, lacking = _checked(plan, made, ratings)
    return replace(
        main,
        arm_texts=(
            *main.arm_texts,
            *probes,
            *(back for back in backs if isinstance(back, Translation)),
        ),
        untranslated=(
            *main.untranslated,
            *lacking,
            *(back for back in backs if isinstance(back, Untranslated)),
        ),
        notes=(*main.notes, *_notes(plan, made)),
    )


def _planned(config: Config, prompts: PromptSet, folder: TranslationFolder) -> VariantPlan:
    problems: list[str] = []
    sets: list[_Set] = []
    for text in config.probes:
        try:
            sets.append(base.parse_all(text))
        except UsageError as error:
            problems.append(f"--probes: {error}")
    sets, dialects = _dialects(sets, prompts, problems)
    steps = TranslationSteps(translators=())
    try:
        if config.quality or set(ROUND_TRIPS) & set(config.arms):
            steps = make_steps(config, [p.id for p in prompts.prompts], prompts.languages)
    except InputErrors as error:
        problems += error.problems
    if problems:
        raise InputErrors(problems)
    unique = tuple(dict.fromkeys(sets))
    return VariantPlan(
        config=config, prompts=prompts, folder=folder, probes=unique, dialects=dialects, steps=steps
    )


def _dialects(
    sets: Sequence[_Set], prompts: PromptSet, problems: list[str]
) -> tuple[list[_Set], Dialects]:
    """Return the probes and the dialects of files; a probe of a file becomes one of each of its labels."""
    expanded: list[_Set] = []
    dialects = Dialects()
    for together in sets:
        file = next((p.level for p in together if p.factor == "dialect"), None)
        if file is None:
            expanded.append(together)
            continue
        dialects = _read(file, prompts, problems)
        others = tuple(p for p in together if p.factor != "dialect")
        expanded += [base.ordered((*others, probe)) for probe in dialects.probes]
    return expanded, dialects


def _read(file: str, prompts: PromptSet, problems: list[str]) -> Dialects:
    noted = Problems()
    try:
        loaded = datasets.load_prompts(file)
        table = read_table(loaded.files)
        noted.found += table.faults
        rows = [
            (row.place, {k: "" if v is None else str(v) for k, v in row.cells.items()})
            for row in table.rows
        ]
        return read_dialects(
            rows,
            [p.id for p in prompts.prompts],
            tags=prompts.languages,
            label=Path(file).stem,
            problems=noted,
        )
    except InputErrors as error:
        problems += error.problems
    except UsageError as error:
        problems.append(f"--probes dialect={file}: {error}")
    finally:
        problems += noted.found
    return Dialects()


def _made(plan: VariantPlan) -> Iterator[Made]:
    texts: dict[str, dict[str, str]] = {p.id: {} for p in plan.prompts.prompts}
    for text in plan.prompts.translations:
        texts[text.prompt][text.language] = text.text
    wanted = dict.fromkeys([*plan.probes, *filter(None, map(_bare, plan.probes))])
    yield from variants(
        texts,
        list(wanted),
        seed=plan.config.probe_seed,
        reference=plan.config.reference,
        share=plan.config.probe_share,
        dialects=plan.dialects,
    )


def _bare(together: _Set) -> _Set:
    """Return the probes without the frame: an estimator is shown the request alone."""
    return tuple(p for p in together if p.factor != "framing")


def _checkable(together: _Set) -> bool:
    return bool(_bare(together)) and not any(p.factor == "translit" for p in together)


# ---- asking


async def _ask(
    plan: VariantPlan, made: Sequence[Made], asking: Asking, store: Store
) -> tuple[Mapping[_Place, Mapping[str, float]], list[Translation | Untranslated]]:
    async with open_bench(asking, store) as bench:
        places = list(_to_rate(plan, made))
        rated = await bench.qualities([candidate for _, candidate in places])
        ratings = {place: numbers for (place, _), (numbers, _) in zip(places, rated, strict=True)}
        backs = await round_trips(plan.config, plan.prompts, bench) if plan.roundtrip else []
    return ratings, backs


def _to_rate(plan: VariantPlan, made: Sequence[Made]) -> Iterator[tuple[_Place, Candidate]]:
    if not plan.steps.estimators:
        return
    prompts = {p.id: p for p in plan.prompts.prompts}
    names = {base.name(_bare(probes)) for probes in plan.probes if _checkable(probes)}
    for text in made:
        if text.name not in names or text.variant.fault or text.language == plan.config.reference:
            continue
        prompt = prompts[text.prompt]
        source = Source(
            prompt=text.prompt,
            text=slotless(prompt.text, prompt.language, plan.config),
            language=prompt.language,
            target=text.language,
        )
        candidate = Candidate(source=source, translator="probe", text=text.variant.text)
        yield (text.prompt, text.language, text.name), candidate


# ---- the manipulation check


def _checked(
    plan: VariantPlan, made: Sequence[Made], ratings: Mapping[_Place, Mapping[str, float]]
) -> tuple[list[Translation], list[Untranslated]]:
    parents = {(t.prompt, t.language): t for t in plan.prompts.translations}
    sets = {base.name(probes): probes for probes in plan.probes}
    bare = {(m.prompt, m.language, m.name): m for m in made}
    scales = {e.name: e.scale for e in plan.steps.estimators}
    texts: list[Translation] = []
    lacking: list[Untranslated] = []
    for text in made:
        together = sets.get(text.name)
        if together is None:  # made for the check only
            continue
        if text.variant.fault:
            lacking.append(_lacking(text))
            continue
        parent = parents[text.prompt, text.language]
        place = (text.prompt, text.language, base.name(_bare(together)))
        alone = bare[place].variant if _bare(together) else text.variant
        seen = Seen(
            quality=_unit(ratings.get(place, {}), _usable(scales, together)),
            identified=_identified(alone.text, parent.text, together, text.language),
        )
        check = check_variant(text.variant, together, seen, language=text.language)
        texts.append(_probe(text, parent, check, ratings.get(place, {})))
    return texts, lacking


def _usable(scales: Mapping[str, Scale], together: _Set) -> dict[str, Scale]:
    """Return the scales without proxies where words were switched on purpose: they count these as untranslated."""
    switched = any(probe.factor == "codeswitch" for probe in together)
    return {name: scale for name, scale in scales.items() if not (switched and scale.proxy)}


def _unit(quality: Mapping[str, float], scales: Mapping[str, Scale]) -> dict[str, float | None]:
    """Return the numbers of any scale on one from 0 to 1."""
    return {
        name: min(1.0, max(0.0, (value - s.worst) / (s.best - s.worst)))
        for name, value in quality.items()
        if (s := scales.get(name)) is not None
    }


def _identified(text: str, parent: str, together: _Set, tag: str) -> str:
    """Return the language that a variant is in, "" where that is not sure; a dialect is of its own."""
    identifiers = available(registry.glotlid())
    if any(probe.factor == "dialect" for probe in together):
        return foreign(text, parent, tag, identifiers)
    for identifier in identifiers:
        if identifier.covers(tag):
            return identifier.identify(text, tag).language or ""
    return ""


def _probe(
    text: Made, parent: Translation, check: Check, quality: Mapping[str, float]
) -> Translation:
    return Translation(
        prompt=text.prompt,
        language=text.language,
        text=text.variant.text,
        translator=parent.translator,
        quality=quality,
        checks=tuple(f"{name}={_short(value)}" for name, value in text.variant.facts.items()),
        kept=check.kept,
        reason=check.reason,
        arm="probe",
        variant=text.name,
    )


def _short(value: float | str) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _lacking(text: Made) -> Untranslated:
    return Untranslated(
        stage="probe",
        prompt=text.prompt,
        language=text.language,
        kind=text.name,
        message=text.variant.fault,
    )


def _notes(plan: VariantPlan, made: Sequence[Made]) -> Iterator[str]:
    names = {base.name(probes) for probes in plan.probes}
    counts = Counter((m.name, m.language) for m in made if m.name in names and not m.variant.fault)
    faults = Counter(
        (m.name, m.language, m.variant.fault) for m in made if m.name in names and m.variant.fault
    )
    for name in sorted(names):
        counted = [f"{tag} {counts[name, tag]}" for tag in plan.prompts.languages]
        yield f"probe {name}: {', '.join(counted)} texts"
    for (name, tag, fault), n in faults.most_common(6):
        yield f"probe {name} in {tag}: {n} not made ({fault})"
