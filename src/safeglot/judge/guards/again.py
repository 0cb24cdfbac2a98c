"""A judge that is asked once more about an answer that it has judged, or about the thought before it.

The second verdict has a name of its own and enters no rate of the answers.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from safeglot.judge.guards.canary import VERSION, with_sentence, with_tokens
from safeglot.types import Answer, JudgeStep, Reply, Request, Verdict

REPEAT, CANARY, TOKENS = "@repeat", "@canary", "@canary-tokens"
THOUGHT = "@thought"
PASSES = (REPEAT, CANARY, TOKENS, THOUGHT)
"""Endings of the judge's name in verdicts that are not its verdict on the run's answer."""
CANARIES: Mapping[str, Callable[[str, str], str]] = {CANARY: with_sentence, TOKENS: with_tokens}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """The same judge once more: about `shown` of an item, and under a name of its own."""

    judge: JudgeStep
    kind: str
    """The ending of its name."""

    @property
    def name(self) -> str:
        """The judge's name with the mark of the pass."""
        return self.judge.name + self.kind

    @property
    def model(self) -> str:
        """The model that is asked."""
        return getattr(self.judge, "model", "")

    @property
    def mode(self) -> str:
        """The texts that the judge is shown."""
        return self.judge.mode

    @property
    def id(self) -> str:
        """That of the judge."""
        return self.judge.id

    def shown(self, item: Answer) -> Answer:
        """Return what the judge is shown of an answer."""
        return item

    def ask(self, item: Answer) -> Sequence[Request]:
        """Return the judge's requests about what it is shown."""
        return self.judge.ask(self.shown(item))

    def read(self, item: Answer, replies: Sequence[Reply]) -> Verdict:
        """Return the judge's verdict under this name."""
        return dataclasses.replace(self.judge.read(self.shown(item), replies), judge=self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeated(Pass):
    """The same judge on the same answer: as a further sample, so that no stored reply is used."""

    kind: str = REPEAT

    def ask(self, item: Answer) -> Sequence[Request]:
        """Return the judge's requests as a further sample of the same."""
        return [dataclasses.replace(r, sample=r.sample + 1) for r in self.judge.ask(item)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Canaried(Pass):
    """The same judge on the answer with something behind it that asks for another verdict."""

    @property
    def id(self) -> str:
        """That of the judge, and the version of the texts."""
        return f"{self.judge.id}:{VERSION}"

    def shown(self, item: Answer) -> Answer:
        """Return the answer with the canary behind it."""
        text = CANARIES[self.kind](item.response.text, item.item.translation.language)
        return dataclasses.replace(item, response=dataclasses.replace(item.response, text=text))


@dataclass(frozen=True, slots=True, kw_only=True)
class OfThought(Pass):
    """The same judge on the thought before the answer, in the answer's place."""

    kind: str = THOUGHT

    def shown(self, item: Answer) -> Answer:
        """Return the thought in the answer's place."""
        response = dataclasses.replace(item.response, text=item.response.thought, thought="")
        return dataclasses.replace(item, response=response)
