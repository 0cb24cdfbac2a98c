"""Records of columns are those that would have been kept, and are made anew each time."""

from __future__ import annotations

from array import array

import pytest

from safeglot.prompts.rows import Labelled, Labels, PromptColumns, PromptRows, Tags, TextRows
from safeglot.prompts.texts import TextStream
from safeglot.types import Prompt, Translation


def columns():
    texts = TextStream()
    ids = ["a", "b", "c"]
    numbers = [texts.add(f"{name} {tag}") for name in ids for tag in ("de", "en")]
    return PromptColumns(
        labels=Labels(
            ids, [Tags(("x", "y"), "harmful"), Tags(("y",), "benign")], array("I", [0, 1, 0])
        ),
        languages=("de", "en"),
        main="en",
        source="file",
        texts=texts,
        texts_at=array("q", numbers),
        own_at=array("q", numbers[1::2]),
    )


def prompt(name, categories, kind="harmful"):
    return Prompt(
        id=name, text=f"{name} en", language="en", categories=categories, source="file", kind=kind
    )


def test_prompts_and_texts_are_sequences_of_records():
    prompts, texts = PromptRows(columns()), TextRows(columns())
    assert prompts == (
        prompt("a", ("x", "y")),
        prompt("b", ("y",), "benign"),
        prompt("c", ("x", "y")),
    )
    assert [(t.prompt, t.language, t.text, t.translator) for t in texts] == [
        (name, tag, f"{name} {tag}", "given") for name in "abc" for tag in ("de", "en")
    ]
    assert texts[-1] == Translation(prompt="c", language="en", text="c en")
    assert texts[1:3] == (texts[1], texts[2])
    with pytest.raises(IndexError):
        prompts[3]
    assert prompts != prompts[:2]
    assert (prompts == 3) is False
    labels = prompts.columns.labels
    assert labels[1] == list(labels)[1] == Labelled("b", ("y",), "benign")
    assert list(Labels.of(prompts)) == list(labels)
    assert [p.categories for p in labels.within({"x"})] == [("x",), (), ("x",)]


def test_rows_are_taken_with_all_that_belongs_to_them():
    held = columns()
    taken = held.take([2, 0], ("de", "en"), {"x"})
    assert PromptRows(taken) == (prompt("c", ("x",)), prompt("a", ("x",)))
    assert [t.text for t in TextRows(taken)] == ["c de", "c en", "a de", "a en"]
    other = held.take([1], ("en",), None)
    assert PromptRows(other) == (prompt("b", ("y",), "benign"),)
    assert [t.text for t in TextRows(other)] == ["b en"]
    assert PromptRows(held.take([0, 1, 2], ("de", "en"), None)) == PromptRows(held)
