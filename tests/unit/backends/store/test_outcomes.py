from __future__ import annotations

from example.manifest import manifest_with
from safeglot.backends.store.outcomes import (
    OutcomeCount,
    outcome_of,
    outcome_table,
    outcomes,
    served,
    served_table,
)
from safeglot.types import OUTCOME_KINDS


def test_each_planned_request_is_counted_once_by_how_it_ended(store, put):
    for name, category in (("p1", "theft"), ("p2", "theft"), ("p3", "fraud")):
        put.prompt(name, category=category)
    put.answer(put.text("p1"))
    text = put.text("p2")
    put.answer(text, refused=1)
    third = put.text("p3")
    put.failure("generate", third, "m", "blocked")
    put.answer(put.text("p1", arm="roundtrip"))
    put.failure("generate", put.text("p1", "en"), "m", "malformed")
    put.failure("generate", put.text("p2", "en"), "m", "thought_only")
    put.text("p3", "en")
    manifest = manifest_with(models=("m", "k"), languages=("de", "en"))
    rows = outcomes(store, manifest)
    assert [row for row in rows if row.model == "m"] == [
        OutcomeCount("m", "de", ("fraud",), "harmful", "blocked", 1),
        OutcomeCount("m", "de", ("theft",), "harmful", "answered", 1),
        OutcomeCount("m", "de", ("theft",), "harmful", "refused", 1),
        OutcomeCount("m", "en", ("fraud",), "harmful", "not_asked", 1),
        OutcomeCount("m", "en", ("theft",), "harmful", "thought_only", 1),
        OutcomeCount("m", "en", ("theft",), "harmful", "broken", 1),
    ]
    assert {row.outcome for row in rows if row.model == "k"} == {"not_asked"}
    assert sum(row.n for row in rows) == 2 * 6


def test_a_failure_that_was_mended_is_no_longer_one(store, put):
    put.prompt("p1")
    text = put.text("p1")
    put.answer(text)
    put.failure("generate", text, "m", "timeout", transient=True)
    rows = outcomes(store, manifest_with(models=("m",), languages=("de",)))
    assert [(row.outcome, row.n) for row in rows] == [("answered", 1)]


def test_kinds_of_failures_are_outcomes():
    assert outcome_of("no_choices") == "broken"
    assert outcome_of("blocked") == "blocked"
    assert outcome_of("timeout") == "failed"


def test_what_servers_say_is_counted(store, put):
    put.prompt("p1")
    text = put.text("p1")
    for sample, name in enumerate(("a", "a", "b")):
        put.answer(text, sample=sample, served_by=name, n_prompt_tokens=7)
    assert [(row.served_by, row.chars, row.n_prompt_tokens, row.n) for row in served(store)] == [
        ("a", len("p1 de"), 7, 2), ("b", len("p1 de"), 7, 1),
    ]  # fmt: skip
    assert served_table(store) == (("model", "served_by", "n"), [("m", "a", 2), ("m", "b", 1)])


def test_what_no_translator_could_translate_was_planned_and_what_a_gate_took_out_was_not(
    store, put
):
    for name in ("p1", "p2", "p3", "p4"):
        put.prompt(name)
    put.answer(put.text("p1"))
    put.text("p2", arm="gated")
    put.text("p3", arm="gated")
    put.text("p3")
    manifest = manifest_with(models=("m",), languages=("de", "en"), samples=2)
    rows = {(row.language, row.outcome): row.n for row in outcomes(store, manifest)}
    assert rows == {("de", "answered"): 1, ("de", "not_asked"): 5, ("en", "not_asked"): 8}


def test_the_table_to_export_adds_up_to_the_plan(store, put):
    put.prompt("p1", category="theft")
    put.prompt("p2", category="theft")
    put.answer(put.text("p1"))
    put.failure("generate", put.text("p2"), "m", "blocked")
    columns, rows = outcome_table(store, manifest_with(models=("m",), languages=("de", "en")))
    told = [dict(zip(columns, row, strict=True)) for row in rows]
    assert [(t["language"], t["planned"], t["answered"], t["blocked"], t["not_asked"]) for t in told] == [
        ("de", 2, 1, 1, 0), ("en", 2, 0, 0, 2),
    ]  # fmt: skip
    assert {(t["model"], t["kind"], t["categories"]) for t in told} == {
        ("m", "harmful", '["theft"]')
    }
    assert all(sum(t[kind] for kind in OUTCOME_KINDS) == t["planned"] for t in told)
