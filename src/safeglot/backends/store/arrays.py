"""The one reader of verdicts: all of a run's, as arrays by arm, variant and translator.

Every table is read from end to end in the order of its numbers, and rows are joined in memory: of an
answer its number and place are held. No number decides a place: a run made in pieces reads as one.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from safeglot.backends.files.manifest import Manifest
from safeglot.backends.store.prompts import Prompts, chosen, read_prompts, unneeded
from safeglot.backends.store.schema.scripts import named
from safeglot.backends.store.store import Store
from safeglot.backends.store.texts import MAIN, OF_KIND, TextKind

Places: TypeAlias = npt.NDArray[np.int64]
Flags: TypeAlias = npt.NDArray[np.int8]
Bools: TypeAlias = npt.NDArray[np.bool_]

LOOSE = "@loose"
"""Ending of the name under which a judge of three labels is read a second time."""
ABSENT, STRAY = -1, -2
"""No place: not an answer of the main arm to a prompt of the run; or one that was not planned."""
_READINGS = {"strict": 9, "loose": 3, "refusal": 1}
"""What a verdict says -> its place in the code that `_SQL["verdicts"]` gives."""

_SQL = named(__package__, "arrays.sql", kind=OF_KIND)


@dataclass(frozen=True, slots=True, eq=False)
class Numbered:
    """The places of rows by their numbers, which are sorted, shapes (N,)."""

    number_N: Places
    place_N: Places

    def find(self, numbers: Sequence[int] | Places) -> Places:
        """Return the places of numbers, ABSENT for those that are not there."""
        row = found(self.number_N, np.asarray(numbers, dtype=np.int64))
        return np.where(row >= 0, self.place_N[row], ABSENT) if self.number_N.size else row


def found(sorted_N: Places, wanted: Places) -> Places:
    """Return the places of numbers among sorted ones, ABSENT for those that are not there."""
    if not sorted_N.size:
        return np.full(wanted.shape, ABSENT, dtype=np.int64)
    place = np.searchsorted(sorted_N, wanted)
    place[place == sorted_N.size] = 0
    return np.where(sorted_N[place] == wanted, place, ABSENT)


@dataclass(frozen=True, slots=True, eq=False)
class AnswersByNumber(Numbered):
    """Answers by their numbers in the store.

    `place_N` says where an answer stands in arrays of `shape` (models, texts by language or
    series, prompts, samples), read flat; ABSENT and STRAY ones stand nowhere.
    """

    shape: tuple[int, int, int, int]

    @property
    def answered(self) -> Bools:
        """Which places have an answer, in that shape."""
        answered = np.zeros(int(np.prod(self.shape)), dtype=np.bool_)
        answered[self.place_N[self.place_N >= 0]] = True
        return answered.reshape(self.shape)

    def without(self, of_MLP: Bools) -> AnswersByNumber:
        """Return the same, where answers to some texts stand nowhere."""
        gone_N = (self.place_N >= 0) & of_MLP.reshape(-1)[self.place_N // self.shape[3]]
        return AnswersByNumber(self.number_N, np.where(gone_N, ABSENT, self.place_N), self.shape)


class Series(NamedTuple):
    """Texts of one kind: those of an arm in a language by one translator, or of one variant."""

    arm: str
    language: str
    translator: str
    variant: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ArmVerdicts:
    """Verdicts on answers to harmful prompts in the other arms: K series of texts.

    `answered_MKP` says which texts have an answer, judged or not.
    Arrays of shape (J, M, K, P, S) are 1, 0, or -1 where nothing is known; `loose_JMKPS` is the
    same as `unsafe_JMKPS` where no judge has three labels.
    """

    judges: tuple[str, ...]
    models: tuple[str, ...]
    answers: AnswersByNumber
    series: Mapping[Series, int]
    answered_MKP: Bools
    unsafe_JMKPS: Flags
    loose_JMKPS: Flags

    def of(self, arm: str, language: str) -> list[Series]:
        """Return the series of an arm in a language, ordered by translator and variant."""
        return sorted(x for x in self.series if (x.arm, x.language) == (arm, language))

    def unsafe_PS(self, judge: str, model: str, series: Series) -> Flags:
        """Return a judge's verdicts on a model's answers to the texts of a series."""
        j, m = self.judges.index(judge), self.models.index(model)
        return np.asarray(self.unsafe_JMKPS[j, m, self.series[series]])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RunVerdicts:
    """The verdicts of a run: those on answers of the main arm, and those of the other arms.

    `judges` has a second reading of judges with three labels. `unsafe_JMLPS` and `refusal_JMLPS`
    are 1, 0, or -1 where nothing is known. `gated_LP` marks the texts that the quality gate took
    out of the main arm, None where there are none; `unneeded_MLP` what a plan that stopped early had
    no need of, or asked since it was hard (`chosen_MLP`): no array has its answers. `strange`: there are
    verdicts outside the plan, or two that contradict each other, of which one is held.
    """

    answers: AnswersByNumber
    prompts: Prompts
    judges: tuple[str, ...]
    unsafe_JMLPS: Flags
    refusal_JMLPS: Flags
    strange: bool
    gated_LP: Bools | None = None
    unneeded_MLP: Bools | None = None
    chosen_MLP: Bools | None = None
    arms: ArmVerdicts


def read(
    store: Store,
    manifest: Manifest,
    *,
    arms: bool = True,
    known: RunVerdicts | None = None,
    texts: TextKind = MAIN,
) -> RunVerdicts:
    """Return all verdicts of a run; what was planned sets the shapes. Of the main arm alone, if so asked.

    `texts` are those that stand in the place of the main ones.

    `known` are those of the same run with other judges: its prompts and answers are not read again.
    """
    judges = tuple(manifest.judges)
    if known is None:
        prompts, main, gated_LP, other, series = _plan(store, manifest, arms=arms, of=texts)
        chosen_MLP, unneeded_MLP, of = None, None, (manifest.models, manifest.languages)
        if "plan" in manifest.identity:
            if (chosen_MLP := chosen(store, prompts, of)) is not None:
                main = main.without(chosen_MLP)
            unneeded_MLP = unneeded(store, prompts, np.asarray(main.answered.any(axis=3)), of)
    else:
        prompts, main, gated_LP = known.prompts, known.answers, known.gated_LP
        chosen_MLP, unneeded_MLP = known.chosen_MLP, known.unneeded_MLP
        other, series = known.arms.answers, known.arms.series
    three = {judge for (judge,) in store.rows(_SQL["three labels"])}
    main_cells = _Cells(answers=main, n_judges=len(judges), readings=("strict", "loose", "refusal"))
    arm_cells = _Cells(
        answers=other, n_judges=len(judges), readings=("strict", "loose") if three else ("strict",)
    )
    strange = _read_verdicts(store, judges, main_cells, arm_cells)
    names = [(j, reading) for j, judge in enumerate(judges) for reading in _read_as(judge, three)]
    shape = (len(names), *main.shape)
    unsafe = [main_cells.flags[reading][j] for j, reading in names]
    return RunVerdicts(
        answers=main,
        prompts=prompts,
        judges=tuple(judges[j] + (LOOSE if reading == "loose" else "") for j, reading in names),
        unsafe_JMLPS=np.array(unsafe, dtype=np.int8).reshape(shape),
        refusal_JMLPS=np.array(
            [main_cells.flags["refusal"][j] for j, _ in names], dtype=np.int8
        ).reshape(shape),
        strange=strange,
        gated_LP=gated_LP,
        unneeded_MLP=unneeded_MLP,
        chosen_MLP=chosen_MLP,
        arms=ArmVerdicts(
            judges=judges,
            models=tuple(manifest.models),
            answers=other,
            series=series,
            answered_MKP=np.asarray(other.answered.any(axis=-1)),
            unsafe_JMKPS=arm_cells.shaped("strict"),
            loose_JMKPS=arm_cells.shaped("loose" if three else "strict"),
        ),
    )


def _read_as(judge: str, three: set[str]) -> tuple[str, ...]:
    return ("strict", "loose") if judge in three else ("strict",)


# ---- texts and answers


def _numbered(places: Mapping[int, int]) -> Numbered:
    numbers = np.fromiter(places, dtype=np.int64, count=len(places))
    return _in_order(numbers, np.fromiter(places.values(), dtype=np.int64, count=len(places)))


def _in_order(numbers: Places, found: Places) -> Numbered:
    order = np.argsort(numbers)
    return Numbered(numbers[order], found[order])


def _plan(
    store: Store, manifest: Manifest, *, arms: bool, of: TextKind = MAIN
) -> tuple[Prompts, AnswersByNumber, Bools | None, AnswersByNumber, Mapping[Series, int]]:
    """Return the prompts, the main arm's answers and what the gate took out; the other arms' answers and series."""
    prompts, at_P = read_prompts(store)
    languages, harmful_P, n_S = manifest.languages, prompts.is_kind("harmful"), manifest.samples
    series: dict[Series, int] = {}
    arm_texts = _arm_texts(store, manifest, at_P, harmful_P, series) if arms else _numbered({})
    main, other = (
        _AnswerPlaces(texts=texts, shape=(len(manifest.models), n_K, n_P, n_S))
        for texts, n_K, n_P in (
            (_main_texts(store, of, languages, at_P, n_S), len(languages), len(at_P)),
            (arm_texts, len(series), int(harmful_P.sum())),
        )
    )
    gated_LP = _gated(store, languages, at_P, unpaired=bool(manifest.unpaired))
    del at_P  # a dict of a million ids is larger than all that follows
    targets = steps_of(store, "generate", manifest.models)
    for columns in store.columns(_SQL["answers"]):
        number_I, text_I, step_I, sample_I = (np.array(c, dtype=np.int64) for c in columns)
        model_I = targets.find(step_I)
        main.add(number_I, text_I, model_I, sample_I)
        if series:
            other.add(number_I, text_I, model_I, sample_I)
    return prompts, main.joined(), gated_LP, other.joined(), series


def _main_texts(
    store: Store, of: TextKind, languages: Sequence[str], at_P: Mapping[str, int], samples: int
) -> Numbered:
    """Return the place of each text's first answer within a model's."""
    at_L = {tag: i * len(at_P) for i, tag in enumerate(languages)}
    numbers, places = array("q"), array("q")
    for number, tag, prompt in store.rows(_SQL["texts"], of.where):
        if prompt in at_P:
            numbers.append(number)
            places.append((at_L[tag] + at_P[prompt]) * samples if tag in at_L else STRAY)
    return _in_order(np.array(numbers, dtype=np.int64), np.array(places, dtype=np.int64))


def _arm_texts(
    store: Store,
    manifest: Manifest,
    at_P: Mapping[str, int],
    harmful_P: Bools,
    series: dict[Series, int],
) -> Numbered:
    """Return the same of the harmful texts of other arms, having numbered their series."""
    samples, n_harmful, before_P = manifest.samples, int(harmful_P.sum()), harmful_P.cumsum() - 1
    places: dict[int, int] = {}
    for number, tag, prompt, arm, translator, variant in store.rows(_SQL["arm texts"]):
        at = at_P.get(prompt)
        if at is not None and harmful_P[at] and tag in manifest.languages:
            # a variant is the same whoever made the text that it is of
            own = Series(arm, tag, "" if arm == "probe" else translator, variant)
            k = series.setdefault(own, len(series))
            places[number] = (k * n_harmful + int(before_P[at])) * samples
    return _numbered(places)


def _gated(
    store: Store, languages: Sequence[str], at_P: Mapping[str, int], *, unpaired: bool
) -> Bools | None:
    """Return which texts the gate took out, shape (L, P): those without a main text in their place.

    Where the languages have prompts of their own, that is what is in other languages; so are all texts
    of a prompt that exists in versions alone which pair with nothing.
    """
    if not unpaired and not store.holds(_SQL["any gated"]):
        return None
    at_L = {name: i for i, name in enumerate(languages)}
    there = {name: np.zeros((len(at_L), len(at_P)), dtype=np.bool_) for name in ("main", "gated")}
    for arm, tag, prompt in store.rows(_SQL["gated"]):
        if tag in at_L and prompt in at_P:
            there[arm][at_L[tag], at_P[prompt]] = True
    alone_P = ~(there["main"] | there["gated"]).any(axis=0)
    gated_LP = ~there["main"] if unpaired else (there["gated"] | alone_P) & ~there["main"]
    return gated_LP if gated_LP.any() else None


def steps_of(store: Store, stage: str, names: Iterable[str]) -> Numbered:
    """Return the places of a stage's steps, by number, in the order of these names."""
    at = {name: i for i, name in enumerate(names)}
    steps = store.rows(_SQL["steps"], (stage,))
    return _numbered({number: at[name] for number, name in steps if name in at})


