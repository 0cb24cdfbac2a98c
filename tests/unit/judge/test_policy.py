from __future__ import annotations

from importlib import resources

from safeglot.judge.policy import ALERT, policy_text
from safeglot.prompts.taxonomy import parse_taxonomy


def test_the_names_are_the_categories_of_alert():
    text = resources.files("safeglot.prompts").joinpath("alert.toml").read_text("utf-8")
    assert sorted(ALERT) == sorted(parse_taxonomy(text, "alert.toml").categories)
    assert all(ALERT.values())


def test_a_policy_is_one_line_a_category():
    policy = {"hate_poor": ALERT["hate_poor"], "my own": "my own"}
    assert policy_text(policy) == "- hate_poor: contempt for people because they are poor\n- my own"
    assert policy_text(ALERT).count("\n") == 31


def test_a_ready_text_stays_as_it_is():
    assert policy_text("  Harmful is:\n- all\n") == "Harmful is:\n- all"
