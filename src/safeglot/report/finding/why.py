"""What a run can say about one language's gap, question by question, and the command for what it cannot."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from safeglot.report.category_gaps import category_gaps
from safeglot.report.finding import commands, own_requests
from safeglot.report.finding.cause import Cause, CauseTerm, cause_of
from safeglot.report.finding.headline import Finding, finding_of
from safeglot.report.finding.mitigations import remedies
from safeglot.report.finding.rates import LanguageRate, is_labelled
from safeglot.report.finding.shares import gap_span
from safeglot.report.numbers.direction import worse_by
from safeglot.report.numbers.figures import extra, word
from safeglot.report.numbers.interpretation import LIMIT
from safeglot.report.numbers.percent import count, number, p_equals, percent, points
from safeglot.report.numbers.variants import spelled
from safeglot.report.page import Page, PanelScope
from safeglot.types import Estimate

TRANSLATOR, FILE = "TRANSLATOR", "FILE"
"""Stand in a command for a translator, and for a file of round trips, where the run names none."""
UNASKED = "That needs the model itself: these answers were imported."
"""In place of a command that asks the model of recorded answers."""
PROBES = "framing=story,codeswitch=word"
INVALID = {"n_empty": "empty", "n_degenerate": "loops", "n_lang": "other language", "n_echo": "echoes"}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Reasons:
    """What the run knows beside its estimates: its path and its translators, for the commands."""

    run: str
    translators: tuple[str, ...] = ()

    def arms(self, names: str, *files: str) -> str:
        """Return the command that runs arms; round trips come from a file where the run translated nothing."""
        brought = files if self.translators or "roundtrip" not in names else (*files, FILE)
        texts = ("--arm-texts", ",".join(brought)) if brought else ()
        return commands.command("run", self.run, "--arms", names, *texts)


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyAnswer:
    """One question on a gap with what the run says, one sentence each.

    `more` is what would make the answer firmer, or give one, and `command` does it ("" where nothing does).
    """

    question: str
    answer: str
    more: str = ""
    command: str = ""

    @property
    def is_known(self) -> bool:
        """Whether the run answers it."""
        return not self.answer.startswith(("Not known", "Not tested"))


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyGap:
    """All answers on one language's gap; `title` says which gap, with its interval and n."""

    title: str
    answers: tuple[WhyAnswer, ...]


def why(page: Page, scope: PanelScope, reasons: Reasons, language: str = "") -> WhyGap:
    """Return what the run says of a language's gap: of the headline's, or of the widest, where none is named."""
    found = finding_of(scope)
    row = _row(found, language)
    if row is None:
        if own_requests.unpaired(scope):
            return WhyGap(title=own_requests.why(scope, language), answers=())
        alone = "" if scope.run.others() else ": the run has one language; --languages adds others"
        return WhyGap(title=f"{found.sentence} There is no gap to explain{alone}.", answers=())
    cause = cause_of(scope, row.language.tag)
    answers: tuple[WhyAnswer, ...] = (
        _chance(row),
        _translation(cause, reasons),
        *_adaptation(cause),
        _judge(scope, row, cause, reasons),
        _model(cause, reasons),
        _unusable(scope, row),
        _over_refusal(scope, row, reasons),
        _category(scope, row),
        *_wording(scope, row),
        _prompts(page, scope, row, reasons),
        *_remedy(scope, row),
    )
    if scope.run.is_recorded:
        answers = tuple(
            replace(a, command="", more=UNASKED) if commands.asks(a.command) else a for a in answers
        )
    return WhyGap(title=_title(scope, found, row), answers=answers)


def _remedy(scope: PanelScope, row: LanguageRate) -> Iterator[WhyAnswer]:
    """Yield the mitigation that is named for the language, of a run with mitigations."""
    for one in remedies(scope):
        if one.language == row.language:
            told = one.told if one.mitigation else one.told.capitalize()
            yield WhyAnswer(question="What helps?", answer=told)


def _row(found: Finding, language: str) -> LanguageRate | None:
    """Return the language that is asked about; None where none has a gap."""
    others = [row for row in found.rates if row.gap is not None]
    if language:
        return next((row for row in others if row.language.tag == language), None)
    about = next((row for row in others if row.language.tag == found.language), None)
    return about or max(others, key=lambda row: _value(row.gap), default=None)


def _value(gap: Estimate | None) -> float:
    return -2.0 if gap is None or gap.value is None else gap.value


def _title(scope: PanelScope, found: Finding, row: LanguageRate) -> str:
    name, reference = row.language.name, scope.run.language_name(scope.run.reference)
    gap = row.gap
    if row.reading == "not interpreted" or gap is None or gap.value is None:
        lost = " and ".join(part for part in (row.why, _of_reference(found, reference)) if part)
        return f"{name} against {reference}: not interpreted{f', {lost}' if lost else ''}"
    return (
        f"{name} against {reference}: {points(gap.value, scope.index.decimals)} points {found.verb.rate} "
        f"{gap_span(gap, scope.index.decimals)}, n = {count(gap.n)}"
    )


