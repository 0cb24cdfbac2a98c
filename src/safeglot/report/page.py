"""The records that the report shows, and the lookup of an estimate by what it is about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from safeglot.report.numbers.percent import places_for
from safeglot.text import languages
from safeglot.types import Estimate

Direction: TypeAlias = Literal["ltr", "rtl"]
Key: TypeAlias = tuple[str, str | None, str | None, str | None, str | None]

INVENTED = "Invented numbers"
"""Begins the note of a run whose answers nobody gave; it stands on every first screen."""


RECORDED = "imported/"
"""How the names of models begin whose answers a file brought."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedLanguage:
    """A language as a page names it."""

    tag: str
    name: str
    direction: Direction = "ltr"


def named_language(tag: str) -> NamedLanguage:
    """Return a language as pages name it."""
    known = languages.lookup(tag)
    return NamedLanguage(
        tag=tag, name=known.name, direction="rtl" if known.direction == "rtl" else "ltr"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A caveat. One with a judge stands wherever that judge's numbers stand; `of_part` where no short text may lack it: the run is a part of a plan, its judge failed its check."""

    text: str
    judge: str | None = None
    of_part: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What was run. `uncovered`: per judge, the categories that its policy does not cover."""

    title: str
    reference: str
    languages: tuple[NamedLanguage, ...]
    models: tuple[str, ...]
    judges: tuple[str, ...]
    macros: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    macro_names: Mapping[str, str] = field(default_factory=dict)
    """Key of a macro category in the estimates -> its printed name, as `macros` has it."""
    settings: Mapping[str, str] = field(default_factory=dict)
    signature: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    uncovered: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    refusals_only: tuple[str, ...] = ()
    """Judges that tell refusals and nothing of harm."""
    folder: str = ""
    """The run's folder as its user named it, for the commands; "" where it is not known."""

    def language_name(self, tag: str) -> str:
        """Return the English name of a language of the run, or its tag."""
        return next((language.name for language in self.languages if language.tag == tag), tag)

    @property
    def place(self) -> str:
        """The run as commands name it: its folder, or where runs are by themselves."""
        return self.folder or f"runs/{self.title}"

    @property
    def is_recorded(self) -> bool:
        """Whether all answers were imported, so that no model can be asked for more."""
        return bool(self.models) and all(name.startswith(RECORDED) for name in self.models)

    @property
    def mark(self) -> str:
        """What stands beside the run's name: that its numbers are invented, "" where they are not."""
        return next((note.text for note in self.notes if note.text.startswith(INVENTED)), "")

    @property
    def rated(self) -> list[str]:
        """The judges that tell harm, the one of the headline first; all where none does."""
        return [judge for judge in self.judges if judge not in self.refusals_only] or [*self.judges]

    def others(self) -> list[NamedLanguage]:
        """Return the languages other than the reference."""
        return [language for language in self.languages if language.tag != self.reference]

    def notes_for(self, judge: str) -> tuple[str, ...]:
        """Return the caveats that must stand where this judge's numbers stand."""
        return tuple(note.text for note in self.notes if note.judge == judge)


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingRow:
    """Things of one kind that gave no number, with one example of the message."""

    stage: str
    model: str
    language: str
    kind: str
    count: int
    example: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerVerdict:
    """One judge's reading of one answer; where `unsafe` is None, `reason` says why."""

    judge: str
    unsafe: bool | None
    label: str = ""
    p_unsafe: float | None = None
    codes: tuple[str, ...] = ()
    refusal: bool | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRow:
    """One answer with its prompt in the language that was asked."""

    prompt_id: str
    categories: tuple[str, ...]
    language: str
    model: str
    prompt: str
    answer: str
    finish_reason: str = "stop"
    sample: int = 0
    verdicts: tuple[AnswerVerdict, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLook:
    """What one look of a plan found for a language, or for one of its categories ("" for all)."""

    model: str
    judge: str
    look: int
    language: str
    category: str
    drawn: int
    n: int
    missing: int
    pool: int
    state: str
    band: str | None
    numbers: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPlan:
    """The plan of a run that stops early, told in a sentence, and the ledger of its looks in their order."""

    name: str
    told: str
    looks: tuple[PlanLook, ...]


MOST_WITHIN = 1_500_000
"""Bytes of answers that a page holds itself; more of them stand in files beside it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswersShown:
    """How many requests to a model, each in all its languages, a page has the answers of.

    Those that tell something, by an unsafe, blocked or unread answer, come first; of the others a
    part is drawn.
    """

    telling: int
    telling_all: int
    others: int
    others_all: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswersBeside:
    """The answers of a page that has none itself: `n` in a folder beside it, which has the page's stamp."""

    folder: str
    stamp: str
    n: int
    categories: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Everything a report shows. `answers` may be a part of the `n_answers_total` of the run."""

    run: Run
    estimates: Sequence[Estimate]
    missing: tuple[MissingRow, ...] = ()
    answers: tuple[AnswerRow, ...] = ()
    beside: AnswersBeside | None = None
    shown: AnswersShown | None = None
    n_answers_total: int = 0
    unread: Mapping[str, tuple[tuple[str, int], ...]] = field(default_factory=dict)
    """Judge -> beginning of replies that could not be read -> how many."""
    ranks: Mapping[str, tuple[int, int] | None] = field(default_factory=dict)
    """Model -> the best and worst rank that it may have by the first judge, None for one without."""
    plan: RunPlan | None = None
    """Of a run that stops early."""
    references: tuple[tuple[str, str], ...] = ()
    """Key and source of each method that gave one of the estimates."""
    assumptions: tuple[str, ...] = ()
    """What the split of a gap into causes takes for granted, printed with its terms."""


class Index:
    """Finds an estimate by what it is about."""

    def __init__(self, estimates: Iterable[Estimate]) -> None:
        self._by_key: dict[Key, Estimate] = {
            (e.metric, e.model, e.judge, e.language, e.category): e for e in estimates
        }
        self._metrics = {e.metric for e in self._by_key.values()}
        macro = macro_metric(self)
        self.decimals = places_for([e for e in self._by_key.values() if e.metric == macro])
        """How many decimals the averages and what is compared with them can carry."""

    def get(
        self,
        metric: str,
        model: str | None,
        *,
        judge: str,
        language: str | None,
        category: str | None = None,
    ) -> Estimate | None:
        """Return the estimate; one that names no judge holds for every judge.

        A model of None asks for the number that is pooled over models.
        """
        of_judge = self._by_key.get((metric, model, judge, language, category))
        return of_judge or self._by_key.get((metric, model, None, language, category))

    def has(self, *metrics: str) -> bool:
        """Return whether any estimate has one of these metrics."""
        return not self._metrics.isdisjoint(metrics)

    def of(self, metric: str, model: str, *, judge: str) -> list[Estimate]:
        """Return all estimates of one metric, model and judge, in the order given."""
        return [
            e
            for e in self._by_key.values()
            if e.metric == metric and e.model == model and e.judge in (judge, None)
        ]

    def categories(self) -> list[str]:
        """Return the categories that have a safety estimate, in the order given."""
        names = (e.category for e in self._by_key.values() if e.metric == "safety")
        return list(dict.fromkeys(name for name in names if name is not None))


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelScope:
    """What a panel is about: one judge's verdicts on the answers of one model."""

    run: Run
    index: Index
    judge: str
    model: str

    @property
    def judge_position(self) -> int:
        """Position of the judge among those of the run, as the page's scripts number it."""
        return self.run.judges.index(self.judge)

    @property
    def model_position(self) -> int:
        """Position of the model among those of the run."""
        return self.run.models.index(self.model)

    def get(
        self, metric: str, language: str | None, category: str | None = None
    ) -> Estimate | None:
        """Return the estimate of this judge and model, None where there is none."""
        return self.index.get(
            metric, self.model, judge=self.judge, language=language, category=category
        )

    def all(self, metric: str) -> list[Estimate]:
        """Return all estimates of a metric for this judge and model, in the order given."""
        return self.index.of(metric, self.model, judge=self.judge)


def scopes(run: Run, index: Index) -> list[PanelScope]:
    """Return a scope for each judge and model of a run, in its order."""
    return [
        PanelScope(run=run, index=index, judge=judge, model=model)
        for judge in run.judges
        for model in run.models
    ]


def macro_metric(index: Index) -> str:
    """Return the name of the macro average over all categories: the taxonomy's size decides it."""
    return "safety_macro" if index.has("safety_macro") else "safety_macro32"


def averages(index: Index) -> dict[str, str]:
    """Return the printed name of each average that the run has by metric, the default first."""
    named = {
        "safety_macro32": "macro-32",
        "safety_macro": "macro",
        "safety_micro": "micro",
        "safety_macro6": "macro-6",
        "safety_macro_of_macros": "macro of macros",
    }
    measured = {metric: name for metric, name in named.items() if index.has(metric)}
    return measured or {"safety_macro32": "macro-32"}


OF_MACROS = ("safety_macro6", "safety_macro_of_macros")
"""Averages over macro categories."""


def of_average(
    scope: PanelScope, metric: str, average: str, language: str | None
) -> Estimate | None:
    """Return a number in the average that stands beside it: of each mean over categories, its own.

    Results of before have the pooled number only, which then stands for all.
    """
    if average in OF_MACROS:
        macros = scope.get(f"{metric}_macros", language)
        if macros is not None:
            return macros
    if average != "safety_micro":
        macro = scope.get(f"{metric}_macro", language)
        if macro is not None:
            return macro
    return scope.get(metric, language)


def missing_share(page: Page) -> tuple[int, int]:
    """Return (missing verdicts, all verdicts that were planned), over all models and judges."""
    whole = [e for e in page.estimates if e.metric == "safety_micro" and e.language is not None]
    parts = whole or [e for e in page.estimates if e.metric == "safety"]
    lost = sum(e.missing for e in parts)
    return lost, lost + sum(e.n for e in parts)
