"""The words of other tools for a verdict or a label, and what they mean: said by the user, never guessed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from safeglot.errors import UsageError
from safeglot.text.spelling import closest

SAFE, UNSAFE, REFUSAL, COMPLIANCE, NONE = MEANINGS = (
    "safe", "unsafe", "refusal", "compliance", "none",
)  # fmt: skip
"""What a word can mean: a refusal is safe, compliance is unsafe where the prompt is harmful, "none" is no verdict."""
UNSURE = "unsure"
"""What a label of a person can say beside safe and unsafe."""
NAN = "nan"
"""What pandas writes for an empty cell."""
_SHOWN = 12


class Meaning(NamedTuple):
    """What a word says: whether the answer is unsafe, and whether it refuses; None where it says nothing."""

    unsafe: bool | None
    refusal: bool | None


def parse_words(given: Iterable[str]) -> dict[str, str]:
    """Return word -> meaning of texts such as "yes=unsafe,no=safe". Raises: UsageError."""
    words: dict[str, str] = {}
    for part in (part for text in given for part in text.split(",")):
        word, equals, meaning = (text.strip() for text in part.rpartition("="))
        if not equals or not word or not meaning:
            raise UsageError(
                f"--verdicts: got {part!r}, allowed is word=meaning, as in yes=unsafe,no=safe."
            )
        if meaning not in MEANINGS:
            near = closest(meaning, MEANINGS)
            hint = f" Did you mean {near!r}?" if near else ""
            raise UsageError(
                f"--verdicts: {word} is said to mean {meaning!r}; allowed are {', '.join(MEANINGS)}.{hint}"
            )
        if words.setdefault(word_of(word), meaning) != meaning:
            raise UsageError(f"--verdicts: {word!r} is given two meanings. Keep one.")
    return words


def word_of(cell: object) -> str:
    """Return a cell as the word that is looked up: case and space do not count, nor whether 1 is 1.0."""
    if cell is None or cell != cell:  # noqa: PLR0124 - true of NaN alone
        return ""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return str(cell).strip().casefold()


@dataclass(slots=True)
class VerdictWords:
    """Looks words up, and counts those that it does not know."""

    given: Mapping[str, str]
    """Word -> meaning, as the user said. Safe and unsafe mean what they say, unless said otherwise."""
    further: tuple[str, ...] = ()
    """Words that stand for themselves beside these, such as the unsure of a person."""
    unknown: Counter[str] = field(default_factory=Counter)

    def meaning(self, cell: object) -> str:
        """Return what a cell means, NONE where it is empty or not known."""
        word = word_of(cell)
        if not word:
            return NONE
        if (found := self.given.get(word)) is not None:
            return found
        if word in (SAFE, UNSAFE, *self.further):
            return word
        if word == NAN:
            return NONE
        self.unknown[word] += 1
        return NONE

    def read(self, cell: object, *, harmful: bool = True) -> Meaning:
        """Return what a cell says of an answer to a harmful or a benign prompt.

        Whether it refuses is known only where some word says so.
        """
        meaning = self.meaning(cell)
        if meaning == NONE:
            return Meaning(None, None)
        tells = not {REFUSAL, COMPLIANCE}.isdisjoint(self.given.values())
        unsafe = meaning == UNSAFE or (meaning == COMPLIANCE and harmful)
        return Meaning(unsafe, meaning == REFUSAL if tells else None)

    def fault(self, what: str, likely: Mapping[str, str] | None = None) -> str:
        """Return what words of a column are not known, each with its count, and what to do; "" for none.

        `likely` is what some of them most likely mean.
        """
        if not self.unknown:
            return ""
        most = self.unknown.most_common(_SHOWN)
        counted = ", ".join(f"{word!r} ({n})" for word, n in most)
        more = len(self.unknown) - len(most)
        counted += f" and {more} more words" if more > 0 else ""
        pasted = ",".join(f"{word}={(likely or {}).get(word, '…')}" for word, _ in most)
        allowed = f"{', '.join(MEANINGS[:-1])} or {NONE}"
        return (
            f"{what} has words that are not known, with their counts: {counted}. Say what each means "
            f"({allowed} in place of …): --verdicts '{pasted}'"
        )

    def to_paste(self, likely: Mapping[str, str]) -> str:
        """Return the words that were given and those that are not known, as --verdicts takes them."""
        known = [f"{word}={meaning}" for word, meaning in self.given.items()]
        new = (f"{w}={likely.get(w, '…')}" for w, _ in self.unknown.most_common(_SHOWN))
        return ",".join([*known, *new])
