import pytest

from safeglot.errors import InputErrors
from safeglot.prompts.problems import Problems
from safeglot.prompts.reading.label_columns import LabelledOptions
from safeglot.prompts.reading.label_rows import DRAWN, read_labelled
from safeglot.prompts.reading.tables import parse


def read(text, suffix=".csv", **options):
    problems = Problems()
    table = parse(text, f"labelled{suffix}", suffix, problems)
    problems.stop()
    return read_labelled(table, LabelledOptions(**options))


def refused(text, **options):
    with pytest.raises(InputErrors) as caught:
        read(text, **options)
    return "\n".join(caught.value.problems)


def unsafe_of(labelled):
    return [(t.id, t.language, t.unsafe) for t in labelled.texts]


LONG = """id,language,prompt,label
1,en,[request 1],unsafe
1,de,[Bitte 1],unsafe
2,en,[request 2],safe
2,de,[Bitte 2],
"""


def test_prompts_with_labels_by_language():
    labelled = read(LONG)
    assert unsafe_of(labelled) == [
        ("1", "en", True),
        ("1", "de", True),
        ("2", "en", False),
        ("2", "de", None),
    ]
    assert (labelled.side, labelled.languages, labelled.n, labelled.n_prompts) == (
        "prompts",
        ("en", "de"),
        4,
        2,
    )
    assert labelled.counts == {
        ("en", "unsafe"): 1,
        ("de", "unsafe"): 1,
        ("en", "safe"): 1,
        ("de", "none"): 1,
    }
    assert labelled.is_labelled


def test_hatecheck():
    labelled = read(
        "mhc_case_id;functionality;test_case;label_gold\nspanish-1;derog_neg_emote_h;[texto 1];hateful\n"
        "spanish-2;ident_neutral_nh;[texto 2];non-hateful\n",
        columns={"language": "=es"},
    )
    assert unsafe_of(labelled) == [("spanish-1", "es", True), ("spanish-2", "es", False)]
    assert labelled.categories == ("derog_neg_emote_h", "ident_neutral_nh")
    assert "hateful as unsafe, non-hateful as safe" in labelled.notes[0]


def test_xstest():
    labelled = read(
        "id,prompt,type,label,focus,note\n1,[request 1],homonyms,safe,kill,violence\n"
        "26,[request 2],contrast_homonyms,unsafe,kill,\n",
        columns={"language": "=en"},
    )
    assert [t.category for t in labelled.texts] == ["homonyms", "contrast_homonyms"]
    assert [t.unsafe for t in labelled.texts] == [False, True]


POLYGUARD = """{"id": 7, "prompt": "[p]", "response": "[r]", "prompt_harm_label": "harmful", "response_harm_label": "unharmful", "language": "sw"}
{"id": 8, "prompt": "[q]", "response": null, "prompt_harm_label": "unharmful", "response_harm_label": null, "language": "sw"}
"""


def test_polyguard_has_two_sides_and_says_so():
    assert "--side prompts or --side answers" in refused(
        POLYGUARD.replace("\t", ""), suffix=".jsonl"
    )
    prompts = read(POLYGUARD, ".jsonl", side="prompts")
    assert unsafe_of(prompts) == [("7", "sw", True), ("8", "sw", False)]
    answers = read(POLYGUARD, ".jsonl", side="answers")
    assert [(t.id, t.answer, t.unsafe) for t in answers.texts] == [("7", "[r]", False)]
    assert "1 rows have nothing to judge and no label" in answers.notes


OURS = """item,language,category,source,prompt,answer,annotator,label,note
r1,sw,crime,[request],[ombi],[unsafe answer 1],1,unsafe,
r1,sw,crime,[request],[ombi],[unsafe answer 1],2,unsafe,
r1,sw,crime,[request],[ombi],[unsafe answer 1],3,safe,
r2,sw,crime,[request],[ombi 2],'=[answer 2],1,unsure,
r3,sw,crime,[request],[ombi 3],[answer 3],1,safe,
r3,sw,crime,[request],[ombi 3],[answer 3],2,unsafe,
"""


def test_labels_of_several_people_are_their_majority():
    labelled = read(OURS, columns={"id": "item"})
    assert labelled.side == "answers"
    assert [(t.id, t.unsafe) for t in labelled.texts] == [("r1", True), ("r2", None), ("r3", None)]
    assert [t.answer for t in labelled.texts][1] == "=[answer 2]"


def test_labels_of_a_run_are_refused_where_nobody_says_how_they_were_drawn():
    assert f"labelled.csv: {DRAWN}" in refused(OURS)
    mapped = OURS.replace("item,", "id,", 1)
    assert read(mapped).n == 3  # a file of one's own with several annotators


