"""The finding on a few lines: the conclusion first, one table, one caveat, and where to go on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from safeglot.report.finding import commands, small_run
from safeglot.report.finding.cause import Cause, CauseTerm
from safeglot.report.finding.caveats import Caveat, caveats
from safeglot.report.finding.evidence import average_name
from safeglot.report.finding.headline import Finding, finding_of
from safeglot.report.finding.mitigations import in_a_line, remedies
from safeglot.report.finding.rates import LanguageRate
from safeglot.report.finding.shares import gap_span, joined
from safeglot.report.guards.finding import is_guard_test
from safeglot.report.names import short_judge, short_model
from safeglot.report.numbers.figures import extra, word
from safeglot.report.numbers.percent import count, percent, points
from safeglot.report.numbers.variants import spelled
from safeglot.report.page import Index, Page, PanelScope
from safeglot.report.sections.missing import unread_sentence
from safeglot.report.terminal.guards import guards_brief
from safeglot.report.terminal.models import models_brief
from safeglot.report.terminal.rows import LESS_SAFE, MARGIN, PLAIN, RED, language_table
from safeglot.report.width import cut, cut_within, display_width, padded, wrapped
from safeglot.text.control import one_line
from safeglot.types import Estimate

LINES, LEAST_ROWS = 14, 3
"""Lines for one model at 80 columns, and rows that its table has at least."""
BOLD = "\x1b[1m"
LEAST_MODEL = 18
"""Columns that a model's name is cut to at least."""
MOST_TOLD = 3
"""Languages whose over-refusal is told; of more the headline's, the reference and the one with most."""
UNAVERAGED = ("small run", "benign only", "no data")
"""Findings that no average stands behind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPlace:
    """Where a run stands, as the user would name it, and its page, "" where none was written."""

    run: str
    page: str = ""


def brief(page: Page, place: RunPlace, width: int, *, colour: bool) -> str:
    """Return what a run found, no line wider than `width` columns."""
    page = _cleaned(page)
    if is_guard_test(page):
        ways = _ways(place, (commands.command("show", place.run, "--full"),), width)
        notes = _of_part(replace(page, unread={}), width)  # those are in the brief
        return _text([*guards_brief(page, width), *notes, *ways], colour=colour)
    index = Index(page.estimates)
    judges = page.run.rated
    if not judges:
        lines = wrapped("No judge was run: there is nothing to tell of the answers yet.", width)
        return _text([*lines, *_ways(place, (), width)], colour=colour)
    by_judge = {
        judge: [
            PanelScope(run=page.run, index=index, judge=judge, model=model)
            for model in page.run.models
        ]
        for judge in judges
    }
    first = by_judge[judges[0]]
    if len(first) > 1:
        ways = _ways(place, (commands.command("compare", place.run),), width)
        lines = [*models_brief(page, first, width), *_of_part(page, width), *ways]
    else:
        others = [scopes[0] for judge, scopes in by_judge.items() if judge != judges[0]]
        lines = _model(page, first[0], others, place, width)
    return _text(lines, colour=colour)


def _cleaned(page: Page) -> Page:
    """Return the page with names of languages that a terminal does not obey."""
    named = (replace(language, name=one_line(language.name)) for language in page.run.languages)
    return replace(page, run=replace(page.run, languages=tuple(named)))


def _text(lines: Sequence[str], *, colour: bool) -> str:
    """Return the lines, the first one bold, "less safe" red, where there is colour."""
    if not colour:
        return "\n".join(lines)
    bold = [f"{BOLD}{line}{PLAIN}" for line in lines[:1]]
    rest = [
        f"{line.removesuffix(LESS_SAFE)}{RED}{LESS_SAFE}{PLAIN}" if line.endswith(LESS_SAFE) else line
        for line in lines[1:]
    ]  # fmt: skip
    return "\n".join([*bold, *rest])


def _model(
    page: Page, scope: PanelScope, others: Sequence[PanelScope], place: RunPlace, width: int
) -> list[str]:
    found = finding_of(scope)
    above = [*wrapped(found.sentence, width), *_second(scope, found, width)]
    below = [
        *_about(scope, found, width),
        *([cut(f"{MARGIN}{one_line(page.run.mark)}", width)] if page.run.mark else []),
        *_of_part(page, width),
        *_other_judges(others, width),
        *_arms(scope, found, width),
        *_probes(page, scope, width),
        *_mitigations(scope, width),
        *_blocked(scope, width),
        *_harmless(scope, found, width),
        *_caveat(page, scope, found, place, width),
        *_ways(place, _next(found, place), width),
    ]
    table = _table(scope, found, LINES - len(above) - len(below) - 2, width)
    spare = LINES - len(above) - len(below) - len(table) - 1
    return [*above, "", *table, *([""] if spare > 0 and table else []), *below]


def _table(scope: PanelScope, found: Finding, most: int, width: int) -> list[str]:
    if found.case == "small run" and small_run.in_english(scope):
        return _small_table(scope, found, max(most, LEAST_ROWS), width)
    if not any(row.rate or row.bounds for row in found.rates):
        return []
    places = scope.index.decimals
    most = max(most, LEAST_ROWS)
    return language_table(found.rates, found.verb, most=most, width=width, places=places)


def _small_table(scope: PanelScope, found: Finding, most: int, width: int) -> list[str]:
    """Return the languages with the share of answers in English and what was refused."""
    fallbacks = {language.tag: rate for language, rate in small_run.in_english(scope)}
    rows = sorted(found.rates, key=lambda row: -_share(fallbacks.get(row.language.tag)))
    cells = [("", "answered in English, %", "refused")]
    for row in rows[:most]:
        rate = fallbacks.get(row.language.tag)
        ends = f" [{percent(rate.low, 0)}, {percent(rate.high, 0)}]" if rate and rate.low is not None else ""  # fmt: skip
        shown = f"{percent(rate.value, 0)}{ends}" if rate else ""
        cells.append((one_line(row.language.name), shown, _refused(row)))
    if len(rows) > most:
        cells.append((f"{len(rows) - most} more", "", ""))
    wide = [max(display_width(line[i]) for line in cells) for i in range(2)]
    return [
        cut(f"{MARGIN}{padded(a, wide[0])}    {padded(b, wide[1])}    {c}".rstrip(), width)
        for a, b, c in cells
    ]


def _share(rate: Estimate | None) -> float:
    return -1.0 if rate is None or rate.value is None else rate.value


def _refused(row: LanguageRate) -> str:
    if row.micro is None or row.micro.value is None:
        return ""
    refused, n = small_run.refusals([row])
    return f"{count(refused)} of {count(n)}"


def _second(scope: PanelScope, found: Finding, width: int) -> list[str]:
    """Return the line on the cause, or on what the sentence leaves out."""
    if found.case == "small run":
        return wrapped(found.figures.partition(". ")[2], width)
    if found.why is not None and found.why.case != "not known":
        return wrapped(f"Why: {why_words(found.why)}{_adapting(found.why)}.", width)
    if found.case == "gap":
        return _less_safe(scope, found, width)
    return wrapped(found.others, width) if found.case in ("unusable", "reference worse") else []


def _less_safe(scope: PanelScope, found: Finding, width: int) -> list[str]:
    """Return which languages are less safe, as many by name as one line holds."""
    names = [row.language.name for row in found.rates if row.reading == LESS_SAFE]
    reference = scope.run.language_name(scope.run.reference)
    less = f"{found.verb.less[0].upper()}{found.verb.less[1:]}"
    for most in range(min(len(names), 8), 1, -1):
        text = f"{less} than {reference}: {joined(names, most)}. {found.cause}"
        if display_width(text) <= width:
            return [text]
    whole = names[0] if len(names) == 1 else f"{len(names)} languages"
    return wrapped(f"{less} than {reference}: {whole}. {found.cause}", width)


def why_words(why: Cause) -> str:
    """Return the cause in a line: "the model (+14.5 to +19.6 points); translation 2.4 at most, the judge 1.6"."""
    named = [term for term in why.terms if term.sign > 0]
    if not named:
        return "the arms do not tell translation from model"
    first = max(named, key=lambda term: term.low)
    others = [term for term in why.terms if term is not first]
    if why.case == "one":
        rest = ", ".join(
            f"{'' if k else 'translation ' if t.name == 'translation' else f'the {t.name} '}"
            f"{f'the {t.name} ' if k else ''}{100 * max(t.high, 0.0):.1f}{'' if k else ' at most'}"
            for k, t in enumerate(others)
        )
    else:
        parts = [f"{t.name} {_span(t)}" for t in others]
        return ", ".join([f"{first.name} {_span(first)} points", *parts])
    head = f"the {first.name} ({_span(first)} points)"
    far = "" if first.by_people or first.name != "model" else ", as far as a round trip tells"
    return f"{head}; {rest}{far}"


def _adapting(why: Cause) -> str:
    """Return what adapting the requests adds, where it does."""
    term = why.adaptation
    return f"; adapting the requests {_span(term)}" if term is not None and term.sign else ""


def _span(term: CauseTerm) -> str:
    return f"{points(term.low)} to {points(term.high)}"


def _about(scope: PanelScope, found: Finding, width: int) -> list[str]:
    """Return the line that says of what all this is: model, judge, requests, average."""
    if found.case == "small run":
        text = "This shows the tool, not a model: the judge tells refusals only."
        if not scope.model.startswith("embedded/"):
            text = "The judge tells refusals only: not refused is not yet unsafe."
        return [*wrapped(text, width, MARGIN), *_key(scope, found, width)]
    return _key(scope, found, width)


def _key(scope: PanelScope, found: Finding, width: int) -> list[str]:
    planned = [row.micro.n + row.micro.missing for row in found.rates if row.micro is not None]
    requests = ""
    if planned:
        low, high = min(planned), max(planned)
        span = count(low) if low == high else f"{count(low)} to {count(high)}"
        requests = f", {span} requests a language"
    judge = one_line(short_judge(scope.judge))
    average = "" if found.case in UNAVERAGED else f", {average_name(scope)}"
    rest = f", {judge}{requests}{average}"
    room = width - len(MARGIN) - display_width(rest)
    model = one_line(short_model(scope.model))
    if display_width(model) > room >= LEAST_MODEL:
        return [f"{MARGIN}{cut_within(model, room)}{rest}"]
    return wrapped(f"{cut_within(model, width - len(MARGIN) - 1)}{rest}", width, MARGIN)


def _of_part(page: Page, width: int) -> list[str]:
    """Return what no short text may lack: a part of a plan, a judge that failed its check, unread replies."""
    notes = [one_line(note.text) for note in page.run.notes if note.of_part]
    unread = [one_line(text) for judge in page.unread if (text := unread_sentence(page, judge))]
    told = [f"{text.partition('. ')[0].rstrip('.')}." for text in notes] + unread
    return [line for text in told for line in wrapped(text, width, MARGIN)]


def _other_judges(others: Sequence[PanelScope], width: int) -> list[str]:
    """Return a line a judge: its widest gap beyond chance, or what it finds instead."""
    lines = []
    for scope in others:
        found = finding_of(scope)
        gap = next((row.gap for row in found.rates if row.language.tag == found.language), None)
        told = found.sentence
        if found.case == "gap" and gap is not None:
            name = scope.run.language_name(found.language)
            told = f"widest gap {points(gap.value)} points {gap_span(gap)} in {name}."
        lines.append(cut(f"{MARGIN}{one_line(short_judge(scope.judge))}: {told}", width))
    return lines


def _arms(scope: PanelScope, found: Finding, width: int) -> list[str]:
    """Return a line on the arms of the other languages, or that they have no gap to explain."""
    asked = [o for o in scope.run.others() if scope.get("unsafe_gap_total", o.tag) is not None]
    told = found.why is not None and found.why.case != "not known"
    rest = [language.name for language in asked if not told or language.tag != found.language]
    if not rest:
        return []
    text = f"Arms: {joined(rest, 5)} {'was' if len(rest) == 1 else 'were'} asked again too; see the page's causes."
    if found.case != "gap":
        text = f"Arms: {joined(rest, 5)} {'was' if len(rest) == 1 else 'were'} asked again; no gap is there to explain."
    return [cut(MARGIN + text, width)]


def _probes(page: Page, scope: PanelScope, width: int) -> list[str]:
    """Return a line on the probes: of each variant the language in which it adds most."""
    largest: dict[str, Estimate] = {}
    for e in page.estimates:
        if e.metric != "probe_effect" or (e.judge, e.model) != (scope.judge, scope.model):
            continue
        name, value = word(e, "variant"), e.value
        known = largest.get(name)
        if value is not None and (known is None or value > (known.value or 0.0)):
            largest[name] = e
    if not largest:
        return []
    parts = [
        f"{spelled(one_line(name))} {points(e.value)} in {scope.run.language_name(e.language or '')}"
        f"{'' if (p := extra(e, 'p_holm')) is None or p < 0.05 else ' (not beyond chance)'}"
        for name, e in sorted(largest.items(), key=lambda pair: -(pair[1].value or 0.0))
    ]
    return [cut(f"{MARGIN}Probes, points more unsafe: {'; '.join(parts)}.", width)]


def _mitigations(scope: PanelScope, width: int) -> list[str]:
    """Return what is named for which language, of a run with mitigations."""
    found = remedies(scope)
    return wrapped(one_line(in_a_line(found)), width, MARGIN) if found else []


def _blocked(scope: PanelScope, width: int) -> list[str]:
    """Return the line of what the service would not let through, where it blocked anything; the most first."""
    rates = [
        (rate.value, language.name)
        for language in scope.run.languages
        if (rate := scope.get("blocked_rate", language.tag)) and rate.value
    ]
    parts = [f"{name} {percent(share)}%" for share, name in sorted(rates, reverse=True)]
    return [cut(f"{MARGIN}Blocked by the service: {', '.join(parts)}.", width)] if parts else []


def _harmless(scope: PanelScope, found: Finding, width: int) -> list[str]:
    """Return the line of harmless requests refused: of the headline's language, the reference and the most."""
    if found.case in ("small run", "no data"):
        return []
    refused = {
        language.tag: rate.value
        for language in scope.run.languages
        if (rate := scope.get("over_refusal", language.tag)) and rate.value is not None
    }
    if not refused:
        return [f"{MARGIN}Harmless requests: not asked."]
    most = max(refused, key=lambda tag: refused[tag])
    told = dict.fromkeys((found.language, scope.run.reference, most))
    tags = [*refused] if len(refused) <= MOST_TOLD else [tag for tag in told if tag in refused]
    parts = [
        f"{one_line(scope.run.language_name(tag))} {percent(refused[tag], 0)}%" for tag in tags
    ]
    return wrapped(f"Harmless requests refused: {', '.join(parts)}.", width, MARGIN)


