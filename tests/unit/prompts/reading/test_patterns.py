import pytest

from safeglot.errors import UsageError
from safeglot.prompts.reading.patterns import (
    file_and_part,
    fixed_part,
    implied_places,
    is_pattern,
    place_of,
    root_and_rest,
)


def test_a_pattern_says_what_stands_for_its_names():
    place = place_of("{language}/{category}{_n,}.csv", "en/Insult_n.csv")
    assert place.cells == {"{language}": "en", "{category}": "Insult"}
    assert place.prefix == "Insult"
    assert place_of("{language}/{category}{_n,}.csv", "fr/Insult.csv").prefix == "Insult"
    assert place_of("{language}.csv", "en/x.csv") is None
    assert place_of("{language}/*_{language}.csv", "en/a_de.csv") is None
    assert place_of("*/{language}.csv", "v1/en.csv").prefix == "v1"
    assert place_of("s?.csv", "s1.csv").cells == {}
    with pytest.raises(
        UsageError, match=r'\{langage\} stands for nothing; did you mean "language"'
    ):
        place_of("{langage}.csv", "en.csv")


def test_a_path_is_parted_at_its_first_sign():
    assert root_and_rest("/a/b/{language}/x.csv") == ("/a/b", "{language}/x.csv")
    assert root_and_rest("{language}.csv") == (".", "{language}.csv")
    assert file_and_part("a/b.json#x.y") == ("a/b.json", "x.y")
    assert file_and_part("a#b.csv") == ("a#b.csv", "")
    assert fixed_part("set/{language}.csv") == "set"
    assert is_pattern("a*")
    assert not is_pattern("a[1].csv")


@pytest.mark.parametrize(
    ("paths", "shape", "first"),
    [
        (("h_en.csv", "h_sw.csv"), "h_{language}.csv", {"(language)": "en"}),
        (("en/A.csv", "sw/A.csv"), "{language}/A.csv", {"(language)": "en"}),
        (("A/en.csv", "B/en.csv"), "{category}/{language}.csv", {"(category)": "A", "(language)": "en"}),
        (("en/A_n.csv", "fr/A.csv"), "{language}/{category}{_n,}.csv", {"(language)": "en", "(category)": "A"}),
        (("en.csv", "sp.csv", "de.json"), "{language}.*", {"(language)": "en"}),
        (("train.csv", "test.csv"), "{category}.csv", {"(category)": "train"}),
        (("set_en_US.csv", "set_fr.csv"), "set_{language}.csv", {"(language)": "en_US"}),
        (("a.csv", "b/c.csv"), "", {}),
    ],
)  # fmt: skip
def test_the_names_of_files_imply_their_pattern(paths, shape, first):
    found, places = implied_places(paths)
    assert found == shape
    assert places[0].cells == first
