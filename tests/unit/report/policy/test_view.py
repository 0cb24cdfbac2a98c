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
        means="pairs",        low=-0.011, high=0.08, decision="inconclusive", needed=1462, unknown=0,
    )  # fmt: skip
    assert sentence(gap) == (
        "3.4 points less safe than en [−1.1 to +8.0]; limit at most 5.0 points. "
        "n = 120 pairs; about 1,462 pairs would settle it."
    )


def test_an_unpaired_claim_says_so_and_labels_are_counted_as_labels():
    other = claim(
        rule="worse", words="less safe than in the earlier run", limit=0.05, least=False, in_points=True,
        value=0.02, low=-0.1, high=0.14, decision="inconclusive", needed=900, unknown=0,
        means="samples", beside=80,
    )  # fmt: skip
    assert sentence(other) == (
        "2.0 points less safe than in the earlier run [−10.0 to +14.0]; limit at most 5.0 points. "
        "n = 120 beside 80, unpaired: not the same requests; about 900 prompts, and as many times those "
        "they are compared with, would settle it."
    )
    by_labels = claim(means="labels", decision="inconclusive", needed=300, unknown=0)
    assert sentence(by_labels).endswith("n = 120 labels; about 300 labels would settle it.")
    told = " ".join(basis(view(by_labels)))
    assert "labels of people correct them in `corrected` rules" in told
    assert "times the prompts" not in told
    both = [claim(rule="worse", means=m) for m in ("pairs", "samples")]
    assert "paired by prompt where most prompts are the same, else unpaired." in " ".join(
        basis(view(*both, earlier="x"))
    )
    assert "Compared with x, unpaired." in " ".join(basis(view(both[1], earlier="x")))


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
