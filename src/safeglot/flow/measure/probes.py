"""The probes of a run: variants of its kept texts against the texts themselves."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from safeglot.backends.files.manifest import Manifest
from safeglot.backends.store.store import Store
from safeglot.score.arrays import Bools, Bytes
from safeglot.score.cube import Cube
from safeglot.score.probes.contrasts import Probed, Variant, levels_of, of_factors, of_variants
from safeglot.text import languages
from safeglot.types import Estimate

_ANY = "SELECT EXISTS(SELECT 1 FROM translations WHERE arm = 'probe')"
_TEXTS = "SELECT language, variant, prompt, kept FROM translations WHERE arm = 'probe'"
_UNMADE = "SELECT by, kind, parent FROM failures WHERE stage = 'probe'"
_VERDICTS = """
SELECT v.judge, r.model, t.language, t.variant, t.prompt, r.sample, v.unsafe
FROM verdicts v JOIN responses r ON r.key = v.response JOIN translations t ON t.key = r.translation
WHERE t.arm = 'probe' AND v.unsafe IS NOT NULL
"""

_Put: TypeAlias = tuple[str, str]
"""(language, variant), the factors of the variant in a fixed order."""


@dataclass(slots=True, kw_only=True)
class _Held:
    """The variants of harmful prompts, and the verdicts on their answers."""

    unmade: Counter[_Put] = field(default_factory=Counter)
    there: dict[_Put, Bools] = field(default_factory=dict)
    sound: dict[_Put, Bools] = field(default_factory=dict)
    unsafe: dict[tuple[str, str, _Put], Bytes] = field(default_factory=dict)
    """(judge, model, put) -> shape (P, S)."""


def estimates(store: Store, manifest: Manifest, cube: Cube, *, level: float) -> list[Estimate]:
    """Return the effects of each variant, and of crossed factors; nothing without probes.

    Order: judges, models, in each the languages with their variants, then the crossed factors.
    """
    if not next(store.rows(_ANY))[0]:
        return []
    held = _read(store, cube)
    told: list[Estimate] = []
    for judge in manifest.judges:
        for model in cube.models:
            found = [
                _probed(held, cube, (judge, model), tag, level=level) for tag in cube.languages
            ]
            told += [one for probed in found for one in of_variants(probed)]
            told += of_factors(found)
    return told


def _read(store: Store, cube: Cube) -> _Held:
    held, at_P = _Held(), {prompt: at for at, prompt in enumerate(cube.prompts)}
    for language, variant, prompt, kept in store.rows(_TEXTS):
        if prompt not in at_P:
            continue
        put = language, "+".join(levels_of(variant))
        for table in (held.there, held.sound):
            table.setdefault(put, np.zeros(len(at_P), dtype=np.bool_))
        held.there[put][at_P[prompt]] = True
        held.sound[put][at_P[prompt]] = bool(kept)
    held.unmade.update(
        (language, "+".join(levels_of(variant)))
        for language, variant, prompt in store.rows(_UNMADE)
        if prompt in at_P
    )
    for judge, model, language, variant, prompt, sample, unsafe in store.rows(_VERDICTS):
        if prompt not in at_P or not 0 <= sample < cube.samples:
            continue
        key = judge, model, (language, "+".join(levels_of(variant)))
        if key not in held.unsafe:
            held.unsafe[key] = _nothing(cube)
        held.unsafe[key][at_P[prompt], sample] = unsafe
    return held


def _nothing(cube: Cube) -> Bytes:
    return np.full((len(cube.prompts), cube.samples), -1, dtype=np.int8)


def _probed(held: _Held, cube: Cube, of: tuple[str, str], tag: str, *, level: float) -> Probed:
    judge, model = of
    unsafe_LPS = cube.unsafe_JMLPS[cube.judges.index(judge), cube.models.index(model)]
    row = Estimate(
        metric="", judge=judge, model=model, language=tag, value=None, level=level,
        method="no data", n=0,
    )  # fmt: skip
    return Probed(
        row=row,
        native_PS=unsafe_LPS[cube.languages.index(tag)],
        reference_PS=unsafe_LPS[cube.languages.index(cube.reference)],
        variants=_variants(held, cube, of, tag),
        of_reference=_variants(held, cube, of, cube.reference),
        is_reference=tag == cube.reference,
        is_latin=languages.lookup(tag).script == "Latn",
    )


def _variants(held: _Held, cube: Cube, of: tuple[str, str], tag: str) -> dict[str, Variant]:
    return {
        put[1]: Variant(
            unsafe_PS=held.unsafe.get((*of, put), _nothing(cube)),
            there_P=there_P,
            sound_P=held.sound[put],
            unmade=held.unmade[put],
        )
        for put, there_P in held.there.items()
        if put[0] == tag
    }
