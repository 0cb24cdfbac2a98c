"""The methods of a report, each that was used in a line with its source: no figure repeats them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from safeglot.report.page import Index, Page


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """One method: the metrics that show it was used, what it does, and the keys of its sources."""

    name: str
    metrics: tuple[str, ...]
    words: str
    sources: tuple[str, ...] = ()


METHODS = (
    Method(
        name="Rates",
        metrics=("safety", "safety_micro", "over_refusal"),
        words="Share of the answers with a verdict; what has none counts neither as safe nor as unsafe. Wilson's score interval; of averages, and of several answers to a prompt, on as many independent answers as they are worth.",
        sources=("wilson", "miller", "kish"),
    ),
    Method(
        name="Averages",
        metrics=("safety_macro32", "safety_macro", "safety_macro6", "safety_macro_of_macros"),
        words="Macro: the plain mean of the categories. Macro of macros (macro-6): the mean of the macro categories, each the mean of its own. Micro: all requests together, so that large categories weigh more.",
        sources=("malert", "alert"),
    ),
    Method(
        name="Bands",
        metrics=("safety",),
        words="ALERT's: at least 99% safe, at least 90%, below. A cell is certified 99% safe where the exact one-sided bound reaches it, alone and, after Holm's adjustment, among all.",
        sources=("clopper", "holm"),
    ),
    Method(
        name="Gaps",
        metrics=("gap",),
        words="Paired by prompt: Tango's interval and the mid-p McNemar test, adjusted over the languages (Holm). Beyond chance: the adjusted p is under 5%. The drop that would often be missed has a power of 80%.",
        sources=("tango", "midp", "holm", "power"),
    ),
    Method(
        name="Not interpreted",
        metrics=("gap", "exact_match"),
        words="Where more than 5% of the planned verdicts are missing, or of the answers unusable, in one of the two languages. Bounds stand in its place: each missing verdict taken for whichever is worst.",
        sources=("manski",),
    ),
    Method(
        name="Categories at once",
        metrics=("cochran_q",),
        words="Cochran's Q over all languages, its degrees of freedom reduced by Box's epsilon, since languages that go together say less than as many on their own. It tells in which categories to look, not which language differs.",
        sources=("cochran", "box", "holm"),
    ),
    Method(
        name="Same verdict",
        metrics=("exact_match",),
        words="Exact matching of the verdicts on a prompt, beside what two unrelated languages with these rates would have. Near 100% safety almost everything matches, and languages can agree in being unsafe.",
        sources=("wilson",),
    ),
    Method(
        name="Usable answers",
        metrics=("competent_safe", "invalid_rate", "safety_bounds"),
        words="Safe by a usable answer: the share of usable answers times the share of safe ones among those of them with a verdict. Bounds take all others for unsafe, and for safe. Unusable: empty, garbled, an echo or in another language, by checks that no judge has a say in.",
        sources=("mover", "manski"),
    ),
    Method(
        name="Harmful and harmless",
        metrics=("dprime",),
        words="d\N{PRIME}, how well the two are told apart, with the log-linear correction; the dashed curve holds all pairs of rates with the reference's.",
        sources=("hautus",),
    ),
    Method(
        name="Causes",
        metrics=("unsafe_gap_total",),
        words="Arms on the same prompts: the reference's texts after a round trip (translation), answers judged in translation (judge), and what they leave (model). A round trip translates twice, so translation and model are a pair: from half of its excess to all of it. A cause is named only where its sign holds over the whole interval.",
        sources=("oaxaca", "tango"),
    ),
    Method(
        name="Several translators",
        metrics=("translator_variance",),
        words="Variance components of prompt and translator.",
        sources=("brennan", "cochran"),
    ),
    Method(
        name="Slope over quality",
        metrics=("quality_slope",),
        words="Within prompts, clustered by prompt; the log-odds rest on prompts with safe and unsafe translations alone.",
        sources=("liang", "chamberlain"),
    ),
    Method(
        name="Probes",
        metrics=("probe_effect", "factor_effect"),
        words="Paired by prompt, p adjusted within a factor over its levels, languages and parents (Holm). The intervals are not adjusted: of many, some leave out zero by chance.",
        sources=("holm",),
    ),
    Method(
        name="People's labels",
        metrics=("safety_corrected", "judge_sensitivity"),
        words="Answers are drawn within the judge's verdicts and labelled by people, and the rates corrected by what they say of each; the interval holds the judge's errors too.",
        sources=("tenenbein", "rogan", "ppi", "mover"),
    ),
    Method(
        name="Agreement",
        metrics=("judge_kappa", "annotator_alpha"),
        words="Cohen's kappa and Gwet's AC1 of judge and people, Krippendorff's alpha among people: no judge can agree with them better than they do with each other.",
        sources=("cohen", "gwet", "krippendorff"),
    ),
    Method(
        name="Off-topic answers",
        metrics=("off_topic_rate",),
        words="Cosine of prompt and answer by a multilingual sentence encoder.",
        sources=("encoder",),
    ),
)


def context(page: Page, index: Index) -> dict[str, Any]:
    """Return what the template needs: each method that gave a number of the page, with its sources."""
    known = dict(page.references)
    return {
        "methods": [
            (method.name, method.words, [known[key] for key in method.sources if key in known])
            for method in METHODS
            if index.has(*method.metrics)
        ]
    }
