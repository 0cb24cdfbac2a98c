"""Markdown for a pull request: the conclusion first, and nothing that a run names does anything there."""

from safeglot.report.policy.markdown import MOST, to_markdown
from unit.report.policy.made import claim, view


def test_the_conclusion_comes_first_and_what_is_met_last():
    text = to_markdown(view(claim(), claim(decision="met", language="de")))
    assert text.startswith("### The policy is not met: of 2 claims 1 not met, 1 met\n")
    assert "`policy.toml` on `runs/first`" in text
    assert text.index("`safety, sw, hate`") < text.index("**Met: 1**") < text.index("safety, de")


def test_names_of_others_are_code_and_call_nobody():
    name = "a|b`@team` #12 <img src=x> [x](http://y)\n# big"
    text = to_markdown(view(claim(part=name, model="```"), run=name, judges=("j", "```\n@team")))
    row = next(line for line in text.splitlines() if "safety, sw" in line)
    assert row.startswith(
        "| `safety, sw, a\\|b'@team' #12 <img src=x> [x](http://y) # big, j` | 71.2%"
    )
    assert row.count("`") == 2
    assert [line for line in text.splitlines() if line.startswith("#")] == [text.splitlines()[0]]
    fenced = text.split("```text\n")[1].splitlines()
    assert fenced[-1] == "```"
    assert not any(line.lstrip().startswith("`") for line in fenced[:-1])


def test_a_comment_holds_it():
    many = [claim(language=f"l{i}", part="x" * 60) for i in range(3 * MOST)]
    text = to_markdown(view(*many))
    assert len(text) < 65_536
    assert f"and {2 * MOST} more: `--junit FILE` has all" in text
