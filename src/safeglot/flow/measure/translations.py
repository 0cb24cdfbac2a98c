"""What became of a run's translations, and what its quality gate does to the numbers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from safeglot.backends.files.manifest import Manifest
from safeglot.backends.store.bulk import LOOSE
from safeglot.backends.store.store import Store
from safeglot.score.arrays import Bools, Bytes
from safeglot.score.cube import Cube
from safeglot.score.translations.gate import (
    Ended,
    Translator,
    by_translator,
    translation_shares,
    ungated,
)
from safeglot.translate.checks.hard_checks import CHECKS
from safeglot.types import Estimate

KEPT, GATED, FAILED, WAITING = "kept", "gated", "failed", "waiting"
GIVEN = "given"
"""Translator of the texts that the prompt file brought."""

_ANY = """
SELECT EXISTS(SELECT 1 FROM translations WHERE arm = 'gated' OR (arm = 'main' AND translator <> 'given'))
  OR EXISTS(SELECT 1 FROM failures WHERE stage = 'translate')
"""
_TEXTS = "SELECT arm, language, prompt, translator, reason FROM translations WHERE arm IN ('main', 'gated', 'translators')"
_FAILURES = "SELECT parent, by, kind, message FROM failures WHERE stage = 'translate' ORDER BY kind, message"
_BESIDE = "SELECT key, arm, language, translator, prompt FROM translations WHERE arm IN ('gated', 'translators')"
_ANSWERS = "SELECT key, translation, model, sample FROM responses"
_VERDICTS = "SELECT response, judge, unsafe, unsafe_loose FROM verdicts"
_NUMBER = r"[-+]?\d[\d.]*(?:e[-+]?\d+)?"
_COMPARED = re.compile(rf"\s+{_NUMBER}\s*[<>]=?\s*{_NUMBER}")

_Who: TypeAlias = tuple[str, str]
"""(language, translator)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What became of a prompt's text in a language, and why it is not among those kept."""

    kind: str
    reason: str = ""
    message: str = ""


_KEPT = Fate(kind=KEPT)
_WAITING = Fate(kind=WAITING, reason="not translated yet")


def fates(store: Store, languages: Sequence[str]) -> dict[tuple[str, str], Fate]:
    """Return (prompt, language) -> what became of it: each is kept, gated, failed, or waits."""
    found: dict[tuple[str, str], Fate] = {}
    for prompt, language, kind, message in store.rows(_FAILURES):
        found.setdefault(
            (prompt, language), Fate(kind=FAILED, reason=why_failed(kind, message), message=message)
        )
    for arm, language, prompt, _, reason in store.rows(_TEXTS):
        place = prompt, language
        if arm == "main":
            found[place] = _KEPT
        elif arm == "gated" and found.get(place) is not _KEPT:
            found[place] = Fate(kind=GATED, reason=bare(reason), message=reason)
    prompts = store.prompts()
    return {(p.id, tag): found.get((p.id, tag), _WAITING) for tag in languages for p in prompts}


def bare(reason: str) -> str:
    """Return a gate's reason without its numbers, to be counted: "quality: roundtrip-chrf"."""
    return _COMPARED.sub("", reason)


def why_failed(kind: str, message: str) -> str:
    """Return why there is no text, to be counted: the hard checks that its candidates missed."""
    missed = [name for name in CHECKS if f"{name} (" in message]
    return " + ".join(missed) or kind


def estimates(store: Store, manifest: Manifest, cube: Cube, *, level: float) -> list[Estimate]:
    """Return what became of the texts, the numbers without the gate, and those of each translator.

    Order: languages, in each the three shares; then judges, models and languages. Nothing for a
    run whose texts the prompt file brought, and no numbers without the gate where it has none.
    """
    if not next(store.rows(_ANY))[0]:
        return []
    held = _read(store, cube)
    told = list(_shares(store, cube, held, level=level))
    if cube.gated_LP is not None:
        told += ungated(cube, held.gated_JMLPS, level=level)
    for judge in manifest.judges:
        for model in cube.models:
            for language in held.languages:
                row = Estimate(
                    metric="", judge=judge, model=model, language=language, value=None,
                    level=level, method="no data", n=0,
                )  # fmt: skip
                told += by_translator(row, list(_translators(held, cube, (judge, model), language)))
    return told


@dataclass(slots=True, kw_only=True)
class _Held:
    """The texts on harmful prompts and their verdicts, by language and translator."""

    languages: tuple[str, ...]
    """Those with a text that was translated, or failed to be."""
    gated_JMLPS: Bytes
    there: dict[_Who, dict[str, Bools]] = field(default_factory=dict)
    """By arm, the prompts with a text, shape (P,)."""
    unsafe: dict[tuple[str, str, _Who], Bytes] = field(default_factory=dict)
    """(judge, model, who) -> verdicts, shape (P, S)."""


