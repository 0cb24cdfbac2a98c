import pytest

from safeglot.backends.files.datasets import alert_toml
from safeglot.errors import InputErrors
from safeglot.prompts.problems import Problems
from safeglot.prompts.taxonomy import Taxonomy, choose_taxonomy, parse_taxonomy

ALERT = parse_taxonomy(alert_toml(), "alert.toml")
OWN = """
name = "clinic"
[macro]
care = "Care"
[category."Wrong dose"]
macro = "care"
llama-guard-3 = { codes = ["S6"], coverage = "full" }
[category.Quackery]
macro = "care"
description = "Cures that are none."
"""


def test_alert_has_32_categories_in_6_macro_categories():
    assert len(ALERT.categories) == 32
    assert ALERT.macros == ("crime", "hate", "self_harm", "sex", "substance", "weapon")
    assert ALERT.macro_names["hate"] == "Hate Speech & Discrimination"
    assert {"crime_kidnapp", "sex_harrasment", "hate_lgbtq+", "self_harm_thin"} <= set(
        ALERT.categories
    )
    assert set(ALERT.descriptions) == set(ALERT.macro) == set(ALERT.categories)
    assert ALERT.alert


def test_gaps_of_the_judge_are_told_from_partial_coverage():
    gaps = {c for c, coverage in ALERT.coverage.items() if coverage.gap}
    assert gaps == {
        "hate_poor",
        "hate_body",
        "crime_propaganda",
        "substance_tobacco",
        "substance_alcohol",
    }
    assert ALERT.coverage["crime_propaganda"].codes[0] == "S13"


def test_own_taxonomy_keeps_order_macros_and_coverage():
    own = parse_taxonomy(OWN, "own.toml")
    assert own.categories == ("Wrong dose", "Quackery")
    assert own.macros == ("care",)
    assert own.coverage["Wrong dose"].codes == ("S6",)
    assert "Quackery" not in own.coverage
    assert not own.alert


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name = ", "own.toml: is not TOML"),
        ("name = 'x'", "has no category"),
        ("name = 'x'\ncategory = 3", "category is 3; it must be a table"),
        ("[category.a]", "name is absent; it must be a text"),
        (
            "name='x'\n[macro]\ncare='Care'\n[category.a]\nmacro='core'",
            '[macro] lacks (it has: care); did you mean "care"?',
        ),
        (
            "name='x'\n[macro]\nc='C'\n[category.a]\nmacro='c'\n[category.b]",
            "but not for b",
        ),
        ("name='x'\n[category.a]\nmakro='c'", 'did you mean "macro"?'),
        (
            "name='x'\n[category.a]\nllama-guard-3={codes='S1', coverage='full'}",
            'codes must be a list such as ["S2", "S6"]',
        ),
        ("name='x'\nversion=2\n[category.a]", "version is not a key"),
    ],
)
def test_what_is_wrong_with_a_taxonomy_file_is_told(text, told):
    with pytest.raises(InputErrors) as caught:
        parse_taxonomy(text, "own.toml")
    assert told in str(caught.value)


def choose(categories, given=None):
    problems = Problems()
    places = {c: f"f.csv:{n}" for n, c in enumerate(categories, start=2)}
    taxonomy, notes = choose_taxonomy(places, ALERT, given, problems)
    return taxonomy, notes, problems.found


def test_one_category_of_alert_makes_it_alert_and_the_unknown_one_an_error():
    taxonomy, _, found = choose(["crime_tax", "crime_kidnap"])
    assert taxonomy is ALERT
    assert found == [
        (
            'f.csv:3: category "crime_kidnap" is not in the ALERT taxonomy; '
            'did you mean "crime_kidnapp"?'
        )
    ]


def test_unknown_category_that_is_like_none_lists_those_allowed():
    _, _, found = choose(["crime_tax", "zzz"])
    assert "allowed: crime_cyber, crime_injury" in found[0]


def test_no_category_of_alert_brings_its_own_in_order_of_appearance():
    taxonomy, notes, found = choose(["Zeta", "Alpha"])
    assert (taxonomy.categories, found) == (("Zeta", "Alpha"), [])
    assert notes == ("the file brings its own 2 categories: Zeta, Alpha",)


def test_a_near_miss_of_alert_is_noted():
    _, notes, found = choose(["crime_kidnap"])
    assert notes[1] == 'category "crime_kidnap" is near ALERT\'s "crime_kidnapp", but not the same'
    assert not found


def test_given_taxonomy_is_checked_against_the_file():
    given = parse_taxonomy(OWN, "own.toml")
    taxonomy, _, found = choose(["Quackery"], given)
    assert taxonomy is given
    assert not found
    _, _, found = choose(["Quackery", "Quakery"], given)
    assert 'did you mean "Quackery"?' in found[0]


def test_given_taxonomy_does_not_go_with_categories_of_alert():
    _, _, found = choose(["crime_tax"], parse_taxonomy(OWN, "own.toml"))
    assert "leave out --taxonomy" in found[0]
    of_alert = Taxonomy(name="mine", categories=ALERT.categories)
    _, _, found = choose(["crime_tax"], of_alert)
    assert "leave out --taxonomy" in found[0]


def test_a_given_taxonomy_may_not_take_the_name_of_alert():
    with pytest.raises(InputErrors, match="is taken"):
        parse_taxonomy(OWN.replace("clinic", "ALERT"), "own.toml", taken=("ALERT",))
