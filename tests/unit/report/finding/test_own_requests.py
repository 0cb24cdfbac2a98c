from dataclasses import replace

from example.polyglot import TEN, mute, page, rows, scope
from safeglot.report.finding.headline import finding_of
from safeglot.report.finding.own_requests import headline, sentences, unpaired
from safeglot.report.finding.why import Reasons, why


def scope_of(*gaps):
    """Return a run whose languages have requests of their own, with these differences and p values."""
    kept = [e for e in mute(rows(*TEN)) if e.metric not in ("gap", "exact_match")]
    blank = next(e for e in kept if e.metric == "safety_micro")
    beside = [
        replace(
            blank, metric="gap_unpaired", language=tag, value=value, low=value - 0.05, high=value + 0.05,
            n=90, extra={"n_reference": 120, "categories": 2, "of": 3, "p_holm": p, **extra},
        )
        for tag, value, p, extra in gaps
    ]  # fmt: skip
    return scope(page([*kept, *beside]))


def test_the_widest_difference_beyond_chance_is_told_and_is_not_paired():
    found = finding_of(scope_of(("sw", -0.2, 0.001, {}), ("de", 0.1, 0.02, {})))
    assert found.case == "unpaired"
    assert found.sentence == (
        "Not the same requests: Swahili is 20.0 points less safe than English (15.0 to 25.0), "
        "with the categories weighed as in English."
    )
    assert {row.reading for row in found.rates if row.language.tag in ("sw", "de")} == {
        "other requests"
    }


def test_what_chance_explains_or_lacks_verdicts_is_no_headline():
    lost = {"gap_not_interpretable": "missing"}
    chance = scope_of(("sw", -0.2, 0.2, {}), ("de", -0.3, 0.001, lost))
    assert headline(chance, unpaired(chance))[0] == (
        "Not the same requests in each language: none is told apart from English."
    )
    told = dict(zip(("sw", "de"), sorted(sentences(chance), reverse=True), strict=True))
    assert told["sw"].endswith(
        "(90 verdicts beside 120, 2 of 3 categories in both, p 0.200; not told apart)."
    )
    assert "not interpreted, more than 5% of the verdicts are missing" in told["de"]


def test_categories_beyond_chance_are_named_and_why_says_what_would_tell_the_cause():
    about = scope_of(("sw", -0.2, 0.001, {}), ("de", 0.1, 0.4, {}))
    row = next(e for e in about.all("gap_unpaired") if e.language == "sw")
    cells = [
        replace(row, category=name, value=value, low=value - 0.1, high=value + 0.1, extra={"p_holm": p})
        for name, value, p in (("a", -0.3, 0.01), ("b", -0.05, 0.9), ("c", 0.4, 0.02))
    ]  # fmt: skip
    kept = page([*about.index.of("safety_micro", about.model, judge=about.judge), *about.all("gap_unpaired"), *cells])  # fmt: skip
    whole = scope(kept)
    told = next(s for s in sentences(whole) if "Swahili" in s)
    assert told.endswith(
        " By category: c 40.0 points safer, a 30.0 points less safe, beyond chance."
    )
    asked = why(kept, whole, Reasons(run="runs/x"), "de")
    assert asked.answers == ()
    assert "German is 10.0 points safer" in asked.title
    assert "Swahili" not in asked.title
    assert "leave --unpaired out, and translate: --languages en --to" in asked.title


def test_a_run_of_the_same_requests_has_none():
    assert unpaired(scope(page(mute(rows(*TEN))))) == []
