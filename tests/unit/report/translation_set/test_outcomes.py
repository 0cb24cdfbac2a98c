from __future__ import annotations

from safeglot.report.page import NamedLanguage
from safeglot.report.translation_set.html import render_translations
from safeglot.report.translation_set.outcomes import by_frequency, context, kept_share
from unit.report.translation_set.views import language, view


def test_a_row_has_the_counts_the_bar_and_what_took_texts_out():
    (row,) = context(view())["outcomes"]
    assert (row.kept, row.gated, row.failed, row.share) == (70, 20, 10, "70.0")
    assert [(s.name, s.x) for s in row.bar] == [
        ("kept", "0.000%"), ("gated", "70.000%"), ("failed", "90.000%"),
    ]  # fmt: skip
    assert row.words == "Swahili: kept 70.0%, gated 20.0%, failed 10.0%"
    assert (row.gated_by, row.failed_by) == ("kiwi 20", "wrong language 12, empty 3")


def test_where_the_order_of_the_translators_chose_the_page_says_so():
    assert context(view())["by_order"] == ""
    yo = NamedLanguage(tag="yo", name="Yoruba")
    shown = view(translators=("mt-a", "mt-b"), by_order=(yo,))
    told = context(shown)["by_order"]
    assert "covers Yoruba: each prompt has the first text that passed" in told
    assert "(mt-a, mt-b)" in told
    section = render_translations(shown).partition('<section id="outcomes">')[2]
    assert told in section.partition("</section>")[0]


def test_counts_are_ordered_by_size_then_name_and_zeros_left_out():
    assert by_frequency({"b": 2, "a": 2, "c": 1200, "d": 0}) == "c 1,200, a 2, b 2"
    assert by_frequency({}) == ""


def test_no_texts_have_no_share():
    empty = language(kept=0, gated=0, failed=0)
    assert kept_share(empty) == "–"
    (row,) = context(view(languages=(empty,)))["outcomes"]
    assert (row.share, row.bar) == ("–", ())
