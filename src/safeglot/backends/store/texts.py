"""Reading the texts of a run: the rows of the table `translations`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from safeglot.backends.store.schema.scripts import named
from safeglot.backends.store.store import Store
from safeglot.keys import json_encoder
from safeglot.types import Arm, Kind

_json = json_encoder(ensure_ascii=False, separators=(",", ":"))

_SQL = named(__package__, "texts.sql")


class TextKind(NamedTuple):
    """Texts of arms, and of one variant of these."""

    arms: tuple[Arm, ...] = ("main",)
    variant: str = ""

    @property
    def where(self) -> tuple[str, str]:
        """The parameters of a query."""
        return json.dumps(self.arms), self.variant


MAIN = TextKind()
OF_KIND = "arm IN (SELECT value FROM json_each(?)) AND (arm = 'main' OR variant = ?)"


class MainText(NamedTuple):
    """A text of the main arm."""

    key: str
    prompt: str
    language: str
    text: str
    translator: str


class ArmText(NamedTuple):
    """A text of another arm, or a main text with its quality; `quality` is JSON as it is stored."""

    key: str
    prompt: str
    language: str
    text: str
    translator: str
    quality: str
    arm: Arm
    variant: str


class TextPlace(NamedTuple):
    """What a text is of and what became of it, without the text; `quality` is JSON as it is stored."""

    key: str
    arm: Arm
    language: str
    prompt: str
    translator: str
    variant: str
    quality: str
    kept: bool
    reason: str


class PromptLabel(NamedTuple):
    """A prompt without its text."""

    id: str
    categories: tuple[str, ...]
    kind: Kind


def main_texts(store: Store) -> Iterator[MainText]:
    """Yield the texts of the main arm."""
    yield from map(MainText._make, store.rows(_SQL["main"]))


def prompt_ids(store: Store) -> list[str]:
    """Return the ids of the prompts in the order of the file."""
    return [identifier for (identifier,) in store.rows(_SQL["prompt ids"])]


def prompt_labels(store: Store) -> Iterator[PromptLabel]:
    """Yield what is said of each prompt, in the order of the file."""
    known: dict[tuple[str, Kind], tuple[tuple[str, ...], Kind]] = {}
    for name, categories, kind in store.rows(_SQL["labels"]):
        if (categories, kind) not in known:
            known[categories, kind] = tuple(json.loads(categories)), kind
        yield PromptLabel(name, *known[categories, kind])


def arm_texts(store: Store) -> Iterator[ArmText]:
    """Yield the texts of the other arms and the main texts with a quality, in a fixed order."""
    yield from map(ArmText._make, store.rows(_SQL["of arms"]))


def text_places(store: Store, *arms: Arm) -> Iterator[TextPlace]:
    """Yield what each text is of, in the order of the keys; of these arms, or of all."""
    where = f"WHERE arm IN ({','.join('?' * len(arms))})" if arms else ""
    for *place, kept, reason in store.rows(f"{_SQL['places']} {where} ORDER BY key", arms):
        yield TextPlace._make((*place, bool(kept), reason))


def text_numbers(store: Store, keys: Iterable[str]) -> dict[str, int]:
    """Return the numbers of texts by their keys."""
    return dict(store.rows(_SQL["numbers"], (json.dumps(list(keys)),)))


def main_text_counts(store: Store) -> dict[str, int]:
    """Return the number of main texts in each language that has any."""
    return dict(store.rows(_SQL["counts"]))


def put_quality(store: Store, quality: Mapping[str, Mapping[str, float]]) -> None:
    """Write the quality of texts that are there, estimator by estimator, by the keys of the texts."""
    rows = ((_json(dict(numbers)), key) for key, numbers in quality.items())
    store.write("quality", ((text, key, text) for text, key in rows))


def count_prompts(store: Store) -> int:
    """Return the number of prompts."""
    return store.count(_SQL["count prompts"])


def has_prompts(store: Store) -> bool:
    """Return whether the run has any prompt."""
    return store.holds(_SQL["has prompts"])


def has_benign(store: Store) -> bool:
    """Return whether the run has a benign prompt."""
    return store.holds(_SQL["has benign"])


def has_arms(store: Store) -> bool:
    """Return whether there is a text of another arm, or a quality."""
    return store.holds(_SQL["has arms"])


def has_arm(store: Store, arm: Arm) -> bool:
    """Return whether an arm has a text."""
    return store.holds(_SQL["has arm"], (arm,))


def has_translated(store: Store) -> bool:
    """Return whether safeglot was to translate: a text that the prompt file did not bring, or a failure."""
    return store.holds(_SQL["has translated"])


def main_text_numbers(store: Store) -> Iterator[tuple[int, str, str]]:
    """Yield (number, prompt, language) of the texts of the main arm."""
    yield from store.rows(_SQL["main numbers"])
