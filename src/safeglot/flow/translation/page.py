"""The page of a translation set, filled from its folder."""

from __future__ import annotations

import json
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from safeglot.backends.files.fingerprints import sha256_of
from safeglot.backends.files.manifest import EstimatorTable, GateTable, SetManifest
from safeglot.backends.files.records import table_of
from safeglot.backends.files.rundir import write_text
from safeglot.backends.files.translation_folder import TranslationFolder
from safeglot.flow.translation import ratings_summary
from safeglot.keys import digest
from safeglot.report.formats.croissant import SetCard, croissant
from safeglot.report.page import named_language
from safeglot.report.translation_set.html import render_translations
from safeglot.report.translation_set.quality import NO_TEXT
from safeglot.report.translation_set.view import (
    BINS,
    EstimatorView,
    Histogram,
    LanguageView,
    MeanSpread,
    TextRow,
    TranslationsView,
)
from safeglot.score.arrays import Floats, floats
from safeglot.translate.base import Scale, broken_by
from safeglot.translate.choice.choice import Gate, misses
from safeglot.types import FAILED, GATED, KEPT, OUTCOMES, CandidateRow, is_brought

Values = dict[tuple[str, str, str], "array[float]"]
"""(language, estimator, outcome) -> estimates of the chosen texts."""


def write_page(folder: TranslationFolder, *, rows: int = 2000) -> Path:
    """Return the page of a finished set, written with at most so many texts. Raises: UsageError, Stopped."""
    write_text(folder.page, render_translations(view_of(folder, rows=rows)))
    return folder.page


def write_card(folder: TranslationFolder) -> None:
    """Write the data card of a finished set. Raises: UsageError."""
    about = folder.require().read_manifest()
    card = SetCard(
        name=folder.path.resolve().name,
        prompts=about.source.name,
        reference=about.reference,
        languages=about.languages,
        translators=tuple(about.translators),
        counts=about.counts,
        created=about.created,
        version=about.safeglot,
        sha256=sha256_of(folder.translations),
        digest=about.digest,
    )
    write_text(folder.card, json.dumps(croissant(card), ensure_ascii=False, indent=1) + "\n")


