import pytest

from safeglot.prompts.problems import Problems
from safeglot.prompts.reading.cells import known_language, text_fault
from safeglot.prompts.reading.columns import ROW_NUMBERS, Columns
from safeglot.prompts.reading.gathering import EMPTY, Gathering
from safeglot.prompts.reading.tables import Row
from safeglot.prompts.rows import PromptRows

WIDE = {"id": "id", "category": "category", "kind": "kind", "language": None, "text": None}
LONG = {**WIDE, "language": "language", "text": "text"}


def gathered(cells, *, wanted=(), texts=None, **changes):
    """Return the ids with their texts, the faults and the gathering of some rows."""
    form = LONG if texts is None else WIDE
    columns = Columns(**{**form, "texts": texts or {}, "unused": ("note",), **changes})
    problems = Problems()
    gathering = Gathering(columns, "f.csv", wanted, problems)
    rows = [Row(where="f.csv:", number=i, cells=row) for i, row in enumerate(cells, start=2)]
    gathering.take(rows, "en")
    languages = tuple(tag for tag in gathering.file_languages if not wanted or tag in wanted)
    columns = gathering.columns_of(
        range(len(gathering.ids)), languages, main=(languages or ("en",))[0], source="f"
    )
    entries = {name: {} for name in gathering.ids}
    for row, name in enumerate(gathering.ids):
        for language, number in zip(
            languages, columns.texts_at[row * len(languages) :], strict=False
        ):
            if number >= 0:
                entries[name][language] = columns.texts[number]
    return entries, problems.found, gathering


def row(language="en", text="a", **cells):
    return {"id": 1, "category": "c", "language": language, "text": text, **cells}


def test_rows_of_one_id_make_one_prompt():
    entries, faults, gathering = gathered([row(), row("DE", "b"), row(id="2")])
    assert entries == {"1": {"en": "a", "de": "b"}, "2": {"en": "a"}}
    assert list(gathering.file_languages) == ["en", "de"]
    assert faults == []


def test_only_the_languages_that_are_wanted_are_taken():
    entries, _, gathering = gathered([row(), row("de", "b")], wanted=("de",))
    assert entries == {"1": {"de": "b"}}
    assert list(gathering.file_languages) == ["en", "de"]


def test_a_wide_row_has_its_texts_side_by_side():
    cells = [{"id": 1.0, "category": "['a', 'b']", "en": "x", "sw": " "}]
    entries, faults, gathering = gathered(cells, texts={"en": "en", "sw": "sw"})
    assert entries == {"1": {"en": "x"}}
    assert gathering.category_places == {"a": "f.csv:2", "b": "f.csv:2"}
    assert list(gathering.numbers_of("sw")) == [EMPTY]
    assert gathering.place_of(0, "sw") == "f.csv:2"
    assert faults == []


def test_an_id_of_a_wide_file_stands_once():
    cells = [{"id": 1, "category": "c", "en": "x"}] * 2
    _, (fault,), _ = gathered(cells, texts={"en": "en"})
    assert fault == "f.csv:3: id 1 is there already, at f.csv:2; ids must be unique"


@pytest.mark.parametrize(
    ("second", "words"),
    [
        (row("de", category="d"), "id 1 has category d here and c at f.csv:2"),
        (row("de", kind="benign"), "id 1 is benign here and harmful at f.csv:2"),
        (row("en", "again"), "id 1 in en is there already, at f.csv:2"),
        (row("de", 7), "the text in de is 7, not a text"),
        (row("de", "a\0"), "the text in de has a null byte"),
        (row("", "b"), "the language is ''; give its tag"),
        (row("zz", "b"), '"zz" is not a language tag that is known'),
        (row("de", id=None), "the id is empty; give a text or a whole number"),
        (row("de", id="2", category=""), "id 2: the category is empty"),
        (row("de", id="2", kind="harmfull"), 'allowed: harmful, benign; did you mean "harmful"?'),
    ],
)
def test_what_is_wrong_is_told_with_its_place(second, words):
    _, faults, _ = gathered([row(), second])
    assert len(faults) == 1
    assert faults[0].startswith("f.csv:3: ")
    assert words in faults[0]


def test_rows_are_numbered_where_no_column_has_ids():
    entries, _, gathering = gathered([row(id=None), row(id=None)], id=ROW_NUMBERS, language=None)
    assert entries == {"1": {"en": "a"}, "2": {"en": "a"}}
    assert list(gathering.notes("en")) == [
        "no column for the language: all texts count as en",
        'column "note" is not used',
    ]


def test_kinds_go_by_two_names():
    _, _, gathering = gathered([row(id=1, kind="Unsafe"), row(id=2, kind="safe"), row(id=3)])
    columns = gathering.columns_of(range(3), ("en",), main="en", source="f")
    assert [p.kind for p in PromptRows(columns)] == ["harmful", "benign", "harmful"]


def test_a_text_and_a_tag_say_what_is_wrong_with_them():
    assert text_fault("all well \U0001f642") == ""
    assert "surrogate" in text_fault("half \ud83d")
    problems = Problems()
    assert known_language("swa", "f.csv:2", problems) == "sw"
    assert known_language("Swahili", "f.csv:2", problems) == "sw"
    assert known_language("swahilli", "f.csv:2", problems) == ""
    assert known_language("Chinese", "f.csv:3", problems) == ""
    assert problems.found == [
        (
            'f.csv:2: "swahilli" is not a language tag that is known; nearest: sw; '
            'say which it is: --read-as "swahilli=TAG"'
        ),
        (
            'f.csv:3: "Chinese" may be zh or zh-Hant; say which: --read-as "Chinese=zh" or '
            '--read-as "Chinese=zh-Hant"'
        ),
    ]
    assert problems.remedy.read_as == {"swahilli": "sw", "Chinese": "zh"}
