"""The cosine of source and translation by a sentence encoder, alone and beside the round trip.

The cosine tells a text of another prompt, or half a text. It sees no negation, and rates a copy of
the source highest: so it comes after the hard checks, screens what passed them, and ranks nothing.
docs/explanation/quality-estimation.md has what was measured.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from safeglot.text.languages import primary
from safeglot.translate.base import Scale
from safeglot.translate.estimators.neural import Scored
from safeglot.translate.estimators.roundtrip import RoundTripChrf
from safeglot.types import Candidate, Estimated, Reply, Request

MEASURED_FROM = "en"
MEASURED: Mapping[str, float] = {"ar": 0.51, "it": 0.61, "ko": 0.4, "th": 0.59, "zh": 0.57}
"""Language -> the 5th percentile of people's translations from English (MultiJail, 315 prompts)."""
UNTESTED = 0.4
"""The threshold where none was measured: the lowest of those that were."""
TRIP_NAME, TRIP_VERSION = "roundtrip-encoder", 1


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderCosine(Scored):
    """The cosine of the vectors of source and translation; about 0 to 1, more is better."""

    family: ClassVar[str] = "encoder-cosine"

    name: str = family
    languages: frozenset[str]
    """That the encoder was trained on, as language subtags; outside them its vectors are noise."""
    reference: str = MEASURED_FROM
    """The language of the sources: thresholds were measured from English only."""

    @property
    def scale(self) -> Scale:
        """A proxy with thresholds of its own, untested ones where nobody has measured any."""
        measured = MEASURED if primary(self.reference) == MEASURED_FROM else {}
        measured = {tag: bound for tag, bound in measured.items() if tag in self.languages}
        return Scale(
            worst=0.0,
            best=1.0,
            proxy=True,
            thresholds={tag: measured.get(tag, UNTESTED) for tag in self.languages},
            untested=self.languages.difference(measured),
        )

    def uncovered(self, source: str, target: str) -> str:
        """Return which language the encoder was not trained on; "" where it knows both."""
        strange = [tag for tag in (source, target) if primary(tag) not in self.languages]
        return f"not covered: the encoder does not know {strange[0]}" if strange else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundTripEncoder:
    """The mean of the round trip's chrF and the cosine: the embedded estimate of quality.

    It holds the round trip, so it rates machines' output above people's as that does: it ranks
    nothing, and gates only where the gate has a threshold for it.
    """

    scale: ClassVar[Scale] = Scale(
        worst=0.0, best=1.0, proxy=True, machine_only=True, thresholds={}
    )
    """A proxy without a threshold."""
    trip: RoundTripChrf
    cosine: EncoderCosine
    name: str = TRIP_NAME

    @property
    def id(self) -> str:
        """Version and the ids of both parts."""
        return f"{TRIP_NAME}:{TRIP_VERSION}:{self.trip.id}:{self.cosine.id}"

    def uncovered(self, source: str, target: str) -> str:
        """Return why one of the two parts cannot judge a pair of languages; "" where both can."""
        return self.cosine.uncovered(source, target) or self.trip.uncovered(source, target)

    def ask(self, item: Candidate, /) -> Sequence[Request]:
        """Return what the back-translator asks for, and the encoder's request behind it."""
        return (*self.trip.ask(item), *self.cosine.ask(item))

    def read(self, item: Candidate, replies: Sequence[Reply], /) -> Estimated:
        """Return the mean of both, a cosine below 0 as 0; without one of them a reason."""
        trip = self.trip.read(item, replies[:-1])
        cosine = self.cosine.read(item, replies[-1:])
        if trip.value is None or cosine.value is None:
            return trip if trip.value is None else cosine
        return Estimated(value=(trip.value + max(cosine.value, 0.0)) / 2)
