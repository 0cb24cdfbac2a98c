"""Mitigations by their names, and the texts that are asked for them."""

import pytest

from safeglot.keys import system_of, translation_key
from safeglot.prompts.mitigations import (
    BEFORE,
    BEHIND,
    BUNDLED,
    files_of,
    notes,
    parsed,
    system_prompt,
    with_mitigations,
)
from safeglot.prompts.probes.framing import frame_languages
from safeglot.prompts.probes.package_data import load
from safeglot.prompts.prompt_set import PromptSet, Untranslated
from safeglot.prompts.taxonomy import Taxonomy
from safeglot.types import Prompt, Translation

JUDGE = "qwen3guard=vllm/Qwen/Qwen3Guard-Gen-4B"


def prompts(*tags):
    return PromptSet(
        prompts=(Prompt(id="p1", text="ask", language="en", categories=("c",), source="s"),),
        translations=tuple(Translation(prompt="p1", language=t, text=f"ask in {t}") for t in tags),
        taxonomy=Taxonomy(
            name="own", categories=("c",), macro={}, macro_names={}, descriptions={}, coverage={}
        ),
        languages=tags,
        source="s",
    )


def test_parts_stand_in_the_order_in_which_they_act():
    arm = parsed(f"guard-behind={JUDGE}+pivot+system-en=a+b.txt+guard-before=x=y/z")
    assert arm.name == f"system-en=a+b.txt+pivot+guard-before=x=y/z+guard-behind={JUDGE}"
    assert arm.asked == "system-en=a+b.txt+pivot"
    assert arm.pivots
    assert (arm.guards(BEFORE), arm.guards(BEHIND)) == (["x=y/z"], [JUDGE])


def test_a_guard_alone_asks_for_no_answer():
    arm = parsed(f"guard-behind={JUDGE}")
    assert (arm.asked, arm.pivots) == ("", False)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("sytem-en", "allowed is system-en"),
        ("guard-before", "allowed is"),
        ("guard-behind=", "allowed is"),
        ("pivot=de", "allowed is"),
        ("system-en=", "allowed is"),
        ("", "allowed is"),
        ("pivot+pivot", "twice"),
        ("system-en=a+system-en=b", "twice"),
    ],
)
def test_what_is_wrong_is_told(text, why):
    with pytest.raises(ValueError, match=why):
        parsed(text)


def test_bundled_prompts_are_there_in_each_language_with_frames():
    assert tuple(sorted(load(BUNDLED))) == frame_languages()
    assert len(set(load(BUNDLED).values())) == len(frame_languages())


def test_a_region_takes_the_prompt_of_its_language_and_a_script_does_not():
    table = {"pt": "a", "pt-BR": "b", "zh": "c"}
    found = [system_prompt(table, tag) for tag in ("pt-PT", "pt-BR", "zh-Hant", "sw")]
    assert found == ["a", "b", "", ""]


def test_a_language_without_a_prompt_lacks_the_arm_with_the_reason():
    files = {"system-local=own.toml": {"de": "Du bist"}}
    found = with_mitigations(prompts("en", "de", "sw"), ("system-local=own.toml",), files, {})
    (text,) = found.arm_texts
    assert (text.language, text.text, system_of(text)) == ("de", "ask in de", "Du bist")
    assert (text.arm, text.variant) == ("mitigation", "system-local=own.toml")
    assert [(u.language, u.message) for u in found.untranslated] == [
        ("en", "no system prompt in en"),
        ("sw", "no system prompt in sw"),
    ]


def test_two_prompts_join_and_guards_add_no_texts():
    arms = ("system-en+system-local", f"system-en+system-local+guard-behind={JUDGE}", "system-en")
    found = with_mitigations(prompts("de"), arms, {}, {})
    assert [t.variant for t in found.arm_texts] == ["system-en+system-local", "system-en"]
    english, german = system_of(found.arm_texts[0]).split("\n\n")
    assert (english[:3], german[:3]) == ("You", "Du ")
    keys = {translation_key(t) for t in (*found.arm_texts, *prompts("de").translations)}
    assert len(keys) == 3


def test_another_system_prompt_is_another_text():
    made = [
        with_mitigations(prompts("de"), ("system-en=f",), {"system-en=f": {"en": text}}, {})
        for text in ("a", "b")
    ]
    assert len({translation_key(m.arm_texts[0]) for m in made}) == 2


def test_a_pivot_asks_the_translation_or_says_why_it_lacks():
    texts = prompts("de", "sw")
    lost = Untranslated(prompt="p1", language="sw", kind="refused", message="mt: will not")
    came = Translation(prompt="p1", language="de", text="ask", translator="mt")
    pivoted = {("p1", "de"): came, ("p1", "sw"): lost}
    found = with_mitigations(texts, ("pivot",), {}, pivoted)
    (text,) = found.arm_texts
    assert (text.text, text.language, text.arm, text.checks) == ("ask", "de", "pivot", ())
    assert [(u.stage, u.kind, u.message) for u in found.untranslated] == [
        ("mitigation", "pivot", "mt: will not")
    ]


def test_files_and_what_is_bundled_are_known_by_the_names():
    assert files_of(("system-en=a.txt+pivot", "system-en=a.txt", "system-local")) == [
        ("system-en", "a.txt")
    ]
    assert not list(notes(("system-en=a.txt", "pivot", f"guard-behind={JUDGE}"), ["other"]))
    assert "nobody" in next(notes(("pivot+system-local",), []))
    assert "by its own verdicts" in next(notes((f"guard-behind={JUDGE}",), [JUDGE]))
