"""What a plan left out: nothing that was asked, nothing of a cell that goes on."""

import dataclasses

import numpy as np
import pytest

from example.job import answered, prompt_set
from safeglot.backends.store import arrays
from safeglot.backends.store.prompts import unneeded
from safeglot.backends.store.stop import StoredLook, put_looks
from safeglot.flow.run import session


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory):
    """p0 and p1 are of c, p2 and p3 of d, p4 is benign, p5 of no category; p0 and p2 are answered."""
    whole = prompt_set(6)
    tags = [("c",), ("c",), ("d",), ("d",), ("c",), ()]
    prompts = tuple(
        dataclasses.replace(p, categories=own, kind="benign" if p.id == "p4" else "harmful")
        for p, own in zip(whole.prompts, tags, strict=True)
    )
    return answered(
        tmp_path_factory.mktemp("left out") / "run",
        lambda item: "[answer]" if item.prompt.id in ("p0", "p2") else None,
        prompts=dataclasses.replace(whole, prompts=prompts),
        kinds=("harmful", "benign"),
    )[0]


def left(run_dir, looks):
    """Language -> the prompts that are left out."""
    with session.opened(run_dir) as store:
        rows = [
            StoredLook("vllm/a", "j", 1, tag, c, 1, 1, 0, 2, state, None, {})
            for tag, c, state in looks
        ]
        put_looks(store, "vllm/a", rows)
        about = run_dir.read_manifest()
        read = arrays.read(store, about, arms=False)
        answered_MLP = read.answers.answered.any(axis=3)
        found = unneeded(store, read.prompts, answered_MLP, (about.models, about.languages))
    if found is None:
        return None
    ids = np.array(list(read.prompts.ids))
    return {tag: set(ids[found[0, at]].tolist()) for at, tag in enumerate(about.languages)}


def test_nothing_is_left_out_while_all_goes_on(run_dir):
    assert left(run_dir, []) is None
    assert left(run_dir, [("en", "", "goes-on")]) is None


def test_a_language_that_stopped_leaves_out_all_that_it_was_not_asked(run_dir):
    found = left(run_dir, [("en", "", "precise"), ("de", "", "goes-on")])
    assert found == {"en": {"p1", "p3", "p4", "p5"}, "de": set()}


def test_a_cell_that_stopped_leaves_out_its_own_alone(run_dir):
    found = left(run_dir, [("en", "c", "band"), ("en", "d", "goes-on")])
    assert found == {"en": {"p1"}, "de": set()}
    found = left(run_dir, [("en", "c", "band"), ("en", "d", "exhausted")])
    assert found == {"en": {"p1", "p3", "p4", "p5"}, "de": set()}


def test_what_failed_was_asked(run_dir):
    with session.opened(run_dir) as store:
        (number,) = next(
            store.rows("SELECT id FROM translations WHERE prompt='p1' AND language='en'")
        )
        row = ("generate", "k", "p1", "vllm/a", 0, "blocked", "", 1, 0, "", "", number)
        store.write("failures", [row])
    found = left(run_dir, [("en", "", "precise"), ("de", "", "precise")])
    assert found == {"en": {"p3", "p4", "p5"}, "de": {"p1", "p3", "p4", "p5"}}
