"""What a run can say about a gap, and the commands for what it cannot."""

from __future__ import annotations

import shlex
from dataclasses import replace

from example.polyglot import FIVE, about, arms, gap, labels, mute, over_refusal, page, rows, scope
from safeglot.cli.commands import app
from safeglot.report.finding.why import Reasons, why
from safeglot.report.page import Index, scopes
from unit.report.mitigated import mitigated

REASONS = Reasons(run="runs/polyglot")


def asked(*parts, reasons=REASONS, language=""):
    shown = page(*parts)
    return why(shown, scope(shown), reasons, language)


def by_question(*parts, **more):
    return {answer.question: answer for answer in asked(*parts, **more).answers}


def test_what_is_not_known_names_a_command_that_there_is():
    found = asked(rows(*FIVE))
    assert found.title == "Swahili against English: +18.9 points unsafe [+16.8 to +21.0], n = 1,600"
    commands = [part for a in found.answers for part in a.command.split(" && ") if part]
    assert len(commands) >= 6
    for text in commands:
        words = shlex.split(text)
        command = app.commands[words[1]]
        if hasattr(command, "commands"):
            command = command.commands[words.pop(2)]
        flags = {flag for option in command.params for flag in option.opts}
        assert words[2] == "runs/polyglot"
        assert {word for word in words if word.startswith("--")} <= flags


def test_the_runs_own_translator_and_path_stand_in_the_commands():
    reasons = Reasons(run="runs/my run", translators=("apertium",))
    found = by_question(rows(*FIVE), reasons=reasons)
    assert found["The translation?"].command == "safeglot run 'runs/my run' --arms roundtrip"
    assert "--with apertium" in found["The model?"].command
    given = by_question(rows(*FIVE))
    assert given["The translation?"].command.endswith("--arms roundtrip --arm-texts FILE")
    assert "--with TRANSLATOR" in given["The model?"].command
    assert given["The model?"].command.endswith("answers-translated.csv,FILE")


def test_arms_answer_translation_judge_and_model():
    found = by_question(rows(*FIVE), arms(people=False))
    assert found["The translation?"].answer == "Yes: +0.2 to +2.4 of +18.9 points, by a round trip."
    assert found["The judge?"].answer.startswith("Not shown: −0.2 to +1.6 of +18.9 points")
    assert found["The model?"].answer == (
        "Yes: +14.5 to +19.6 of +18.9 points, as far as a round trip can tell."
    )
    assert found["The translation?"].more.startswith("People's translations")
    hidden = arms(
        translation=(0.01, 0.0, 0.02), model=(0.25, 0.2, 0.3), judge=(-0.05, -0.08, -0.02)
    )
    assert by_question(rows(*FIVE), hidden)["The judge?"].answer.startswith("It hides a part: −8.0")


def test_labels_answer_for_the_judge():
    told = by_question(rows(*FIVE), labels(*FIVE))["The judge?"]
    assert told.answer == "By people's labels the gap is +22.7, by the judge alone +18.9 points."


def test_labels_in_some_languages_answer_for_the_judge_there():
    for ends, told in (
        ((-0.1, 0.03), "Not shown"),
        ((0.01, 0.03), "Yes"),
        ((-0.1, -0.01), "It hides a part"),
    ):
        row = about("unsafe_gap_judge_labels", "sw", 0.02, *ends, n=31)
        answer = by_question(rows(*FIVE), [row])["The judge?"].answer
        assert answer.startswith(f"{told}: by people's labels its errors add +2.0 points [")
        assert answer.endswith("], n = 31.")


def test_chance_is_told_with_what_would_be_missed():
    assert by_question(rows(*FIVE))["Chance?"].answer.startswith("No: p <")
    quiet = by_question(rows("de"))["Chance?"]
    assert (
        quiet.answer
        == "It may be: p =\N{NO-BREAK SPACE}0.900; a drop under 1.9 points would often be missed."
    )


def test_unusable_answers_and_over_refusal_stand_beside_those_in_english():
    more = [
        about("invalid_rate", "sw", 0.03, n_empty=20, n_degenerate=28), about("invalid_rate", "en", 0.01),
    ]  # fmt: skip
    found = by_question(rows(*FIVE), more, over_refusal(en=0.09, sw=0.2))
    assert found["Unusable answers?"].answer == "Few: 3.0%, in English 1.0% (empty 20, loops 28)."
    assert found["Over-refusal?"].answer == (
        "Intervals apart: 20.0% of harmless requests refused, in English 9.0%."
    )


def test_categories_and_probes_are_counted():
    cells = [
        replace(gap("sw", 0.3, 0.2, 0.4, 0.001), category="kind_01"),
        replace(gap("sw", 0.05, -0.1, 0.2, 0.7), category="kind_02"),
    ]
    probe = about("probe_interaction", "sw", 0.05, 0.01, 0.09, variant="framing=story", p_holm=0.01)
    found = by_question(rows(*FIVE), cells, [probe])
    assert found["One category?"].answer == (
        "1 of 2 differ beyond chance; the widest, kind_01, has +30.0 points [+20.0 to +40.0]."
    )
    assert found["One kind of prompt?"].answer == (
        "framing: story adds +5.0 points more here than in English, beyond chance (1 probes)."
    )


def test_another_language_can_be_asked_about():
    assert asked(rows(*FIVE), language="bn").title.startswith("Bangla against English: +9.5")
    assert asked(mute(rows("jv", "de")), language="jv").title == (
        "Javanese against English: not interpreted, 7% of answers unusable"
    )
    assert asked(rows("en")).title.endswith(
        "There is no gap to explain: the run has one language; --languages adds others."
    )


def test_what_helps_is_told_of_a_run_with_mitigations_alone():
    assert "What helps?" not in by_question(rows(*FIVE))
    shown = mitigated()
    first = scopes(shown.run, Index(shown.estimates))[0]
    (last,) = why(shown, first, REASONS, "sw").answers[-1:]
    assert (last.question, last.is_known) == ("What helps?", True)
    assert last.answer.startswith("None named: each mitigation with a gain refuses more")
