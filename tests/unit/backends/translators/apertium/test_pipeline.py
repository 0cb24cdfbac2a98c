from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safeglot.backends.translators.apertium.pipeline import Pipeline, decode, encode
from safeglot.backends.translators.lines import cut
from safeglot.errors import ModelError
from unit.backends.translators.apertium.programs import TAGGER, fresh, program

ANALYSE = program(
    """words = text.removesuffix(b"[]").split()
        marks = [b"^%s/%s$" % (w, b"*" + w if w[:2] == b"un" else b"n") for w in words]
        os.write(1, b" ".join(marks) + b"\\0")"""
)
SHOUT = program("""text == b"boom[]" and os._exit(1); os.write(1, text.upper() + b"\\0")""")


@pytest.fixture
def whole(tmp_path: Path) -> Iterator[Pipeline]:
    """A pipeline of an analyser, a tagger and a last program."""
    tagger = tmp_path / "apertium-tagger"
    tagger.write_text(f"#!{sys.executable} -S\n{TAGGER}")
    tagger.chmod(0o755)
    made = Pipeline("en-es", [ANALYSE, [str(tagger)], SHOUT], timeout_s=20.0)
    yield made
    made.close()


@pytest.fixture
def plain() -> Iterator[Pipeline]:
    made = Pipeline("en-es", [SHOUT], timeout_s=20.0)
    yield made
    made.close()


def test_texts_go_through_analyser_tagger_and_the_rest(whole):
    texts = ["newA unknown", "unknown newA", "the house"]
    assert whole.translate(texts) == [fresh(text).decode().upper() for text in texts]
    assert len(whole.pids) >= 3


def test_each_line_is_translated_in_its_place(plain):
    assert plain.translate(["  one\n\n- two 3\r\n4 ", "", "12"]) == [
        "  ONE\n\n- TWO 3\r\n4 ",
        "",
        "12",
    ]


def test_a_fault_costs_the_text_that_causes_it(plain):
    first, error, third = plain.translate(["one", "boom", "three"])
    assert (first, third) == ("ONE", "THREE")
    assert isinstance(error, ModelError)
    assert error.transient


def test_a_lone_surrogate_is_no_passing_fault(plain):
    first, error = plain.translate(["one", "half \ud800 pair"])
    assert first == "ONE"
    assert isinstance(error, ModelError)
    assert (error.kind, error.transient) == ("bad_request", False)


def test_a_closed_pipeline_starts_no_more(plain):
    plain.translate(["one"])
    plain.close()
    assert plain.pids == ()
    (error,) = plain.translate(["one"])
    assert isinstance(error, ModelError)
    assert "has been closed" in error.message


@pytest.mark.parametrize(
    ("line", "stream"),
    [
        ("the house", "the house[]"),
        ("a\tb", "a[\t]b[]"),
        ("~", "[~][]"),
        ("1 < 2 @ [x]\\", "1 \\< 2 \\@ \\[x\\]\\\\[]"),
    ],
)
def test_a_line_in_the_stream_format(line, stream):
    assert encode(line) == stream
    assert decode(stream) == line


def test_a_dropped_word_leaves_no_blank_behind():
    assert decode(" casa[]") == "casa"
    assert decode("[] la casa ") == "la casa"


def test_cut_and_stream_format_lose_nothing():
    text = "\n a\tb \0\r\n12\n~[x]\\^/$<{@}>\u2028"
    parts = cut(text)
    assert "".join(parts) == text
    assert parts[1::2] == ["a\tb", "~[x]\\^/$<{@}>"]
    for part in parts[1::2]:
        assert decode(encode(part)) == part


@given(text=st.text(st.sampled_from("aé日 \t\n\0~[]\\^/$<{@}>\u2028\xa01")))
def test_cut_and_stream_format_lose_nothing_of_any_text(text: str):
    for part in cut(text)[1::2]:
        assert decode(encode(part)) == part
