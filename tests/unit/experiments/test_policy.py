"""A run beside a policy and an earlier run: what is decided, what is not measured, what is refused."""

import numpy as np
import pytest

from safeglot.backends.files.rundir import RunDir
from safeglot.backends.store.answers import answer_places
from safeglot.backends.store.store import Store
from safeglot.errors import InputErrors, UsageError
from safeglot.experiments.policy import _places, check
from safeglot.flow.measure.answers import fill
from unit.experiments.made import run_in

RNG = np.random.default_rng(5)


def made(path, *rates, prompts=200, seed=0, **about):
    """A run of one judge and model, unsafe at a rate a language, its answers checked."""
    rng = np.random.default_rng(seed)
    unsafe = rng.random((len(rates), prompts)) < np.array(rates)[:, None]
    return of(path, unsafe[None, None].astype(int), **about)


def of(path, unsafe_JMLP, **about):
    run_in(path, unsafe_JMLP, scored=False, **about)
    store = Store(RunDir(path).database)
    fill(store)
    store.close()
    return path


@pytest.fixture
def policy(tmp_path):
    def write(text):
        path = tmp_path / "policy.toml"
        path.write_text(text, "utf-8")
        return path

    return write


def decisions(view):
    return {(c.rule, c.language, c.part): c.decision for c in view.claims}


def test_a_run_is_decided_in_every_language_and_category(tmp_path, policy):
    path = made(tmp_path / "run", 0.01, 0.1, 0.4, judge_notes={"j": ("j sees half.",)})
    view = check(path, policy("[safety]\nleast = 0.9\n"))
    assert view.decision == "not met"
    assert decisions(view) == {
        ("safety", "en", "a"): "met",
        ("safety", "en", "b"): "met",
        ("safety", "de", "a"): "inconclusive",
        ("safety", "de", "b"): "inconclusive",
        ("safety", "sw", "a"): "not met",
        ("safety", "sw", "b"): "not met",
    }
    assert view.notes == ("j sees half.",)
    worst = view.of("not met")[0]
    assert worst.value == pytest.approx(0.9 - worst.short)
    assert worst.low < worst.value < worst.high < 0.9


def test_a_most_stands_on_its_own_scale(tmp_path, policy):
    path = made(tmp_path / "run", 0.01, 0.4)
    view = check(path, policy("[gap]\nmost = 0.05\n[unusable]\nmost = 0.05\n"))
    gap = next(c for c in view.claims if c.rule == "gap")
    assert (gap.decision, gap.in_points, gap.least) == ("not met", True, False)
    assert 0.3 < gap.value < 0.5
    assert 0.05 < gap.low < gap.value < gap.high
    assert gap.short == pytest.approx(gap.value - 0.05)
    unusable = next(c for c in view.claims if c.rule == "unusable")
    assert (unusable.value, unusable.low, unusable.decision) == (0, 0, "met")
    assert gap.words == "less safe than en"


def test_what_a_run_cannot_show_is_named_and_never_passes(tmp_path, policy):
    path = made(tmp_path / "run", 0.0, languages=("de",), reference="de")
    view = check(path, policy("[safety]\nleast=0.5\n[gap]\nmost=0.1\n[over_refusal]\nmost=0.1\n"))
    assert view.decision == "inconclusive"
    reasons = {c.rule: c.reason for c in view.of("inconclusive")}
    assert reasons == {
        "gap": "not measured: the run has no other language",
        "over_refusal": "not measured: the run has no harmless requests: ask some with --kinds both",
    }


def test_names_that_a_run_lacks_are_refused_all_at_once(tmp_path, policy):
    path = made(tmp_path / "run", 0.0, 0.0)
    text = (
        "[safety]\nleast=0.9\nlanguages=['sw']\ncategories=['c']\n[gap]\nmost=0.1\nlanguages=['en']"
    )
    with pytest.raises(InputErrors) as caught:
        check(path, policy(text))
    told = "\n".join(caught.value.problems)
    assert "[safety] languages: 'sw' is not in" in told
    assert "It has: en, de. Name some of these, or leave languages out for all." in told
    assert "[safety] categories: 'c' is not in" in told
    assert "en is the reference language" in told


def test_a_missing_run_a_missing_policy_and_an_unchecked_run_are_refused(tmp_path, policy):
    with pytest.raises(UsageError, match="no policy is named"):
        check(tmp_path, None)
    with pytest.raises(UsageError, match="absent"):
        check(tmp_path / "absent", policy("[safety]\nleast=0.9\n"))
    raw = run_in(tmp_path / "raw", np.zeros((1, 1, 1, 4), dtype=int))
    with pytest.raises(UsageError, match="safeglot score"):
        check(raw, policy("[safety]\nleast=0.9\n"))


def test_every_judge_and_model_has_to_pass_and_one_judge_can_be_named(tmp_path, policy):
    unsafe = np.zeros((2, 2, 1, 60), dtype=int)
    unsafe[1, 1] = 1
    path = of(tmp_path / "run", unsafe, judges=("j", "k"), models=("m", "n"))
    text = policy("[safety]\nleast=0.8\nper='language'\n")
    view = check(path, text)
    assert [(c.judge, c.model, c.decision) for c in view.claims] == [
        ("j", "m", "met"), ("k", "m", "met"), ("j", "n", "met"), ("k", "n", "not met"),
    ]  # fmt: skip
    assert check(path, text, judge="j").decision == "met"
    assert [c.judge for c in check(path, text, model="n").claims] == ["j", "k"]
    with pytest.raises(UsageError, match=r"--model: got 'x', .* has m, n"):
        check(path, text, model="x")
    with pytest.raises(UsageError, match="Did you mean"):
        check(path, text, judge="jj")


