from __future__ import annotations

import re

import pytest

from safeglot.translate.translators.llm import LlmTranslator
from safeglot.types import Reply, Source

STEP = LlmTranslator(name="llm=vllm/m", model="vllm/m")
ITEM = Source(prompt="p0", text="Say {name} in <b>one</b> line.", language="en", target="sr-Latn")
MARK = re.search(r"<text (\w+)>", STEP.ask(ITEM)[0].messages[0][1])[1]


def read(text, **reply):
    return STEP.read(ITEM, [Reply(text=text, **reply)])


def test_the_model_is_told_both_languages_the_script_and_the_text_between_marks():
    (request,) = STEP.ask(ITEM)
    said = request.messages[0][1]
    assert "from English to Serbian (Latin" in said
    assert f"<text {MARK}>\n{ITEM.text}\n</text {MARK}>" in said
    assert (request.temperature, request.seed, request.model) == (0.0, 0, "vllm/m")
    hindi = STEP.ask(Source(prompt="p0", text="Hi", language="en", target="hi"))[0].messages[0][1]
    assert "in its usual script (Deva)" in hindi


def test_what_stands_between_the_marks_is_the_translation():
    assert read(f"Sure:\n<translation {MARK}> Reci. </translation {MARK}> Bye").text == "Reci."
    assert read(f"<translation {MARK}>Reci.").text == "Reci."  # the end mark is lacking


def test_without_marks_all_of_it_is_read_and_left_to_the_checks():
    assert read("Reci.").text == "Reci."
    assert read(f"<text {MARK}>Reci.</text {MARK}>").text == "Reci."


@pytest.mark.parametrize(
    ("text", "reply", "fault"),
    [
        (f"<refused {MARK}>", {}, "refused"),
        (
            f"<translation {MARK}>Re",
            {"finish_reason": "length", "n_tokens": 9},
            "truncated: cut off after 9",
        ),
    ],
)
def test_a_refusal_and_a_cut_off_text_are_faults_and_never_the_source(text, reply, fault):
    found = read(text, **reply)
    assert found.text == ""
    assert fault in found.fault


def test_marks_of_another_text_mean_nothing():
    assert read("<translation 0000000000>Reci.</translation 0000000000>").text.startswith("<trans")


def test_a_tag_of_private_use_has_no_name_to_tell():
    assert "no name" in STEP.fault("en", "x-private")
    assert STEP.fault("en", "yo") == ""


def test_the_id_hangs_on_the_model_and_on_what_it_is_told():
    assert STEP.id != LlmTranslator(name="llm=vllm/m", model="vllm/n").id
    assert STEP.id.startswith("llm=vllm/m#")
