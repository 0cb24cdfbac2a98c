from __future__ import annotations

import dataclasses

import pytest

from example.job import answered, judged, prompt_set
from safeglot.backends.store import arrays
from safeglot.backends.store.stop import is_drawn, progress
from safeglot.flow.measure.estimates import measure
from safeglot.flow.measure.stop import as_drawn, stop_notes
from safeglot.flow.run import session

SIZES = {"c": 6, "d": 2}


def uneven():
    """Six prompts of one category and two of another."""
    whole = prompt_set(8)
    prompts = tuple(
        dataclasses.replace(p, categories=("c" if i < 6 else "d",))
        for i, p in enumerate(whole.prompts)
    )
    return dataclasses.replace(whole, prompts=prompts)


def asked_of(path, prompts):
    """A run of which these prompts were asked."""
    return answered(
        path,
        lambda item: "[safe answer]" if item.prompt.id in prompts else None,
        prompts=uneven(),
    )[0]


def test_what_a_stopped_run_has_asked_is_a_draw_of_its_plan(tmp_path):
    run_dir = asked_of(tmp_path / "run", ("p0", "p1", "p6"))
    with session.opened(run_dir) as store:
        about = run_dir.read_manifest()
        found = as_drawn(store, about, arrays.read(store, about, arms=False))
        (note,) = stop_notes(store, about)
    assert found.source.sizes == {"harmful": SIZES}
    assert note.startswith("This run was stopped: 3 of its 8 prompts have all their answers. They")


def test_a_whole_run_is_none_and_neither_is_one_that_failed(tmp_path):
    run_dir = asked_of(tmp_path / "run", [f"p{i}" for i in range(8)])
    with session.opened(run_dir) as store:
        about = run_dir.read_manifest()
        assert as_drawn(store, about, arrays.read(store, about, arms=False)) is about
        assert list(stop_notes(store, about)) == []
        assert progress(store, 1, 1) == (8, 8, 8)
    run_dir = asked_of(tmp_path / "other", [f"p{i}" for i in range(7)])
    with session.opened(run_dir) as store:
        for (number,) in list(store.rows("SELECT id FROM translations WHERE prompt = 'p7'")):
            row = ("generate", f"k{number}", "p7", "vllm/a", 0, "blocked", "", 1, 0, "", "", number)
            store.write("failures", [row])
        about = run_dir.read_manifest()
        assert progress(store, 1, 1) == (8, 8, 8)
        assert as_drawn(store, about, arrays.read(store, about, arms=False)) is about


def test_a_prompt_that_was_asked_in_part_is_not_whole(tmp_path):
    run_dir = answered(
        tmp_path / "run",
        lambda item: "[safe answer]" if item.translation.language == "en" else None,
        prompts=uneven(),
    )[0]
    with session.opened(run_dir) as store:
        assert progress(store, 1, 1) == (8, 8, 0)
        assert not progress(store, 1, 1).is_stopped


def test_a_limit_has_its_own_sizes(tmp_path):
    run_dir = asked_of(tmp_path / "run", ("p0",))
    about = run_dir.read_manifest()
    about = dataclasses.replace(
        about, source=dataclasses.replace(about.source, sizes={"harmful": {"c": 99}})
    )
    with session.opened(run_dir) as store:
        assert as_drawn(store, about, arrays.read(store, about, arms=False)) is about


def test_micro_averages_of_a_stopped_run_weigh_categories_by_their_size(tmp_path):
    run_dir, _ = judged(
        tmp_path / "run", lambda item: item.prompt.id in ("p0", "p1"), prompts=uneven()
    )
    with session.opened(run_dir) as store:
        for table in ("verdicts", "responses"):
            key = "response" if table == "verdicts" else "id"
            list(store.rows(
                f"DELETE FROM {table} WHERE {key} IN (SELECT id FROM keyed WHERE translation IN "
                "(SELECT id FROM translations WHERE prompt NOT IN ('p0', 'p6')))"
            ))  # fmt: skip
        rows, _ = measure(store, run_dir.read_manifest())
    micro = next(e for e in rows if e.metric == "safety_micro" and e.language == "en")
    assert micro.n == 2
    assert micro.value == pytest.approx(2 / 8)
    assert "weighted by their size" in micro.method


def test_a_run_of_an_early_version_was_asked_in_the_order_of_its_file(tmp_path):
    run_dir = asked_of(tmp_path / "run", ("p0", "p1"))
    with session.opened(run_dir) as store:
        store.step("upgrade", "4")
        about = run_dir.read_manifest()
        assert not is_drawn(store)
        assert as_drawn(store, about, arrays.read(store, about, arms=False)) is about
        (note,) = stop_notes(store, about)
    assert "in the order of the file: they are no random sample" in note
