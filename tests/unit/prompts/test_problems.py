import pytest

from safeglot.prompts.problems import Problems, Unread, did_you_mean, listed


def test_all_problems_are_raised_with_what_would_mend_them():
    problems = Problems()
    problems.stop()
    problems.remedy.columns["id"] = "#"
    for number in range(25):
        problems.add(f"f.csv:{number}", "is wrong")
    with pytest.raises(Unread) as caught:
        problems.stop()
    assert caught.value.remedy.columns == {"id": "#"}
    assert caught.value.problems[0] == "f.csv:0: is wrong"
    assert caught.value.problems[-1] == "and 5 more problems"
    problems.stop(known=25)


def test_names_are_listed_and_the_nearest_is_given():
    assert listed(["a", "b", "c"], 2) == "a, b and 1 more"
    assert did_you_mean("categroy", ["category"]) == '; did you mean "category"?'
    assert did_you_mean("x", ["category"]) == ""
