from __future__ import annotations

from example import full, polyglot
from safeglot.report.finding.headline import finding_of
from safeglot.report.sections.finding.kinds import kinds_chart


def chart_of(page):
    scope = polyglot.scope(page)
    return kinds_chart(scope, finding_of(scope))


def test_the_kinds_are_counted_and_fill_the_bar():
    chart = chart_of(full.page(*full.classes("en", unsafe=0.02), *full.classes()))
    names = [words for _, words in chart.kinds]
    assert names[:3] == ["refused", "harmless", "unsafe"]
    _, bar, counts, _ = next(row for row in chart.rows if row[0] == "Swahili")
    assert counts[names.index("unsafe")] == "60"
    assert abs(sum(float(part.width[:-1]) for part in bar) - 100) < 0.1


def test_a_judge_that_tells_refusals_says_refused_and_not_refused():
    chart = chart_of(polyglot.small_run())
    assert [words for _, words in chart.kinds] == ["refused", "not refused"]
    assert ("English", ("2", "29")) in [(name, counts) for name, _, counts, _ in chart.rows]
    assert "only tells refusals" in chart.words


def test_without_a_verdict_there_is_no_chart():
    assert (
        chart_of(full.page(change=lambda e: full.told(e.metric, None, language=e.language, n=0)))
        is None
    )
