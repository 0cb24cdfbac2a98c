from safeglot.prompts.problems import Problems
from safeglot.prompts.reading.language_cells import LanguageCells
from safeglot.prompts.reading.tables import Row


def rows(*words):
    return [Row(where="f:", number=i, cells={"l": word}) for i, word in enumerate(words, start=1)]


def test_words_are_read_once_and_names_are_noted():
    problems = Problems()
    cells = LanguageCells("l", {"sp": "es"}, problems)
    assert [cells.of(row) for row in rows("English", "de", "sp", "English")] == [
        "en",
        "de",
        "es",
        "en",
    ]
    assert [*cells.notes()] == ["languages by name: English en"]
    assert problems.found == []


def test_a_row_without_a_language_is_told_each_time_and_can_be_left_out():
    problems = Problems()
    cells = LanguageCells("l", {}, problems)
    blank = rows("", "nan", None, "")
    assert [cells.of(row) for row in blank] == ["", "", "", ""]
    assert len(problems.found) == 4
    assert problems.remedy.flags == {"--allow-partial": ""}
    assert all(map(cells.is_blank, blank))
    assert not LanguageCells("l", {"nan": "nan"}, problems).is_blank(blank[1])


def test_two_names_of_one_language_are_told():
    problems = Problems()
    cells = LanguageCells("l", {}, problems)
    for row in rows("Mandarin", "Simplified Chinese"):
        cells.of(row)
    assert "are both read as zh" in problems.found[0]
