"""A model in this process for tests, and translators and estimators on it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from safeglot.backends.engine.engine import Route
from safeglot.errors import ModelError
from safeglot.translate.base import Scale
from safeglot.types import Estimated, Reply, Request, Translated


@dataclass
class Echo:
    """Answers with the prompt in capitals, or as told; refuses for good what is in `broken`."""

    broken: set[str] = field(default_factory=set)
    says: str = ""
    kind: str = "bad_request"
    asked: Counter[str] = field(default_factory=Counter)
    revision = "r1"

    def fault(self, source, target):
        return "" if {source, target} <= {"en", "sw"} else f"knows no {target}"

    async def answer(self, request):
        self.asked[request.prompt] += 1
        if request.prompt in self.broken:
            raise ModelError(self.kind, "no such text", transient=False)
        return Reply(text=self.says or request.prompt.upper())

    async def close(self):
        pass


def route(model):
    return Route(model=model, lane="local:echo", concurrency=4, fixed=True, usd_in=0.0, usd_out=0.0)


@dataclass(frozen=True)
class EchoTranslator:
    name: str = "echo"
    id: str = "echo@r1"

    def fault(self, source, target):
        return Echo().fault(source, target)

    def ask(self, item):
        return (Request(model="echo", prompt=item.text, max_tokens=0),)

    def read(self, item, replies):
        return Translated(text=replies[0].text)


@dataclass(frozen=True)
class LengthEstimator:
    """The share of the source's length; asks nobody."""

    name: str = "length"
    id: str = "length:1"
    unknown: str = "yo"

    @property
    def scale(self):
        return Scale(worst=0.0, best=1.0, proxy=True)

    def uncovered(self, source, target):
        return f"not covered: {target}" if target == self.unknown else ""

    def ask(self, item):
        return ()

    def read(self, item, replies):
        return Estimated(value=len(item.text) / len(item.source.text))
