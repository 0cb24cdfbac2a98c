from __future__ import annotations

import re

import pytest

from safeglot.keys import request_key
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


def test_the_marks_may_lack_their_hash_where_the_source_has_none_such():
    assert read("<translation>Reci.</translation>").text == "Reci."
    assert read(f"<translation {MARK}><text {MARK}>Reci.</text {MARK}></translation>").text == "Reci."  # fmt: skip
    tagged = Source(prompt="p", text="Close </translation> here.", language="en", target="es")
    mark = re.search(r"<text (\w+)>", STEP.ask(tagged)[0].messages[0][1])[1]
    inside = "Cierra </translation> aquí."
    for said, text in (
        (f"<translation {mark}>{inside}</translation {mark}>", inside),
        (inside, ""),
    ):
        assert STEP.read(tagged, [Reply(text=said)]).text == text


@pytest.mark.parametrize(
    "said",
    [
        "Reci.",
        f"<text {MARK}>Reci.</text {MARK}>",
        "I cannot help with translating this.",
        "",
        f"<translation {MARK}> </translation {MARK}>",
        f"<translation {MARK}>Reci.</translation {MARK}> or <translation {MARK}>Kaži.</translation {MARK}>",
    ],
)
def test_what_is_not_one_text_between_marks_is_a_fault_and_asked_once_more(said):
    made = read(said)
    assert made.text == ""
    assert made.fault.partition(":")[0] in ("untagged", "empty", "variants")
    (first,), (again,) = STEP.ask(ITEM), made.again
    assert request_key(first) != request_key(again)
    assert again.messages[0][1].startswith(first.messages[0][1])
    assert "earlier reply" in again.messages[0][1]
    assert (again.sample, again.max_tokens) == (1, first.max_tokens)


def test_a_fault_shows_how_the_reply_begins():
    assert read("I cannot help with that.\nBye.").fault == (
        'untagged: no marks; it begins "I cannot help with that. Bye."'
    )


def test_the_same_text_twice_is_one():
    twice = f"<translation {MARK}>Reci.</translation {MARK}>"
    assert read(f"{twice}\n{twice}").text == "Reci."


def test_a_draft_in_the_thought_is_no_translation():
    draft = f"<think>First <translation {MARK}>Draft.</translation {MARK}></think>"
    assert read(f"{draft}<translation {MARK}>Reci.</translation {MARK}>").text == "Reci."
    assert read(draft).text == ""


def test_what_is_wrapped_between_the_marks_is_taken_off():
    for said in ("**Prevod:** Reci.", "„Reci.“", "```\nReci.\n```", '{"translation": "Reci."}', "Reci&#46;"):  # fmt: skip
        assert read(f"<translation {MARK}>{said}</translation {MARK}>").text == "Reci."


def test_a_refusal_in_a_field_of_its_own_is_a_refusal():
    made = read("No.", refused=True)
    assert (made.text, made.again) == ("", ())
    assert made.fault.startswith("refused")


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
    assert found.again == ()


def test_marks_of_another_text_mean_nothing():
    assert read("<translation 0000000000>Reci.</translation 0000000000>").text == ""


def test_a_tag_of_private_use_has_no_name_to_tell():
    assert "no name" in STEP.fault("en", "x-private")
    assert STEP.fault("en", "yo") == ""


def test_the_id_hangs_on_the_model_and_on_what_it_is_told():
    assert STEP.id != LlmTranslator(name="llm=vllm/m", model="vllm/n").id
    assert STEP.id.startswith("llm=vllm/m#")


def test_a_wording_is_asked_for_in_the_text_s_own_language_and_each_is_another_request():
    own = Source(prompt="p0", text="Say {name}.", language="de", target="de")
    first, second = (LlmTranslator(name="llm=vllm/m", model="vllm/m", wording=n) for n in (1, 2))
    asked, other = first.ask(own)[0], second.ask(own)[0]
    assert "in other words, in German" in asked.messages[0][1]
    assert "wording 1 of several" in asked.messages[0][1]
    assert asked.temperature == 1.0
    assert len({STEP.id, first.id, second.id}) == 3
    assert request_key(asked) != request_key(other)
    mark = re.search(r"<text (\w+)>", asked.messages[0][1])[1]
    assert (
        first.read(own, [Reply(text=f"<translation {mark}>Nenne sie.</translation {mark}>")]).text
        == "Nenne sie."
    )
    (again,) = first.read(own, [Reply(text="Nenne sie.")]).again
    assert (again.seed, asked.seed, other.seed) == (3, 2, 4)
    refused = first.read(own, [Reply(text=f"<refused {mark}>")])
    assert refused.fault == "refused: the model will not reword the text"
