"""The page of a translation set, filled from its folder."""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from safeglot.backends.files.manifest import EstimatorTable, GateTable, SetManifest
from safeglot.backends.files.records import table_of
from safeglot.backends.files.rundir import write_text
from safeglot.backends.files.translation_folder import TranslationFolder
from safeglot.flow.translation import ratings_summary
from safeglot.keys import digest
from safeglot.report.page import NamedLanguage
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
from safeglot.text import languages
from safeglot.translate.base import Scale
from safeglot.translate.choice.choice import Gate
from safeglot.types import FAILED, GATED, KEPT, OUTCOMES, CandidateRow

Values = dict[tuple[str, str, str], "array[float]"]
"""(language, estimator, outcome) -> estimates of the chosen texts."""


def write_page(folder: TranslationFolder, *, rows: int = 2000) -> Path:
    """Write the page of a finished set with at most so many texts. Raises: UsageError, Stopped."""
    write_text(folder.page, render_translations(view_of(folder, rows=rows)))
    return folder.page


def view_of(folder: TranslationFolder, *, rows: int = 2000) -> TranslationsView:
    """Fill the page's records from the folder. Raises: UsageError."""
    about = folder.require().read_manifest()
    found = _Found(most=max(rows // max(len(about.languages), 1), 1))
    for row in folder.read_translations():
        found.take(row)
    found.draw()
    candidates = found.take_candidates(folder.read_candidates())
    scales = scales_of(about)
    told = ratings_summary.read_rated(folder, about)
    return TranslationsView(
        title=f"Translations: {folder.path.resolve().name}",
        reference=_language(about.reference),
        languages=tuple(_language_view(tag, found, about, scales) for tag in about.languages),
        translators=tuple(about.translators),
        estimators=tuple(_estimator(*one) for one in about.estimators.items()),
        n_prompts=found.n_prompts,
        digest=about.digest,
        rated=tuple(ratings_summary.table(told, about.languages, scales)),
        notes=tuple(about.notes),
        settings=_settings(about),
        versions=dict(about.versions),
        rows=tuple(_rows(found.shown, candidates)),
        n_shown=len(found.shown),
    )


def scales_of(about: SetManifest) -> dict[str, Scale]:
    """Return the scale of each estimator of a manifest."""
    return {
        name: Scale(worst=one.worst, best=one.best, proxy=one.proxy)
        for name, one in about.estimators.items()
    }


def gate_of(about: SetManifest) -> Gate:
    """Return the gate of a manifest."""
    return Gate(threshold=about.gate.threshold, by_language=about.gate.by_language)


def estimates_of(folder: TranslationFolder) -> dict[tuple[str, str], Floats]:
    """Return the estimates of all chosen texts by (language, estimator)."""
    found: dict[tuple[str, str], array[float]] = defaultdict(lambda: array("d"))
    for row in folder.read_translations():
        for name, value in row["quality"].items():
            found[row["language"], name].append(value)
    return {key: floats(values) for key, values in found.items()}


# ---- one pass over each file


@dataclass(slots=True)
class _Found:
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

    def draw(self) -> None:
        """Let all but the lowest hashes go, in the order in which the prompts came."""
        first = sorted(self.shown, key=lambda prompt: digest("page", prompt))[: self.most]
        lowest = set(first)
        self.shown = {key: rows for key, rows in self.shown.items() if key in lowest}

    def take_candidates(
        self, rows: Iterator[CandidateRow]
    ) -> dict[tuple[str, str], list[CandidateRow]]:
        """Count all candidates, and return those of the prompts that are shown."""
        kept: dict[tuple[str, str], list[CandidateRow]] = defaultdict(list)
        for row in rows:
            place, by = (row.prompt, row.language), (row.language, row.translator)
            self.asked[by] += 1
            if row.passed:
                self.passed[by] += 1
            else:
                checks = [NO_TEXT] if row.broken else list(row.faults)
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


def _language(tag: str) -> NamedLanguage:
    known = languages.lookup(tag)
    direction: Any = known.direction
    return NamedLanguage(tag=tag, name=known.name, direction=direction)


def _language_view(
    tag: str, found: _Found, about: SetManifest, scales: Mapping[str, Scale]
) -> LanguageView:
    gate, translators = gate_of(about), about.translators
    bounds = {name: gate.bound(tag, name, scale) for name, scale in scales.items()}
    told = {name: bound for name, bound in bounds.items() if bound is not None}
    values = {name: _values(found, tag, name) for name in scales}
    return LanguageView(
        language=_language(tag),
        counts={name: found.counts[tag, name] for name in OUTCOMES},
        gated_by={name: _missing(values[name][1], told[name], scales[name]) for name in told},
        failed_by=Counter(
            check for (_, one), checks in found.failed_by.items() if one == tag for check in checks
        ),
        asked={name: found.asked[tag, name] for name in translators},
        passed={name: found.passed[tag, name] for name in translators},
        refused={name: _refused(found, tag, name) for name in translators},
        chosen={name: found.chosen[tag, name] for name in translators},
        quality={name: _spread(kept) for name, (kept, _) in values.items() if kept.size},
        shape={
            name: _histogram(kept, gated, scales[name])
            for name, (kept, gated) in values.items()
            if kept.size + gated.size
        },
        bounds=told,
    )


def _values(found: _Found, tag: str, estimator: str) -> tuple[Floats, Floats]:
    kept, gated = (found.values.get((tag, estimator, end), ()) for end in (KEPT, GATED))
    return floats(kept), floats(gated)


def _missing(gated: Floats, bound: float, scale: Scale) -> int:
    return int((gated < bound).sum() if scale.higher_is_better else (gated > bound).sum())


def _refused(found: _Found, tag: str, translator: str) -> dict[str, int]:
    return {
        check: n
        for (one, name, check), n in found.refused.items()
        if one == tag and name == translator
    }


def _spread(values: Floats) -> MeanSpread:
    sd = float(values.std(ddof=1)) if values.size > 1 else None
    return MeanSpread(mean=float(values.mean()), sd=sd, n=values.size)


def _histogram(kept: Floats, gated: Floats, scale: Scale) -> Histogram:
    low, high = sorted((scale.worst, scale.best))
    edges = np.linspace(low, high, BINS + 1)
    steps = [
        np.histogram(np.clip(values, low, high), bins=edges)[0].tolist() for values in (kept, gated)
    ]
    return Histogram(kept=tuple(steps[0]), gated=tuple(steps[1]), low=low, high=high)


# ---- settings


def _estimator(name: str, table: EstimatorTable) -> EstimatorView:
    return EstimatorView(
        name=name,
        worst=table.worst,
        best=table.best,
        proxy=table.proxy,
        uncovered=table.uncovered,
    )


def _settings(about: SetManifest) -> dict[str, str]:
    found = {"made": about.created, "prompts": about.identity["prompts"]}
    found |= {
        f"prompts, {key}": str(value) for key, value in table_of(about.source).items() if value
    }
    found |= {"from": about.reference, "to": ", ".join(about.languages)}
    found |= {f"translator {name}": id_ for name, id_ in about.translators.items()}
    for name, one in about.estimators.items():
        proxy = "; a proxy, not trained on human judgements" if one.proxy else ""
        scale = f"from {one.worst:g} (worst) to {one.best:g} (best)"
        found[f"estimator {name}"] = f"{one.id}; {scale}{proxy}"
    return found | {"gate": gate_words(about.gate, about.languages)}


def gate_words(gate: GateTable, tags: Sequence[str]) -> str:
    """Print a gate: "0.5 on scales from 0 to 1; sw 0.4; yo cometkiwi 0.6"."""
    told = gate.threshold
    parts = ["none" if told is None else f"at least {told:g} on scales from 0 to 1"]
    for tag, one in gate.by_language.items():
        if tag not in tags:
            continue
        if isinstance(one, Mapping):
            parts += [f"{tag}, {name}: {bound:g}" for name, bound in one.items()] or [
                f"{tag}: none"
            ]
        else:
            parts.append(f"{tag}: {'none' if one is None else f'{one:g}'}")
    return "; ".join(parts)
