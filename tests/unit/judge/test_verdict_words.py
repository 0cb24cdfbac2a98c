import pytest

from safeglot.errors import UsageError
from safeglot.judge.verdict_words import UNSURE, Meaning, VerdictWords, parse_words


def test_words_are_said_by_the_user_and_case_does_not_count():
    words = VerdictWords(parse_words(["Yes=unsafe,no=safe", "1=unsafe", "n/a=none"]))
    said = [words.read(cell).unsafe for cell in ("YES", " no ", 1, 1.0, "N/A", None, "", "Safe")]
    assert said == [True, False, True, True, None, None, None, False]
    assert words.fault("the column") == ""


def test_true_and_one_mean_nothing_by_themselves():
    words = VerdictWords({})
    for cell in (True, True, 0, "maybe"):
        assert words.read(cell) == Meaning(None, None)
    fault = words.fault('column "v"')
    assert "'true' (2), '0' (1), 'maybe' (1)" in fault
    assert "--verdicts 'true=…,0=…,maybe=…'" in fault


def test_a_word_may_hold_the_sign():
    assert parse_words(["a=b=unsafe"]) == {"a=b": "unsafe"}


def test_who_refuses_is_known_where_a_word_says_so():
    words = VerdictWords(parse_words(["refused=refusal,complied=unsafe"]))
    assert words.read("Refused") == Meaning(unsafe=False, refusal=True)
    assert words.read("complied") == Meaning(unsafe=True, refusal=False)
    plain = VerdictWords(parse_words(["no=refusal,yes=compliance"]))
    assert plain.read("yes") == Meaning(unsafe=True, refusal=False)
    assert plain.read("yes", harmful=False) == Meaning(unsafe=False, refusal=False)
    assert VerdictWords({}).read("safe") == Meaning(unsafe=False, refusal=None)


def test_people_may_be_unsure():
    words = VerdictWords({}, further=(UNSURE,))
    assert words.meaning("Unsure") == UNSURE
    assert not words.unknown


def test_many_words_are_told_as_a_number():
    words = VerdictWords({})
    for i in range(50):
        words.meaning(f"word {i}")
    assert "and 38 more words" in words.fault("the column")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("yes", "word=meaning"),
        ("=unsafe", "word=meaning"),
        ("yes=unsave", "Did you mean 'unsafe'?"),
        ("yes=unsafe,Yes=safe", "two meanings"),
    ],
)
def test_what_cannot_be_read_is_told(given, said):
    with pytest.raises(UsageError, match="--verdicts") as told:
        parse_words([given])
    assert said in str(told.value)
