from __future__ import annotations

import re

from safeglot.report.page import NamedLanguage
from safeglot.report.translation_set.html import render_translations
from safeglot.report.translation_set.outcomes import by_frequency, context, kept_share
from unit.report.page_text import text_of
from unit.report.translation_set.views import language, view


def section(shown, name):
    return (
        render_translations(shown).partition(f'<section id="{name}">')[2].partition("</section>")[0]
    )


def test_a_row_has_the_counts_the_bar_and_what_took_texts_out():
    shown = section(view(), "outcomes")
    assert "sw 70 70.0% 20 10 kiwi 20 wrong language 12, empty 3" in text_of(shown)
    assert re.findall(r'class="seg s-(\w+)" x="(.*?)"', shown)[:3] == [
        ("kept", "0.000%"), ("gated", "70.000%"), ("failed", "90.000%"),
    ]  # fmt: skip
    assert 'aria-label="Swahili: kept 70.0%, gated 20.0%, failed 10.0%"' in shown


def test_each_translator_has_a_row_in_each_language():
    languages = (language(), language("yo", "Yoruba"))
    shown = section(view(languages=languages, translators=("a", "b")), "translators")
    rows = [text_of(row).strip() for row in re.findall("<tr>(.*?)</tr>", shown)[1:]]
    assert rows == [
        "Swahili sw a 100 90 70 wrong language 7, empty 3", "Swahili b – – – was not asked",
        "Yoruba yo a 100 90 70 wrong language 7, empty 3", "Yoruba b – – – was not asked",
    ]  # fmt: skip


def test_where_the_order_of_the_translators_chose_the_page_says_so():
    assert context(view())["by_order"] == ""
    yo = NamedLanguage(tag="yo", name="Yoruba")
    shown = view(translators=("mt-a", "mt-b"), by_order=(yo,))
    told = context(shown)["by_order"]
    assert "covers Yoruba: each prompt has the first text that passed" in told
    assert "(mt-a, mt-b)" in told
    assert told in section(shown, "outcomes")


def test_counts_are_ordered_by_size_then_name_and_zeros_left_out():
    assert by_frequency({"b": 2, "a": 2, "c": 1200, "d": 0}) == "c 1,200, a 2, b 2"
    assert by_frequency({}) == ""


def test_no_texts_have_no_share():
    empty = language(kept=0, gated=0, failed=0)
    assert kept_share(empty) == "–"
    shown = section(view(languages=(empty,)), "outcomes")
    assert "sw 0 –% 0 0" in text_of(shown)
    assert '"seg s-kept" x' not in shown
