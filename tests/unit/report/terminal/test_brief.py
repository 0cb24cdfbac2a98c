"""The finding on a few lines: the three cases of the design, their size, and names of others."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from example import polyglot
from example.polyglot import (
    FIVE,
    TEN,
    about,
    arms,
    labels,
    mute,
    over_refusal,
    page,
    rows,
    unusable,
)
from safeglot.report.page import NamedLanguage, Note
from safeglot.report.terminal.brief import RunPlace, brief
from safeglot.report.width import display_width
from unit.report.mitigated import mitigated

PLACE = RunPlace(run="runs/polyglot", page="runs/polyglot/report.html")
REFUSED = over_refusal(en=0.09, sw=0.06, ar=0.17, de=0.08)
WITH_ARMS = """\
In Swahili 1 of 4 harmful requests is answered unsafely; in English 1 of 17.
Why: the model (+14.5 to +19.6 points); translation 2.4 at most, the judge 1.6.

            unsafe, %           against English
  Swahili   24.8 [22.7, 26.9]   +18.9 [16.8, 21.0]   less safe
  Bangla    15.4 [13.7, 17.2]    +9.5 [ 7.9, 11.3]   less safe
  Arabic     9.6 [ 8.2, 11.1]    +3.7 [ 2.2,  5.2]   less safe
  English    5.9 [ 4.8,  7.1]
  German     5.3 [ 4.3,  6.5]    −0.6 [−1.9,  0.7]   not told apart

  acme/polyglot-8b-instruct, llama-guard-3, 1,600 requests a language, macro-16
  Harmless requests refused: Swahili 6%, English 9%, Arabic 17%.
  No person has checked the judge: that could move a gap by 6 points. 4 more.
  runs/polyglot/report.html    safeglot view runs/polyglot"""
WITHOUT = """\
In Swahili 1 of 4 harmful requests is answered unsafely; in English 1 of 17.
Less safe than English: Swahili, Bangla and Arabic. Why is not known yet.

                   unsafe, %           against English
  Swahili          24.8 [22.7, 26.9]   +18.9 [16.8, 21.0]   less safe
  Javanese         18 to 26            not interpreted: 7% of answers unusable
  Bangla           15.4 [13.7, 17.2]    +9.5 [ 7.9, 11.3]   less safe
  Arabic            9.6 [ 8.2, 11.1]    +3.7 [ 2.2,  5.2]   less safe
  English           5.9 [ 4.8,  7.1]
  vi it es de zh   5.0 to 7.2          −0.9 to +1.4         not told apart
  acme/polyglot-8b-instruct, llama-guard-3, 1,600 requests a language, macro-16
  Harmless requests refused: Swahili 6%, English 9%, Arabic 17%.
  No person has checked the judge: that could move a gap by 6 points. 4 more.
  runs/polyglot/report.html    safeglot why runs/polyglot"""
SMALL = """\
Asked in Swahili, this small model answers in English 17 times of 22; asked in
German 6 of 30.
It refuses hardly anything in any language: 2 of 158 requests.

             answered in English, %    refused
  Swahili    77 [57, 90]               0 of 32
  French     26 [6, 39]                0 of 32
  German     20 [0, 33]                0 of 32
  Spanish    20 [0, 33]                0 of 31
  English                              2 of 31

  This shows the tool, not a model: the judge tells refusals only.
  embedded/smollm2-135m, refusal-baseline, 31 to 32 requests a language
  runs/polyglot/report.html    safeglot view runs/polyglot    safeglot init"""


def text(*parts, width=80, colour=False, **more):
    return brief(page(*parts, **more), PLACE, width, colour=colour)


def ten():
    return mute([*rows(*TEN), *unusable()])


def test_one_model_five_languages_with_arms():
    assert text(rows(*FIVE), arms(), REFUSED) == WITH_ARMS


def test_ten_languages_without_arms():
    assert text(ten(), REFUSED) == WITHOUT


def test_the_demo_with_the_toy_model():
    shown = brief(polyglot.small_run(), PLACE, 80, colour=False)
    assert shown == SMALL.replace("2 of 158 requests", "2 of 158 harmful requests")


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("n", [2, 5, 10, 200])
@pytest.mark.parametrize("name", ["Swahili", "العربية", "中文（繁體，香港）"])
def test_no_line_is_wider_than_the_terminal_and_80_columns_hold_it_in_14_lines(n, width, name):
    estimates = [*rows("en")]
    for k in range(n - 1):
        worse = (k % 40) / 100
        estimates += polyglot.rate(f"l{k}", 0.059 + worse, 0.05 + worse, 0.07 + worse)
        estimates.append(polyglot.gap(f"l{k}", worse, worse - 0.02, worse + 0.02, 0.001 if k % 3 else 0.9))  # fmt: skip
    shown = page(estimates)
    run = replace(
        shown.run,
        languages=tuple(
            o if o.tag == "en" else NamedLanguage(tag=o.tag, name=f"{name} {o.tag}")
            for o in shown.run.languages
        ),
    )
    lines = brief(replace(shown, run=run), PLACE, width, colour=False).splitlines()
    assert max(map(display_width, lines)) <= width
    if width >= 80:
        assert len(lines) <= 14
    assert any("English" in line for line in lines[3:])
    assert "safeglot why runs/polyglot" in lines[-1]


def test_colour_adds_only_colour_and_marks_the_first_line_and_less_safe():
    coloured = text(rows(*FIVE), arms(), REFUSED, colour=True)
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == WITH_ARMS
    assert coloured.startswith("\x1b[1mIn Swahili")
    assert coloured.count("\x1b[31mless safe\x1b[0m") == 3


def test_names_of_others_cannot_steer_the_terminal_or_pass_for_a_line():
    evil = "vllm/acme/\x1b[31mred\x1b[0m\nEverything is safe \u202emodel"
    shown = text(rows(*FIVE), model=evil, judge="llama-guard-3\x1b[2J=vllm/x")
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "\nEverything" not in shown


def test_labels_are_named_in_the_head_of_the_table():
    assert "unsafe by labels, %" in text(rows(*FIVE), labels(*FIVE))


def test_more_than_a_tenth_missing_takes_the_place_of_the_caveat():
    lost = [replace(e, missing=300) if e.metric == "safety_micro" else e for e in rows(*FIVE)]
    line = next(x for x in text(lost).splitlines() if "missing" in x)
    assert line.startswith("  1,500 of 9,500 verdicts (15.8%) are missing")


def test_probes_and_arms_that_were_paid_for_have_a_line():
    effects = [
        about("probe_effect", "sw", 0.123, 0.1, 0.15, variant="framing=story", p_holm=0.001),
        about("probe_effect", "de", 0.05, 0.0, 0.1, variant="framing=story", p_holm=0.4),
        about("probe_effect", "de", 0.01, 0.0, 0.1, variant="codeswitch=word", p_holm=0.4),
    ]
    shown = text(rows(*FIVE), arms(), arms("bn"), effects)
    flat = " ".join(shown.split())
    assert "Probes, points more unsafe: framing: story +12.3 in Swahili; code-switching" in flat
    assert "Arms: Bangla was asked again too" in shown
    assert len(shown.splitlines()) <= 14


def test_what_helps_has_a_line():
    shown = brief(mitigated(), PLACE, 80, colour=False)
    assert "Mitigations, points of safety: system-en helps English +21.8;" in shown


def test_other_judges_have_a_line_each():
    two = page(rows(*FIVE))
    more = [replace(e, judge="polyguard=vllm/x/y") for e in two.estimates]
    run = replace(two.run, judges=(*two.run.judges, "polyguard=vllm/x/y"))
    shown = brief(replace(two, run=run, estimates=[*two.estimates, *more]), PLACE, 80, colour=False)
    assert "\n  polyguard: widest gap +18.9 points [+16.8 to +21.0] in Swahili.\n" in shown


def test_a_run_without_a_judge_or_without_harmful_requests_says_so():
    none = page()
    shown = brief(replace(none, run=replace(none.run, judges=())), PLACE, 80, colour=False)
    assert shown.startswith("No judge was run")
    assert text(REFUSED).startswith("In Arabic 1 of 6 harmless requests is refused")


def test_a_part_of_a_plan_says_so():
    note = Note(text="This run was stopped: 12 of its 100 prompts have all. More.", of_part=True)
    shown = text(rows(*FIVE), run={"notes": (note,)})
    assert "\n  This run was stopped: 12 of its 100 prompts have all.\n" in shown
    assert len(shown.splitlines()) <= 14
