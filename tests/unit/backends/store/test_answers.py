import pytest

from safeglot.backends.store import answers


@pytest.fixture
def keys(put):
    main, back = put.text("p1"), put.text("p1", arm="backtranslate", translator="mt")
    trip = put.text("p1", arm="roundtrip", translator="mt")
    return {
        "main": [put.answer(main), put.answer(main, sample=1), put.answer(main, "k")],
        "back": [put.answer(back, answer="[answer in English]")],
        "trip": [put.answer(trip)],
    }


def test_answers_are_counted_by_who_gave_them(store, keys):
    assert answers.count_answers(store) == 5
    assert answers.count_asked(store) == 4
    assert answers.main_answer_counts(store) == {("m", "de"): 2, ("k", "de"): 1}


def test_main_answers_have_their_texts(store, put, keys):
    rows = {row.key: row for row in answers.main_answers(store)}
    assert set(rows) == set(map(put.key, keys["main"]))
    row = rows[put.key(keys["main"][1])]
    assert (row.prompt, row.language, row.model, row.sample) == ("p1", "de", "m", 1)
    assert (row.text, row.finish_reason) == ("[answer]", "stop")


def test_places_are_in_the_order_of_their_keys(store, put, keys):
    put.answer(put.text("p0"))
    rows = list(answers.answer_places(store))
    assert [row.key for row in rows] == sorted(row.key for row in rows)
    assert {row.id: row.key for row in rows}.items() >= {(i, put.key(i)) for i in keys["main"]}
    assert {row.model for row in rows} == {"m", "k"}


def test_answers_of_files_are_those_of_two_arms(store, put, keys):
    (row,) = answers.brought_answers(store)
    assert (row.key, row.arm, row.translator) == (put.key(keys["back"][0]), "backtranslate", "mt")
    assert (row.answer, row.text) == ("[answer in English]", "p1 de")


def test_answers_with_a_thought_are_those_of_the_main_arm(store, put, keys):
    thinking = put.answer(put.text("p2"), thought="[thought]")
    put.answer(put.text("p2", arm="roundtrip"), thought="[thought]")
    assert answers.answers_with_thoughts(store) == (thinking,)
