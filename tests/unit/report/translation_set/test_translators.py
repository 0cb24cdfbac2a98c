from __future__ import annotations

from safeglot.report.translation_set.translators import context
from unit.report.translation_set.views import language, view


def test_each_translator_has_a_row_in_each_language():
    languages = (language(), language("yo", "Yoruba"))
    rows = context(view(languages=languages, translators=("a", "b")))["translators"]
    assert [(row.language.tag, row.name, row.first) for row in rows] == [
        ("sw", "a", True), ("sw", "b", False), ("yo", "a", True), ("yo", "b", False),
    ]  # fmt: skip
    asked, not_asked = rows[:2]
    assert (asked.candidates, asked.passed, asked.chosen) == (100, 90, 70)
    assert asked.refused == "wrong language 7, empty 3"
    assert (not_asked.candidates, not_asked.refused) == (0, "was not asked")
