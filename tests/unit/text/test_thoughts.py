from __future__ import annotations

import pytest

from safeglot.text.makers import makers
from safeglot.text.thoughts import Said, split

PAIRS = [(marks.open, marks.close) for marks in makers().thoughts]
LONE = [marks.close for marks in makers().thoughts if marks.lone]

# ---- thoughts of all forms


@pytest.mark.parametrize(("opening", "closing"), PAIRS)
@pytest.mark.parametrize("blank", ["", "\n", "\n\n", " "])
def test_a_thought_between_its_marks_is_no_part_of_the_answer(
    opening: str, closing: str, blank: str
) -> None:
    said = split(f"{blank}{opening}{blank}[thought]{blank}{closing}{blank}[answer]")
    assert (said.text, said.thought) == ("[answer]", "[thought]")
    assert not said.open


@pytest.mark.parametrize(("opening", "closing"), PAIRS)
def test_a_thought_without_an_end_leaves_no_answer(opening: str, closing: str) -> None:
    del closing
    said = split(f"{opening}\n[thought] and so on")
    assert said == Said(text="", thought="[thought] and so on", open=True)


@pytest.mark.parametrize("closing", LONE)
@pytest.mark.parametrize("before", ["[thought]\n", "[thought] ", "[thought]", "a\n\nb.\r\n"])
def test_a_closing_mark_alone_ends_a_thought_where_it_ends_a_line(
    closing: str, before: str
) -> None:
    said = split(f"{before}{closing}\n\n[answer]")
    assert said == Said(text="[answer]", thought=before.strip(), lone=True)


@pytest.mark.parametrize(
    ("text", "thought", "answer"),
    [
        ("<THINK>a</Think>b", "a", "b"),
        ("<think>\n\n</think>\n\n[answer]", "", "[answer]"),
        ("</think>\n\n[answer]", "", "[answer]"),
        ("<think>a</think>\n<think>b</think>\nc", "a\n\nb", "c"),
        ("<think>a <think>b</think> c</think>d", "a <think>b</think> c", "d"),
        ("<think>No <think> here.\n</think>\nb", "No <think> here.", "b"),
        ('<think>It says "</think>" there.\n</think>\nb', 'It says "</think>" there.', "b"),
        ("<think>a</think><answer>b</answer>", "a", "b"),
        ("<think>a</think>\n<response>\nb", "a", "b"),
        ("Sure.\n<think>\na\n</think>\nb", "a", "Sure.\nb"),
        ("Sure.\n<think>\na and so", "a and so", "Sure."),
        ("<think>a</think>b\n\n</think> c", "a", "b\n\n</think> c"),
        ("<think>a\n</thinking>\nb", "a", "b"),
    ],
)
def test_marks_in_other_places(text: str, thought: str, answer: str) -> None:
    said = split(text)
    assert (said.thought, said.text) == (thought, answer)


@pytest.mark.parametrize("closing", LONE)
@pytest.mark.parametrize(
    "text",
    [
        "The mark {} ends the thought.",
        "It reads `{}`\nand no more.",
        "```\nthought\n{}\nanswer\n```\nThat is all.",
        "~~~text\n{}\n~~~\nThat is all.",
        "A line of code:\n\n    {}\n\nand no more.",
        "1. {}\n2. the answer",
        "- {}\n- the answer",
        "> {}\n\nsays the page.",
        "First the thought, then {}, then the answer.",
    ],
)
def test_an_answer_that_quotes_a_mark_stays_whole(closing: str, text: str) -> None:
    said = split(text.format(closing))
    assert said == Said(text=text.format(closing))


@pytest.mark.parametrize(
    "text",
    [
        "The format is <think>thought</think> and then the answer.",
        "```\n<think>\nthought\n</think>\n```\nThat is all.",
        "Write <think>\nyour thought\n</think>\nand then the answer.",
        "analysis of the text",
        "analysis: nothing",
        "Analysis\n\nassistant",
        "analysis",
        "They call it assistantfinal in one word.",
        "",
        "  \n [answer] \n",
    ],
)
def test_other_answers_stay_as_they_are(text: str) -> None:
    assert split(text) == Said(text=text)


# ---- channels


ANALYSIS, FINAL = "<|channel|>analysis<|message|>", "<|channel|>final<|message|>"
START = "<|start|>assistant"


@pytest.mark.parametrize(
    "text",
    [
        f"{ANALYSIS}[thought]<|end|>{START}{FINAL}[answer]",
        f"{ANALYSIS}[thought]<|end|>{START}{FINAL}[answer]<|return|>",
        f"{START}{ANALYSIS}[thought]<|end|>\n{START}{FINAL}[answer]<|end|>",
        f"analysis<|message|>[thought]<|end|>{START}{FINAL}[answer]",
        f"{ANALYSIS}[thought]{FINAL}[answer]",
        f"<|channel|>commentary to=x <|constrain|>json<|message|>[thought]<|call|>{START}{FINAL}[answer]",
        "analysis[thought]assistantfinal[answer]",
        "analysis [thought]\nassistantfinal\n[answer]",
        "assistantanalysis[thought]assistantfinal[answer]",
        "analysis[thought]assistant\nfinal[answer]",
    ],
)
def test_channels_with_their_tokens_and_stripped_of_them(text: str) -> None:
    assert split(text) == Said(text="[answer]", thought="[thought]")


@pytest.mark.parametrize(
    "text",
    [
        f"{ANALYSIS}[thought] and so",
        f"{ANALYSIS}[thought] and so<|end|>",
        "analysis[thought] and so",
    ],
)
def test_a_channel_of_thought_alone_leaves_no_answer(text: str) -> None:
    assert split(text) == Said(text="", thought="[thought] and so", open=True)


@pytest.mark.parametrize("text", ["<|channel|>", "<|channel|>anal", "<|start|>assist"])
def test_a_text_that_ends_within_the_first_header_is_no_answer(text: str) -> None:
    assert split(text).open


def test_an_answer_behind_glued_names_without_the_first_is_cut_off_and_told() -> None:
    said = split("[thought]assistantfinal[answer]")
    assert said == Said(text="[answer]", thought="[thought]", lone=True)