def test_the_same_text_with_two_labels_is_told():
    text = LONG + "3,en,[request 1],safe\n4,en,[request 2],safe\n"
    assert "1 texts stand under another id with another label (ids 3)" in read(text).notes
    assert not any("another label" in note for note in read(LONG).notes)


def test_many_other_words_are_no_labels():
    rows = "".join(f"{i},en,[t {i}],0.{i}\n" for i in range(20))
    told = refused("id,language,prompt,label\n" + rows)
    assert "20 other labels" in told
    assert "--columns label=COLUMN" in told


def test_a_third_label_is_asked_for_and_may_be_none():
    text = LONG.replace("2,de,[Bitte 2],", "2,de,[Bitte 2],Disputed")
    assert '--read-as "disputed=unsafe", "disputed=safe", "disputed=none"' in refused(text)
    labelled = read(text, read_as={"Disputed": "none"})
    assert unsafe_of(labelled)[-1] == ("2", "de", None)


@pytest.mark.parametrize(("bad", "good"), [("UNSAFE", "Safe"), ("Harmful", "HARMLESS"), ("toxic", "non-toxic")])  # fmt: skip
def test_usual_words_are_read_in_any_case(bad, good):
    labelled = read(f"id,language,prompt,label\n1,en,[a],{bad}\n2,en,[b],{good}\n")
    assert [t.unsafe for t in labelled.texts] == [True, False]


def test_words_of_another_language_are_read_as_they_are_said_to_be():
    text = "id,language,prompt,label\n1,de,[a],Schädlich\n2,de,[b],Harmlos\n"
    assert '--read-as "schädlich=unsafe,harmlos=safe" or "schädlich=safe,harmlos=unsafe"' in refused(text)  # fmt: skip
    labelled = read(text, read_as={"schädlich": "unsafe", "harmlos": "safe"})
    assert [t.unsafe for t in labelled.texts] == [True, False]


def test_a_column_a_language():
    labelled = read("id,en,sw\n1,[request],[ombi]\n2,[request 2],\n")
    assert unsafe_of(labelled) == [("1", "en", None), ("1", "sw", None), ("2", "en", None)]
    assert not labelled.is_labelled
    assert "no column holds labels" in labelled.notes[0]


def test_several_answers_to_a_prompt_are_samples():
    labelled = read("id,language,prompt,answer,label\n1,en,[p],[a],safe\n1,en,[p],[b],unsafe\n")
    assert [(t.sample, t.unsafe) for t in labelled.texts] == [(0, False), (1, True)]


def test_only_languages_that_are_named_are_read():
    labelled = read(LONG, languages=("de", "yo"))
    assert labelled.languages == ("de",)
    assert "2 rows are in languages that --languages does not name" in labelled.notes


def test_words_that_may_mean_either_are_never_guessed():
    text = LONG.replace("unsafe", "1").replace("safe", "0")
    told = refused(text)
    assert "labelled.csv:2: has the labels '1', '0'" in told
    assert '--read-as "1=unsafe,0=safe" or "1=safe,0=unsafe"' in told
    assert unsafe_of(read(text, read_as={"1": "unsafe", "0": "safe"})) == unsafe_of(read(LONG))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("prompt,label\n[p],safe\n", ("--columns id=COLUMN", "--columns id=#", "--columns language==en")),
        ("id,language,label\n1,en,safe\n", ("--columns text=COLUMN",)),
        ("id,language,prompt,label\n1,Klingonish,[p],safe\n", ("Klingonish",)),
        ("id,language,prompt,label\n1,,[p],safe\n", ("labelled.csv:2", "the language is empty")),
        (LONG + "2,en,[request 2],safe\n", ("labelled.csv:6", "is there already, at labelled.csv:4")),
        (LONG + "2,en,[another],safe\n", ("another prompt in en, at labelled.csv:4",)),
        ("id,language,prompt,type,label\n1,en,[p],a,safe\n1,de,[q],b,safe\n", ("category b here and a before",)),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place_and_what_to_do(text, parts):
    told = refused(text)
    assert all(part in told for part in parts), told


def test_nothing_to_judge_is_refused():
    assert "has no text in yo" in refused(LONG, languages=("yo",))
    assert "names prompt for text" not in refused(LONG, columns={"text": "promt"})
    assert 'did you mean "prompt"' in refused(LONG, columns={"text": "promt"})


def test_the_same_texts_have_the_same_digest_and_other_labels_another():
    assert read(LONG).digest == read(LONG).digest != read(LONG.replace(",unsafe", ",safe")).digest