@dataclass(slots=True, kw_only=True, eq=False)
class _AnswerPlaces:
    """Numbers of answers as they are read, in their order, and their places."""

    shape: tuple[int, int, int, int]
    texts: Numbered
    """The place of a text's first answer within a model's."""
    parts: list[tuple[Places, Places]] = field(default_factory=list)

    def add(self, number_I: Places, text_I: Places, model_I: Places, sample_I: Places) -> None:
        """Add the answers to the texts that have a place, or are STRAY."""
        first_I = self.texts.find(text_I)
        own = first_I != ABSENT
        number_I, first_I, model_I, sample_I = (
            array[own] for array in (number_I, first_I, model_I, sample_I)
        )
        fits = (first_I >= 0) & (model_I >= 0) & (sample_I >= 0) & (sample_I < self.shape[3])
        place_I = first_I + model_I * int(np.prod(self.shape[1:])) + sample_I
        self.parts.append((number_I, np.where(fits, place_I, STRAY)))

    def joined(self) -> AnswersByNumber:
        """Return what was added."""
        numbers, places = (
            np.concatenate([np.empty(0, dtype=np.int64), *parts])
            for parts in (zip(*self.parts, strict=True) if self.parts else ((), ()))
        )
        return AnswersByNumber(numbers, places, self.shape)


