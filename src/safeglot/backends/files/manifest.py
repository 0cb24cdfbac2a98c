"""manifest.json as a record: what a run or a translation set is, and all that can move its numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from safeglot.backends.files.records import OPTIONAL, Misfit, Record, between, read_record
from safeglot.text.languages import tag_of
from safeglot.types import DRAWS, LEVELS, SAMPLES

IDENTITY = ("results", "prompts", "n", "languages", "reference", "targets", "decoding", "generate")
"""The parts of a run's identity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptOrigin(Record):
    """What the prompts were read from."""

    name: str
    sha256: str
    revision: str
    sizes: Mapping[str, Mapping[str, int]] = field(
        default_factory=dict, metadata={**OPTIONAL, **between(0)}
    )
    """Kind -> category -> prompts in the source, where `--limit` drew a part of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxonomyTable(Record):
    """The taxonomy of the prompts; `coverage` is category -> (codes of the judges, how far)."""

    name: str
    alert: bool
    categories: tuple[str, ...]
    macro: Mapping[str, str]
    macro_names: Mapping[str, str]
    coverage: Mapping[str, tuple[tuple[str, ...], str]]
    descriptions: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmsSummary(Record):
    """What a run holds of arms."""

    digest: str
    texts: Mapping[str, int] = field(metadata=between(0))
    """Arm -> its texts, or answers where it brings these."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Name -> sha256 of each file that brought texts."""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeCheck(Record):
    """What a judge said of the exchanges of its first check; `fault` where it was used all the same."""

    id: str
    """Of the judge, the texts and their language."""
    said: Mapping[str, str]
    """Exchange -> verdict and the beginning of the reply."""
    fault: str = field(default="", metadata=OPTIONAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardDraw(Record):
    """From how many answers of a run those with labels were drawn."""

    judge: str
    """By whose verdicts; "" where regardless of any."""
    sizes: Mapping[str, Mapping[str, int]] = field(metadata=between(0))
    """Language -> stratum -> answers there are."""
    prompts: Mapping[str, int] = field(metadata=between(1))
    """Language -> prompts with an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardTest(Record):
    """What a run tests guards on; its texts stand in the place of answers."""

    side: str
    """prompts or answers."""
    configured: tuple[str, ...]
    """The languages that the user named, or those of the texts."""
    texts: Mapping[str, int] = field(metadata=between(0))
    """Language -> texts."""
    labelled: Mapping[str, int] = field(metadata=between(0))
    """Language -> those with a label."""
    draw: GuardDraw | None = field(default=None, metadata=OPTIONAL)
    """Of the labelled answers of a run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest(Record):
    """What a run is. Names of judges, models and languages stand in the order of the run."""

    safeglot: str | None = field(default=None, metadata=OPTIONAL)
    created: str
    git_commit: str | None = field(default=None, metadata=OPTIONAL)
    versions: Mapping[str, str]
    source: PromptOrigin
    identity: Mapping[str, str]
    """What must not change under the run's name, part by part."""
    judges: Mapping[str, str]
    """Name -> id."""
    signature: str
    models: tuple[str, ...]
    model_ids: tuple[str, ...]
    languages: tuple[str, ...]
    reference: str
    samples: int = field(metadata=between(*SAMPLES))
    level: float = field(metadata=between(*LEVELS))
    bootstrap: int | None = field(default=None, metadata={**OPTIONAL, **between(*DRAWS)})
    taxonomy: TaxonomyTable
    settings: Mapping[str, str]
    """The settings that the report shows, in its words."""
    notes: tuple[str, ...]
    judge_notes: Mapping[str, tuple[str, ...]]
    uncovered: Mapping[str, tuple[str, ...]]
    """Judge -> the categories that its policy does not cover."""
    arms: ArmsSummary | None = field(default=None, metadata=OPTIONAL)
    adapted: Mapping[str, tuple[str, ...]] = field(default_factory=dict, metadata=OPTIONAL)
    """Model id -> the settings that its server refused, each with what was sent, as in temperature=none."""
    checks: Mapping[str, JudgeCheck] = field(default_factory=dict, metadata=OPTIONAL)
    """Judge -> its first check."""
    served: Mapping[str, Mapping[str, int]] = field(default_factory=dict, metadata=OPTIONAL)
    """Model id of a judge -> what its replies call the model or build that gave them, with their number."""
    refusal_judges: tuple[str, ...] | None = field(default=None, metadata=OPTIONAL)
    """Judges that were added for their word on refusals: they give no safety rates."""
    mitigations: tuple[str, ...] | None = field(default=None, metadata=OPTIONAL)
    """What was set against harm, each an arm."""
    guard_judges: tuple[str, ...] | None = field(default=None, metadata=OPTIONAL)
    """Judges that stand before or behind the targets and give no rates."""
    prices: Mapping[str, tuple[float, float]] | None = field(default=None, metadata=OPTIONAL)
    """Of a run with mitigations: model or judge -> US dollars for a million tokens read, and written."""
    unpaired: bool | None = field(default=None, metadata=OPTIONAL)
    """Whether the languages have prompts of their own: each prompt is planned in its language alone."""
    correction: str | None = field(default=None, metadata=OPTIONAL)
    """How rates are corrected by labels, where that was chosen."""
    guards: GuardTest | None = field(default=None, metadata=OPTIONAL)
    """Of a run whose judges are under test."""

    @property
    def rating(self) -> Manifest:
        """The run without the judges that give no rates: guards, and those added for refusals alone."""
        return self._without((*(self.refusal_judges or ()), *(self.guard_judges or ())))

    @property
    def unguarded(self) -> Manifest:
        """The run without the judges that are guards of its mitigations."""
        return self._without(self.guard_judges or ())

    def _without(self, judges: Sequence[str]) -> Manifest:
        kept = {name: i for name, i in self.judges.items() if name not in judges}
        return replace(self, judges=kept) if judges else self

    @property
    def draws(self) -> int:
        """How many draws the bootstrap takes; runs of early versions have none."""
        return self.bootstrap or 0

    @property
    def arms_digest(self) -> str:
        """The arms' part of the signature, "" for a run without."""
        return self.arms.digest if self.arms else ""


def parse_manifest(value: Any) -> Manifest:
    """Return the manifest that parsed JSON holds. Raises: Misfit naming the key."""
    manifest = read_record(Manifest, value)
    for key in IDENTITY:
        if key not in manifest.identity:
            raise Misfit("is missing", ("identity", key))
    check_tags(manifest.languages, manifest.reference)
    return manifest


def check_tags(tags: Sequence[str], reference: str) -> None:
    """Check the languages of a manifest. Raises: Misfit naming the key."""
    for key, tag in (("reference", reference), *(("languages", tag) for tag in tags)):
        if not tag_of(tag):
            raise Misfit(f"got {tag!r:.40}, allowed is a BCP-47 tag", (key,))
    if len(set(tags)) < len(tags):
        raise Misfit("names a language twice", ("languages",))


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimatorTable(Record):
    """A quality estimator of a translation set: its id, its scale, and the languages it lacks."""

    id: str
    worst: float
    best: float
    proxy: bool
    uncovered: Mapping[str, str] = field(metadata={"key": "not covered"})
    """Language -> why."""
    machine_only: bool = False
    """Whether it gates only what a translator made for the set."""
    thresholds: Mapping[str, float] | None = None
    """Language -> its own least number there; None where it has the gate's."""
    untested: tuple[str, ...] = ()
    """Languages of which nobody has measured the threshold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateTable(Record):
    """The least quality of a kept text, and what replaces it in a language."""

    threshold: float | None = field(metadata=between(0, 1))
    by_language: Mapping[str, float | Mapping[str, float] | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetManifest(Record):
    """What a translation set is; the last three fields come with its end."""

    format: int = 1
    safeglot: str
    created: str
    versions: Mapping[str, str]
    identity: Mapping[str, str]
    source: PromptOrigin
    reference: str
    languages: tuple[str, ...]
    translators: Mapping[str, str]
    """Name -> id."""
    estimators: Mapping[str, EstimatorTable]
    gate: GateTable
    notes: tuple[str, ...]
    by_order: tuple[str, ...] = ()
    """Languages with several translators where no estimator ranks: their order chose."""
    digest: str = field(default="", metadata=OPTIONAL)
    """Of all texts and how they ended."""
    counts: Mapping[str, Mapping[str, int]] = field(
        default_factory=dict, metadata={**OPTIONAL, **between(0)}
    )
    """Language -> outcome -> texts."""
    adapted: Mapping[str, tuple[str, ...]] = field(default_factory=dict, metadata=OPTIONAL)
    """As in the manifest of a run."""
    try_again: int | None = field(default=None, metadata={**OPTIONAL, **between(0)})
    """How many requests failed that may come with a new try."""