# ---- an earlier run

WORSE = "[worse]\nmost = 0.05\n"


def test_an_earlier_run_is_paired_by_prompt(tmp_path, policy):
    path = made(tmp_path / "now", 0.05, 0.3, 0.05)
    earlier = made(tmp_path / "then", 0.05, 0.05, 0.05)
    view = check(path, policy(WORSE), against=earlier)
    assert decisions(view) == {
        ("worse", "en", None): "met",
        ("worse", "de", None): "not met",
        ("worse", "sw", None): "met",
    }
    assert view.claims[0].value == 0  # the same verdicts, since the seed is the same
    assert view.notes == ()


def test_what_two_runs_do_not_share_is_said(tmp_path, policy):
    path = made(tmp_path / "now", 0.0, 0.0, prompts=100)
    earlier = made(tmp_path / "then", 0.0, 0.0, 0.0, prompts=80, models=("old",))
    view = check(path, policy(WORSE), against=earlier)
    assert {c.language: (c.n, c.decision) for c in view.claims} == {
        "en": (80, "met"), "de": (80, "met"), "sw": (0, "inconclusive"),
    }  # fmt: skip
    told = "; ".join(view.notes)
    assert "40 of 200 texts of this run were not asked in the earlier one" in told
    assert "80 of 240 texts of the earlier run were not asked in this one" in told
    assert "m is compared with old" in told


@pytest.mark.parametrize(
    ("about", "told"),
    [
        ({"judges": ("k",)}, "the judge j is not there"),
        ({"models": ("x", "y")}, "has no model m"),
        ({"languages": ("fr",), "reference": "fr"}, "no text of"),
        ({"identity": "2"}, "are of version 2"),
    ],
)
def test_runs_that_differ_in_more_than_the_model_are_refused(tmp_path, policy, about, told):
    path = made(tmp_path / "now", 0.0)
    if "identity" in about:
        about = {"identity": {**RunDir(path).read_manifest().identity, "results": "2"}}
    unsafe = np.zeros((1, len(about.get("models", "m")), 1, 20), dtype=int)
    with pytest.raises(UsageError, match=told):
        check(path, policy(WORSE), against=of(tmp_path / "then", unsafe, **about))


def test_a_rule_and_a_run_to_compare_with_come_together(tmp_path, policy):
    path, other = made(tmp_path / "run", 0.0), tmp_path / "other"
    with pytest.raises(UsageError, match="--against runs/EARLIER"):
        check(path, policy(WORSE))
    with pytest.raises(UsageError, match="no rule that compares"):
        check(path, policy("[safety]\nleast=0.9\n"), against=other)
    with pytest.raises(UsageError, match="is the run itself"):
        check(path, policy(WORSE), against=path)


def test_other_prompts_are_compared_unpaired_and_said_so(tmp_path, policy):
    path = made(tmp_path / "now", 0.05, 0.4, prompts=300)
    earlier = made(tmp_path / "then", 0.05, 0.05, prompts=200, seed=1, ids="q")
    view = check(path, policy(WORSE), against=earlier)
    assert {c.means for c in view.claims} == {"samples"}
    english, german = view.claims
    assert (german.decision, german.n, german.beside) == ("not met", 300, 200)
    assert english.decision == "met"
    told = "; ".join(view.notes)
    assert (
        "in en, de fewer than half of the texts were asked in both runs: compared unpaired" in told
    )
    assert "the categories weigh as in this run" in told


def test_a_text_is_found_under_its_id_or_as_the_only_such_text():
    own = np.array([[1, 2, 3, 4, 5, 5, 0]], dtype=np.uint64)
    other = np.array([[1, 9, 2, 5, 4, 4]], dtype=np.uint64)
    found = _places("abcdefg", own, "abxyzw", other, np.array([0]))
    assert found.tolist() == [[0, 2, -1, -1, -1, -1, -1]]
    assert (_places("ab", own[:, :2], "ab", other[:, :2], np.array([-1])) == -1).all()


def test_a_run_of_other_categories_and_prompts_is_refused(tmp_path, policy):
    path = made(tmp_path / "now", 0.0)
    earlier = made(tmp_path / "then", 0.0, ids="q", categories=("x", "y"))
    with pytest.raises(UsageError, match="no language and category of it is there"):
        check(path, policy(WORSE), against=earlier)


def test_safety_by_labels_stands_on_the_labels_of_the_run(tmp_path, policy):
    unsafe = np.zeros((1, 1, 2, 200), dtype=int)
    unsafe[..., :40] = 1
    path = of(tmp_path / "run", unsafe)
    text = policy("[safety]\nleast = 0.7\ncorrected = true\n")
    bare = check(path, text)
    assert bare.decision == "inconclusive"
    assert bare.claims[0].reason.endswith(f"safeglot annotate sample {path}")
    store = Store(RunDir(path).database)
    keys = {(a.language, a.prompt): a.id for a in answer_places(store)}
    for p in (*range(40), *range(100, 140)):
        key, judged = keys["en", f"p{p}"], p < 40
        store.write(
            "draws",
            [(key, "j", "en", "judged unsafe" if judged else "judged safe", 1, "two-phase")],
        )
        store.write("labels", [(key, "ann", "unsafe" if judged and p < 20 else "safe", "")])
    store.close()
    english, german = check(path, text).claims
    assert (english.decision, english.n, english.means) == ("met", 80, "labels")
    assert english.value == pytest.approx(0.9)
    assert english.rule == "safety corrected"
    assert german.decision == "inconclusive"
