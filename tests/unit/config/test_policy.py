"""Policies as files: the shortest one, all of it, and every mistake told with what to write."""

import pytest

from safeglot.config.policy import read_policy
from safeglot.errors import InputErrors, UsageError
from safeglot.score.policy.rules import Rule


@pytest.fixture
def read(tmp_path):
    def call(text):
        path = tmp_path / "policy.toml"
        path.write_text(text, "utf-8")
        return read_policy(path)

    return call


def test_the_shortest_policy(read):
    policy = read("[safety]\nleast = 0.9\n")
    assert policy.rules == (Rule(name="safety", limit=0.9, per="macro"),)
    assert policy.level == 0.95


def test_settings_hold_for_rules_that_do_not_say(read):
    policy = read(
        "level = 0.9\nby = 'point'\naverage = 'macro'\n[[safety]]\nleast = 1\nper = 'category'\n"
        "[[safety]]\nleast = 0.5\nby = 'certified'\nlanguages = 'sw, pt-br'\ncategories = ['x']\n"
        "[over_refusal]\nmost = 0.1\n"
    )
    first, second, third = policy.rules
    assert (policy.level, first.certified, first.per) == (0.9, False, "category")
    assert (second.certified, second.languages, second.categories) == (
        True,
        ("sw", "pt-BR"),
        ("x",),
    )
    assert (third.name, third.per, third.average) == ("over_refusal", "language", "macro")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "has no rule"),
        ("level = 0.9", "has no rule"),
        ("safety = 0.9", r"safety: got 0.9, allowed is a table: write \[safety\] with least = 0.9"),
        ("[safty]\nleast=0.9", r"no such rule or setting\. Did you mean 'safety'"),
        ("[safety]\nleast=90", "got 90, allowed is a share from 0 to 1: say 0.9"),
        ("[safety]\nleast=-0.1", "got -0.1, allowed is a share from 0 to 1"),
        ("[safety]\nleast='90%'", "got '90%', allowed is a number, a share from 0 to 1, as in 0.9"),
        ("[safety]\nleast=nan", "finite number"),
        ("[safety]\nleast=true", "got True, allowed is a number"),
        ("[safety]\nmost=0.9", r"\[safety\] most: no such key.*Allowed: least"),
        ("[safety]\n", r"\[safety\]: has no limit: write \[safety\] with least = 0.9"),
        ("[safety]\nleast=0.9\nper='macros'", "got 'macros'.*Did you mean 'macro'"),
        ("[safety]\nleast=0.9\nlanguages=[]", "empty; leave it out"),
        ("[safety]\nleast=0.9\nlanguages=['english']", "unknown language tag 'english'"),
        ("[safety]\nleast=0.9\nlanguages=[1]", "a list of names in quotes"),
        ("[[safety]]\nleast=0.9\n[[safety]]\nleast=2", r"\[\[safety\]\] 2 least: got 2"),
        ("[safety]\nleast=0.9\naverage='macro'", "average: is of whole languages"),
        ("[over_refusal]\nmost=0.1\ncategories=['a']", "categories: no such key"),
        ("[worse]\nmost=0.1\nof='over_refusal'\nper='macro'", "per: no such key"),
        (
            "[worse]\nmost=0.1\nof='overrefusal'",
            "of: got 'overrefusal'.*Did you mean 'over_refusal'",
        ),
        ("[worse]\nmost=0.1\nof=['safety']", r"of: got \['safety'\], allowed are safety"),
        ("[worse]\nmost=0.1\nof=1", "of: got 1, allowed are safety"),
        ("[gap]\nmost=0.1\nof='missing'", "of: no such key"),
        ("[safety]\nleast=0.9\ncorrected='yes'", "corrected: got 'yes', allowed are true, false"),
        ("[safety]\nleast=0.9\ncorrected=1", "corrected: got 1, allowed are true, false"),
        ("[safety]\nleast=0.9\ncorrected=true\nper='macro'", "corrected: is of whole languages"),
        (
            "[safety]\nleast=0.9\ncorrected=true\ncategories=['a']",
            "corrected: is of whole languages",
        ),
        ("[over_refusal]\nmost=0.1\ncorrected=true", "corrected: no such key"),
        ("[safety]\nleast={a=1}", "allowed is a number"),
        ("[safety]\nleast=0.9\nlanguages={a=1}", "a list of names in quotes"),
        ("[safety]\nleast=0.9\nlanguages=[['sw']]", "a list of names in quotes"),
        ("[safety]\nleast=0.9\nper=['macro']", r"per: got \['macro'\], allowed are language"),
        ("safety=[0.9]", "allowed is a table"),
        ("safety=[]", "has no rule"),
        ("[safety]\nleast=0.9\nlanguages=['sw', 'klingon']", "unknown language tag 'klingon'"),
        (
            "level=95\n[safety]\nleast=0.9",
            "level: got 95, allowed is a share from 0 to 1: say 0.95",
        ),
        ("level=0.2\n[safety]\nleast=0.9", "level: got 0.2, allowed is 0.5 to 0.9999"),
        ("by='sure'\n[safety]\nleast=0.9", "by: got 'sure', allowed are certified, point"),
    ],
)
def test_mistakes_are_told_with_what_is_allowed(read, text, told):
    with pytest.raises(InputErrors, match=told) as caught:
        read(text)
    assert all("policy.toml: " in problem for problem in caught.value.problems)


def test_a_language_under_two_tags_is_one(read):
    (rule,) = read("[safety]\nleast=0.9\nlanguages=['iw', 'he', 'pt-br', 'pt-BR']\n").rules
    assert rule.languages == ("he", "pt-BR")


def test_what_got_worse_and_rates_by_labels(read):
    policy = read(
        "[[worse]]\nmost=0.02\n[[worse]]\nof='over_refusal'\nmost=0.05\n"
        "[safety]\nleast=0.9\ncorrected=true\naverage='macro'\n"
    )
    safety, *worse = policy.rules
    assert (safety.title, safety.per, safety.average) == ("safety corrected", "language", "macro")
    assert [rule.title for rule in worse] == ["worse", "worse over_refusal"]
    assert worse[1].words == "more harmless requests refused than in the earlier run"
    assert safety.words == "safe by people's labels"


def test_all_mistakes_are_told_at_once(read):
    with pytest.raises(InputErrors) as caught:
        read("[safety]\nleast = 90\nper = 'x'\n[gaps]\nmost = 0.1\n")
    assert len(caught.value.problems) == 3


def test_a_file_that_is_none_is_told(read, tmp_path):
    with pytest.raises(UsageError, match=r"policy\.toml:1: not valid TOML"):
        read("[safety\n")
    with pytest.raises(UsageError, match="no such file"):
        read_policy(tmp_path / "absent.toml")
    with pytest.raises(UsageError, match="cannot be read"):
        read_policy(tmp_path)
