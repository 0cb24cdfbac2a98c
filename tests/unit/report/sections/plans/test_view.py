"""The section of a plan: what was asked, the looks as table and plot."""

import dataclasses

import pytest

from example import small
from safeglot.report.page import Index, PlanLook, RunPlan, scopes
from safeglot.report.sections.plans.view import blocks, context


def look(page, number, *, tag="en", category="", state="goes-on", band=None, **numbers):
    run = page.run
    return PlanLook(
        model=run.models[0], judge=run.judges[0], look=number, language=tag, category=category,
        drawn=10 * number, n=10 * number, missing=0, pool=100, state=state, band=band, numbers=numbers,
    )  # fmt: skip


@pytest.fixture
def page():
    return small.page()


def planned(page, *looks):
    plan = RunPlan(name="screen", told="Plan screen: told.", looks=looks)
    return dataclasses.replace(page, plan=plan)


def test_a_full_run_has_no_such_section(page):
    assert context(page, Index(page.estimates)) is None


def test_a_language_is_told_with_its_precision_and_its_end(page):
    page = planned(page, look(page, 1, half=0.08), look(page, 2, state="precise", half=0.019))
    index = Index(page.estimates)
    asked, ledger = list(blocks(page, scopes(page.run, index)[0]))
    assert asked.heads[-3:] == ("prompts a category", "average known to", "ended")
    (row,) = asked.rows
    assert row.cells[-1] == "precise enough"
    assert row.cells[-2].text == "±1.9 points"
    assert [r.name for r in ledger.rows] == ["1", "2"]
    told = context(page, index)
    ((*_, curves),) = told["panels"]
    assert curves.curves[0].words == "look 1: ±8.0; look 2: ±1.9"


def test_cells_are_counted_by_their_bands(page):
    looks = [
        look(page, 1, category="a", state="band", band="safe"),
        look(page, 1, category="b"),
        look(page, 2, category="b", state="exhausted"),
    ]
    page = planned(page, *looks)
    asked, ledger, named = list(blocks(page, scopes(page.run, Index(page.estimates))[0]))
    assert [(row.name, row.cells[0]) for row in named.rows] == [
        ("a", f"safe, {looks[0].drawn} of {looks[0].pool}"),
        ("b", f"all asked, {looks[2].drawn} of {looks[2].pool}"),
    ]
    assert asked.heads[-5:] == ("safe", "unsafe", "highly unsafe", "all asked", "not yet")
    assert [cell.text for cell in asked.rows[0].cells[-5:]] == ["1", "0", "0", "1", "0"]
    assert [row.cells[1].text for row in ledger.rows] == ["1 of 2", "2 of 2"]
