from __future__ import annotations

import dataclasses
import json

from example.job import VLLM, judge, prepared, prompt_set
from safeglot.backends.files.manifest import ArmsSummary, parse_manifest
from safeglot.backends.files.records import table_of
from safeglot.flow.arms import Arms
from safeglot.flow.run import manifest
from safeglot.flow.run.job import run_signature
from safeglot.keys import RESULT_VERSION
from safeglot.prompts.taxonomy import Coverage, Taxonomy


def told(old, new, old_prompts=None, new_prompts=None):
    there, now = prepared(old_prompts, **old), prepared(new_prompts, **new)
    return manifest.changes(there.identity(), now.identity(), there.config, now.config)


def test_changes_are_told_by_their_settings():
    assert told({}, {}) == []
    assert told({}, {"temperature": 0.5, "seed": 3}) == [
        "temperature: there 1, now 0.5",
        "seed: there 0, now 3",
    ]
    assert told({"languages": ("en", "de")}, {"limit": 1}, None, prompt_set(n=1)) == [
        "limit: there not given, now 1"
    ]
    (content,) = told({}, {}, None, prompt_set(text="other"))
    assert content.startswith("the content of the prompts: there p.csv@")
    (weights,) = told({}, {"target": (dataclasses.replace(VLLM, revision="r1"),)})
    assert weights == "targets: there vllm/a, now vllm/a@r1"


def test_another_way_to_results_is_told():
    job = prepared()
    there = job.identity() | {"results": "0"}
    assert manifest.changes(there, job.identity(), job.config, job.config) == [
        f"safeglot's way to results: there 0, now {RESULT_VERSION}"
    ]


# ---- what it holds


def test_a_manifest_holds_what_moves_the_numbers():
    job = prepared(judge=(judge("refusal-baseline"),), level=0.9, bootstrap=50, samples=2)
    found = manifest.manifest_of(job)
    assert (found.models, found.model_ids, found.languages) == (
        ("vllm/a",),
        ("vllm/a",),
        ("en", "de"),
    )
    assert (found.reference, found.samples, found.level, found.draws) == ("en", 2, 0.9, 50)
    assert found.judges == job.judge_ids()
    assert found.identity == job.identity()
    assert found.signature == run_signature(job.identity(), job.judge_ids(), 0.9, 50)
    assert found.source is job.origin
    assert found.arms is None
    assert parse_manifest(json.loads(json.dumps(table_of(found)))) == found


def test_the_keys_of_a_new_manifest_stand_in_their_order():
    assert list(table_of(manifest.manifest_of(prepared()))) == [
        "safeglot", "created", "git_commit", "versions", "source", "identity", "judges", "signature",
        "models", "model_ids", "languages", "reference", "samples", "level", "bootstrap", "taxonomy",
        "settings", "notes", "judge_notes", "uncovered",
    ]  # fmt: skip


def test_a_taxonomy_is_read_as_it_was_written():
    taxonomy = Taxonomy(
        name="own", categories=("a", "b"), macro={"a": "m"}, macro_names={"m": "More"},
        coverage={"a": Coverage(codes=("S1",), text="full")}, descriptions={"a": "what a is"},
    )  # fmt: skip
    assert manifest.taxonomy_of(manifest.taxonomy_table(taxonomy)) == taxonomy


def test_judges_that_join_change_the_signature_and_what_is_said_of_them():
    answers = manifest.manifest_of(prepared())
    guard = prepared(judge=(judge("llama-guard-3=vllm/g"),))
    both = manifest.judged(answers, guard)
    assert both.judges == guard.judge_ids()
    assert both.signature == manifest.manifest_of(guard).signature
    assert "llama-guard-3=vllm/g" in both.settings["judges"]
    assert list(both.settings) == list(answers.settings)
    assert both.created == answers.created


def test_a_run_that_goes_on_is_as_one_begun_so_and_keeps_what_came_since():
    old = dataclasses.replace(
        manifest.manifest_of(prepared(level=0.95, bootstrap=10)),
        created="then",
        correction="ppi",
        adapted={"vllm/a": ("seed=none",)},
    )
    assert manifest.grown(old, prepared(level=0.95, bootstrap=10)).created == "then"
    grown = manifest.grown(old, prepared(prompt_set(4), level=0.9, bootstrap=10))
    at_once = manifest.manifest_of(prepared(prompt_set(4), level=0.9, bootstrap=10))
    assert (grown.correction, grown.identity) == ("ppi", at_once.identity)
    assert grown.signature == f"{at_once.signature}|adapted:vllm/a(seed=none)"


def test_a_plan_without_judges_leaves_those_of_the_run():
    guard = judge("llama-guard-3=vllm/g")
    old = manifest.manifest_of(prepared(judge=(guard,)))
    grown = manifest.grown(old, prepared(prompt_set(4), judge=()))
    at_once = manifest.manifest_of(prepared(prompt_set(4), judge=(guard,)))
    assert grown == dataclasses.replace(at_once, created=old.created)


def test_a_judge_of_refusals_that_joined_stays_one_until_it_is_named_itself():
    base, guard = judge("refusal-baseline"), judge("llama-guard-3=vllm/g")
    joined = prepared(judge=(guard, dataclasses.replace(base, refusals_only=True)))
    old = manifest.manifest_of(joined)
    assert manifest.grown(old, joined).refusal_judges == ("refusal-baseline",)
    assert manifest.grown(old, prepared(judge=(guard, base))).refusal_judges is None
    assert manifest.grown(old, prepared(judge=(guard,))).refusal_judges is None


def test_another_level_is_taken_over():
    old = manifest.manifest_of(prepared(level=0.95, bootstrap=10))
    new = manifest.grown(old, prepared(level=0.9, bootstrap=10))
    assert (new.level, new.draws) == (0.9, 10)
    assert new.signature == manifest.manifest_of(prepared(level=0.9, bootstrap=10)).signature
    assert new.settings["intervals"] == "90% level; bootstrap of 10 draws"


def test_arms_gather_their_files_and_warnings():
    first = manifest.with_arms(
        manifest.manifest_of(prepared()),
        ArmsSummary(digest="d1", texts={"main": 2, "roundtrip": 3}),
        Arms(files={"a.csv": "1"}, warnings=("A6",)),
    )
    second = manifest.with_arms(
        first,
        ArmsSummary(digest="d2", texts={"roundtrip": 4}),
        Arms(files={"b.csv": "2"}, warnings=("A6", "more")),
    )
    assert second.arms == ArmsSummary(
        digest="d2",
        texts={"roundtrip": 4},
        files={"a.csv": "1", "b.csv": "2"},
        warnings=("A6", "more"),
    )
    assert first.settings["arms"] == "quality of the translations (2 texts), roundtrip (3 texts)"
    assert second.settings["arms"] == "roundtrip (4 texts)"
    assert second.signature.endswith("|arms:d2")


def test_a_small_model_and_the_bundled_prompts_bring_their_caveats():
    assert manifest.manifest_of(prepared()).notes == ()
    mini = dataclasses.replace(prompt_set(), source="mini")
    (note,) = manifest.manifest_of(prepared(mini)).notes
    assert "for trials" in note
