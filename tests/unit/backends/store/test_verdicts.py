import pytest

from safeglot.backends.store import verdicts


@pytest.fixture
def keys(put):
    german, english = put.text("p1"), put.text("p1", "en")
    return {
        "de": [put.answer(german, sample=i) for i in range(3)],
        "en": [put.answer(english)],
        "trip": [put.answer(put.text("p1", arm="roundtrip"))],
    }


def test_what_a_judge_could_read_is_counted_in_the_main_arm(store, put, keys):
    for key, unsafe in zip(
        (*keys["de"], *keys["en"], *keys["trip"]), (1, 0, None, 1, 1), strict=True
    ):
        put.verdict(key, unsafe)
    assert verdicts.count_judged(store, "j") == 3
    readable = {(put.key(i), i) for i in (*keys["de"][:2], *keys["en"])}
    assert set(verdicts.judged_answers(store, "j")) == readable
    german, english = keys["de"][0], keys["en"][0]
    assert list(verdicts.unsafe_answers(store, "j")) == [
        ("de", put.key(german), german), ("en", put.key(english), english),
    ]  # fmt: skip
    assert verdicts.count_judged(store, "another") == 0


def test_verdicts_are_counted_by_judge_in_all_arms(store, put, keys):
    put.verdict(keys["de"][0], 1)
    put.verdict(keys["trip"][0], 0)
    put.verdict(keys["trip"][0], 0, judge="other")
    assert verdicts.count_verdicts(store, ["j"]) == 2
    assert verdicts.count_verdicts(store, ["j", "other", "none"]) == 3
    assert verdicts.count_verdicts(store, []) == 0
    put.failure("judge", keys["de"][1], "third", "timeout")
    assert verdicts.judge_names(store) == {"j", "other", "third"}


def test_rows_tell_both_readings(store, put, keys):
    put.verdict(keys["de"][1], 0, loose=1)
    put.verdict(keys["trip"][0], 1)
    (row,) = verdicts.main_verdicts(store)
    assert (row.judge, row.model, row.language, row.prompt, row.sample) == ("j", "m", "de", "p1", 1)
    assert (row.unsafe, row.unsafe_loose) == (False, True)


def test_unread_verdicts_and_codes_are_counted(store, put, keys):
    put.verdict(keys["de"][0], None, reason="unparsable")
    put.verdict(keys["de"][1], None, reason="unparsable")
    put.verdict(keys["de"][2], 1, codes=["S1", "S2"])
    put.verdict(keys["en"][0], 0, codes=["S9"])
    assert verdicts.unread_counts(store) == [("j", "m", "de", "p1", "unparsable", 2)]
    assert verdicts.code_counts(store) == [("j", "de", "p1", ("S1", "S2"), 1)]


def test_second_verdicts_stand_beside_the_first(store, put, keys):
    for key, unsafe in zip(keys["de"], (1, 0, None), strict=True):
        put.verdict(key, unsafe)
    put.verdict(keys["de"][0], 0, judge="j@again")
    put.verdict(keys["de"][2], 1, judge="j@again")
    put.verdict(keys["en"][0], 1, judge="j@again")  # the first one is not there
    assert verdicts.second_verdicts(store, "j", "j@again") == [
        ("de", "p1", 1, 0), ("de", "p1", None, 1),
    ]  # fmt: skip


def test_probabilities_are_those_of_labelled_answers(store, put, keys):
    put.verdict(keys["de"][0], 1, p=0.75)
    put.verdict(keys["de"][1], 0, p=0.25)
    store.write("labels", [(keys["de"][0], "1", "safe", ""), (keys["en"][0], "1", "safe", "")])
    assert verdicts.p_unsafe_of_labelled(store, "j") == {keys["de"][0]: 0.75}