def _read(store: Store, cube: Cube) -> _Held:
    at_P = {prompt: at for at, prompt in enumerate(cube.prompts)}
    held = _Held(
        languages=_translated(store, cube), gated_JMLPS=np.full_like(cube.unsafe_JMLPS, -1)
    )
    for arm, language, prompt, translator, _ in store.rows(_TEXTS):
        if prompt in at_P and language in held.languages:
            by_arm = held.there.setdefault((language, translator), {})
            by_arm.setdefault(arm, np.zeros(len(at_P), dtype=np.bool_))[at_P[prompt]] = True
    _read_verdicts(store, cube, held)
    return held


def _translated(store: Store, cube: Cube) -> tuple[str, ...]:
    """Return the languages that were translated into: the reference is asked as it is."""
    texts = {
        tag for arm, tag, _, who, _ in store.rows(_TEXTS) if arm == "gated" or who != GIVEN
    } | {tag for _, tag, *_ in store.rows(_FAILURES)}
    return tuple(tag for tag in cube.languages if tag in texts and tag != cube.reference)


def _read_verdicts(store: Store, cube: Cube, held: _Held) -> None:
    """Read the verdicts beside the main ones, which the cube has.

    Keys are random: each table is read once from end to end, in place of a join that looks up rows.
    """
    at_P = {name: at for at, name in enumerate(cube.prompts)}
    texts = {
        key: (arm, tag, who, at_P[prompt])
        for key, arm, tag, who, prompt in store.rows(_BESIDE)
        if tag in held.languages and prompt in at_P
    }
    if not texts:
        return
    answers = {
        key: (model, sample, texts[text])
        for key, text, model, sample in store.rows(_ANSWERS)
        if text in texts and model in cube.models and 0 <= sample < cube.samples
    }
    for response, judge, *flags in store.rows(_VERDICTS):
        if response in answers and judge in cube.judges:
            strict, loose = (-1 if flag is None else flag for flag in flags)
            _put(cube, held, (judge, *answers[response]), (strict, loose))


def _put(cube: Cube, held: _Held, of: tuple[Any, ...], flags: tuple[int, int]) -> None:
    judge, model, sample, (arm, tag, who, at) = of
    key = judge, model, (tag, who)
    if key not in held.unsafe:
        held.unsafe[key] = np.full((len(cube.prompts), cube.samples), -1, dtype=np.int8)
    held.unsafe[key][at, sample] = flags[0]
    if arm == "gated":
        cell = cube.models.index(model), cube.languages.index(tag), at, sample
        held.gated_JMLPS[cube.judges.index(judge), *cell] = flags[0]
        if judge + LOOSE in cube.judges:
            held.gated_JMLPS[cube.judges.index(judge + LOOSE), *cell] = flags[1]


def _shares(store: Store, cube: Cube, held: _Held, *, level: float) -> Iterator[Estimate]:
    harmful = set(cube.prompts)
    counts: dict[str, dict[str, Counter[str]]] = {tag: {} for tag in held.languages}
    benign: dict[str, Counter[str]] = {tag: Counter() for tag in held.languages}
    for (prompt, tag), fate in fates(store, held.languages).items():
        if prompt in harmful:
            counts[tag].setdefault(fate.kind, Counter())[fate.reason] += 1
        elif fate.kind != WAITING:
            benign[tag][fate.kind] += 1
    for tag in held.languages:
        waiting = counts[tag].get(WAITING, Counter[str]()).total()
        ended = Ended(harmful=counts[tag], benign=benign[tag], waiting=waiting)
        yield from translation_shares(tag, ended, level=level)


def _translators(
    held: _Held, cube: Cube, of: tuple[str, str], language: str
) -> Iterator[Translator]:
    judge, model = of
    at = cube.judges.index(judge), cube.models.index(model), cube.languages.index(language)
    main_PS = cube.unsafe_JMLPS[at]
    for who, by_arm in sorted(held.there.items()):
        if who[0] != language:
            continue
        none_P = np.zeros_like(next(iter(by_arm.values())))
        own_PS = np.where(by_arm.get("main", none_P)[:, np.newaxis], main_PS, np.int8(-1))
        other_PS = held.unsafe.get((judge, model, who))
        yield Translator(
            name=who[1],
            unsafe_PS=own_PS if other_PS is None else np.where(other_PS >= 0, other_PS, own_PS),
            there_P=np.any(list(by_arm.values()), axis=0),
            kept_P=by_arm.get("main", none_P),
            gated_P=by_arm.get("gated", none_P),
        )
