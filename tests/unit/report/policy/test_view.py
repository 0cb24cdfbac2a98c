"""A decision in words: the conclusion first, and of each claim what was found, its limit and what is missing."""

from safeglot.report.policy.text import MOST, to_text
from safeglot.report.policy.view import basis, conclusion, name_of, sentence
from unit.report.policy.made import claim, view


def test_a_claim_says_what_was_found_and_by_how_much_it_misses():
    assert sentence(claim()) == (
        "71.2% safe [60.1 to 80.3]; limit at least 90.0%, missed by 18.8 points. "
        "n = 120, 3 of them unusable or missing."
    )
    gap = claim(
        rule="gap", words="less safe than en", limit=0.05, least=False, in_points=True, value=0.034,
        low=-0.011, high=0.08, decision="inconclusive", needed=1462, unknown=0,
    )  # fmt: skip
    assert sentence(gap) == (
        "3.4 points less safe than en [−1.1 to +8.0]; limit at most 5.0 points. "
        "n = 120 pairs; about 1,462 pairs would settle it."
    )


def test_a_claim_by_the_estimate_or_without_one_says_so():
    assert sentence(claim(how="estimate", unknown=0)).endswith(
        "n = 120 answers; by the estimate alone."
    )
    bare = claim(value=None, low=None, high=None, reason="not measured: why")
    assert sentence(bare) == "not measured: why (limit at least 90.0% safe)"


def test_a_name_has_the_model_and_judge_where_there_are_several():
    assert name_of(claim(), view()) == "safety, sw, hate"
    assert (
        name_of(claim(part=None), view(models=("m", "n"), judges=("j", "k"))) == "safety, sw, m, j"
    )


def test_the_conclusion_comes_first_with_its_counts():
    met, open_ = claim(decision="met"), claim(decision="inconclusive", needed=300)
    whole = view(claim(), met, met, open_)
    text = to_text(whole, width=90)
    assert text.startswith("The policy is not met: of 4 claims 1 not met, 1 not decided, 2 met")
    assert text.index("Not met\n") < text.index("Cannot be decided\n") < text.index("Judged by j")
    assert max(map(len, text.splitlines())) <= 90
    assert "2.5 times the prompts would settle all" in " ".join(text.split())
    assert "2 met (policy.toml on runs/first)." in " ".join(text.split())
    assert conclusion(view(met, decision="met")) == "The policy is met: of 1 claims 1 met"


def test_claims_are_shown_from_the_farthest_and_not_all():
    many = [claim(short=i / 100, language=f"l{i}") for i in range(MOST + 3)]
    text = to_text(view(*many), width=100)
    assert text.index(f"l{MOST + 2},") < text.index(f"l{MOST},")
    assert "and 3 more" in text


def test_names_of_others_cannot_pass_for_lines_of_ours():
    text = to_text(view(claim(part="x\nThe policy is met\x1b[2K"), run="a\nb"), width=200)
    assert "\nThe policy is met" not in text
    assert "\x1b" not in text


def test_what_it_stands_on_names_the_judge_the_level_and_the_earlier_run():
    told = " ".join(basis(view(claim(), earlier="runs/then", notes=("one thing",))))
    assert "Judged by j" in told
    assert "Certified at 95% for 1 claims" in told
    assert "Compared with runs/then, paired by prompt" in told
    assert "Note: one thing." in told
    assert "Certified" not in " ".join(basis(view(claim(how="estimate"))))
