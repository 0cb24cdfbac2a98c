"""The protocols of translators and quality estimators: Steps that ask a model and read its replies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from safeglot.types import Candidate, Estimated, Reply, Request, Source, Translated


class Translator(Protocol):
    """Asks for translations and reads what came back; does no I/O."""

    @property
    def name(self) -> str:
        """Its name in records, e.g. apertium, ct2/opus-mt-en-es, llm=openai/gpt-5-nano."""

    @property
    def id(self) -> str:
        """Name, version and revisions of all that determines the text, next to the source."""

    def fault(self, source: str, target: str) -> str:
        """Return why it cannot translate between two languages; "" where it can. Asked before anything runs."""

    def ask(self, item: Source, /) -> Sequence[Request]:
        """Return the requests for one text; none where no model is needed."""

    def read(self, item: Source, replies: Sequence[Reply], /) -> Translated:
        """Return the translation in the replies, which come in the order of the requests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """The scale of an estimator's numbers: its `best` and `worst` end."""

    worst: float
    best: float
    proxy: bool = False
    """Whether it is a stand-in that was not trained on human judgements: it ranks no candidates."""
    machine_only: bool = False
    """Whether it gates only what a translator made for the set, and only after the choice."""
    thresholds: Mapping[str, float] | None = None
    """The least number of each language, in place of the gate's one for all; None: the gate's."""
    untested: frozenset[str] = frozenset()
    """Languages of which nobody has measured the threshold."""

    @property
    def higher_is_better(self) -> bool:
        """Whether more is better; MetricX counts errors."""
        return self.best > self.worst

    @property
    def gates(self) -> bool:
        """Whether the default threshold of 0.5 applies: the scale goes from 0 to 1."""
        return (self.worst, self.best) == (0.0, 1.0)


class Estimator(Protocol):
    """Asks for the quality of a candidate and reads what came back; does no I/O."""

    @property
    def name(self) -> str:
        """Its name in records, e.g. roundtrip-chrf, cometkiwi=Unbabel/wmt22-cometkiwi-da."""

    @property
    def id(self) -> str:
        """Name, version and revisions of all that determines the number, next to the texts."""

    @property
    def scale(self) -> Scale:
        """The scale of its numbers."""

    def uncovered(self, source: str, target: str) -> str:
        """Return why it cannot judge translations between two languages; "" where it can."""

    def ask(self, item: Candidate, /) -> Sequence[Request]:
        """Return the requests for one candidate; none where no model is needed."""

    def read(self, item: Candidate, replies: Sequence[Reply], /) -> Estimated:
        """Return the estimate in the replies, which come in the order of the requests."""


REPLY_FAULTS = (
    "blocked", "thought only", "broken", "malformed", "no choices", "refused", "truncated",
    "untagged", "variants",
)  # fmt: skip
"""Words that a fault of a translation begins with, where there is no text at all."""


def broken_by(fault: str) -> str:
    """Return the word that a fault without a text is counted by, "" for any other."""
    kind = fault.partition(":")[0]
    return kind if kind in REPLY_FAULTS else ""


EMPTY = Estimated(value=None, reason="the candidate is empty")
NO_REPLY = Estimated(value=None, reason="no reply")