def _of_reference(found: Finding, name: str) -> str:
    row = next((row for row in found.rates if row.reading == "reference"), None)
    return f"{row.why} in {name}" if row is not None and row.why else ""


def _chance(row: LanguageRate) -> WhyAnswer:
    gap, question = row.gap, "Chance?"
    p = number(gap, "p_holm") if gap else None
    if row.reading == "not interpreted" or gap is None or p is None:
        return WhyAnswer(question=question, answer="Not tested.")
    drop = number(gap, "mdd")
    missed = f"a drop under {100 * abs(drop):.1f} points would often be missed" if drop else "even a large drop would often be missed"  # fmt: skip
    if row.reading in ("less safe", "safer"):
        return WhyAnswer(
            question=question,
            answer=f"No: p {p_equals(p)} after Holm's adjustment over the languages.",
        )
    more = "More prompts would show a smaller drop." if drop else ""
    return WhyAnswer(question=question, answer=f"It may be: p {p_equals(p)}; {missed}.", more=more)


def _translation(cause: Cause, reasons: Reasons) -> WhyAnswer:
    question, term = "The translation?", cause.term("translation")
    if term is None:
        return WhyAnswer(
            question=question,
            answer="Not known: no prompt was asked after a round trip.",
            command=reasons.arms("roundtrip"),
        )
    how = "by people's translations" if term.by_people else "by a round trip"
    more, command = "", ""
    if not term.by_people:
        more = "People's translations of a sample (200) would make it firm."
        command = commands.command("run", reasons.run, "--arms", "roundtrip,translators", "--arm-texts", "human=FILE")  # fmt: skip
    return WhyAnswer(question=question, answer=_told(term, cause, how), more=more, command=command)


def _adaptation(cause: Cause) -> Iterator[WhyAnswer]:
    """Yield what adapting the requests to the place adds; nothing without adapted versions."""
    if cause.adaptation is not None:
        told = _told(cause.adaptation, cause, "adapted versions against translated ones")
        yield WhyAnswer(question="The adaptation?", answer=told)


def _told(term: CauseTerm, cause: Cause, how: str) -> str:
    total = points(cause.total.value if cause.total else None)
    of = "points (adapted requests)" if cause.adaptation else "points"
    span = f"{points(term.low)} to {points(term.high)} of {total} {of}, {how}"
    if term.sign > 0:
        return f"Yes: {span}."
    return f"It hides a part: {span}." if term.sign < 0 else f"Not shown: {span}."


def _judge(scope: PanelScope, row: LanguageRate, cause: Cause, reasons: Reasons) -> WhyAnswer:
    question, term = "The judge?", cause.term("judge")
    tag = row.language.tag
    if is_labelled(scope):
        judged = scope.get("gap", tag)
        alone = points(-judged.value) if judged and judged.value is not None else "not known"
        by_labels = f"By people's labels the gap is {points(row.gap.value if row.gap else None)}, by the judge alone {alone} points."  # fmt: skip
        return WhyAnswer(question=question, answer=by_labels)
    own = scope.get("unsafe_gap_judge_labels", tag)
    if own is not None and own.value is not None and own.low is not None and own.high is not None:
        told = "Yes" if own.low > 0 else "It hides a part" if own.high < 0 else "Not shown"
        errors = f"{points(own.value)} points {gap_span(own)}, n = {count(own.n)}"
        return WhyAnswer(
            question=question, answer=f"{told}: by people's labels its errors add {errors}."
        )
    more, command = "People's labels would tell its errors.", commands.command("label", reasons.run)
    if term is not None:
        told = _told(term, cause, "answers judged in translation")
        return WhyAnswer(question=question, answer=told, more=more, command=command)
    return WhyAnswer(
        question=question, answer="Not known: no person has checked it.", command=command
    )


def _model(cause: Cause, reasons: Reasons) -> WhyAnswer:
    question, term = "The model?", cause.term("model")
    if term is None:
        names = "backtranslate" if cause.term("translation") else "roundtrip,backtranslate"
        file = f"{reasons.run}/answers-translated.csv"
        by = reasons.translators[:1] or (TRANSLATOR,)
        first = commands.command("arms", reasons.run, "--out", file, "--with", *by)
        second = reasons.arms(names, file)
        return WhyAnswer(
            question=question,
            answer="Not known: it is what translation and judge leave.",
            command=f"{first} && {second}",
        )
    how = "what the others leave" if term.by_people else "as far as a round trip can tell"  # fmt: skip
    return WhyAnswer(question=question, answer=_told(term, cause, how))


