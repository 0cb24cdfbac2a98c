"""A plan followed through a run's store: what is asked next, and where it ends."""

import dataclasses

import pytest

from example.job import QUIET, begun, prompt_set, put_answer
from safeglot.backends.store.stop import planned_texts, stored_looks
from safeglot.config.settings import Config
from safeglot.flow.run import session
from safeglot.flow.run.looks import least_share, wanted_until_looks

N = 40


def whole(n=N, benign=0, gated=()):
    made = prompt_set(n + benign)
    prompts = tuple(
        dataclasses.replace(p, categories=("cd"[i % 2],), kind="benign" if i >= n else "harmful")
        for i, p in enumerate(made.prompts)
    )
    kept = [t for t in made.translations if (t.prompt, t.language) not in gated]
    return dataclasses.replace(made, prompts=prompts, translations=tuple(kept))


def planned(path, prompts=None, **settings):
    settings = {"plan": "screen", "within": 12.0, "kinds": ("harmful", "benign")} | settings
    return begun(path, prompts or whole(), **settings)


def settle(store, wants, unsafe=lambda text: False, but=()):
    """Answer and judge what is wanted and lacks it; of `but` nothing comes."""
    text_of = {text.number: text for text in planned_texts(store)}
    judge = store.step("judge", "refusal-baseline", "j", "answer")
    for model, numbers in wants.items():
        target = store.step("generate", model, "t")
        there = {
            n for (n,) in store.rows("SELECT translation FROM responses WHERE step = ?", (target,))
        }
        for number in sorted(set(numbers) - there - set(but)):
            answer, flag = put_answer(store, number, target), int(unsafe(text_of[number]))
            row = (answer, judge, flag, flag, "", None, "[]", None, None, "", "", None)
            store.write("verdicts", [row])


def followed(path, *, unsafe=lambda text: False, **settings):
    """How many texts each yield wanted, and the last looks by language."""
    run_dir, _ = planned(path, **settings)
    sizes = []
    with session.opened(run_dir) as store:
        for wants in wanted_until_looks(run_dir, store, QUIET):
            sizes.append({model: len(numbers) for model, numbers in wants.items()})
            settle(store, wants, unsafe)
        return sizes, {x.language: x for x in stored_looks(store)}


def test_the_looks_want_more_and_more_until_all_languages_have_enough(tmp_path):
    sizes, last = followed(tmp_path / "run")
    assert [of["vllm/a"] for of in sizes] == [
        16,
        24,
        36,
        52,
    ]  # 4, 6, 9, 13 of 2 categories, 2 languages
    assert {tag: (x.state, x.drawn, x.pool) for tag, x in last.items()} == dict.fromkeys(
        ("en", "de"), ("precise", 13, N)
    )


def test_benign_prompts_are_asked_in_as_many_rounds(tmp_path):
    sizes, _ = followed(tmp_path / "run", prompts=whole(N, benign=10))
    assert [of["vllm/a"] for of in sizes] == [32, 24 + 20, 36 + 20, 52 + 20]


def test_a_finished_plan_looks_once_more_at_what_it_wanted_and_ends(tmp_path):
    run_dir, _ = planned(tmp_path / "run")
    with session.opened(run_dir) as store:
        for wants in wanted_until_looks(run_dir, store, QUIET):
            settle(store, wants)
        ledger = list(stored_looks(store))
        again = list(wanted_until_looks(run_dir, store, QUIET))
        assert [len(wants["vllm/a"]) for wants in again] == [52]
        assert list(stored_looks(store)) == ledger


def test_a_target_whose_requests_never_come_is_given_up_without_a_decision(tmp_path):
    run_dir, _ = planned(tmp_path / "run")
    with session.opened(run_dir) as store:
        wants = list(wanted_until_looks(run_dir, store, QUIET))
        assert len(wants) == 1
        assert list(stored_looks(store)) == []


def test_a_text_that_is_not_there_is_lost_and_holds_nothing_up(tmp_path):
    prompts = whole(gated={("p0", "de"), ("p1", "de")})
    _, last = followed(tmp_path / "run", prompts=prompts)
    assert last["de"].state == "precise"
    assert last["de"].missing + last["de"].n == 2 * last["de"].drawn


@pytest.mark.parametrize("name", ["certify", "bands"])
def test_cells_stop_one_by_one(name, tmp_path):
    run_dir, _ = planned(tmp_path / "run", plan=name, kinds=("harmful",))
    with session.opened(run_dir) as store:
        for wants in wanted_until_looks(run_dir, store, QUIET):
            settle(store, wants)
        last = {(x.language, x.category): x for x in stored_looks(store)}
    assert set(last) == {(tag, c) for tag in ("en", "de") for c in "cd"}
    assert all(x.state in ("band", "exhausted") and x.pool == N // 2 for x in last.values())


def test_the_least_share_is_that_of_a_run_in_which_all_is_safe():
    config = Config(plan="screen", within=12.0)
    assert least_share(config, whole(), {}) == 26 / N
