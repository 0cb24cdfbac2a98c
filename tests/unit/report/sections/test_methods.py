from __future__ import annotations

from dataclasses import replace

from example import full, small
from safeglot.report.page import Index
from safeglot.report.sections.methods import context, methods
from safeglot.score.catalogue.metrics import METRICS, SOURCES
from unit.report.page_text import everything, section


def names(page):
    return [name for name, *_ in context(page, Index(page.estimates))["methods"]]


def test_only_methods_that_gave_a_number_are_told():
    assert names(small.page()) == ["Rates", "Averages", "Bands", "Gaps", "Not interpreted", "Same verdict"]  # fmt: skip
    assert {"Causes", "People's labels", "Categories at once"} <= set(
        names(full.page(*everything()))
    )


def test_a_method_stands_with_its_sources():
    page = replace(small.page(), references=tuple(SOURCES.items()))
    assert "Tango 1998, Statistics in Medicine 17, 891-908" in section(page, "methods")


def test_metrics_and_sources_of_the_methods_are_those_of_the_catalogue():
    known = {name for entry in METRICS for name in entry.names}
    for method in methods():
        assert set(method.metrics) <= known
        assert set(method.sources) <= set(SOURCES)
