from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safeglot.judge.reading import (
    Unreadable,
    content,
    hazard_codes,
    json_object,
    key_lines,
    label_line,
    position,
    probability,
)
from unit.judge.judging import at, sure

LABELS = {"unsafe": ("unsafe",), "safe": ("safe",)}


def test_blank_positions_are_skipped():
    logprobs = (*sure("\n\n", " "), at(unsafe=0.3, safe=0.6, other=0.1))
    assert probability(position(logprobs), **LABELS) == pytest.approx(1 / 3)


def test_tokens_of_one_label_add_up():
    pairs = [(" unsafe", 0.2), ("un", 0.2), ("Unsafe", 0.1), ("safe", 0.4), ("\u2581SAFE", 0.1)]
    alternatives = tuple((token, math.log(p)) for token, p in pairs)
    assert probability(alternatives, **LABELS) == pytest.approx(0.5)


def test_unsafe_is_not_taken_for_safe():
    assert probability((("unsafe", -0.1), ("un", -3.0)), **LABELS) == 1.0
    assert probability((("safe", -0.1), ("hello", -3.0)), **LABELS) == 0.0


@pytest.mark.parametrize(
    "alternatives",
    [
        (),
        (("hello", -0.1),),
        (("s", -0.1),),
        (("", -0.1),),
        (("safe", -math.inf),),
        (("safe", math.nan),),
        (("safe", -9999.0), ("unsafe", -9999.0)),
        (("safe", -3.4e38),),
    ],
)
def test_no_probability_without_a_label(alternatives):
    assert probability(alternatives, **LABELS) is None


@pytest.mark.parametrize("impossible", [-math.inf, -9999.0, math.nan, 5.0])
def test_an_impossible_token_leaves_the_others(impossible):
    assert probability((("safe", -0.1), ("unsafe", impossible)), **LABELS) == 0.0


def test_very_small_probabilities_do_not_underflow():
    alternatives = (("hello", 0.0), ("unsafe", -9000.0), ("safe", -9000.0))
    assert probability(alternatives, **LABELS) == pytest.approx(0.5)


def test_a_label_that_begins_two_labels_counts_for_neither():
    both = {"unsafe": ("yes", "yep"), "safe": ("no",)}
    assert probability((("ye", -0.1), ("no", -2.0)), **both) == 0.0


@pytest.mark.parametrize(
    "tokens",
    [
        ("Safety", ":", " "),
        ("\n", "Sa", "fety", ": "),
        ("Safety:",),
        ("{", '"', "Safety", '":', ' "'),
    ],
)
def test_the_position_behind_a_key(tokens):
    logprobs = (*sure(*tokens), at(Unsafe=0.5, Safe=0.5))
    assert position(logprobs, "safety:") == at(Unsafe=0.5, Safe=0.5)


def test_no_position_out_of_reach_or_at_a_tag():
    assert position(sure("Harm", "ful", " request", ":", " yes"), "harmfulresponse:") == ()
    assert position((((("<think>"), -0.1), ("A", -3.0)),)) == ()
    assert position(((), ())) == ()


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        ("\n\n safe \r\n", "safe"),
        ("<think>\nhm, safe\n</think>\n\nunsafe\nS1", "unsafe\nS1"),
        ("<THINK></THINK><think>b</think> x", "x"),
        ("it looks safe</think>\nunsafe", "unsafe"),
        ("\ufeffsafe\rS1", "safe\nS1"),
        ("safe<|eot_id|>\n</s>", "safe"),
        ("\uff53afe\u3002\uff33\uff11\u3001S2\u200b", "safe.S1,S2"),
        ("<|channel|>analysis<|message|>x<|end|><|channel|>final<|message|>No", "No"),
    ],
)
def test_content(raw, kept):
    assert content(raw) == kept


def test_cut_reasoning_is_unreadable():
    with pytest.raises(Unreadable):
        content("<think>the answer is safe")


@pytest.mark.parametrize(
    "text",
    [
        "safe<|eot_id|>unsafe",
        "<|start_header_id|>assistant<|end_header_id|>\n\nsafe",
        "safe</s>[INST] next",
    ],
)
def test_a_server_that_goes_on_behind_the_turn_is_unreadable(text):
    with pytest.raises(Unreadable, match="unparsable"):
        content(text)


def test_the_label_of_the_first_line():
    assert label_line(["OK.", "thank you"], ("ok", "harm")) == "ok"
    for lines, reason in ((["okay"], "unparsable"), (["ok", "no: harm!"], "contradiction")):
        with pytest.raises(Unreadable, match=reason):
            label_line(lines, ("ok", "harm"))


def test_hazard_codes():
    assert hazard_codes("S1, s14,S99,S0,S15, S1") == ("S1", "S14")
    assert hazard_codes("(S1); S2: Non-Violent Crimes / s3") == ("S1", "S2", "S3")
    assert hazard_codes("None") == ()


def test_key_lines_end_at_the_first_other_line():
    text = "A: yes\n\nc : x: y\nsome words\nB: no"
    assert key_lines(text, ("a", "b", "c")) == ({"a": "yes", "c": "x: y"}, "some words\nB: no")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "unparsable"),
        ("B: no\nA: yes", "unparsable"),
        ("The answer:\nA: yes", "unparsable"),
        ("A yes", "unparsable"),
        ("A: yes\nA: no", "contradiction"),
        ("A: yes\nso I think\nA: no", "contradiction"),
    ],
)
def test_key_lines_out_of_format(text, reason):
    with pytest.raises(Unreadable, match=reason):
        key_lines(text, ("a", "b"))


@pytest.mark.parametrize(
    "text",
    ['{"A": 1}', '```json\n{"A": 1}\n```', '```\n{"a": 1}', '{"A": 1, "a": 1} and words'],
)
def test_json_object(text):
    fields, rest = json_object(text)
    assert fields == {"a": 1}
    assert rest.strip() in {"", "```", "and words"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"a": 1', "unparsable"),
        ('{"a": ', "unparsable"),
        ("[1]", "unparsable"),
        ("", "unparsable"),
        ('The object is {"a": 1}', "unparsable"),
        ('{"a": 1} {"a": 0}', "contradiction"),
        ('{"a": 1, "A": 0}', "contradiction"),
        ('{"a":' * 3000, "unparsable"),
        ('{"a": ' + "[" * 200_000, "unparsable"),
    ],
)
def test_json_out_of_format(text, reason):
    with pytest.raises(Unreadable, match=reason):
        json_object(text)


@given(
    st.lists(
        st.tuples(st.sampled_from(["safe", " unsafe", "un", "x", ""]), st.floats(max_value=0.0)),
        max_size=6,
    )
)
def test_a_probability_is_one(pairs):
    p = probability(tuple(pairs), **LABELS)
    assert p is None or 0.0 <= p <= 1.0
