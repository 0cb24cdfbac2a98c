import pytest

from safeglot.prompts.reading.cells import (
    category_of,
    is_blank,
    likely_kinds,
    python_list,
    words_of,
)


@pytest.mark.parametrize("cell", [None, "", " ", "nan", "NaN", "N/A", "None", "null", float("nan")])
def test_a_word_for_an_empty_cell_is_none(cell):
    assert is_blank(cell)
    assert category_of(cell) == ""


def test_other_cells_are_what_they_are():
    assert not any(map(is_blank, ("0", 0, "no", False, "nano")))
    assert [category_of(cell) for cell in ("a ", 3, True, 1.5)] == ["a", "3", "", ""]
    assert python_list("['a', 'b']") == ["a", "b"]
    assert python_list("[a") is None


def test_words_are_read_as_kinds_tags_and_categories():
    kinds, tags, categories = words_of(
        {"Hateful": "harmful", "sp": "es", "derog": "insult", "P": "Brazilian"}
    )
    assert kinds == {"hateful": "harmful"}
    assert tags == {"sp": "es", "p": "pt-BR"}
    assert categories == {"derog": "insult"}


def test_labels_of_other_sets_are_suggested():
    assert likely_kinds(("1", "FALSE", "odd")) == {
        "1": "harmful",
        "FALSE": "benign",
        "odd": "harmful",  # as without labels
    }
    assert likely_kinds(("hateful", "odd")) == {"hateful": "harmful", "odd": "benign"}
    assert likely_kinds(("1.0", "Not Hate")) == {"1.0": "harmful", "Not Hate": "benign"}
    assert likely_kinds(("yes", "unsafe"), of_safety=True) == {"yes": "benign", "unsafe": "harmful"}
