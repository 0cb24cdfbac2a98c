"""Why a language differs from the reference: translation, model or judge, where it was tested."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from safeglot.report.numbers.axis import Axis, ends, gap_axis
from safeglot.report.numbers.figures import ABSENT, Figure, difference, extra, plain, word
from safeglot.report.numbers.percent import MINUS, NONE, count, level, p_value, percent, points
from safeglot.report.page import Index, Language, Page, Run
from safeglot.report.sections.gaps import NOT_INTERPRETED, WHY_NOT
from safeglot.types import Estimate

TERMS = {
    "unsafe_gap_translation": "translation",
    "unsafe_gap_model": "model",
    "unsafe_gap_judge": "judge",
}
TOTAL = "unsafe_gap_total"
ROW_PX, TOP_PX, BAR_PX = 18, 8, 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One term: a bar from zero, in percent of the width, with its interval."""

    kind: str
    x: str
    width: str
    low: str
    high: str
    y: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseRow:
    """One language. `terms` are translation, model, judge; `shares` what share each has."""

    language: str
    tag: str
    total: Figure
    terms: tuple[Figure, ...]
    shares: tuple[str, ...]
    share_reason: str
    bars: tuple[Bar, ...]
    words: str
    bound: str
    human: Figure
    remark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TranslatorRow:
    """One language: how much of its rate hangs on who translated."""

    language: str
    tag: str
    spread: str
    components: str
    translators: str
    test: str
    dependability: str
    gap: Figure
    robust: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRow:
    """One language: what keeping only good translations does to the choice of prompts."""

    language: str
    tag: str
    dropped: str
    kept: str
    selection: Figure
    wrong: str
    paired: str
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SlopeRow:
    """One language: how unsafe answers move with the quality of the translation."""

    language: str
    tag: str
    estimator: str
    slope: Figure
    odds: Figure
    adjusted: str
    pooled: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Causes:
    """One panel."""

    judge: int
    model: int
    level: str
    axis: Axis
    rows: tuple[CauseRow, ...]
    translators: tuple[TranslatorRow, ...]
    slopes: tuple[SlopeRow, ...]
    gates: tuple[GateRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    index: Index
    judge: str
    model: str
    language: Language

    def get(self, metric: str) -> Estimate | None:
        tag = self.language.tag
        return self.index.get(metric, self.model, judge=self.judge, language=tag, category=None)


def cause_panels(page: Page, index: Index) -> list[Causes]:
    """Build a panel for each judge and model; none where no intervention was run."""
    if not index.has(TOTAL, *TERMS, "translator_variance", "quality_slope", "gate_selection"):
        return []
    run = page.run
    return [
        _panel(run, index, judge=judge, model=model)
        for judge in range(len(run.judges))
        for model in range(len(run.models))
    ]


def _panel(run: Run, index: Index, *, judge: int, model: int) -> Causes:
    all_facts = [
        _Facts(index=index, judge=run.judges[judge], model=run.models[model], language=one)
        for one in run.languages
        if one.tag != run.reference
    ]
    terms = [e for f in all_facts for m in (TOTAL, *TERMS) if (e := f.get(m)) is not None]
    axis = gap_axis(ends(terms))
    rows = [_row(facts, axis) for facts in all_facts if any(facts.get(m) for m in (TOTAL, *TERMS))]
    return Causes(
        judge=judge,
        model=model,
        level=level(next((e for e in terms if e.low is not None), None)),
        axis=axis,
        rows=tuple(rows),
        translators=tuple(_translators(all_facts)),
        slopes=tuple(_slopes(all_facts)),
        gates=tuple(_gates(all_facts)),
    )


def _row(facts: _Facts, axis: Axis) -> CauseRow:
    total, terms = facts.get(TOTAL), [facts.get(metric) for metric in TERMS]
    figures = tuple(difference(one) for one in terms)
    said = [
        f"{words} {one.text} points ({one.interval})"
        for words, one in zip(
            ("total", *TERMS.values()), (difference(total), *figures), strict=True
        )
    ]
    return CauseRow(
        language=facts.language.name,
        tag=facts.language.tag,
        total=difference(total),
        terms=figures,
        shares=tuple(_share(one) for one in terms),
        share_reason=next((why for one in terms if (why := word(one, "share_reason"))), ""),
        bars=tuple(_bars([total, *terms], axis)),
        words="; ".join(said),
        bound=_bound(terms[0]),
        human=_human(terms[0]),
        remark=f"{NOT_INTERPRETED}: {WHY_NOT}" if _mute(facts) else "",
    )


def _mute(facts: _Facts) -> bool:
    """Return whether invalid answers forbid to read this language's gap."""
    return bool(extra(facts.get("invalid_rate"), "gap_not_interpretable"))


def _bars(found: Sequence[Estimate | None], axis: Axis) -> Iterator[Bar]:
    for at, (kind, one) in enumerate(zip(("total", *TERMS.values()), found, strict=True)):
        if one is None or one.value is None:
            continue
        zero, end = (float(axis.at(v)[:-1]) for v in (0.0, one.value))
        yield Bar(
            kind=kind,
            x=f"{min(zero, end):.2f}%",
            width=f"{abs(end - zero):.2f}%",
            low=axis.at(one.value if one.low is None else one.low),
            high=axis.at(one.value if one.high is None else one.high),
            y=TOP_PX + ROW_PX * at,
        )


def _share(term: Estimate | None) -> str:
    share = extra(term, "share")
    if share is None:
        return ""
    low, high = extra(term, "share_low"), extra(term, "share_high")
    text = f"{100 * share:.0f}%".replace("-", MINUS)
    if low is None or high is None:
        return text
    return f"{text} ({100 * low:.0f} to {100 * high:.0f})".replace("-", MINUS)


def _bound(translation: Estimate | None) -> str:
    """Print the translation term as an interval: half of the round trip's damage to all of it."""
    half = extra(translation, "bound_half")
    if translation is None or translation.value is None or half is None:
        return ""
    return f"{points(half)} to {points(translation.value)}"


def _human(translation: Estimate | None) -> Figure:
    """Print what human translation shows of the effect: it goes before the round trip's bound."""
    return _from(translation, "human", "human_low", "human_high", "human_n")


def _from(one: Estimate | None, *names: str) -> Figure:
    """Print a difference that stands in `extra`: its value, interval ends and n by name."""
    value, low, high, n = (extra(one, name) for name in (*names, "")[:4])
    if value is None:
        return ABSENT
    span = "" if low is None or high is None else f"{points(low)} to {points(high)}"
    return Figure(text=points(value), interval=span, n="" if n is None else count(int(n)))


def _translators(all_facts: Sequence[_Facts]) -> Iterator[TranslatorRow]:
    for facts in all_facts:
        one = facts.get("translator_variance")
        if one is None:
            continue
        parts = [extra(one, name) for name in ("var_prompt", "var_translator", "var_residual")]
        k, n = extra(one, "K"), extra(one, "I")
        q, p = extra(one, "cochran_q"), extra(one, "p")
        yield TranslatorRow(
            language=facts.language.name,
            tag=facts.language.tag,
            spread="–" if one.value is None else f"{100 * max(one.value, 0.0) ** 0.5:.2f} pp",
            components=" / ".join(plain(part, 4) for part in parts),
            translators="–" if k is None or n is None else f"{k:g} on {n:,.0f} prompts",
            test="–" if q is None else f"Q {plain(q, 1)}, p {p_value(p)}",
            dependability=plain(extra(one, "dependability"), 2),
            gap=_from(one, "gap", "gap_low", "gap_high"),
            robust=word(one, "sign_robust") or "–",
        )


def _slopes(all_facts: Sequence[_Facts]) -> Iterator[SlopeRow]:
    for facts in all_facts:
        one = facts.get("quality_slope")
        if one is None:
            continue
        adjusted, best, pooled = (extra(one, n) for n in ("unsafe_adjusted", "q95", "pooled_beta"))
        yield SlopeRow(
            language=facts.language.name,
            tag=facts.language.tag,
            estimator=word(one, "estimator"),
            slope=difference(one),
            odds=_odds(one),
            adjusted="–" if adjusted is None else f"{percent(adjusted)} at {plain(best)}",
            pooled=points(pooled),
        )


def _odds(one: Estimate) -> Figure:
    """Print the change of the log-odds, or why there is none."""
    value, low, high, n = (extra(one, f"log_odds{part}") for part in ("", "_low", "_high", "_n"))
    if value is None or low is None or high is None or n is None:
        return Figure(text=NONE, note=word(one, "log_odds_why"))
    return Figure(text=plain(value), interval=f"{plain(low)} to {plain(high)}", n=count(int(n)))


def _gates(all_facts: Sequence[_Facts]) -> Iterator[GateRow]:
    for facts in all_facts:
        one = facts.get("gate_selection")
        if one is None:
            continue
        before, after = extra(one, "p_en_all"), extra(one, "p_en_kept")
        yield GateRow(
            language=facts.language.name,
            tag=facts.language.tag,
            dropped=percent(extra(one, "drop_rate")),
            kept=f"{percent(before)} of all, {percent(after)} of the kept",
            selection=difference(one) if one.value is not None else ABSENT,
            wrong=points(extra(one, "gap_wrong")),
            paired=points(extra(one, "gap_paired")),
            rule=one.method,
        )
