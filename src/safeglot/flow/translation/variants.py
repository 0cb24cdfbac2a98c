"""Texts that a run asks beside its main ones and that safeglot makes itself: probes and round trips."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, product
from pathlib import Path
from typing import TypeAlias

from safeglot.backends.console import Console
from safeglot.backends.files import datasets
from safeglot.backends.files.translation_folder import TranslationFolder
from safeglot.config import registry
from safeglot.config.settings import Config
from safeglot.errors import InputErrors, UsageError, gathered
from safeglot.flow.translation.asking import Bench, asked_in
from safeglot.flow.translation.round_trips import round_trips
from safeglot.flow.translation.slots import filled, slotless
from safeglot.flow.translation.translators import TranslationSteps, make_steps
from safeglot.prompts.probes import base
from safeglot.prompts.probes.base import Made, Probe
from safeglot.prompts.probes.codewords import read_codewords
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
from safeglot.translate.translators.llm import LlmTranslator
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
    wordings: tuple[Probe, ...]
    """Those that a chat model is asked for, in their order."""
    steps: TranslationSteps

    @property
    def roundtrip(self) -> bool:
        """Whether round trips are wanted and can be made."""
        return bool(set(ROUND_TRIPS) & set(self.config.arms)) and bool(self.steps.translators)

    @property
    def asks(self) -> bool:
        """Whether a model has to be asked."""
        rated = bool(self.steps.estimators) and any(map(_checkable, self.probes))
        return self.roundtrip or rated or bool(self.wordings)


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
    made: list[Made] = []
    ratings: Mapping[_Place, Mapping[str, float]] = {}
    backs: list[Translation | Untranslated] = []
    if plan.asks and console is not None:
        before()
        asking = config, plan.steps, console
        made, ratings, backs = asked_in(folder, asking, lambda bench: _ask(plan, bench))
    else:
        made = list(_made(plan))
    main = filled(prompts, config)
    probes, lacking = _checked(plan, made, ratings)
    came = [back for back in backs if isinstance(back, Translation)]
    lost = [back for back in backs if isinstance(back, Untranslated)]
    return replace(
        main,
        arm_texts=(*main.arm_texts, *probes, *came),
        untranslated=(*main.untranslated, *lacking, *lost),
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
    sets, dialects, wordings = _expanded(sets, prompts, problems)
    steps = TranslationSteps(translators=())
    if config.quality or wordings or set(ROUND_TRIPS) & set(config.arms):
        with gathered(problems):
            steps = make_steps(config, [p.id for p in prompts.prompts], prompts.languages)
    if wordings and not any(isinstance(t, LlmTranslator) for t in steps.translators):
        problems.append(
            f"--probes paraphrase={len(wordings)}: a chat model writes the wordings, and none is named; "
            "give --with llm=PROVIDER/MODEL, or a file: --probes paraphrase=FILE.csv"
        )
    unique = tuple(dict.fromkeys(sets))
    if sum(own[0].factor == "length" for own in unique) > 1:
        problems.append("--probes: length is there twice; give one share, as in length=5%")
    if problems:
        raise InputErrors(problems)
    return VariantPlan(
        config=config, prompts=prompts, folder=folder,
        probes=unique, dialects=dialects, wordings=wordings, steps=steps,
    )  # fmt: skip


def _expanded(
    sets: Sequence[_Set], prompts: PromptSet, problems: list[str]
) -> tuple[list[_Set], Dialects, tuple[Probe, ...]]:
    """Return the probes, the texts and code words of files, and what a chat model is to word.

    A probe of a file becomes one of each of its labels, a number of wordings one of each.
    """
    files = {
        probe: _read(probe, prompts, problems)
        for probe in chain.from_iterable(sets)
        if not base.LEVELS[probe.factor] and not base.wordings(probe)
    }
    asked = [base.wordings(probe) for probe in chain.from_iterable(sets)]
    expanded = [
        base.ordered(one)
        for together in sets
        for one in product(
            *(files[p].probes if p in files else base.wordings(p) or (p,) for p in together)
        )
    ]
    given = Dialects(
        texts=dict(chain.from_iterable(read.texts.items() for read in files.values())),
        codes=dict(chain.from_iterable(read.codes.items() for read in files.values())),
    )
    return expanded, given, tuple(dict.fromkeys(chain.from_iterable(asked)))


def _read(probe: Probe, prompts: PromptSet, problems: list[str]) -> Dialects:
    noted, file = Problems(), probe.level
    named = replace(probe, level=Path(file).stem)
    try:
        loaded = datasets.load_prompts(file)
        table = read_table(loaded.files)
        noted.found += table.faults
        rows = [
            (row.place, {k: "" if v is None else str(v) for k, v in row.cells.items()})
            for row in table.rows
        ]
        if probe.factor == "codewords":
            codes = read_codewords(rows, prompts.languages, problems=noted)
            return Dialects(codes={(named, tag): own for tag, own in codes.items()})
        return read_dialects(
            rows, _texts(prompts), tags=prompts.languages, probe=named, problems=noted
        )
    except InputErrors as error:
        problems += error.problems
    except UsageError as error:
        problems.append(f"--probes {probe.factor}={file}: {error}")
    finally:
        problems += noted.found
    return Dialects()


def _texts(prompts: PromptSet) -> dict[str, dict[str, str]]:
    texts: dict[str, dict[str, str]] = {p.id: {} for p in prompts.prompts}
    for text in prompts.translations:
        texts[text.prompt][text.language] = text.text
    return texts


def _made(plan: VariantPlan) -> Iterator[Made]:
    wanted = dict.fromkeys([*plan.probes, *filter(None, map(_bare, plan.probes))])
    harmful, seed = (
        [p.id for p in plan.prompts.prompts if p.kind == "harmful"],
        plan.config.probe_seed,
    )
    longer = next((own[0] for own in plan.probes if own[0].factor == "length"), None)
    drawn = base.drawn(harmful, seed, longer) if longer else ()
    made = variants(
        _texts(plan.prompts),
        list(wanted),
        seed=seed,
        reference=plan.config.reference,
        share=plan.config.probe_share,
        dialects=plan.dialects,
    )
    yield from (m for m in made if m.name != "length" or m.prompt in drawn)


def _bare(together: _Set) -> _Set:
    """Return the probes without frame and spelling: an estimator is shown the request alone."""
    return tuple(p for p in together if p.factor not in base.READ_BACK)


def _checkable(together: _Set) -> bool:
    return bool(_bare(together)) and not any(p.factor == "translit" for p in together)


# ---- asking


async def _ask(
    plan: VariantPlan, bench: Bench
) -> tuple[list[Made], Mapping[_Place, Mapping[str, float]], list[Translation | Untranslated]]:
    made = list(_made(replace(plan, dialects=await _worded(plan, bench))))
    places = list(_to_rate(plan, made))
    rated = await bench.qualities([candidate for _, candidate in places])
    ratings = {place: numbers for (place, _), (numbers, _) in zip(places, rated, strict=True)}
    backs = await round_trips(plan.config, plan.prompts, bench) if plan.roundtrip else []
    return made, ratings, backs


async def _worded(plan: VariantPlan, bench: Bench) -> Dialects:
    """Return the given texts, with those that a chat model is asked for beside them."""
    if not plan.wordings:
        return plan.dialects
    writer = next(t for t in plan.steps.translators if isinstance(t, LlmTranslator))
    work = [(probe, text) for probe in plan.wordings for text in plan.prompts.translations]
    texts, faults = dict(plan.dialects.texts), dict(plan.dialects.faults)

    async def word(at: int) -> bool:
        (probe, own), step = work[at], replace(writer, wording=int(work[at][0].level))
        text = slotless(own.text, own.language, plan.config)
        source = Source(prompt=own.prompt, text=text, language=own.language, target=own.language)
        given = await bench.translation(source, step)
        key = (probe, own.prompt, own.language)
        (texts if given.text.strip() else faults)[key] = given.text.strip() or given.fault
        return given.momentary

    await bench.each(range(len(work)), word, what="wordings", of=len(work))
    seen: set[tuple[str, str, str]] = set()
    for probe, own in work:
        key = (probe, own.prompt, own.language)
        here = (own.prompt, own.language, texts.get(key, ""))
        if here in seen and texts.pop(key, ""):
            faults[key] = "the wording is the same as an earlier one"
        seen.add(here)
    return replace(plan.dialects, texts=texts, faults=faults)


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
    if any(probe.factor in base.SLANG for probe in together):
        return foreign(text, parent, tag, identifiers)
    for identifier in identifiers:
        if identifier.covers(tag):
            return identifier.identify(text, tag).language or ""
    return ""


def _probe(
    text: Made, parent: Translation, check: Check, quality: Mapping[str, float]
) -> Translation:
    return replace(
        parent,
        text=text.variant.text,
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
    own = [m for m in made if m.name in names]
    counts = Counter((m.name, m.language) for m in own if not m.variant.fault)
    faults = Counter((m.name, m.language, m.variant.fault) for m in own if m.variant.fault)
    for name in sorted(names):
        counted = [f"{tag} {counts[name, tag]}" for tag in plan.prompts.languages]
        yield f"probe {name}: {', '.join(counted)} texts"
    for (name, tag, fault), n in faults.most_common(6):
        yield f"probe {name} in {tag}: {n} not made ({fault})"
