from __future__ import annotations

import pytest

from safeglot.translate.base import Scale
from safeglot.translate.choice.choice import Gate
from safeglot.translate.choice.outcomes import Scope, choose_rows, counts, why_failed
from safeglot.types import CandidateRow

SCOPE = Scope(
    prompts=("p", "q"),
    languages=("de", "sw"),
    translators=("first", "second"),
    scales={"good": Scale(worst=0.0, best=1.0)},
)


def row(prompt, language, translator="first", good=None, broken="", **faults) -> CandidateRow:
    return CandidateRow(
        prompt=prompt,
        language=language,
        translator=translator,
        text="" if broken else "Text",
        broken=broken,
        faults=faults,
        quality={} if good is None else {"good": good},
    )


ROWS = [
    row("p", "de", good=0.9),
    row("p", "de", "second", good=0.7),
    row("p", "sw", good=0.2),
    row("p", "sw", "second", good=0.4),
    row("q", "de", empty="0 characters"),
    row("q", "de", "second", broken="timeout: no answer"),
]


def test_outcomes_go_prompt_by_prompt_in_the_order_of_the_languages():
    outcomes, _ = choose_rows(ROWS, SCOPE, Gate())
    assert [(o.prompt, o.language, o.outcome) for o in outcomes] == [
        ("p", "de", "kept"),
        ("p", "sw", "gated"),
        ("q", "de", "failed"),
        ("q", "sw", "failed"),
    ]
    assert [o.chosen for o in outcomes] == [ROWS[0], ROWS[3], None, None]


def test_what_is_not_kept_has_its_reason():
    reasons = [o.reason for o in choose_rows(ROWS, SCOPE, Gate())[0]]
    assert reasons == [
        "",
        "quality: good 0.4 < 0.5",
        "first: empty (0 characters); second: timeout: no answer",
        "no translator was asked",
    ]


def test_ranks_are_those_of_the_candidates_and_none_where_nothing_is_known():
    _, ranks = choose_rows([*ROWS, row("q", "sw")], SCOPE, Gate())
    assert ranks == [0.75, 0.25, 0.25, 0.75, None, None, None]


def test_without_a_gate_the_best_is_kept():
    outcomes, _ = choose_rows(ROWS, SCOPE, Gate(threshold=None))
    assert [o.outcome for o in outcomes] == ["kept", "kept", "failed", "failed"]


def test_a_round_trip_keeps_peoples_text_and_prefers_no_translator():
    people, file, machine = "human=it.csv", "file=it.csv", "apertium"
    trip = {"good": Scale(worst=0.0, best=1.0, proxy=True, machine_only=True)}
    for first, end in ((people, "kept"), (file, "kept"), (machine, "gated")):
        scope = Scope(prompts=("p",), languages=("it",), translators=(first, "llm=a/b"), scales=trip)  # fmt: skip
        rows = [row("p", "it", first, good=0.2), row("p", "it", "llm=a/b", good=0.9)]
        ((outcome,), _) = choose_rows(rows, scope, Gate())
        assert (outcome.chosen, outcome.outcome) == (rows[0], end)


def test_counts_are_of_every_language_and_outcome():
    outcomes, _ = choose_rows(ROWS, SCOPE, Gate())
    assert counts(outcomes, (*SCOPE.languages, "fr")) == {
        "de": {"kept": 1, "gated": 0, "failed": 1},
        "sw": {"kept": 0, "gated": 1, "failed": 1},
        "fr": {"kept": 0, "gated": 0, "failed": 0},
    }


def test_every_fault_of_a_candidate_is_told():
    candidate = row("p", "de", degenerate="60% of it", copied="the source itself")
    assert why_failed([candidate]) == ("first: degenerate (60% of it), copied (the source itself)")


def test_a_candidate_from_outside_the_scope_is_an_error():
    with pytest.raises(KeyError):
        choose_rows([row("p", "fr")], SCOPE, Gate())
