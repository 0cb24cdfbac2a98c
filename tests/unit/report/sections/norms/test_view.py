from __future__ import annotations

from dataclasses import replace

from example import small
from safeglot.report.sections.norms.view import blocks, is_told
from unit.report.page_text import section, tables_of

OWN = small.page().run.judges[0]
A, B = f"{OWN}@norms-A", f"{OWN}@norms-B"


def apart(judge, other, value, language="sw"):
    return small.about(
        metric="norms_apart", judge=judge, language=language, value=value, low=0.0, high=0.2, n=120,
        extra={"other": other},
    )  # fmt: skip


def gap(p, value=0.125):
    return small.about(
        metric="norms_gap", judge=A, language="sw", value=value, low=0.08, high=0.2, n=120,
        extra={"other": B, "p_holm": p, "gap": 0.125, "gap_other": 0.0},
    )  # fmt: skip


def page(*estimates):
    shown = small.page(estimates=estimates)
    return replace(shown, run=replace(shown.run, judges=(OWN, A, B)))


def test_a_run_without_norms_has_no_such_section():
    assert not tables_of(blocks, small.page())


def test_what_of_a_gap_is_the_norms_stands_in_a_sentence():
    given = page(apart(B, A, 0.125), apart(B, A, 0.04, None), apart(A, B, 0.0), gap(0.0001))
    shown = section(given, "norms")
    assert "Swahili: +12.5 points of safety against English under A, 0.0 under B" in shown
    assert "the +12.5 points [+8.0 to +20.0] between them are the norms as the judge" in shown
    assert "not under its own norms" in shown


def test_what_may_be_chance_is_not_told():
    assert is_told(gap(0.04))
    assert not is_told(gap(0.06))
    assert not is_told(gap(0.01, value=None))
    shown = section(page(apart(B, A, 0.125), gap(0.2)), "norms")
    assert "No part of a gap is shown to be the norms." in shown