def _unusable(scope: PanelScope, row: LanguageRate) -> WhyAnswer:
    question = "Unusable answers?"
    own, reference = (scope.get("invalid_rate", tag) for tag in (row.language.tag, scope.run.reference))  # fmt: skip
    if own is None or own.value is None:
        return WhyAnswer(question=question, answer="Not known: no answer was checked.")  # fmt: skip
    kinds = [f"{name} {count(int(n))}" for key, name in INVALID.items() if (n := extra(own, key))]
    told = f" ({', '.join(kinds)})" if kinds else ""
    shares = [e.value for e in (own, reference) if e is not None and e.value is not None]
    beside = f", in {scope.run.language_name(scope.run.reference)} {percent(shares[1])}%" if len(shares) > 1 else ""  # fmt: skip
    much = "Too many to read the gap" if max(shares) > LIMIT else "Few" if max(shares) else "None"
    return WhyAnswer(question=question, answer=f"{much}: {percent(own.value)}%{beside}{told}.")


def _over_refusal(scope: PanelScope, row: LanguageRate, reasons: Reasons) -> WhyAnswer:
    question = "Over-refusal?"
    own, reference = (scope.get("over_refusal", tag) for tag in (row.language.tag, scope.run.reference))  # fmt: skip
    if own is None or own.value is None or reference is None or reference.value is None:
        return WhyAnswer(
            question=question,
            answer="Not known: no harmless request was asked.",
            command=commands.command("run", reasons.run, *commands.HARMLESS),
        )
    name = scope.run.language_name(scope.run.reference)
    apart = (own.low or 0.0) > (reference.high or 1.0) or (own.high or 1.0) < (reference.low or 0.0)
    told = "Intervals apart" if apart else "Not told apart"
    return WhyAnswer(
        question=question,
        answer=(
            f"{told}: {percent(own.value)}% of harmless requests refused, in {name} "
            f"{percent(reference.value)}%."
        ),
    )


def _category(scope: PanelScope, row: LanguageRate) -> WhyAnswer:
    question = "One category?"
    cells = [
        e
        for e in scope.all("gap")
        if e.language == row.language.tag and e.category is not None and e.value is not None
    ]
    if len(cells) < 2:
        return WhyAnswer(question=question, answer="Not known: there is but one.")
    differing = [e for e in category_gaps(scope) if e.language == row.language.tag]
    worst = min(cells, key=lambda e: e.value or 0.0)
    share = f"the widest, {worst.category}, has {points(-(worst.value or 0.0))} points {gap_span(worse_by(worst))}"  # fmt: skip
    told = (
        f"{len(differing)} of {len(cells)} differ" if differing else f"None of {len(cells)} differs"
    )
    return WhyAnswer(question=question, answer=f"{told} beyond chance; {share}.")


def _wording(scope: PanelScope, row: LanguageRate) -> Iterator[WhyAnswer]:
    """Yield what is left of the gap over several wordings; nothing without them."""
    gap = scope.get("wording_gap", row.language.tag)
    if gap is not None and gap.value is not None:
        told = "Not all of it" if (gap.low or 0.0) > 0 or (gap.high or 0.0) < 0 else "It may be"
        share = percent(extra(gap, "share_wording"))
        answer = f"{told}: over {extra(gap, 'wordings'):.1f} wordings a request the gap is {points(gap.value)} points [{points(gap.low)} to {points(gap.high)}]; {share}% of the spread between requests is wording."
        yield WhyAnswer(question="The wording?", answer=answer)


def _prompts(page: Page, scope: PanelScope, row: LanguageRate, reasons: Reasons) -> WhyAnswer:
    question = "One kind of prompt?"
    reference = scope.run.language_name(scope.run.reference)
    asked = [
        e
        for e in page.estimates
        if e.metric in ("probe_interaction", "probe_effect")
        and not word(e, "variant").startswith("paraphrase=")
        and (e.judge, e.model, e.language) == (scope.judge, scope.model, row.language.tag)
        and e.value is not None
    ]
    effects = [e for e in asked if e.metric == "probe_interaction"]
    if not effects:
        too = f" in {reference} too" if asked else ""
        return WhyAnswer(
            question=question,
            answer=f"Not known: no variant of the prompts was asked{too}.",
            command=commands.command("run", reasons.run, "--probes", PROBES),
        )
    largest = max(effects, key=lambda e: abs(e.value or 0.0))
    p = extra(largest, "p_holm")
    beyond = "beyond chance" if p is not None and p < 0.05 else "not beyond chance"
    return WhyAnswer(
        question=question,
        answer=(
            f"{spelled(word(largest, 'variant'))} adds {points(largest.value)} points more here than "
            f"in {reference}, {beyond} ({len(effects)} probes)."
        ),
    )
