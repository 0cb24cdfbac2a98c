import pytest

from safeglot.prompts.problems import Problems
from safeglot.prompts.reading.label_columns import LabelledOptions, labelled_columns
from safeglot.prompts.reading.tables import Table


def columns_of(header, **options):
    problems = Problems()
    table = Table(where="f.csv", columns=tuple(header.split(",")), rows=())
    return labelled_columns(table, LabelledOptions(**options), problems), problems.found


@pytest.mark.parametrize(
    ("header", "side", "label"),
    [
        ("id,language,prompt,label", "prompts", "label"),
        ("id,lang,Text,label_gold", "prompts", "label_gold"),
        ("id,language,prompt,answer,label", "answers", "label"),
        ("id,language,prompt,response,response_harm_label", "answers", "response_harm_label"),
        ("id,language,prompt,response,prompt_harm_label", "prompts", "prompt_harm_label"),
        ("id,language,prompt", "prompts", None),
    ],
)
def test_the_side_is_that_of_the_labels(header, side, label):
    found, problems = columns_of(header)
    assert not problems
    assert (found.side, found.fields.get("label")) == (side, label)


def test_labels_of_answers_are_not_taken_for_those_of_prompts():
    found, _ = columns_of("id,language,prompt,answer,label", side="prompts")
    assert "label" not in found.fields


def test_languages_stand_in_columns_where_none_is_named():
    found, problems = columns_of("id,en,pt-BR,note")
    assert (found.texts, problems) == ({"en": "en", "pt-BR": "pt-BR"}, [])


def test_a_named_column_goes_before_the_usual_one():
    found, problems = columns_of("id,qid,language,prompt", columns={"id": "qid", "language": "=en"})
    assert (found.fields["id"], found.fields["language"], problems) == ("qid", "=en", [])
