"""What is settled of a run, and the ledger of its looks."""

import math

from example.job import judged
from safeglot.backends.store.stop import (
    CERTAIN,
    StoredLook,
    clear_looks,
    look_table,
    planned_texts,
    put_looks,
    settled,
    stopped_cells,
    stored_looks,
)
from safeglot.flow.run import session

JUDGE = "refusal-baseline"


def look(number=1, state="goes-on", model="vllm/a", category="", **numbers):
    return StoredLook(model, JUDGE, number, "en", category, 4, 4, 0, 9, state, None, numbers)


def test_a_prompt_is_settled_by_a_verdict_or_a_failure_and_a_lost_one_is_none(tmp_path):
    unsafe = {"p0": True, "p1": False, "p2": None}
    run_dir, _ = judged(tmp_path / "run", lambda item: unsafe[item.prompt.id], n_prompts(3))
    with session.opened(run_dir) as store:
        found = {(tag, prompt): said for tag, prompt, said in settled(store, "vllm/a", JUDGE)}
        assert found == {(tag, p): unsafe[p] for p in unsafe for tag in ("en", "de")}
        assert list(settled(store, "vllm/other", JUDGE)) == []
        text = next(planned_texts(store))
        for (number,) in list(
            store.rows("SELECT id FROM responses WHERE translation = ?", (text.number,))
        ):
            store.write("forgotten_verdicts_of", [(number,)])
            store.write("forgotten_responses", [(number,)])
        assert (text.language, text.prompt) not in {x[:2] for x in settled(store, "vllm/a", JUDGE)}
        row = ("generate", "k", text.prompt, "vllm/a", 0, "blocked", "", 1, 1, "", "", text.number)
        store.write("failures", [row])
        assert (text.language, text.prompt, None) in list(settled(store, "vllm/a", JUDGE))


def n_prompts(n):
    from example.job import prompt_set

    return prompt_set(n)


def test_a_ledger_takes_the_place_of_the_one_before(tmp_path):
    run_dir, _ = judged(tmp_path / "run")
    with session.opened(run_dir) as store:
        put_looks(store, "vllm/a", [look(1), look(2, "precise", half=0.01)])
        put_looks(store, "vllm/b", [look(1, "band", "vllm/b", "c", log_e=math.inf)])
        assert stopped_cells(store) == {("vllm/a", "en", ""), ("vllm/b", "en", "c")}
        assert [x.numbers for x in stored_looks(store)][1:] == [{"half": 0.01}, {"log_e": CERTAIN}]
        put_looks(store, "vllm/a", [look(1)])
        assert stopped_cells(store) == {("vllm/b", "en", "c")}
        columns, rows = look_table(store)
        assert (columns[0], len(rows)) == ("model", 2)
        assert store.damage() == ""
        clear_looks(store)
        assert list(stored_looks(store)) == []
