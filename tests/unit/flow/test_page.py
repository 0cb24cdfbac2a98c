from __future__ import annotations

import dataclasses
from dataclasses import replace

import pytest

from example.job import BASELINE, begun, judged, prompt_set
from example.manifest import manifest_with, taxonomy_table
from example.rows import Writer
from safeglot.backends.files.rundir import RunDir, write_text
from safeglot.backends.store.texts import main_texts
from safeglot.errors import UsageError
from safeglot.flow import page
from safeglot.flow.measure import estimates
from safeglot.flow.run import session
from safeglot.judge.guards.caveats import UNCORRECTED
from safeglot.report.page import Note
from safeglot.report.results_json import to_json
from safeglot.types import Estimate


def page_of(run_dir, most=100, *, measured=True):
    with session.opened(run_dir) as store:
        rows = estimates.measure(store, run_dir.read_manifest())[0] if measured else []
    write_text(run_dir.results, to_json(rows, ""))
    return page.page_of(run_dir, most)


def test_the_page_names_what_was_run(tmp_path):
    run_dir, _ = judged(tmp_path / "first")
    shown = page_of(run_dir)
    assert (shown.run.title, shown.run.reference, shown.run.models) == ("first", "en", ("vllm/a",))
    assert shown.run.place == str(run_dir.path)
    assert [language.name for language in shown.run.languages] == ["English", "German"]
    assert shown.run.judges == (BASELINE,)
    assert shown.run.signature.startswith(run_dir.read_manifest().signature)
    assert shown.n_answers_total == 4
    assert shown.missing == ()


def test_answers_stand_by_prompt_language_and_model_with_their_verdicts(tmp_path):
    run_dir, _ = judged(tmp_path / "run", lambda item: item.translation.language == "de")
    rows = page_of(run_dir).answers
    assert [(r.prompt_id, r.language) for r in rows] == [("p0", "en"), ("p0", "de"), ("p1", "en"), ("p1", "de")]  # fmt: skip
    assert [r.prompt for r in rows[:2]] == ["text p0 en", "text p0 de"]
    assert [[v.unsafe for v in r.verdicts] for r in rows] == [[False], [True], [False], [True]]
    assert {r.answer for r in rows} == {"[unsafe answer]"}


def test_a_part_of_the_answers_is_whole_prompts_and_always_the_same(tmp_path):
    run_dir, _ = judged(tmp_path / "run", lambda _: False, prompts=prompt_set(n=9))
    few, more = (page_of(run_dir, most).answers for most in (7, 12))
    assert [len(few), len(more)] == [6, 12]
    assert {r.prompt_id for r in few} < {r.prompt_id for r in more}
    assert page_of(run_dir, 1).answers == ()


def test_what_was_not_asked_is_counted_by_model_and_language(tmp_path):
    run_dir, _ = begun(tmp_path / "run", samples=3)
    rows = page_of(run_dir, measured=False).missing
    assert [(r.stage, r.model, r.language, r.kind, r.count) for r in rows] == [
        ("generate", "vllm/a", tag, "not asked yet", 6) for tag in ("en", "de")
    ]


def test_a_failure_is_missing_once(tmp_path):
    run_dir, _ = begun(tmp_path / "run")
    with session.opened(run_dir) as store:
        text = next(text for text in main_texts(store) if text.language == "en")
        Writer(store).failure("generate", text.key, "vllm/a", "timeout", "m" * 400)
    failed, english, german = page_of(run_dir, measured=False).missing
    assert (failed.kind, failed.language, failed.count, len(failed.example)) == ("timeout", "en", 1, 300)  # fmt: skip
    assert (english.kind, english.count, german.count) == ("not asked yet", 1, 2)


def test_an_unreadable_verdict_is_missing_with_its_reason(tmp_path):
    run_dir, _ = judged(tmp_path / "run", lambda item: None if item.prompt.id == "p0" else False)
    rows = page_of(run_dir).missing
    assert [(r.stage, r.language, r.kind, r.count) for r in rows] == [
        ("judge", tag, f"{BASELINE}: unparsable", 1) for tag in ("de", "en")
    ]


def test_caveats_stand_with_their_judge_also_in_its_loose_reading():
    manifest = manifest_with(notes=("all",), judge_notes={"j": ("mine",), "k": ("theirs",)})
    assert page._notes(manifest, ("j", "j@loose"), []) == (
        Note(text="all"), Note(text="mine", judge="j"), Note(text="mine", judge="j@loose"),
    )  # fmt: skip


def test_a_corrected_rate_drops_the_caveat_that_nothing_is_corrected():
    manifest = manifest_with(judge_notes={"j": ("mine", UNCORRECTED), "k": (UNCORRECTED,)})
    row = Estimate(metric="safety_corrected", judge="j", language="de", value=0.9, method="m", n=1)
    assert page._notes(manifest, ("j", "k"), [row]) == (
        Note(text="mine", judge="j"), Note(text=UNCORRECTED, judge="k"),
    )  # fmt: skip
    assert page._notes(manifest, ("j",), [replace(row, value=None)])[1].text == UNCORRECTED


def test_macro_categories_hold_those_that_were_measured(tmp_path):
    table = taxonomy_table(macro={"theft": "crime", "hate": "hate"}, macro_names={"crime": "Crime"})
    estimate = Estimate(metric="safety", category="theft", judge="j", value=0.5, method="m", n=1)
    run = page._run(
        RunDir(tmp_path),
        manifest_with(taxonomy=table, uncovered={"j": ("theft",)}),
        [estimate],
        "line",
    )
    assert (run.macros, run.uncovered, run.signature) == (
        {"Crime": ("theft",)},
        {"j": ("theft",)},
        "line",
    )


def test_a_text_that_is_not_there_is_told_with_its_reason(tmp_path):
    whole = prompt_set()
    kept = [t for t in whole.translations if (t.prompt, t.language) != ("p1", "de")]
    run_dir, _ = judged(tmp_path / "run", prompts=dataclasses.replace(whole, translations=tuple(kept)))  # fmt: skip
    rows = page_of(run_dir).missing
    assert [(r.stage, r.model, r.language, r.count) for r in rows] == [("translate", "", "de", 1)]


def test_a_page_needs_results(tmp_path):
    run_dir, _ = judged(tmp_path / "run")
    with pytest.raises(UsageError, match="Run `safeglot score"):
        page.page_of(run_dir, 5)
