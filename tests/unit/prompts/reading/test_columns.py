import pytest

from safeglot.errors import InputErrors
from safeglot.prompts.problems import Problems
from safeglot.prompts.reading.columns import (
    ROW_NUMBERS,
    column_language,
    find_columns,
    missing_language,
)
from safeglot.prompts.reading.tables import Table


def found(*columns, **mapping):
    return find_columns(Table(where="f.csv", columns=columns, rows=()), mapping, Problems())


def faults(*columns, **mapping):
    with pytest.raises(InputErrors) as caught:
        found(*columns, **mapping)
    return list(caught.value.problems)


def test_a_wide_file_has_a_column_for_each_language():
    columns = found("id", "category", "en", "pt_BR", "kind", "note")
    assert columns.texts == {"en": "en", "pt-BR": "pt_BR"}
    assert (columns.text, columns.language, columns.kind) == (None, None, "kind")
    assert columns.unused == ("note",)


def test_a_long_file_has_one_text_and_its_language_by_any_usual_name():
    columns = found("ID", "Tags", "lang", "prompt")
    assert (columns.id, columns.category) == ("ID", "Tags")
    assert (columns.language, columns.text, columns.texts) == ("lang", "prompt", {})


def test_what_the_user_names_goes_before_what_a_column_is_called():
    columns = found("qid", "category", "question", "en", id="qid", en="question")
    assert columns.id == "qid"
    assert columns.texts == {"en": "question"}
    assert found("category", "en", id=ROW_NUMBERS).id == ROW_NUMBERS


def test_columns_that_are_lacking_are_named_with_what_to_do():
    id_fault, category_fault = faults("idd", "en")
    assert 'has no column for id; did you mean "idd"?' in id_fault
    assert "number the rows" in id_fault
    assert "has no column for category" in category_fault
    assert "has no text" in faults("id", "category", "note")[0]


def test_a_lone_column_of_numbers_is_no_language():
    assert "has no text" in " ".join(faults("nr", "topic", "question"))
    assert found("id", "category", "en", "nr").texts == {"en": "en", "nr": "nr"}


def test_what_is_named_and_not_there_is_told_with_the_nearest():
    assert (
        'has no column "quid", which is named for id; did you mean "qid"?'
        in (faults("qid", "category", "en", id="quid")[0])
    )
    assert "none of id, category" in faults("id", "category", "en", lingo="en")[0]
    assert "name one or the other" in faults("id", "category", "a", "b", text="a", en="b")[0]
    assert "are both the language en" in faults("id", "category", "en", "EN")[0]


@pytest.mark.parametrize(
    ("column", "tag"),
    [
        ("sw", "sw"),
        ("zh_Hant", "zh-Hant"),
        ("pt-BR", "pt-BR"),
        ("eng", "en"),
        ("en_google", None),
        ("x-mine", None),
        ("text", None),
        ("en-Xyzw", None),
    ],
)
def test_a_column_is_a_language_by_language_script_and_region_alone(column, tag):
    assert column_language(column) == tag


def test_a_language_that_is_not_there_is_told_with_what_looks_like_it():
    assert 'column "text_sw" looks like it: --columns sw=text_sw' in (
        missing_language("sw", ("en",), ("text_sw",))
    )
    assert 'did you mean "pt-BR"?' in missing_language("pt", ("en", "pt-BR"), ())
    assert "leave it out of --languages" in missing_language("sw", ("en", "de"), ())
