"""What is certainly around a translation, in several languages and scripts, and is taken off."""

import json

import pytest

from safeglot.translate.checks.layers import unwrapped
from unit.translate.good import ENGLISH, EVERY, GOOD, TITLES, faults

OPENED, CLOSED = "“„«「『‘", "”“»」』’"


def certain(good, title):
    """Yield what is around a translation without a doubt: it can be taken off."""
    yield f"{title}: {good}"
    yield f"**{title}:** {good}"
    yield f"**{title}**: {good}"
    yield f"**{title}**\n\n{good}"
    yield f"## {title}\n\n{good}"
    yield f"{title}:\n{good}"
    yield f"{title}：{good}"
    yield f"{title} — {good}"
    yield f"```\n{good}\n```"
    yield f"{title}:\n```text\n{good}\n```"
    yield f"**{good}**"
    yield f"`{good}`"
    yield f'"{good}"'
    yield from (f"{a}{good}{b}" for a, b in zip(OPENED, CLOSED, strict=True))
    yield f'"{title}: {good}"'
    yield json.dumps({"translation": good})
    yield json.dumps({title: good}, ensure_ascii=False)
    yield json.dumps({"source": ENGLISH, "text": good})
    yield json.dumps([{"translation": good, "note": "The text is rather long and formal."}])
    yield f"```json\n{json.dumps({'result': good})}\n```"
    yield "".join(f"&#{ord(c)};" for c in good)
    yield good.replace(" ", "&nbsp;&#39;", 1)
    yield f"{good}<|im_end|>"
    yield f"{good}</s>\n"


@pytest.mark.parametrize("tag", EVERY)
def test_what_is_certainly_around_is_taken_off_and_told(tag):
    good = GOOD[tag]
    for wrapped in certain(good, TITLES[tag]):
        inside = unwrapped(ENGLISH, wrapped)
        assert inside.replace("\xa0'", " ", 1) == good, wrapped
        assert wrapped == good or faults(wrapped, tag), wrapped
    assert unwrapped(ENGLISH, good) == good


def test_quotation_marks_that_the_source_has_are_kept_beside_those_that_are_taken_off():
    source, good = 'Say "no" to them.', 'Diles que "no".'
    assert unwrapped(source, f'"{good}"') == good
    assert unwrapped(source, f"«{good}»") == good
    assert unwrapped(source, good) == good
    assert unwrapped('"Out!"', '"¡Fuera!"') == '"¡Fuera!"'


@pytest.mark.parametrize(
    "thought",
    [
        "<think>The user wants a translation.</think>\n{}",
        "<thinking>Hm.</thinking>{}",
        "[THINK]Hm.[/THINK]{}",
        "The user wants a translation.\n</think>\n\n{}",
        "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>final<|message|>{}",
        "analysisThe user wants a translation.assistantfinal{}",
    ],
)
def test_thoughts_are_taken_off_and_told(thought):
    wrapped = thought.format(GOOD["es"])
    assert unwrapped(ENGLISH, wrapped) == GOOD["es"]
    assert "wrapped" in faults(wrapped, "es")


@pytest.mark.parametrize("tag", EVERY)
def test_a_label_in_a_note_behind_is_not_taken_for_one_before(tag):
    for note in (f"({TITLES[tag]}: x y z.)", f"[{TITLES[tag]}: x y z.]"):
        assert unwrapped(ENGLISH, f"{GOOD[tag]} {note}") == f"{GOOD[tag]} {note}"
