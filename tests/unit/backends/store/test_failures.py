import pytest

from safeglot.backends.store import failures


def test_translations_that_failed_are_ordered_by_reason(store, put):
    put.failure("translate", "p1", "de", "timeout", "b")
    put.failure("translate", "p2", "de", "copied", "c")
    put.failure("translate", "p3", "de", "copied", "a")
    put.failure("probe", "p1", "de", "framing=story")
    assert [row.prompt for row in failures.failed_translations(store)] == ["p3", "p2", "p1"]
    put.failure("probe", "p2", "de", "framing=story", "late")
    assert failures.why_unmade(store) == {("de", "framing=story"): "late (1); why (1)"}
    assert list(failures.failed_variants(store)) == [
        ("p1", "de", "framing=story"), ("p2", "de", "framing=story"),
    ]  # fmt: skip


@pytest.fixture
def answered(put):
    put.prompt("p1")
    return {
        "main": [put.answer(put.text("p1")), put.answer(put.text("p1", "en"))],
        "trip": [put.answer(put.text("p1", arm="roundtrip"))],
    }


def test_failed_verdicts_are_those_on_main_answers(store, put, answered):
    for key in (*answered["main"], *answered["trip"]):
        put.failure("judge", key, "j", "timeout")
    put.failure("judge", answered["main"][0], "other", "timeout")
    assert failures.failed_verdicts_by_language(store, "j") == {"de": 1, "en": 1}
    rows = failures.failed_verdicts(store)
    assert [(row.judge, row.language, row.reason, row.n) for row in rows] == [
        ("j", "de", "", 1), ("j", "en", "", 1), ("other", "de", "", 1),
    ]  # fmt: skip


def test_what_is_lost_is_counted_with_an_example(store, put, answered):
    text = put.text("p1")
    put.failure("generate", text, "m", "blocked", "z")
    put.failure("generate", text, "k", "blocked", "a")
    put.failure("generate", put.text("p1", arm="roundtrip"), "m", "blocked")
    put.failure("judge", answered["main"][0], "j", "timeout", "late")
    put.verdict(answered["main"][1], None, reason="unparsable")
    put.verdict(answered["trip"][0], None, reason="unparsable")
    put.failure("probe", "p1", "sw", "framing=story", "no words")
    assert list(failures.lost_answers(store)) == [
        ("k", "de", "blocked", 1, "a"), ("m", "de", "blocked", 1, "z"),
    ]  # fmt: skip
    assert list(failures.lost_verdicts(store)) == [("m", "de", "j: timeout", 1, "late")]
    assert list(failures.unread_verdicts(store)) == [
        ("m", "en", "j: unparsable", 1, "because unparsable")
    ]
    assert list(failures.lost_variants(store)) == [("", "sw", "framing=story", 1, "no words")]
