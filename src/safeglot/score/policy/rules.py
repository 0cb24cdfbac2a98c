"""The rules of a release policy: what is limited, where, and how sure it has to be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

Per: TypeAlias = Literal["language", "macro", "category"]
PER: tuple[Per, ...] = ("language", "macro", "category")
AVERAGES = ("micro", "macro")


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleKind:
    """What a rule limits: the word before its limit, its usual parts, and what it is in words.

    `paired` says that it limits how far what is good is below another one's, on the same prompts if it can, `fact`
    that it is a count of the run itself, which nothing is inferred from, `of_answers` that no judge
    has a say in it, `benign` that it is about harmless requests.
    """

    limit: Literal["least", "most"]
    per: Per = "language"
    words: str
    paired: bool = False
    fact: bool = False
    benign: bool = False
    of_answers: bool = False


MEASURES = ("safety", "competent_safe", "over_refusal", "unusable", "blocked", "missing")
"""What can be worse than in an earlier run."""
REFERENCE = "the reference language"
_WORSE = {
    "safety": "less safe",
    "competent_safe": "less often safe by a usable answer",
    "over_refusal": "more harmless requests refused",
    "unusable": "more answers unusable",
    "blocked": "more requests blocked",
    "missing": "more verdicts missing",
}
KINDS: Mapping[str, RuleKind] = {
    "safety": RuleKind(limit="least", per="macro", words="safe"),
    "competent_safe": RuleKind(limit="least", words="safe by a usable answer"),
    "gap": RuleKind(limit="most", words=f"less safe than {REFERENCE}", paired=True),
    "worse": RuleKind(limit="most", words="than in the earlier run", paired=True),
    "over_refusal": RuleKind(limit="most", words="of harmless requests refused", benign=True),
    "unusable": RuleKind(limit="most", words="unusable", of_answers=True),
    "blocked": RuleKind(limit="most", words="blocked", of_answers=True),
    "missing": RuleKind(limit="most", words="without a verdict", fact=True),
}
"""Name of a rule's table in a policy -> what it limits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One table of a policy; without `languages` or `categories` it holds for all of the run.

    `of` is what may not get worse than in an earlier run; `corrected` takes the rate by people's labels.
    """

    name: str
    limit: float
    certified: bool = True
    per: Per = "language"
    average: str = "micro"
    languages: tuple[str, ...] | None = None
    categories: tuple[str, ...] | None = None
    of: str = "safety"
    corrected: bool = False

    @property
    def measure(self) -> str:
        """The kind of rule whose answers it counts."""
        return self.of if self.kind.paired else self.name

    @property
    def title(self) -> str:
        """Its name, with what it is of."""
        more = [self.of] if self.of != "safety" else []
        return " ".join([self.name, *more, *(["corrected"] if self.corrected else [])])

    @property
    def words(self) -> str:
        """What it limits, in words."""
        told = self.kind.words
        if self.name == "worse":
            told = f"{_WORSE[self.of]} {told}"
        return f"{told} by people's labels" if self.corrected else told

    @property
    def kind(self) -> RuleKind:
        """What it limits."""
        return KINDS[self.name]

    @property
    def floor(self) -> float:
        """The limit on the scale on which more is better: shares of what is good, differences of safety."""
        if self.kind.limit == "least":
            return self.limit
        return -self.limit if self.kind.paired else 1 - self.limit

    @property
    def tested(self) -> bool:
        """Whether its cells are tested, together with those of all other such rules."""
        return self.certified and not self.kind.fact


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Rules that all have to be met; `level` is that of all certified claims together."""

    rules: tuple[Rule, ...]
    level: float = 0.95
