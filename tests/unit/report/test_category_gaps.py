from dataclasses import replace

from example import small
from safeglot.report.category_gaps import carried, category_gaps
from safeglot.report.page import Index, PanelScope


def scope_of(*rows, model=small.MODEL):
    page = small.page(estimates=[*(e for e in small.estimates() if e.metric != "gap"), *rows])
    judge = page.run.judges[0]
    return PanelScope(run=page.run, index=Index(page.estimates), judge=judge, model=model)


def gaps(mean=(-0.01, 0.4), **categories):
    """A macro gap and those of categories, each (gap, adjusted p)."""
    rows = [small.gap("sw", name, value, p) for name, (value, p) in categories.items()]
    return scope_of(small.gap("sw", None, *mean), *rows)


def said(scope):
    return [text.replace("\xa0", " ") for text in carried(scope)]


def test_a_category_that_carries_a_gap_is_named_though_the_mean_shows_none():
    scope = gaps(crime_tax=(-0.3, 0.001), crime_theft=(0.02, 0.9), hate_women=(-0.01, 1.0))
    assert said(scope) == [
        (
            "By category: crime_tax in Swahili −30.0 points (−32.0 to −28.0, p = 0.001, n = 318 pairs; "
            "−10.0 of the mean's −1.0)."
        )
    ]


def test_no_category_is_named_without_evidence():
    assert said(gaps(crime_tax=(-0.3, 0.2))) == []
    assert said(gaps()) == []


def test_three_are_named_the_largest_first_and_the_others_counted():
    names = {f"c{i}": (-0.1 * i, 0.01) for i in (1, 2, 3, 4, 5)}
    scope = gaps(**names)
    assert [gap.category for gap in category_gaps(scope)] == ["c5", "c4", "c3", "c2", "c1"]
    (text,) = said(scope)
    assert text.index("c5") < text.index("c4") < text.index("c3")
    assert "c2" not in text
    assert text.endswith("2 more gaps of categories differ.")
    (text,) = said(gaps(**{k: v for k, v in names.items() if k != "c1"}))
    assert text.endswith("1 more gap of a category differs.")


def test_where_the_mean_is_missing_there_is_no_share_of_it():
    row = small.gap("sw", "c1", -0.2, 0.01)
    assert "mean" not in said(scope_of(row, replace(row, category="c2")))[0]
