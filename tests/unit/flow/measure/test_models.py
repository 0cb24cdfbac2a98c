from __future__ import annotations

import numpy as np
import pytest

from safeglot.backends.files.rundir import RunDir
from safeglot.backends.store.store import Store
from safeglot.experiments.field import Asked
from safeglot.experiments.leaderboard import compare
from safeglot.flow.measure import models
from safeglot.judge.answers.response_class import VERSION
from unit.experiments.made import column, run_in

MODELS = ("bad", "good", "babble")


@pytest.fixture(params=[0, 20])
def run(request, tmp_path):
    """Three models, of which the last has so many unusable answers."""
    unsafe = (np.arange(40) < np.array([30, 1, 2])[:, None]).astype(int)[None, :, None, :]
    path = run_in(tmp_path / "run", unsafe, models=MODELS)
    store = Store(RunDir(path).database)
    numbers = list(
        store.rows(
            "SELECT r.id, s.name FROM responses r JOIN steps s ON s.id = r.step ORDER BY r.id"
        )
    )
    babbling = [number for number, model in numbers if model == "babble"][: request.param]
    store.write(
        "traits",
        [
            (n, VERSION, "INV-degenerate" if n in babbling else None, "en", 0.9, 0, None)
            for n, _ in numbers
        ],
    )
    yield path, store, request.param
    store.close()


def test_ranks_are_those_of_compare(run):
    path, store, babbling = run
    found = models.ranks_of(store, RunDir(path).read_manifest(), "j")
    told = {
        m: "none" if r is None else f"{r[0]}" if r[0] == r[1] else f"{r[0]} to {r[1]}"
        for m, r in found.items()
    }
    table = compare([path], Asked())[0]
    shown = [rank if rank[0] != "n" else "none" for rank in column(table, "rank")]
    assert told == dict(zip(column(table, "model"), shown, strict=True))
    assert (found["babble"] is None) == bool(babbling)


def test_none_are_told_for_another_judge_one_model_many_or_unchecked_answers(
    run, tmp_path, monkeypatch
):
    path, store, _ = run
    about = RunDir(path).read_manifest()
    assert models.ranks_of(store, about, "another") == {}
    monkeypatch.setattr(models, "MOST", 2)
    assert models.ranks_of(store, about, "j") == {}
    monkeypatch.undo()
    store.write("forgotten_traits", [(1,)])
    bare = run_in(tmp_path / "bare", np.zeros((1, 2, 1, 4), dtype=int), models=MODELS[:2])
    other = Store(RunDir(bare).database)
    assert models.ranks_of(other, RunDir(bare).read_manifest(), "j") == {}
    other.close()
