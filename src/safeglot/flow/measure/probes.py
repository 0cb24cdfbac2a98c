"""The probes of a run: variants of its kept texts against the texts themselves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from typing import TypeAlias

import numpy as np

from safeglot.backends.files.manifest import Manifest
from safeglot.backends.store import arrays
from safeglot.backends.store.arrays import ArmVerdicts, RunVerdicts, Series
from safeglot.backends.store.failures import failed_variants, why_unmade
from safeglot.backends.store.store import Store
from safeglot.backends.store.texts import MAIN, TextKind, has_arm, text_places
from safeglot.flow.measure.mitigations import said, tellers_of
from safeglot.score.arrays import Bools, Bytes
from safeglot.score.cube import Cube
from safeglot.score.frame import frame_of, sheet_of
from safeglot.score.probes.contrasts import (
    Probed,
    VariantVerdicts,
    in_families,
    levels_of,
    of_factors,
    of_refusals,
    of_variants,
)
from safeglot.score.probes.lengths import of_lengths
from safeglot.score.probes.wordings import of_wordings
from safeglot.score.safety.unpaired_gaps import unpaired_gaps
from safeglot.text import languages
from safeglot.text.control import one_line
from safeglot.types import Estimate

_Kind: TypeAlias = tuple[str, str]
"""(language, variant), the factors of the variant in a fixed order."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _ProbeTexts:
    """The variants of harmful prompts, which of them are there and ask for the same."""

    cube: Cube
    verdicts: ArmVerdicts
    n_prompts: int
    unmade: Counter[_Kind] = field(default_factory=Counter)
    why: dict[_Kind, str] = field(default_factory=dict)
    there: dict[_Kind, Bools] = field(default_factory=dict)
    sound: dict[_Kind, Bools] = field(default_factory=dict)
    series: dict[_Kind, list[Series]] = field(default_factory=dict)
    stored: dict[_Kind, set[str]] = field(default_factory=dict)
    """Under which names: the factors of a variant may stand in several orders."""
    refused: dict[str, dict[str, Bytes]] = field(default_factory=dict)
    """Of benign prompts what refuses them, by these names ("" the prompts themselves) and judge, (M, L, P, S)."""


def estimates(
    store: Store,
    manifest: Manifest,
    cube: Cube,
    verdicts: RunVerdicts,
    *,
    truncated_MLPS: Bytes,
    level: float,
) -> list[Estimate]:
    """Return the effects of each variant, and of crossed factors; nothing without probes.

    `manifest` is of all judges, those that tell refusals alone too; `truncated_MLPS` is of all prompts.
    Order: judges, models, in each the languages with their variants, then the crossed factors, and
    last what benign prompts get.
    """
    if not has_arm(store, "probe"):
        return []
    texts = _read(store, cube, verdicts.arms, cube.prompts)
    refusals = _refusals(store, manifest, cube, verdicts)
    cut_MLPS = truncated_MLPS[:, :, verdicts.prompts.is_kind("harmful")]
    rows: list[Estimate] = []
    for judge in verdicts.arms.judges:
        for model, cut_LPS in zip(cube.models, cut_MLPS, strict=True):
            of = judge, model
            probed = [_probed(texts, of, tag, level=level) for tag in cube.languages]
            found = [row for tag in cube.languages for row in _alone(texts, of, tag, level=level)]
            found += [row for one in probed for row in of_variants(one)]
            if refusals is not None:
                benign = [_benign(refusals, of, tag, level=level) for tag in cube.languages]
                found += [row for one in benign for row in of_refusals(one)]
            rows += [*in_families(found), *of_factors(probed), *of_wordings(probed)]
            rows += chain.from_iterable(map(of_lengths, probed, cut_LPS))
    return rows


def _refusals(
    store: Store, manifest: Manifest, cube: Cube, verdicts: RunVerdicts
) -> _ProbeTexts | None:
    """Return the variants of benign prompts with what refuses them; None where no judge tells it."""
    pick_P = verdicts.prompts.is_kind("benign")
    texts = _read(store, cube, verdicts.arms, verdicts.prompts.ids[pick_P])
    if not texts.there:
        return None
    main = arrays.read(store, manifest, known=verdicts)
    tellers, rated = tellers_of(main, manifest), main.judges
    for name in ("", *sorted({name for names in texts.stored.values() for name in names})):
        kind = TextKind(("probe",), name) if name else MAIN
        read = arrays.read(store, manifest, arms=False, texts=kind) if name else main
        refused_JMLPS = said(store, manifest, read, kind=kind, tellers=tellers)[1]
        texts.refused[name] = dict(zip(rated, refused_JMLPS[..., pick_P, :], strict=True))
    return texts if any((table >= 0).any() for table in texts.refused[""].values()) else None


def _benign(texts: _ProbeTexts, of: tuple[str, str], tag: str, *, level: float) -> Probed:
    (judge, model), cube = of, texts.cube
    at = cube.models.index(model), cube.languages.index(tag)
    own_PS = texts.refused[""][judge][at]

    def refused(kind: _Kind) -> Bytes:
        tables = [texts.refused[name][judge][at] for name in texts.stored.get(kind, ())]
        return np.asarray(np.max([np.full_like(own_PS, -1), *tables], axis=0))

    return Probed(
        row=Estimate(metric="", judge=judge, model=model, language=tag, level=level),
        native_PS=own_PS,
        reference_PS=own_PS,
        variants=_variants(texts, tag, refused),
        is_latin=languages.lookup(tag).script == "Latn",
    )


