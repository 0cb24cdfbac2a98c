"""The finding of a test of guards: its headline, the languages that were evaluated, and a row a language."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from safeglot.report.finding.shares import joined
from safeglot.report.names import short_names
from safeglot.report.numbers.figures import extra
from safeglot.report.numbers.interpretation import LIMIT, LIMIT_WORDS, is_interpretable
from safeglot.report.numbers.percent import count, percent, points
from safeglot.report.page import Index, Page
from safeglot.text import languages
from safeglot.text.control import one_line
from safeglot.types import PROMPT_MODE, Estimate

ALPHA = 0.05
_GAP = "guard_recall_gap"


@dataclass(frozen=True, slots=True)
class GuardCell:
    """What one guard finds in one language; None for what there is no number of.

    Where too many verdicts are lacking a number has no value, and its bounds as ends.
    """

    recall: Estimate | None
    fpr: Estimate | None
    gap: Estimate | None
    match: Estimate | None

    @property
    def finds_less(self) -> bool:
        """Whether it finds less of the unsafe texts than in the reference, beyond chance."""
        return is_beyond_chance(self.gap) and _value(self.gap) < 0


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardRow:
    """A language with what each guard finds in it."""

    tag: str
    name: str
    n: int
    cells: tuple[GuardCell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardFinding:
    """All that is told first: sentences, and the rows in the order of the languages."""

    side: str
    reference: str
    guards: tuple[str, ...]
    """As people call them."""
    headline: str
    figures: str
    """Intervals and n of the headline; "" where it has none."""
    audit: str
    probes: str
    """What is lost most under a probe, beyond chance; "" where nothing is."""
    unread: str
    rows: tuple[GuardRow, ...]
    is_labelled: bool


def is_guard_test(page: Page) -> bool:
    """Return whether a page is of a test of guards."""
    return any(e.metric == "guard_texts" for e in page.estimates)


def finding_of(page: Page, index: Index) -> GuardFinding:
    """Return what a test of guards found."""
    texts = [e for e in page.estimates if e.metric == "guard_texts"]
    side = str(texts[0].extra.get("side", "prompts"))
    judges = page.run.judges
    guards = tuple(guard_names(judges))
    rows = tuple(_rows(page, index, texts))
    is_labelled = any(e.n for e in texts)
    said = _Said(side=side, reference=language_name(page.run.reference), guards=guards, rows=rows)
    headline, figures = said.labelled() if is_labelled else said.unlabelled(page)
    return GuardFinding(
        side=side,
        reference=said.reference,
        guards=guards,
        headline=headline,
        figures=figures,
        audit=audit_sentence(texts, rows, guards, side),
        probes=probe_sentence(page, said.side),
        unread=_unread(page, index, texts),
        rows=rows,
        is_labelled=is_labelled,
    )


def guard_names(judges: Sequence[str]) -> list[str]:
    """Return guards as people call them, and by their whole names where two would be alike."""
    bare = [judge.removesuffix(f"@{PROMPT_MODE}") for judge in judges]
    short = short_names(bare)
    return [one_line(short[name]) for name in bare]


def language_name(tag: str) -> str:
    """Return the English name of a language."""
    return one_line(languages.lookup(tag).name)


def is_beyond_chance(difference: Estimate | None) -> bool:
    """Return whether a paired difference is told apart from none, Holm over all of its kind."""
    p = extra(difference, "p_holm") if difference else None
    return p is not None and p < ALPHA


def unread_share(e: Estimate) -> float:
    """Return how many of the texts or ids behind a number have no verdict."""
    flagged = (extra(e, "missing_share"), extra(e, "missing_share_reference"))
    return max(e.missing / max(e.n + e.missing, 1), *(share or 0.0 for share in flagged))


def as_known(e: Estimate | None) -> Estimate | None:
    """Return a number, or only its bounds where more verdicts are lacking than it can be interpreted without."""
    if e is None or e.value is None or (unread_share(e) <= LIMIT and is_interpretable(e)):
        return e
    return replace(e, value=None, low=extra(e, "low_bound"), high=extra(e, "high_bound"))


def _rows(page: Page, index: Index, texts: Sequence[Estimate]) -> Iterator[GuardRow]:
    counts = {e.language: e.n or int(_value(e)) for e in texts}
    for language in page.run.languages:
        cells = [
            GuardCell(
                *(
                    as_known(index.get(metric, None, judge=judge, language=language.tag))
                    for metric in ("guard_recall", "guard_fpr", _GAP, "guard_match")
                )
            )
            for judge in page.run.judges
        ]
        yield GuardRow(
            tag=language.tag,
            name=one_line(language.name),
            n=counts.get(language.tag, 0),
            cells=tuple(cells),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """What the headline is made of."""

    side: str
    reference: str
    guards: tuple[str, ...]
    rows: tuple[GuardRow, ...]

    def labelled(self) -> tuple[str, str]:
        cells = [(row, g, row.cells[g]) for row in self.rows for g in range(len(self.guards))]
        worse = [one for one in cells if one[2].finds_less]
        if worse:
            return self._worse(min(worse, key=lambda one: _value(one[2].gap)), len(worse))
        known = [one for one in cells if one[2].recall and one[2].recall.value is not None]
        lost = [one for one in cells if one[2].recall and is_open(one[2].recall)]
        if lost:
            return self._open(max(lost, key=lambda one: _unread_of(one[2])))
        if not known:
            return f"No unsafe {self.side} with a label were read: recall is not known.", ""
        compared = [one for one in cells if one[2].gap and one[2].gap.value is not None]
        least = min(known, key=lambda one: _value(one[2].recall))
        lowest = self._recall(*least)
        if compared:
            return (
                f"No language is told apart from {self.reference} in what guards find. {lowest}",
                self._span(least[2].recall),
            )
        why = (
            ""
            if len(self.rows) < 2
            else (
                f" No ids of unsafe {self.side} are shared with {self.reference}, so languages are not compared."
            )
        )
        return f"{lowest}{why}", self._span(least[2].recall)

    def _worse(self, worst: tuple[GuardRow, int, GuardCell], n: int) -> tuple[str, str]:
        row, g, cell = worst
        reference = next(r for r in self.rows if r.name == self.reference).cells[g]
        more = "" if n == 1 else f" (the largest of {n} losses)"
        sentence = (
            f"{self.guards[g]} finds less in {row.name}: {_rate(cell.recall)} of the unsafe "
            f"{self.side}, and {_rate(reference.recall)} in {self.reference}{more}."
        )
        gap = cell.gap
        if gap is None or gap.low is None or gap.high is None:
            return sentence, ""
        span = f"[{points(gap.low)}, {points(gap.high)}]"
        other = extra(gap, "n_reference")
        of = f"on the same {count(gap.n)} ids" if other is None else f"n = {count(gap.n)} and {count(round(other))} unsafe {self.side} with a label"  # fmt: skip
        return sentence, f"{points(gap.value)} points {span}, {of}; beyond chance (Holm)."

    def _open(self, most: tuple[GuardRow, int, GuardCell]) -> tuple[str, str]:
        row, g, cell = most
        recall = cell.recall
        if recall is None:
            return "", ""
        return (
            (
                f"{self.guards[g]} finds between {_percent(recall.low)} and {_percent(recall.high)} of the "
                f"unsafe {self.side} in {row.name}: {_percent(unread_share(recall))} of its verdicts there were not read."
            ),
            f"More than {LIMIT_WORDS} are lacking, so what it finds is told in bounds. n = {count(recall.n)} unsafe {self.side} read.",
        )

    def _recall(self, row: GuardRow, g: int, cell: GuardCell) -> str:
        where = f" in {row.name}" if len(self.rows) > 1 else f" {row.name}"
        least = "finds least" if len(self.rows) * len(self.guards) > 1 else "finds"
        return f"{self.guards[g]} {least}{where}: {_rate(cell.recall)} of the unsafe {self.side}."

    def _span(self, recall: Estimate | None) -> str:
        if recall is None or recall.low is None or recall.high is None:
            return ""
        return f"[{percent(recall.low)}, {percent(recall.high)}], n = {count(recall.n)} unsafe {self.side}."

    def unlabelled(self, page: Page) -> tuple[str, str]:
        judges = page.run.judges
        matches = [
            (self.guards[judges.index(e.judge)], e)
            for e in map(as_known, page.estimates)
            if e and e.metric == "guard_match" and e.judge in judges and e.value is not None
        ]
        if not matches:
            return (
                "Without labels nothing can be told of guards where no texts share ids, or too few verdicts on them were read.",
                "",
            )
        guard, least = min(matches, key=lambda one: _value(one[1]))
        where = "all languages" if least.language is None else f"{language_name(least.language)} and {self.reference}"  # fmt: skip
        sentence = (
            f"{guard} says the same of {_rate(least)} of the {self.side} in {where}; "
            f"{_percent(extra(least, 'expected'))} would agree by chance."
        )
        span = f"[{percent(least.low)}, {percent(least.high)}], n = {count(least.n)} ids."
        return sentence, f"{span} Without labels recall and false alarms are not known."


def audit_sentence(
    texts: Sequence[Estimate], rows: Sequence[GuardRow], guards: Sequence[str], side: str
) -> str:
    """Return which of the languages that were named were evaluated, with n, and which were not."""
    by_tag = {row.tag: row for row in rows}
    remarked: dict[str, list[tuple[str, str]]] = {}
    lacking: dict[str, list[str]] = {}
    for e in texts:
        name, row = language_name(str(e.language)), by_tag.get(str(e.language))
        why = _why_not(e, row, guards)
        if why or row is None:
            lacking.setdefault(why or "no text", []).append(name)
        else:
            remark = ", ".join(_remarks(row, guards, side))
            remarked.setdefault(remark, []).append((name, count(e.n)))
    done = [_evaluated(same, remark) for remark, same in remarked.items()]
    told = f"Evaluated with labelled {side}: {'; '.join(done)}." if done else "No language was evaluated with labels."  # fmt: skip
    undone = [_unevaluated(names, why) for why, names in lacking.items()]
    return f"{told} Not evaluated: {'; '.join(undone)}." if lacking else f"{told} No language that was named is left out."  # fmt: skip


def _evaluated(same: Sequence[tuple[str, str]], remark: str) -> str:
    """Return languages with n, and once what is to be said of all of them."""
    if not remark:
        each = [f"{name} (n = {n})" for name, n in same]
        return joined(each, len(each))
    names, counts = [name for name, _ in same], [n for _, n in same]
    return f"{joined(names, len(names))} (n = {joined(counts, len(counts))}, {remark})"


def _unevaluated(names: list[str], why: str) -> str:
    each = "each " if len(names) > 1 and why[0].isdigit() else ""
    return f"{joined(names, len(names))} ({each}{why})"


def _why_not(texts: Estimate, row: GuardRow | None, guards: Sequence[str]) -> str:
    if row is None or not texts.n:
        return f"{count(int(_value(texts)))} texts, none with a label" if texts.value else "no text"
    if len(_blind(row, guards)) == len(guards):
        return f"{count(texts.n)} texts, no verdict was read"
    return ""


def _blind(row: GuardRow, guards: Sequence[str]) -> list[str]:
    """Return the guards of which no verdict on a text with a label was read."""
    return [
        guard
        for guard, cell in zip(guards, row.cells, strict=True)
        if not any(e is not None and e.n for e in (cell.recall, cell.fpr))
    ]


def _remarks(row: GuardRow, guards: Sequence[str], side: str) -> Iterator[str]:
    first = row.cells[0]
    for word, e in (("unsafe", first.recall), ("safe", first.fpr)):
        if e is None or not e.n + e.missing:
            yield f"no {word} {side}"
    blind = _blind(row, guards)
    bounded = [
        guard
        for guard, cell in zip(guards, row.cells, strict=True)
        if guard not in blind and any(e is not None and is_open(e) for e in (cell.recall, cell.fpr))
    ]
    if blind:
        yield f"not by {joined(blind, len(blind))}: no verdict was read"
    if bounded:
        yield f"by {joined(bounded, len(bounded))} in bounds only: more than {LIMIT_WORDS} of the verdicts are lacking"


def probe_sentence(page: Page, side: str) -> str:
    """Return the largest loss of recall under a probe that is beyond chance, and how many there are; "" for none."""
    tested = [
        e
        for e in map(as_known, page.estimates)
        if e and e.metric == "guard_recall_probe" and e.category is None
    ]
    lost = [e for e in tested if is_beyond_chance(e) and _value(e) < 0]
    if not lost:
        return ""
    worst = min(lost, key=_value)
    names = dict(zip(page.run.judges, guard_names(page.run.judges), strict=True))
    more = "" if len(lost) == 1 else f", the largest of {len(lost)} losses under probes"
    return (
        f"Under {one_line(str(worst.extra['variant']))} {names[str(worst.judge)]} finds "
        f"{_percent(extra(worst, 'with_probe'))} of the unsafe {side} in "
        f"{language_name(str(worst.language))}, and {_percent(extra(worst, 'plain'))} of the same as they came: "
        f"{points(worst.value)} points [{points(worst.low)}, {points(worst.high)}], "
        f"n = {count(worst.n)} ids; beyond chance (Holm){more}."
    )


def _unread(page: Page, index: Index, texts: Sequence[Estimate]) -> str:
    """Return how many verdicts could not be read, and how far the worst of them leaves a recall open."""
    lost = [
        (e.missing / max(e.n + e.missing, 1), e)
        for judge in page.run.judges
        for text in texts
        for metric in ("guard_recall", "guard_fpr", "guard_match")
        if (e := index.get(metric, None, judge=judge, language=text.language)) and e.missing
    ]
    if not lost:
        return ""
    names = dict(zip(page.run.judges, guard_names(page.run.judges), strict=True))
    rated = [e for _, e in lost if e.metric != "guard_match"]
    if not rated:
        return "Some verdicts could not be read; those ids are not compared."
    n = sum(e.missing for e in rated)
    _, worst = max((one for one in lost if one[1] in rated), key=lambda one: one[0])
    what = "recall" if worst.metric == "guard_recall" else "false alarms"
    low, high = extra(worst, "low_bound"), extra(worst, "high_bound")
    return (
        f"{count(n)} verdicts are missing or could not be read and count as neither; with them {what} "
        f"of {names[str(worst.judge)]} in {language_name(str(worst.language))} is {_percent(low)} to "
        f"{_percent(high)}."
    )


def is_open(e: Estimate) -> bool:
    """Return whether only bounds of a number are told."""
    return e.value is None and e.n > 0 and e.low is not None


def _unread_of(cell: GuardCell) -> float:
    return unread_share(cell.recall) if cell.recall else 0.0


def _rate(estimate: Estimate | None) -> str:
    return _percent(estimate.value if estimate else None)


def _percent(rate: float | None) -> str:
    return "?" if rate is None else f"{percent(rate)}%"


def _value(estimate: Estimate | None) -> float:
    return 0.0 if estimate is None or estimate.value is None else estimate.value
