"""Texts of arms that are lost: refused by the checks, or not had; rows of failures by arm."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from safeglot.backends.store.answers import brought_answers
from safeglot.backends.store.failures import arm_losses
from safeglot.backends.store.texts import arm_texts
from safeglot.keys import digest
from safeglot.prompts.reading.arm_rows import GIVEN

if TYPE_CHECKING:
    from safeglot.backends.store.store import Store

CHECKED = ("roundtrip", "roundtrip2", "translators", "pivot", *GIVEN)
"""Arms whose texts are checked; what the gate took out and probes are no translations of their own."""
SHOWN = 3
"""Reasons that are named, the commonest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmPlace:
    """Where a text of an arm belongs: `model` and `sample` are those of a translated answer."""

    arm: str
    prompt: str
    language: str
    translator: str
    model: str = ""
    sample: int = 0

    @property
    def key(self) -> str:
        """The key of its failure; a text of the same place takes it back, whoever made it."""
        who = self.translator if self.arm == "translators" else ""
        return digest("arm", self.arm, self.prompt, self.language, who, self.model, self.sample)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A text of an arm that is no translation, and why: the name of the check and what it found."""

    place: ArmPlace
    kind: str
    message: str


def put_refused(store: Store, refused: Iterable[Refused]) -> None:
    """Write rows of failures, stage by arm, for texts that were refused or could not be had."""
    store.write(
        "failures",
        (
            (r.place.arm, r.place.key, r.place.prompt, r.place.language, r.place.sample, r.kind,
             f"{r.place.translator}: {r.message}", 1, 0, "", "", None)
            for r in refused
        ),
    )  # fmt: skip


def take_back(store: Store, places: Iterable[ArmPlace]) -> None:
    """Delete the failures of texts that are there now."""
    store.write("recovered", ((place.arm, place.key) for place in places))


# ---- telling


def lost_of(counts: Mapping[str, int], n_texts: int) -> str:
    """Return how many of how many texts are refused, and of what: "93 of 93 (refusal 90, empty 3)"."""
    lost = sum(counts.values())
    common = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    reasons = ", ".join(f"{kind} {n}" for kind, n in common[:SHOWN])
    more = ", …" if len(common) > SHOWN else ""
    return f"{lost} of {lost + n_texts} ({reasons}{more})"


def losses(store: Store) -> dict[tuple[str, str], str]:
    """Return, by arm and language, how many of how many texts are refused or could not be had."""
    counts: dict[tuple[str, str], Counter[str]] = {}
    for loss in arm_losses(store):
        counts.setdefault((loss.arm, loss.language), Counter())[loss.kind] += loss.n
    if not counts:
        return {}
    texts: Counter[tuple[str, str]] = Counter()
    texts.update((t.arm, t.language) for t in arm_texts(store) if t.arm not in GIVEN)
    texts.update((a.arm, a.language) for a in brought_answers(store))
    return {place: lost_of(kinds, texts[place]) for place, kinds in counts.items()}


def notes(store: Store) -> Iterator[str]:
    """Yield what is to be told of the texts that are refused."""
    for (arm, language), lost in losses(store).items():
        yield f"{lost} texts of the arm {arm} in {language} are no translations; they are failures"
