from __future__ import annotations

from safeglot.report.numbers.figures import Figure
from safeglot.report.translation_set.html import render_translations
from safeglot.report.translation_set.ratings import correlations, figure_of, share_of
from safeglot.report.translation_set.view import Statistic
from unit.report.page_text import text_of
from unit.report.translation_set.views import CHRF, KIWI, language, rated, view


def test_a_row_has_what_people_say_with_its_interval():
    row = rated()
    assert figure_of(row.adequacy) == Figure(text="4.20", interval="4.00 to 4.40", n="30")
    assert share_of(row.preserved) == Figure(text="90.0%", interval="74.0–97.0", n="30")
    assert figure_of(row.alpha) == Figure(text="–", note="3 texts rated twice")
    text = text_of(render_translations(view(rated=(row,)))).partition("Ratings by people")[2]
    assert "kept 30 of 40 4.20" in text


def test_a_share_without_an_interval_is_a_plain_number():
    assert share_of(Statistic(number=1.0, n=1)) == Figure(text="1.00", n="1")


def test_correlations_are_those_of_the_kept_texts_by_language():
    both = (language(), language("yo", "Yoruba"))
    gated = rated(outcome="gated", correlation={"kiwi": Statistic(number=-1.0, n=9)})
    rows = correlations(view(languages=both, estimators=(KIWI, CHRF), rated=(rated(), gated)))
    assert rows == [
        ("kiwi", (Figure(text="0.45", n="30"), Figure(text="–"))),
        ("roundtrip-chrf", (Figure(text="–"), Figure(text="–"))),
    ]


def test_without_ratings_there_is_nothing_to_correlate():
    assert correlations(view()) == []
    assert "Nobody has rated these texts yet" in text_of(render_translations(view()))
