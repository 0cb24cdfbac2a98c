"""Families of translation models: their names of languages, and how long a text they take.

A model's own vocabulary says which family it is of and which languages it has.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from safeglot.text.languages import canonical, lookup, primary

Codes: TypeAlias = Callable[[str, str], Sequence[str]]
"""(tag, system) -> what a system may call the language, as translate.codes.candidates."""

MARIAN, NLLB, M2M100, MADLAD = "marian", "nllb", "m2m100", "madlad"
LONGEST: dict[str, int] = {MARIAN: 512, NLLB: 512, M2M100: 1024, MADLAD: 1024}
"""Tokens of a line: the positions that a model has; of NLLB what it was trained with (its card: no
more than 512, and worse beyond); MADLAD's positions are relative, and this is a choice."""

_SYSTEM = {NLLB: "nllb", MADLAD: "madlad", MARIAN: "opus"}
_TOKEN = {NLLB: "{}", M2M100: "__{}__", MADLAD: "<2{}>", MARIAN: ">>{}<<"}
_PAIR = re.compile(r"opus-mt(?:-tc)?(?:-big)?-([A-Za-z_]+)-([A-Za-z_]+)")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tongues:
    """The languages of one model: `name` as the user gave it, its family and its vocabulary."""

    name: str
    family: str
    vocabulary: Collection[str]
    codes: Codes

    def fault(self, source: str, target: str) -> str:
        """Return why the model cannot translate between two languages; "" where it can."""
        if canonical(source) == canonical(target):
            return f"{source} and {target} are one language"
        if self.family == MARIAN:
            return self._marian_fault(source, target)
        needed = (target,) if self.family == MADLAD else (source, target)
        unknown = [tag for tag in needed if not self.token(tag)]
        if not unknown:
            return ""
        return f"{self.name} ({self.family}) does not know {' and '.join(unknown)}"

    def token(self, tag: str) -> str:
        """Return the token of a language in the model's vocabulary, "" where it has none."""
        names = (
            (canonical(tag).lower(), primary(tag))
            if self.family == M2M100
            else self.codes(tag, _SYSTEM[self.family])
        )
        tokens = (_TOKEN[self.family].format(name) for name in names)
        return next((token for token in tokens if token in self.vocabulary), "")

    def target_token(self, tag: str) -> str:
        """Return the token that sets the target; "" for a model that has one target only."""
        return self.token(tag) if self.family != MARIAN or self._many else ""

    def source_token(self, tag: str) -> str:
        """Return the token that names the source; "" for a family without one."""
        return self.token(tag) if self.family in {NLLB, M2M100} else ""

    @property
    def _many(self) -> bool:
        return any(token.startswith(">>") and token.endswith("<<") for token in self.vocabulary)

    def _marian_fault(self, source: str, target: str) -> str:
        """Return why a Marian model cannot translate a pair: its vocabulary or name says its targets."""
        if self._many and not self.token(target):
            return f"{self.name} (marian) does not know {target}"
        pair = _PAIR.search(self.name)
        if pair is None:
            return "" if self._many else f"{self.name} does not say what it translates: {_DO}"
        for tag, name, in_vocabulary in ((source, pair[1], False), (target, pair[2], self._many)):
            if (
                not in_vocabulary
                and name.islower()
                and len(name) <= _LONGEST_CODE
                and not self._is(tag, name)
            ):
                return f"{self.name} translates from {pair[1]} to {pair[2]}, not from {source} to {target}"
        return ""

    def _is(self, tag: str, name: str) -> bool:
        """Return whether a code in a model's name may mean a language; codes of groups mean any."""
        if name in _GROUPS:
            return True
        if name in self.codes(tag, "opus"):
            return True
        return name == primary(tag) and lookup(name).script == lookup(tag).script


_DO = "name its folder opus-mt-SOURCE-TARGET, as in opus-mt-en-de"
_LONGEST_CODE = 3
_GROUPS = frozenset(
    [
        "mul",
        "roa",
        "gem",
        "sla",
        "zle",
        "zls",
        "zlw",
        "itc",
        "gmw",
        "gmq",
        "ine",
        "cel",
        "bat",
        "fiu",
        "trk",
        "sem",
        "afa",
        "aav",
        "cau",
        "dra",
        "inc",
        "iir",
        "nic",
        "bnt",
        "phi",
        "poz",
        "pqe",
        "map",
        "art",
        "cpf",
        "cpp",
        "crp",
        "alv",
        "eu",
    ]
)
"""Codes of language groups that OPUS-MT's names use."""


def family_of(vocabulary: Collection[str]) -> str:
    """Return the family that a vocabulary is of; Marian's is the one without languages in it."""
    for family, token in ((NLLB, "eng_Latn"), (M2M100, "__en__"), (MADLAD, "<2en>")):
        if token in vocabulary:
            return family
    return MARIAN
