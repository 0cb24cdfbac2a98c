from dataclasses import replace

import pytest

from safeglot.prompts.problems import Problems
from safeglot.prompts.prompt_set import PromptSet
from safeglot.prompts.reading.arm_rows import ArmPlan, read_arm_rows
from safeglot.prompts.reading.tables import Row, Table
from safeglot.prompts.taxonomy import Taxonomy
from safeglot.types import Prompt, Translation

SET = PromptSet(
    prompts=(Prompt(id="7", text="How?", language="en", categories=("c",), source="s"),),
    translations=(
        Translation(prompt="7", language="en", text="How?"),
        Translation(prompt="7", language="pt-BR", text="Como?"),
    ),
    taxonomy=Taxonomy(
        name="own", categories=("c",), macro={}, macro_names={}, descriptions={}, coverage={}
    ),
    languages=("en", "pt-BR"),
    source="s",
)
GOOD = {"arm": "roundtrip", "id": "7", "language": "pt-BR", "text": "How so?"}
BACK = {**GOOD, "arm": "backtranslate", "answer_key": "k"}


HALF = replace(
    SET,
    prompts=(*SET.prompts, replace(SET.prompts[0], id="8")),
    translations=(*SET.translations, replace(SET.translations[0], prompt="8")),
)
"""A set whose second prompt has no text in Portuguese."""


def read(
    *cells, arms=("roundtrip", "backtranslate", "translators"), models=("a",), samples=2, **planned
):
    rows = tuple(Row(where="t:", number=n, cells=c) for n, c in enumerate(cells, start=1))
    columns = tuple(dict.fromkeys(name for c in cells for name in c))
    problems = Problems()
    found, notes, warnings = read_arm_rows(
        [Table(where="t", columns=columns, rows=rows)],
        ArmPlan(
            **{
                "prompts": SET,
                "arms": arms,
                "models": models,
                "samples": samples,
                "reference": "en",
            }
            | planned
        ),
        problems,
    )
    return found, [*notes, *warnings], problems.found


def test_numbers_of_a_json_or_parquet_file():
    (row,), _, problems = read(
        {**BACK, "id": 7, "sample": 1.0, "quality_q": 0.5}, arms=("backtranslate",)
    )
    assert (row.prompt, row.sample, row.model, dict(row.quality)) == ("7", 1, "a", {"q": 0.5})
    assert problems == []


def test_language_tags_are_read_as_everywhere():
    (row,), _, _ = read({**GOOD, "language": "pt_br"})
    assert row.language == "pt-BR"


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({**GOOD, "arm": "roundtrp"}, 'did you mean "roundtrip"'),
        ({**GOOD, "id": ""}, "the id is empty"),
        ({**GOOD, "language": ""}, "the language is empty; allowed: pt-BR"),
        ({**GOOD, "language": "de"}, "no language of the run; allowed: pt-BR"),
        ({**GOOD, "text": 3}, "the text is 3, not a text"),
        ({**GOOD, "text": "a\0b"}, "null byte"),
        ({**GOOD, "quality_q": "nan"}, "quality_q is 'nan', not a number"),
        ({**GOOD, "quality_q": True}, "quality_q is True, not a number"),
        ({**GOOD, "arm": "main"}, "is not the text that the run has"),
        ({**GOOD, "arm": "translators"}, "name another translator"),
        ({**BACK, "sample": "2"}, "the sample is 2; allowed: 0 to 1"),
        ({**BACK, "sample": "x"}, "the sample is x"),
        ({**BACK, "model": "b"}, '"b" is no target of the run; allowed: a'),
        ({**BACK, "answer_key": ""}, "the answer_key is empty"),
    ],
)
def test_one_fault_is_one_problem(cells, said):
    found, _, problems = read(cells, GOOD if cells["arm"] == "backtranslate" else BACK)
    assert len(problems) == 1
    assert problems[0].startswith("t:1: ")
    assert said in problems[0]
    assert len(found) == 1


def test_with_several_targets_the_model_has_to_be_told():
    _, _, problems = read(BACK, models=("a", "b"), arms=("backtranslate",))
    assert problems == ["t:1: the model is empty; allowed: a, b"]


def test_translators_samples_and_models_are_different_places():
    rows = [
        BACK,
        {**BACK, "sample": "1"},
        {**BACK, "translator": "mt"},
        {**BACK, "model": "b"},
    ]
    found, _, problems = read(
        *[{**r, "model": r.get("model", "a")} for r in rows],
        models=("a", "b"),
        arms=("backtranslate",),
    )
    assert (len(found), problems) == (4, [])


def test_rows_that_are_not_used_are_told():
    _, notes, problems = read({**GOOD, "colour": "red"}, arms=())
    assert problems == []
    assert notes == [
        "1 rows of the arm roundtrip are not used: --arms does not name it",
        "columns of the arm texts that are not used: colour",
    ]
    found, notes, problems = read(GOOD, {**GOOD, "id": "8"}, arms=("roundtrip",), selected=True)
    assert (len(found), problems) == (1, [])
    assert notes == ["1 rows are of prompts that the run did not select"]


def test_a_back_translator_that_is_not_told_is_noted():
    _, notes, _ = read(BACK, arms=("backtranslate",))
    assert "A6" in notes[0]
    assert read({**BACK, "translator": "mt-b"}, arms=("backtranslate",))[1] == []


@pytest.mark.parametrize("arm", ["roundtrip", "translators", "main", "backtranslate"])
def test_rows_about_texts_that_the_run_has_not_are_left_out_and_told(arm):
    given = {**BACK, "arm": arm}
    rows, notes, problems = read(given | {"id": "8"}, GOOD, prompts=HALF)
    assert [row.prompt for row in rows] == ["7"]
    assert problems == []
    (note,) = [note for note in notes if "are about texts that the run has not" in note]
    assert note.startswith("1 rows ")
    assert note.endswith("its gate took them out, or they could not be translated")


def test_who_translated_back_is_told_where_a_language_has_no_text():
    rows, notes, problems = read(
        BACK | {"translator": "mt"}, prompts=replace(SET, translations=SET.translations[:1])
    )
    assert (rows, problems) == ([], [])
    assert any("the run has not" in note for note in notes)


def test_a_file_of_people_needs_no_arm_and_says_so_in_every_name():
    rows = [
        {"id": "7", "language": "pt-BR", "text": "Como assim?"},
        {"id": "7", "language": "pt-BR", "text": "E como?", "translator": "agency"},
        {"id": "7", "language": "pt-BR", "text": "Como é?", "translator": "human=b"},
    ]
    found, _, problems = read(*rows, people=(True,))
    assert not problems
    assert [row.arm for row in found] == ["translators"] * 3
    assert [row.translator for row in found] == ["human=t", "human=agency", "human=b"]


def test_a_name_alone_is_no_declaration():
    row = {**GOOD, "arm": "translators", "translator": "human-like-mt"}
    (got,), notes, problems = read(row)
    assert (got.translator, problems) == ("human-like-mt", [])
    assert any('"human-like-mt" is not taken for people' in note for note in notes)
    _, notes, _ = read({**row, "translator": "human=agency"})
    assert not any("not taken for people" in note for note in notes)
