"""What the tests of the estimators share: candidates, replies, and translators that need no model."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass

from safeglot.types import Candidate, Reply, Request, Source, Translated


def candidate(text: str, source: str = "Where is the station?", *, pair=("en", "es")) -> Candidate:
    return Candidate(
        source=Source(prompt="p1", text=source, language=pair[0], target=pair[1]),
        translator="test",
        text=text,
    )


def reply(text: str, finish_reason: str = "stop") -> Reply:
    return Reply(text=text, finish_reason=finish_reason)


@dataclass(frozen=True)
class Asking:
    """A translator that asks a model for each text and takes what it says."""

    pairs: frozenset[tuple[str, str]] = frozenset({("es", "en")})
    name: str = "asking"
    id: str = "asking:1"

    def fault(self, source, target):
        return "" if (source, target) in self.pairs else f"no pair {source} to {target}"

    def ask(self, item, /):
        return (Request(model=f"{item.language}-{item.target}", prompt=item.text, max_tokens=100),)

    def read(self, item, replies, /):
        if not replies:
            return Translated(text="", fault="no reply")
        return Translated(text=replies[0].text)


def apertium(pair: str, text: str) -> str:
    """Translate with the real program."""
    done = subprocess.run(
        ["apertium", "-u", pair], input=text, capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.strip()
