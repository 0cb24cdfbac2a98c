"""Round-trip chrF: the candidate is translated back, and the result held against the source.

A proxy, and a weak one. It says how much survives two translations, which is not how good the
first one was: a back-translator can mend or add errors, and a text that was copied in place of
being translated comes back whole. The share of untranslated words takes some of that back.
docs/explanation/quality-estimation.md shows how little it has to do with quality.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from safeglot.text.chrf import SIGNATURE, chrf
from safeglot.text.languages import canonical
from safeglot.translate.base import EMPTY, Scale, Translator
from safeglot.types import Candidate, Estimated, Reply, Request, Source

NAME = "roundtrip-chrf"
VERSION = 1
"""Of the number: bumped with every change of what is read."""
LETTERS = 3
"""Words of fewer letters are left out: `no`, `me` and `se` are words of many languages."""
GRAM = 4
"""Characters of a piece where a script has no spaces between words."""

_UNSPACED = (
    "\u0e00-\u0eff"  # Thai, Lao
    "\u0f00-\u0fff"  # Tibetan
    "\u1000-\u109f\uaa60-\uaa7f\ua9e0-\ua9ff"  # Myanmar
    "\u1780-\u17ff"  # Khmer
    "\u3005-\u3007\u3041-\u30ff\u31f0-\u31ff"  # kana
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Han
)
_RUN = re.compile(f"(?P<unspaced>[{_UNSPACED}]+)|(?P<word>[^{_UNSPACED}\\s]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundTripChrf:
    """chrF of the back-translation against the source, times the share of translated words.

    The product, since chrF of what was never translated is worth nothing: where all words were
    copied the number is 0, where none was it is chrF alone.
    Source: Popović 2015 (chrF); Moon et al. 2020, arXiv 2004.13937, and 2209.07351 on round trips.
    """

    scale: ClassVar[Scale] = Scale(worst=0.0, best=1.0, proxy=True, machine_only=True)
    """A proxy, and of machines: it rates their output above people's."""
    back: Translator
    """Translates from the candidate's language into the source's; best another than the one that made the candidate."""
    name: str = NAME

    @property
    def id(self) -> str:
        """Version, signature of chrF, and the back-translator with its revisions."""
        return f"{NAME}:{VERSION}:{SIGNATURE}:{self.back.id}"

    def uncovered(self, source: str, target: str) -> str:
        """Return why there is no way back from the target language; "" where there is one."""
        if canonical(source) == canonical(target):
            return f"not covered: {target} is the source's own language"
        fault = self.back.fault(target, source)
        return f"not covered: {fault}" if fault else ""

    def ask(self, item: Candidate, /) -> Sequence[Request]:
        """Return what the back-translator asks for; none for a candidate without text."""
        return self.back.ask(way_back(item)) if item.text.strip() else ()

    def read(self, item: Candidate, replies: Sequence[Reply], /) -> Estimated:
        """Return how close the back-translation is to the source; one that failed has a reason."""
        if not item.text.strip():
            return EMPTY
        back = self.back.read(way_back(item), replies)
        if back.fault:
            return Estimated(value=None, reason=f"no back-translation: {back.fault}")
        if not back.text.strip():
            return Estimated(value=None, reason="no back-translation: it is empty")
        kept = 1.0 - untranslated_share(item.source.text, item.text)
        return Estimated(value=kept * chrf(back.text, item.source.text))


def way_back(item: Candidate) -> Source:
    """Return what a back-translator has to translate: the candidate, into the source's language."""
    source = item.source
    return Source(
        prompt=source.prompt, text=item.text, language=source.target, target=source.language
    )


def untranslated_share(source: str, text: str) -> float:
    """Return the share, from 0 to 1, of a source's words that stand unchanged in a text.

    Words are runs of letters between spaces and marks, of LETTERS letters or more and without
    digits; where a script has no spaces, pieces of GRAM characters. Case does not count. Where the
    scripts differ nothing can be the same, so the share is 0. Names and words that two languages
    share count as copied: a good translation seldom has 0.
    """
    there = _units(source)
    if not there:
        return 0.0
    units = set(_units(text))
    return sum(unit in units for unit in there) / len(there)


def _units(text: str) -> list[str]:
    """Return the words of spaced scripts and the pieces of the others, in their order."""
    units: list[str] = []
    for run in _RUN.finditer(unicodedata.normalize("NFKC", text).casefold()):
        if run["unspaced"]:
            pieces = run["unspaced"]
            units += [pieces[k : k + GRAM] for k in range(len(pieces) - GRAM + 1)]
        else:
            units += [word for word in _words(run["word"]) if len(word) >= LETTERS]
    return units


def _words(run: str) -> list[str]:
    """Return the runs of letters and their marks; what holds a digit is no word to translate."""
    letters = "".join(c if unicodedata.category(c)[0] in "LMN" else " " for c in run)
    return [word for word in letters.split() if not any(map(str.isnumeric, word))]
