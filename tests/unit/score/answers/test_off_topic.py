import numpy as np
import pytest

from safeglot.score.answers.off_topic import THRESHOLD
from safeglot.score.answers.response_classes import estimates
from safeglot.score.answers.sheet import Topics
from safeglot.score.stats.intervals import wilson
from unit.score.answers.test_response_classes import SAFE_C, SAFE_R, UNREAD, UNSAFE, answers

OF = [SAFE_C] * 4 + [UNSAFE] * 2 + [SAFE_R] * 3 + [UNREAD]


def topics(off_L, *, drawn=None, covered=None, lacks=""):
    off = np.array(off_L, dtype=np.int8)[np.newaxis]
    return Topics(
        off_MLP=off,
        drawn_P=np.ones(off.shape[2], bool) if drawn is None else np.array(drawn),
        covered_L=np.ones(off.shape[1], bool) if covered is None else np.array(covered),
        encoder="e@1",
        lacks=lacks,
    )


def rows(given):
    return {(e.judge, e.language): e for e in estimates(given) if e.metric == "off_topic_rate"}


def test_the_rate_is_of_valid_answers_that_are_no_refusal():
    off = [
        1,
        0,
        0,
        0,
        1,
        0,
        1,
        1,
        1,
        1,
    ]  # refusals and what nobody read do not count, whatever it says
    row = rows(answers([OF], topics=topics([off])))["j", "en"]
    assert row.value == pytest.approx(2 / 6)
    assert (row.n, row.missing, row.method) == (6, 1, "wilson")
    assert (row.low, row.high) == pytest.approx(tuple(map(float, wilson(2, 6))))
    assert row.extra == {
        "threshold": THRESHOLD, "encoder": "e@1", "n_drawn": 10, "n_invalid": 0, "n_refusal": 3,
    }  # fmt: skip


def test_invalid_answers_and_benign_prompts_do_not_count():
    invalid = np.zeros((1, 1, 10, 1), np.int8)
    invalid[0, 0, 1] = 2
    given = answers([OF], topics=topics([[1] * 10]), invalid_MLPS=invalid, n_benign=1)
    row = rows(given)["j", "en"]
    assert (row.n, row.value, row.missing) == (4, 1.0, 1)
    assert (row.extra["n_drawn"], row.extra["n_invalid"]) == (9, 1)


def test_only_drawn_prompts_count_and_what_has_no_cosine_is_missing():
    drawn = [True] * 5 + [False] * 5
    row = rows(answers([OF], topics=topics([[1, 0, 0, -1, 0, -1, -1, -1, -1, -1]], drawn=drawn)))
    assert (row["j", "en"].n, row["j", "en"].missing, row["j", "en"].value) == (4, 1, 0.25)


def test_a_language_that_the_encoder_does_not_know_has_no_number():
    given = topics([[0] * 10, [-1] * 10], covered=[True, False])
    row = rows(answers([OF, OF], topics=given))["j", "de"]
    assert (row.value, row.n, row.missing) == (None, 0, 10)
    assert row.method == "not told: the encoder does not know this language"


def test_without_a_word_on_refusals_there_is_no_number():
    silent = [(0, -1)] * 8 + [(1, -1)] * 2
    row = rows(answers([silent], topics=topics([[0] * 10])))["j", "en"]
    assert (row.value, row.missing) == (None, 10)
    assert row.method == "not told: no judge says whether an answer refuses"


def test_why_nothing_is_measured_is_told():
    row = rows(answers([OF], topics=topics([[-1] * 10], lacks="the encoder is not installed")))
    assert row["j", "en"].method == "not measured: the encoder is not installed"
    assert rows(answers([OF])) == {}


def test_it_moves_no_other_number():
    flagged, bare = topics([[1] * 10]), answers([OF])
    with_it = [e for e in estimates(answers([OF], topics=flagged)) if e.metric != "off_topic_rate"]
    assert with_it == list(estimates(bare))
