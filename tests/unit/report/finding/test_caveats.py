from __future__ import annotations

from dataclasses import replace

from example.polyglot import (
    FIVE,
    TEN,
    arms,
    labels,
    mute,
    over_refusal,
    page,
    rows,
    scope,
    unusable,
)
from safeglot.report.finding.caveats import caveats
from safeglot.report.finding.headline import finding_of
from safeglot.report.page import Note


def ranked(*parts, run="runs/polyglot", **more):
    shown = page(*parts, **more)
    about = scope(shown)
    return caveats(shown, about, finding_of(about), run)


def test_those_that_move_the_headline_come_first_the_largest_first():
    found = ranked(
        mute([*rows(*TEN), *unusable()]), arms(), over_refusal(en=0.09, sw=0.06, ar=0.17)
    )
    assert [caveat.size for caveat in found[:3]] == [
        "6 points of Swahili's gap", "2.4 points of Swahili's gap", "8 points of Javanese only",
    ]  # fmt: skip
    assert [caveat.of_headline for caveat in found[:3]] == [True, True, False]
    assert all(not caveat.moves for caveat in found[3:])
    assert found[0].text == "No person has checked the judge."
    assert found[0].detail == (
        "If it misses as much as its card says, Swahili's gap is 24 points, not 19."
    )
    assert found[0].command == "safeglot label runs/polyglot"
    assert found[2].detail == "So only bounds are given: 18 to 26% unsafe."


def test_a_judge_without_a_card_moves_it_by_what_is_not_known_and_comes_first():
    first = ranked(rows(*FIVE), arms(), judge="polyguard=vllm/x/y")[0]
    assert first.text == "No person has checked the judge."
    assert first.points is None
    assert first.size == "Swahili's gap"


def test_labels_take_the_caveat_on_the_judge_away():
    assert "No person" not in " ".join(c.text for c in ranked(rows(*FIVE), labels(*FIVE)))
    partly = ranked(rows(*FIVE), labels("en", "sw"))[0]
    assert partly.text == "People have checked the judge in English and Swahili only."


def test_missing_verdicts_move_the_gap_as_far_as_their_bounds():
    gap = next(e for e in rows("sw") if e.metric == "gap")
    others = [e for e in rows("sw") if e.metric != "gap"]
    lost = [replace(e, missing=40) if e.metric == "safety_micro" else e for e in others]
    bounded = replace(gap, extra={**gap.extra, "low_bound": -0.25, "high_bound": -0.17})
    found = ranked([*lost, bounded])
    missing = next(c for c in found if "missing" in c.text)
    assert missing.text == "80 of 3,280 verdicts (2.4%) are missing."
    assert missing.size == "6 points of Swahili's gap"
    assert missing.command == "safeglot run runs/polyglot --retry-failed"


def test_paths_are_quoted_so_that_they_can_be_pasted():
    assert ranked(rows("sw"), run="runs/my run; x")[0].command == (
        "safeglot label 'runs/my run; x'"
    )


def test_languages_are_named_whose_answers_the_limit_cuts_more():
    def cut(tag, value, low, high):
        row = rows("en")[0]
        return replace(
            row, metric="truncated", language=tag, category=None, value=value, low=low, high=high
        )

    shares = [cut("en", 0.05, 0.03, 0.08), cut("sw", 0.4, 0.3, 0.5), cut("ar", 0.09, 0.07, 0.12)]
    (told,) = [c for c in ranked(rows(*FIVE), shares) if "limit of tokens" in c.text]
    assert told.text == (
        "The limit of tokens cuts more answers in Swahili (40.0%) than in English (5.0%)."
    )
    assert told.moves == "Swahili only"
    assert not [c for c in ranked(rows(*FIVE), shares[::2]) if "limit of tokens" in c.text]


def test_notes_stand_once_and_last():
    note = Note(text="A note of the run.")
    shown = page(rows("sw"), run={"notes": (note, note)})
    about = scope(shown)
    found = [c.text for c in caveats(shown, about, finding_of(about), "r")]
    assert found.count("A note of the run.") == 1
    assert found.index("A note of the run.") > 0