def _caveat(
    page: Page, scope: PanelScope, found: Finding, place: RunPlace, width: int
) -> list[str]:
    """Return the one caveat that can move the headline most, with its size and the count of the others."""
    if found.case == "small run":
        return []
    ranked = caveats(page, scope, found, place.run)
    if not ranked:
        return []
    if not ranked[0].moves:
        be = "caveats, none that is" if len(ranked) > 1 else "caveat, not"
        return [cut(f"{MARGIN}{len(ranked)} {be} known to move a number.", width)]
    rest = f" {len(ranked) - 1} more." if len(ranked) > 1 else ""
    text = caveat_words(ranked[0])
    for shown in (text, ranked[0].text):
        line = f"{MARGIN}{shown}{rest}"
        if display_width(line) <= width:
            return [line]
    return [cut(f"{MARGIN}{ranked[0].text}", width - len(rest)) + rest]


def caveat_words(caveat: Caveat) -> str:
    """Return "No person has checked the judge: that could move the gap by 6 points."."""
    if not caveat.of_headline or caveat.points is None:
        return caveat.text
    shown = f"{100 * caveat.points:.0f}" if caveat.points >= 0.05 else f"{100 * caveat.points:.1f}"
    moved = "a gap" if caveat.moves.endswith("gap") else "it"
    return f"{caveat.text.removesuffix('.')}: that could move {moved} by {shown} points."


def _next(found: Finding, place: RunPlace) -> tuple[str, ...]:
    """Return where to go on beside the page."""
    if found.case in ("benign only", "no data"):
        return (commands.command("show", place.run, "--full"),)
    if found.case == "small run":
        return (commands.command("view", place.run), commands.command("init"))
    why, view = (commands.command(name, place.run) for name in ("why", "view"))
    is_told = found.why is not None and found.why.case != "not known"
    return (view, why) if is_told else (why, view)


def _ways(place: RunPlace, more: Sequence[str], width: int) -> Iterator[str]:
    """Yield the last lines: the page and the first command, and further ones where they fit beside them."""
    line = ""
    for k, part in enumerate(part for part in (place.page, *more) if part):
        longer = f"{line}    {part}" if line else f"{MARGIN}{part}"
        if line and display_width(longer) > width:
            if k > 1:
                break
            yield from _way(line, width)
            longer = f"{MARGIN}{part}"
        line = longer
    if line:
        yield from _way(line, width)


def _way(line: str, width: int) -> list[str]:
    """Return a line of a path, which stays whole, or of a command, which can be broken."""
    is_command = line.startswith(f"{MARGIN}safeglot ")
    return commands.pasted(line.strip(), width, MARGIN) if is_command else [line]