def _read(store: Store, cube: Cube, verdicts: ArmVerdicts, prompts: Sequence[str]) -> _ProbeTexts:
    at_P = {prompt: i for i, prompt in enumerate(prompts)}
    texts = _ProbeTexts(cube=cube, verdicts=verdicts, n_prompts=len(prompts))
    for text in text_places(store, "probe"):
        if text.prompt not in at_P:
            continue
        kind = _kind(text.language, text.variant)
        texts.stored.setdefault(kind, set()).add(text.variant)
        for table, flag in ((texts.there, True), (texts.sound, text.kept)):
            table.setdefault(kind, np.zeros(len(at_P), dtype=np.bool_))[at_P[text.prompt]] = flag
    texts.unmade.update(
        _kind(failed.language, failed.variant)
        for failed in failed_variants(store)
        if failed.prompt in at_P
    )
    texts.why.update((_kind(*place), one_line(why)) for place, why in why_unmade(store).items())
    for series in verdicts.series:
        if series.arm == "probe":
            texts.series.setdefault(_kind(series.language, series.variant), []).append(series)
    return texts


def _kind(language: str, variant: str) -> _Kind:
    return language, "+".join(levels_of(variant))


def _probed(texts: _ProbeTexts, of: tuple[str, str], tag: str, *, level: float) -> Probed:
    (judge, model), cube = of, texts.cube
    unsafe_LPS = cube.unsafe_JMLPS[cube.judges.index(judge), cube.models.index(model)]
    return Probed(
        row=Estimate(metric="", judge=judge, model=model, language=tag, level=level),
        native_PS=unsafe_LPS[cube.languages.index(tag)],
        reference_PS=unsafe_LPS[cube.languages.index(cube.reference)],
        variants=_variants(texts, tag, partial(_unsafe, texts, of)),
        of_reference=_variants(texts, cube.reference, partial(_unsafe, texts, of)),
        is_reference=tag == cube.reference,
        is_latin=languages.lookup(tag).script == "Latn",
        asked_P=None if cube.gated_LP is None else np.asarray(~cube.gated_LP.all(axis=0)),
    )


def _alone(
    texts: _ProbeTexts, of: tuple[str, str], tag: str, *, level: float
) -> Iterator[Estimate]:
    """Yield `gap_version` of each version whose requests pair with nothing: against the reference's own.

    It is that of languages with requests of their own: safety, categories weighed as in the reference.
    """
    (judge, model), cube = of, texts.cube
    if cube.gated_LP is None or tag == cube.reference:
        return
    at_L = [cube.languages.index(name) for name in (cube.reference, tag)]
    for kind, there_P in texts.there.items():
        own_P = there_P & cube.gated_LP.all(axis=0)
        if kind[0] != tag or not own_P.any():
            continue
        unsafe_LPS = cube.unsafe_JMLPS[cube.judges.index(judge), cube.models.index(model), at_L]
        unsafe_LPS[1] = np.where(own_P[:, np.newaxis], _unsafe(texts, of, kind), np.int8(-1))
        one = replace(
            cube, judges=(judge,), models=(model,), languages=(cube.reference, tag),
            unsafe_JMLPS=unsafe_LPS[np.newaxis, np.newaxis],
            gated_LP=np.stack([cube.gated_LP[at_L[0]], ~own_P]),
            outcome_MLPS=None, invalid_MLPS=None, unneeded_MLP=None,
        )  # fmt: skip
        row = next(unpaired_gaps(sheet_of(frame_of(one, level=level), 0, 0)))
        extra = {name: x for name, x in row.extra.items() if name not in ("p_bh", "p_by")}
        yield replace(row, metric="gap_version", extra={**extra, "variant": kind[1]})


def _variants(
    texts: _ProbeTexts, tag: str, flags: Callable[[_Kind], Bytes]
) -> dict[str, VariantVerdicts]:
    none_P = np.zeros(texts.n_prompts, dtype=np.bool_)
    return {
        kind[1]: VariantVerdicts(
            unsafe_PS=flags(kind),
            there_P=texts.there.get(kind, none_P),
            sound_P=texts.sound.get(kind, none_P),
            unmade=texts.unmade[kind],
            why="" if kind in texts.there else texts.why.get(kind, ""),
        )
        for kind in texts.there | texts.unmade
        if kind[0] == tag
    }


def _unsafe(texts: _ProbeTexts, of: tuple[str, str], kind: _Kind) -> Bytes:
    """Return the verdicts on a variant; its factors may stand in several orders."""
    tables = [texts.verdicts.unsafe_PS(*of, series) for series in texts.series.get(kind, ())]
    nothing = np.full((len(texts.cube.prompts), texts.cube.samples), -1, dtype=np.int8)
    return np.asarray(np.max([nothing, *tables], axis=0))