# ---- verdicts


@dataclass(slots=True, kw_only=True, eq=False)
class _Cells:
    """Verdicts as they are read: of each reading an array, judges by places."""

    answers: AnswersByNumber
    n_judges: int
    readings: tuple[str, ...]
    flags: dict[str, Flags] = field(init=False)

    def __post_init__(self) -> None:
        shape = (self.n_judges, int(np.prod(self.answers.shape)))
        self.flags = {name: np.full(shape, -1, dtype=np.int8) for name in self.readings}

    def shaped(self, reading: str) -> Flags:
        """Return a reading by judge, model, text, prompt and sample."""
        return self.flags[reading].reshape(self.n_judges, *self.answers.shape)

    def put(self, judge_I: Places, place_I: Places, code_I: Flags) -> bool:
        """Return whether a verdict contradicts another, having put all that have a place into it."""
        pick = (place_I >= 0) & (judge_I >= 0)
        cell_I = judge_I[pick] * int(np.prod(self.answers.shape)) + place_I[pick]
        code_I = code_I[pick]
        contradicts = False
        for reading in self.readings:
            flat = self.flags[reading].reshape(-1)
            differs = _put(flat, cell_I, code_I // _READINGS[reading] % 3 - 1)
            contradicts |= differs and reading != "refusal"
        return contradicts


def _read_verdicts(store: Store, judges: Sequence[str], main: _Cells, other: _Cells) -> bool:
    """Return whether verdicts of the main arm are strange, having put all verdicts into their cells."""
    steps = steps_of(store, "judge", judges)
    strange = False
    for numbers, step, codes in store.columns(_SQL["verdicts"]):
        judge_I, number_I = steps.find(step), np.array(numbers, dtype=np.int64)
        code_I = np.array(codes, dtype=np.int8)
        place_I = main.answers.find(number_I)
        strange |= bool(((place_I == STRAY) & (judge_I >= 0)).any())
        strange |= main.put(judge_I, place_I, code_I)
        if other.answers.number_N.size:
            left = place_I == ABSENT
            other.put(judge_I[left], other.answers.find(number_I[left]), code_I[left])
    return strange


def _put(flags: Flags, cell_I: Places, flag_I: Flags) -> bool:
    """Return whether a flag contradicts what is in its cell, having written all that are known."""
    known = flag_I >= 0
    cell, flag = cell_I[known], flag_I[known]
    before = flags[cell]
    flags[cell] = flag
    return bool((((before >= 0) & (before != flag)) | (flags[cell] != flag)).any())