def view_of(folder: TranslationFolder, *, rows: int = 2000) -> TranslationsView:
    """Return the page's records, filled from the folder. Raises: UsageError."""
    about = folder.require().read_manifest()
    scales, gate = scales_of(about), gate_of(about)
    counts = _SetCounts(most=max(rows // max(len(about.languages), 1), 1))
    for row in folder.read_translations():
        counts.take(row)
        if row["outcome"] == GATED:
            counts.take_gated(row, gate, scales)
    counts.draw()
    candidates = counts.take_candidates(folder.read_candidates())
    rated = ratings_summary.read_rated(folder, about)
    return TranslationsView(
        title=f"Translations: {folder.path.resolve().name}",
        reference=named_language(about.reference),
        languages=tuple(_language_view(tag, counts, about, scales) for tag in about.languages),
        translators=tuple(about.translators),
        estimators=tuple(_estimator(*row) for row in about.estimators.items()),
        n_prompts=counts.n_prompts,
        digest=about.digest,
        rated=tuple(ratings_summary.table(rated, about.languages, scales)),
        by_order=tuple(named_language(tag) for tag in about.languages if tag in about.by_order),
        notes=tuple(about.notes),
        settings=_settings(about),
        versions=dict(about.versions),
        rows=tuple(_rows(counts.shown, candidates)),
        n_shown=len(counts.shown),
    )


def scales_of(about: SetManifest) -> dict[str, Scale]:
    """Return the scale of each estimator of a manifest."""
    return {
        name: Scale(
            worst=row.worst,
            best=row.best,
            proxy=row.proxy,
            machine_only=row.machine_only,
            thresholds=row.thresholds,
        )
        for name, row in about.estimators.items()
    }


def gate_of(about: SetManifest) -> Gate:
    """Return the gate of a manifest."""
    return Gate(threshold=about.gate.threshold, by_language=about.gate.by_language)


def estimates_of(folder: TranslationFolder) -> dict[tuple[str, str], Floats]:
    """Return the estimates of all chosen texts by (language, estimator)."""
    estimates: dict[tuple[str, str], array[float]] = defaultdict(lambda: array("d"))
    for row in folder.read_translations():
        for name, value in row["quality"].items():
            estimates[row["language"], name].append(value)
    return {key: floats(values) for key, values in estimates.items()}


# ---- one pass over each file


@dataclass(slots=True)
class _SetCounts:
    """What is counted while the rows go by, and the rows of the prompts that the page shows.

    Those are the `most` prompts with the lowest hashes of their ids, each in all its languages.
    """

    most: int
    shown: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    failed: set[tuple[str, str]] = field(default_factory=set)
    """(prompt, language)"""
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    chosen: Counter[tuple[str, str]] = field(default_factory=Counter)
    values: Values = field(default_factory=lambda: defaultdict(lambda: array("d")))
    asked: Counter[tuple[str, str]] = field(default_factory=Counter)
    passed: Counter[tuple[str, str]] = field(default_factory=Counter)
    refused: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    gated_by: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(language, estimator) -> gated texts that miss its threshold."""
    failed_by: dict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    """(prompt, language) of those that failed -> the checks that their candidates failed at."""

    @property
    def n_prompts(self) -> int:
        """All prompts: each has a row in every language."""
        by_language = Counter[str]()
        for (tag, _), n in self.counts.items():
            by_language[tag] += n
        return max(by_language.values(), default=0)

    def take(self, row: dict[str, Any]) -> None:
        tag, outcome = row["language"], row["outcome"]
        self.shown.setdefault(row["id"], []).append(row)
        if len(self.shown) > 4 * self.most:
            self.draw()
        self.counts[tag, outcome] += 1
        if outcome == FAILED:
            self.failed.add((row["id"], tag))
            return
        if outcome == KEPT:
            self.chosen[tag, row["translator"]] += 1
        for name, value in row["quality"].items():
            self.values[tag, name, outcome].append(value)

    def take_gated(self, row: dict[str, Any], gate: Gate, scales: Mapping[str, Scale]) -> None:
        """Count which thresholds a gated text misses."""
        tag, brought = row["language"], is_brought(row["translator"])
        for name, value in row["quality"].items():
            scale = scales.get(name)
            bound = gate.bound(tag, name, scale) if scale else None
            if scale and bound is not None and misses(scale, value, bound, brought=brought):
                self.gated_by[tag, name] += 1

    def draw(self) -> None:
        """Let all but the lowest hashes go, in the order in which the prompts came."""
        first = sorted(self.shown, key=lambda prompt: digest("page", prompt))[: self.most]
        lowest = set(first)
        self.shown = {key: rows for key, rows in self.shown.items() if key in lowest}

    def take_candidates(
        self, rows: Iterator[CandidateRow]
    ) -> dict[tuple[str, str], list[CandidateRow]]:
        """Return the candidates of the prompts that are shown, after counting all."""
        kept: dict[tuple[str, str], list[CandidateRow]] = defaultdict(list)
        for row in rows:
            place, by = (row.prompt, row.language), (row.language, row.translator)
            self.asked[by] += 1
            if row.passed:
                self.passed[by] += 1
            else:
                checks = [broken_by(row.broken) or NO_TEXT] if row.broken else list(row.faults)
                self.refused.update((*by, check) for check in checks)
                if place in self.failed:
                    self.failed_by[place].update(checks)
            if row.prompt in self.shown:
                kept[place].append(row)
        return kept


def _rows(
    shown: Mapping[str, Sequence[Mapping[str, Any]]],
    candidates: Mapping[tuple[str, str], list[CandidateRow]],
) -> Iterator[TextRow]:
    for row in (row for rows in shown.values() for row in rows):
        yield TextRow(
            prompt_id=row["id"],
            language=row["language"],
            kind=row.get("kind", ""),
            categories=tuple(row.get("categories", ())),
            source=row.get("source", ""),
            outcome=row["outcome"],
            translator=row["translator"],
            reason=row["reason"],
            candidates=tuple(candidates.get((row["id"], row["language"]), ())),
        )


# ---- one language


def _language_view(
    tag: str, counts: _SetCounts, about: SetManifest, scales: Mapping[str, Scale]
) -> LanguageView:
    gate, translators = gate_of(about), about.translators
    bounds = {name: gate.bound(tag, name, scale) for name, scale in scales.items()}
    applied = {name: bound for name, bound in bounds.items() if bound is not None}
    values = {name: _values(counts, tag, name) for name in scales}
    return LanguageView(
        language=named_language(tag),
        counts={name: counts.counts[tag, name] for name in OUTCOMES},
        gated_by={name: counts.gated_by[tag, name] for name in applied},
        failed_by=Counter(
            check
            for (_, language), checks in counts.failed_by.items()
            if language == tag
            for check in checks
        ),
        asked={name: counts.asked[tag, name] for name in translators},
        passed={name: counts.passed[tag, name] for name in translators},
        refused={name: _refused(counts, tag, name) for name in translators},
        chosen={name: counts.chosen[tag, name] for name in translators},
        quality={name: _spread(kept) for name, (kept, _) in values.items() if kept.size},
        shape={
            name: _histogram(kept, gated, scales[name])
            for name, (kept, gated) in values.items()
            if kept.size + gated.size
        },
        bounds=applied,
        untested=tuple(
            name for name in applied if _is_untested(about.estimators[name], tag, applied[name])
        ),
    )


def _is_untested(row: EstimatorTable, tag: str, bound: float) -> bool:
    """Return whether a threshold is the estimator's own, and nobody has measured it."""
    return tag in row.untested and (row.thresholds or {}).get(tag) == bound


def _values(counts: _SetCounts, tag: str, estimator: str) -> tuple[Floats, Floats]:
    kept, gated = (counts.values.get((tag, estimator, end), ()) for end in (KEPT, GATED))
    return floats(kept), floats(gated)


def _refused(counts: _SetCounts, tag: str, translator: str) -> dict[str, int]:
    return {
        check: n
        for (language, name, check), n in counts.refused.items()
        if language == tag and name == translator
    }


def _spread(values: Floats) -> MeanSpread:
    sd = float(values.std(ddof=1)) if values.size > 1 else None
    return MeanSpread(mean=float(values.mean()), sd=sd, n=values.size)


def _histogram(kept: Floats, gated: Floats, scale: Scale) -> Histogram:
    low, high = sorted((scale.worst, scale.best))
    edges = np.linspace(low, high, BINS + 1)
    counts = [
        np.histogram(np.clip(values, low, high), bins=edges)[0].tolist() for values in (kept, gated)
    ]
    return Histogram(kept=tuple(counts[0]), gated=tuple(counts[1]), low=low, high=high)


# ---- settings


def _estimator(name: str, row: EstimatorTable) -> EstimatorView:
    return EstimatorView(
        name=name,
        worst=row.worst,
        best=row.best,
        proxy=row.proxy,
        screens=bool(row.thresholds),
        uncovered=row.uncovered,
    )


def _settings(about: SetManifest) -> dict[str, str]:
    settings = {"made": about.created, "prompts": about.identity["prompts"]}
    origin = table_of(about.source)
    settings |= {
        f"prompts, {key}": str(value) for key, value in origin.items() if value and key != "sizes"
    }
    settings |= {"from": about.reference, "to": ", ".join(about.languages)}
    settings |= {f"translator {name}": id_ for name, id_ in about.translators.items()}
    for name, row in about.estimators.items():
        proxy = "; a proxy, not trained on human judgements: it ranks nothing" if row.proxy else ""
        proxy += ", and gates no text that was brought" if row.machine_only else ""
        scale = f"from {row.worst:g} (worst) to {row.best:g} (best)"
        settings[f"estimator {name}"] = f"{row.id}; {scale}{proxy}"
        if row.thresholds:
            settings[f"thresholds of {name}"] = own_thresholds(row)
    return settings | {"gate": gate_words(about.gate, about.languages)}


def own_thresholds(row: EstimatorTable) -> str:
    """Return an estimator's thresholds in words: "it 0.61, ru 0.4 (untested)"."""
    return ", ".join(
        f"{tag} {bound:g}{' (untested)' if tag in row.untested else ''}"
        for tag, bound in (row.thresholds or {}).items()
    )


def gate_words(gate: GateTable, tags: Sequence[str]) -> str:
    """Return a gate in words: "at least 0.5 on scales from 0 to 1; sw 0.4; yo cometkiwi 0.6"."""
    threshold = gate.threshold
    parts = ["none" if threshold is None else f"at least {threshold:g} on scales from 0 to 1"]
    for tag, bounds in gate.by_language.items():
        if tag not in tags:
            continue
        if isinstance(bounds, Mapping):
            parts += [f"{tag}, {name}: {bound:g}" for name, bound in bounds.items()] or [
                f"{tag}: none"
            ]
        else:
            parts.append(f"{tag}: {'none' if bounds is None else f'{bounds:g}'}")
    return "; ".join(parts)
