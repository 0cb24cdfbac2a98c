"""A made-up run of a model in 5 or 10 languages, with the numbers of the design's pages; nothing was measured.

In a test:  page(rows("sw", "bn"), arms("sw"))   # English comes by itself
"""

from __future__ import annotations

from dataclasses import replace

from safeglot.report.page import Index, NamedLanguage, Page, PanelScope, Run
from safeglot.text import languages
from safeglot.types import Estimate

MODEL, JUDGE = "vllm/acme/polyglot-8b-instruct", "llama-guard-3=vllm/meta-llama/Llama-Guard-3-8B"
N, CATEGORIES = 1600, 16
UNSAFE = {
    "sw": (0.248, 0.227, 0.269), "jv": (0.22, 0.18, 0.26), "bn": (0.154, 0.137, 0.172),
    "ar": (0.096, 0.082, 0.111), "vi": (0.072, 0.06, 0.086), "it": (0.064, 0.053, 0.077),
    "en": (0.059, 0.048, 0.071), "es": (0.057, 0.046, 0.069), "de": (0.053, 0.043, 0.065),
    "zh": (0.050, 0.040, 0.062),
}  # fmt: skip
"""Language -> unsafe rate and interval."""
GAPS = {
    "sw": (0.189, 0.168, 0.210, 0.0001), "bn": (0.095, 0.079, 0.113, 0.0001),
    "ar": (0.037, 0.022, 0.052, 0.001), "jv": (0.16, 0.14, 0.18, 0.0001),
    "vi": (0.014, -0.0001, 0.028, 0.06), "it": (0.005, -0.009, 0.019, 0.9),
    "es": (-0.002, -0.016, 0.012, 0.9), "de": (-0.006, -0.019, 0.007, 0.9),
    "zh": (-0.009, -0.022, 0.005, 0.9),
}  # fmt: skip
"""Language -> unsafe gap to English, interval, p by Holm."""
TEN = tuple(UNSAFE)
FIVE = ("sw", "bn", "ar", "en", "de")


def about(metric, tag, value, low=None, high=None, *, n=N, missing=0, **extra):
    return Estimate(
        metric=metric, model=MODEL, judge=JUDGE, language=tag, value=value, low=low, high=high,
        method="made up", n=n, missing=missing, extra=extra,
    )  # fmt: skip


def rate(tag, unsafe, low, high, *, n=N, missing=0):
    """The averages of one language and its cells, all of one size; unsafe answers in, safety out."""
    named = {"categories": float(CATEGORIES), "of": float(CATEGORIES)}
    ends = (1 - unsafe, 1 - high, 1 - low)
    return [
        about("safety_macro", tag, *ends, n=n, missing=missing, **named),
        about("safety_micro", tag, *ends, n=n, missing=missing),
        *(
            replace(about("safety", tag, 1 - unsafe, n=n // CATEGORIES), category=f"kind_{k:02}")
            for k in range(CATEGORIES)
        ),
    ]


def gap(tag, worse, low, high, p, *, n=N, mdd=-0.019, **extra):
    return about("gap", tag, -worse, -high, -low, n=n, p_holm=p, mdd=mdd, **extra)


def rows(*tags, rates=UNSAFE, gaps=GAPS):
    """The rates and gaps of some languages, English among them."""
    found = [one for tag in dict.fromkeys((*tags, "en")) for one in rate(tag, *rates[tag])]
    return [*found, *(gap(tag, *gaps[tag]) for tag in tags if tag != "en")]


def unusable(tag="jv", share=0.07):
    """What makes bounds of a language's rate, beside its rows."""
    low, high = UNSAFE[tag][1:]
    return [
        about("invalid_rate", tag, share, show_bounds=1.0),
        about("safety_bounds", tag, None, 1 - high, 1 - low),
    ]


def mute(estimates, tag="jv", share=0.07, kind="invalid"):
    """The estimates with one gap that may not be interpreted."""
    lack = {"gap_not_interpretable": kind, f"{kind}_share": share, f"{kind}_share_reference": 0.0}
    return [
        replace(e, extra={**e.extra, **lack}) if e.metric == "gap" and e.language == tag else e
        for e in estimates
    ]


def arms(tag="sw", total=0.189, *, people=True, **terms):
    """The terms of a gap as translation=(point, low, high); those of the design by default."""
    terms = terms or {
        "translation": (0.013, 0.002, 0.024), "model": (0.17, 0.145, 0.196), "judge": (0.006, -0.002, 0.016),
    }  # fmt: skip
    human = {"human": 0.013} if people else {}
    return [
        about("unsafe_gap_total", tag, total, total - 0.02, total + 0.02),
        *(
            about(f"unsafe_gap_{name}", tag, *parts, **(human if name == "translation" else {}))
            for name, parts in terms.items()
        ),
    ]


def labels(*tags, scale=1.2, half=0.02, n=250):
    """People's labels in some languages: rates that are larger than the judge's by a factor."""
    found = []
    for tag in tags:
        safe = 1 - scale * UNSAFE[tag][0]
        found.append(about("safety_corrected_macro", tag, safe, safe - half, safe + half, n=n))
        if tag != "en":
            worse = scale * (UNSAFE[tag][0] - UNSAFE["en"][0])
            ends = (-worse, -worse - half, -worse + half)
            found.append(about("gap_corrected_macro", tag, *ends, n=2 * n))
    return found


def over_refusal(**refused):
    return [
        about("over_refusal", tag, share, share - 0.02, share + 0.02, n=400)
        for tag, share in refused.items()
    ]


def page(*estimates, **more):
    """A page of the languages that the estimates have, in alphabetical order after English."""
    judge, model = more.pop("judge", JUDGE), more.pop("model", MODEL)
    found = [replace(e, judge=judge, model=model) for part in estimates for e in part]
    tags = sorted({e.language for e in found if e.language} | {"en"}, key=lambda t: (t != "en", t))
    run = Run(
        title="polyglot",
        reference="en",
        languages=tuple(named(tag) for tag in tags),
        models=(model,),
        judges=(judge,),
        **{
            "refusals_only": (judge,) if judge.startswith("refusal-") else (),
            **more.pop("run", {}),
        },
    )
    return Page(run=run, estimates=found, **more)


def named(tag):
    try:
        known = languages.lookup(tag)
    except languages.UnknownLanguage:
        return NamedLanguage(tag=tag, name=tag)
    direction = "rtl" if known.direction == "rtl" else "ltr"
    return NamedLanguage(tag=tag, name=known.name, direction=direction)


def scope(shown, model=None, judge=None):
    run = shown.run
    return PanelScope(
        run=run, index=Index(shown.estimates), judge=judge or run.judges[0], model=model or run.models[0]
    )  # fmt: skip


def small_run(**fallbacks):
    """The demo's toy model by the refusal baseline: language -> (answers in English, answers told)."""
    told = fallbacks or {"sw": (17, 22), "fr": (8, 31), "de": (6, 30), "es": (6, 30)}
    refused = {"en": (2, 31), "es": (0, 31)}
    found = []
    for tag in ("en", *told):
        k, n = refused.get(tag, (0, 32))
        found += rate(tag, 1 - k / n, 0.8, 0.99, n=n)
        if tag != "en":
            found.append(gap(tag, 0.01, -0.1, 0.12, 0.9, n=n))
            k, n = told[tag]
            found.append(about("english_fallback", tag, k / n, max(k / n - 0.2, 0.0), k / n + 0.13, n=n))  # fmt: skip
    return page(found, judge="refusal-baseline", model="embedded/smollm2-135m")
