"""`imported`: verdicts that a file brought. They are read once; nobody is asked for more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from safeglot.types import Answer, Reply, Request, Verdict

NOT_THERE = "none in the source"
"""Why an answer has no verdict where the source gives it none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """A judge whose verdicts stand in a file; what it was asked, and how, is not known."""

    caveat: ClassVar[str] = (
        "The verdicts of imported judges are taken from the source as they stand: which judge gave "
        "them, what it was shown and how it was asked is not known."
    )
    name: str = "imported"
    mode: str = ""

    @property
    def id(self) -> str:
        """Its name: which verdicts they are is in the ids of the targets, which hash the source."""
        return "imported:1"

    def ask(self, item: Answer) -> Sequence[Request]:  # noqa: ARG002 - the contract of a Step
        """Return no request: who gave the verdicts cannot be asked."""
        return ()

    def read(self, item: Answer, replies: Sequence[Reply]) -> Verdict:  # noqa: ARG002 - as above
        """Return that there is no verdict: those of the source were stored when it was read."""
        return Verdict(
            response=item.response.key,
            judge=self.name,
            mode=self.mode,
            unsafe=None,
            reason=NOT_THERE,
        )
