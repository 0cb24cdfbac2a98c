from __future__ import annotations

import json

import pytest

from safeglot.config.files import known
from safeglot.config.settings import build
from safeglot.errors import InputErrors
from safeglot.flow.translation.translators import make_steps
from safeglot.types import is_human


def steps(prompts=("p0",), **raw):
    config = build({"to": ["sw"], **raw}, known=known())
    return make_steps(config, prompts, config.to)


@pytest.fixture
def file(tmp_path):
    def write(name, *rows):
        path = tmp_path / name
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
        return path

    return write


def test_people_are_declared_and_a_name_declares_nothing(file):
    row = {"id": "p0", "language": "sw", "text": "Habari."}
    people = steps(translator=f"human={file('agency.jsonl', row)}").translators[0]
    made = steps(translator=f"file={file('human-agency.jsonl', row)}")
    assert people.name == "human=agency.jsonl"  # not where it lies
    assert is_human(people.name)
    assert people.fault("sw", "en")  # nothing goes back by a file
    assert made.translators[0].name == "file=human-agency.jsonl"
    assert not is_human(made.translators[0].name)
    assert "a file's name declares nothing" in made.notes[-1]


def test_neither_file_nor_people_go_back_in_a_round_trip(file):
    path = file("agency.jsonl", {"id": "p0", "language": "sw", "text": "Habari."})
    with pytest.raises(InputErrors, match="needs a translator that can translate back"):
        steps(translator=f"human={path}", quality="roundtrip-chrf")


def test_what_is_lacking_in_a_file_is_noted(file):
    path = file("bought.jsonl", {"id": "p0", "language": "sw", "text": "Habari."})
    (note,) = steps(("p0", "p1"), translator=f"file={path}").notes
    assert "1 prompts have no sw in the file (p1)" in note


def test_all_that_cannot_be_had_is_told_at_once(file, tmp_path, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    path = file("bad.jsonl", {"id": "p0", "language": "xq", "text": "x"})
    with pytest.raises(InputErrors) as error:
        steps(
            translator=[f"file={path}", "llm=openai/m", f"ct2/{tmp_path / 'none'}"],
            quality=["cometkiwi=nowhere/at-all"],
        )
    told = "\n".join(error.value.problems)
    assert '"xq" is not a language tag' in told
    assert "OPENAI_API_KEY is not set" in told
    assert "none" in told
    assert len(error.value.problems) == 4


def test_a_round_trip_needs_somebody_who_goes_back(file):
    path = file("bought.jsonl", {"id": "p0", "language": "sw", "text": "Habari."})
    with pytest.raises(InputErrors, match="needs a translator that can translate back"):
        steps(translator=f"file={path}", quality="roundtrip-chrf")


def test_a_round_trip_by_the_same_translators_says_so():
    found = steps(to=["es"], translator="apertium", quality="roundtrip-chrf")
    assert any("what they get wrong both ways" in note for note in found.notes)
    other = steps(to=["es"], translator="apertium/eng-spa", quality="roundtrip-chrf=apertium")
    assert not any("both ways" in note for note in other.notes)
    assert other.estimators[0].uncovered("en", "es") == ""
    assert other.estimators[0].uncovered("en", "yo").startswith("not covered")


def test_the_encoder_estimates_alone_and_beside_a_round_trip():
    found = steps(
        to=["es", "sw"], translator="apertium", quality=["encoder-cosine", "roundtrip-encoder"]
    )
    cosine, both = found.estimators
    assert (cosine.name, both.name) == ("encoder-cosine", "roundtrip-encoder")
    assert cosine.uncovered("en", "es") == both.uncovered("en", "es") == ""
    assert "does not know sw" in cosine.uncovered("en", "sw")
    assert cosine.model in both.id
    assert {cosine.model, "apertium"} == set(found.engines)
    with pytest.raises(InputErrors, match="Name one, as in roundtrip-encoder=apertium"):
        steps(quality="roundtrip-encoder")


def test_two_files_of_one_name_are_refused(file, tmp_path):
    row = {"id": "p0", "language": "sw", "text": "Habari."}
    (tmp_path / "other").mkdir()
    one, two = file("a.jsonl", row), file("other/a.jsonl", row)
    with pytest.raises(InputErrors, match=r"two translators are called file=a\.jsonl"):
        steps(translator=[f"file={one}", f"file={two}"])
