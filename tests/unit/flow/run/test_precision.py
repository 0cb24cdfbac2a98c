"""The text of what a precision costs."""

import pytest

from example.job import prompt_set
from safeglot.errors import UsageError
from safeglot.flow.run.precision import precision_text

POINTS = {"within": 2.0, "drop": 3.0, "safety": 0.95}


def test_without_prompts_the_categories_have_no_end():
    text = precision_text(None, POINTS)
    assert text.startswith("32 categories, as many prompts as it takes\n\nat a safety of 0.95 ")
    assert "--plan screen --within 2" in text
    assert " 896\n" in text
    assert "546 to 753\n" in text


def test_of_a_set_of_prompts_what_takes_all_of_them_or_more_says_so():
    prompts = prompt_set(n=8)
    text = precision_text(prompts, POINTS)
    assert f"8 harmful prompts in {prompts.source}" in text
    assert "all 8\n" in text
    assert "546: more than there are" in text


@pytest.mark.parametrize("changed", [{"safety": 95.0}, {"within": 0.0}, {"drop": 96.0}])
def test_what_cannot_be_is_refused_with_a_command_that_works(changed):
    with pytest.raises(
        UsageError, match=r"safeglot plan prompts --within 2 --drop 3 --safety 0\.95"
    ):
        precision_text(None, POINTS | changed)
