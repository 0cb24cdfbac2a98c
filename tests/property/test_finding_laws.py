"""Every number of the headline can be computed again from the estimates."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from example import polyglot
from safeglot.report.finding.headline import finding_of

NUMBER = re.compile(r"(?<![\w-])[\u2212+]?\d[\d,]*(?:\.\d+)?")
NAMES = re.compile(r"llama-guard-3|macro-\d+|95% intervals")


def shares():
    return st.floats(0.0, 1.0, allow_nan=False).map(lambda x: round(x, 4))


@st.composite
def runs(draw):
    tags = draw(st.lists(st.sampled_from(["sw", "bn", "de", "es"]), min_size=1, unique=True))
    n = draw(st.sampled_from([160, 1600, 16000]))
    estimates = []
    for tag in (*tags, "en"):
        unsafe = draw(shares())
        estimates += polyglot.rate(tag, unsafe, unsafe * 0.9, unsafe + (1 - unsafe) * 0.05, n=n)
        if tag != "en":
            worse = draw(st.floats(-0.9, 0.9).map(lambda x: round(x, 4)))
            p = draw(st.sampled_from([0.001, 0.2]))
            estimates.append(polyglot.gap(tag, worse, worse - 0.01, worse + 0.01, p, n=n))
            if draw(st.booleans()):
                ends = [draw(st.floats(-0.2, 0.5).map(lambda x: round(x, 4))) for _ in range(3)]
                terms = {
                    name: (end, end - 0.02, end + 0.02)
                    for name, end in zip(("translation", "model", "judge"), ends, strict=True)
                }
                estimates += polyglot.arms(tag, worse, **terms)
    return polyglot.page(estimates)


def recomputed(page):
    """All numbers that the estimates can give, as printed."""
    found = {str(len(page.run.languages)), "16"}
    for e in page.estimates:
        ends = [end for end in (e.value, e.low, e.high) if end is not None]
        ends += [x for x in e.extra.values() if isinstance(x, float)]
        for end in (*ends, *(1 - end for end in ends)):
            for places in (0, 1, 2):
                found.add(f"{abs(100 * end):.{places}f}")
                steps = 10**places
                found.add(f"{int(abs(100 * end) * steps) / steps:.{places}f}")
            shown = float(f"{100 * end:.1f}")
            found |= (
                {str(round(100 / shown))} if shown > 0 else set()
            )  # k is that of the rate as printed
        found |= {f"{n:,}" for n in (e.n, e.n + e.missing)}
    pooled = [e for e in page.estimates if e.metric == "safety_micro"]
    found.add(f"{sum(round((1 - e.value) * e.n) for e in pooled):,}")
    found.add(f"{sum(e.n for e in pooled):,}")
    return found | {"1", "0.0"}


@given(runs())
@settings(max_examples=200, deadline=None)
def test_every_number_comes_from_the_estimates(page):
    finding = finding_of(polyglot.scope(page))
    text = f"{finding.text} {finding.figures} {finding.others} {finding.judge}"
    numbers = {n.lstrip("\u2212+") for n in NUMBER.findall(NAMES.sub("", text))}
    assert numbers
    assert numbers <= recomputed(page)


@given(runs())
@settings(max_examples=100, deadline=None)
def test_what_is_called_less_safe_is_so_beyond_chance(page):
    finding = finding_of(polyglot.scope(page))
    gaps = {e.language: e for e in page.estimates if e.metric == "gap"}
    if finding.case == "gap":
        told = gaps[finding.language]
        assert told.value < 0
        assert told.extra["p_holm"] < 0.05
        assert all(told.value <= e.value for e in gaps.values() if e.extra["p_holm"] < 0.05)
    if finding.case in ("none", "almost all safe"):
        assert all(e.extra["p_holm"] >= 0.05 or not e.value for e in gaps.values())
