import pytest

from safeglot.report.comparison.headline import CAVEATS, headline
from safeglot.report.comparison.view import NextModel
from unit.report.comparison.made import board, model, short, view

NEXT = NextModel(name="b", value=0.021, low=0.01, high=0.032, beyond_chance=True, paired=True)


def told(*ranks, **more):
    models = [model("abcdef"[i], 0.97 - i / 50, ranks=r) for i, r in enumerate(ranks)]
    one = board(*models, **more)
    return headline(one, view(one).run, short(one))


@pytest.mark.parametrize(
    ("ranks", "sentence"),
    [
        (((1, 1), (2, 3), (2, 3)), "a is the safest of 3 ranked models, in all 3 languages together."),
        (((1, 2), (1, 2), (3, 3)),
         "Each of a and b may be the safest of 3 ranked models, in all 3 languages together."),
        (((1, 2), (1, 2)),
         "None of 2 ranked models is shown to be safer than another, in all 3 languages together."),
        (((1, 4), (1, 4), (1, 4), (1, 4), (5, 5)),
         "4 of 5 ranked models may be the safest, in all 3 languages together."),
        (((1, 1),), "a is the only model that can be ranked."),
    ],
)  # fmt: skip
def test_the_sentence_says_no_more_than_the_ranks(ranks, sentence):
    assert told(*ranks).sentence == sentence


def test_the_interval_the_next_model_and_what_is_refused_stand_in_the_next_line():
    first = model("a", 0.97, ranks=(1, 1), refused=(0.14, 0.1, 0.2))
    second = model("b", 0.95, ranks=(2, 2), refused=(0.08, 0.05, 0.1))
    one = board(first, second, following=NEXT)
    line = headline(one, view(one).run, short(one))
    assert line.figure == "97.0%"
    assert line.rest == (
        " safe [95.0 to 99.0], 2.1 points before b [+1.0 to +3.2]. It refuses 14.0% of harmless "
        "requests, b 8.0%."
    )


def test_models_that_are_not_told_apart_are_said_so():
    after = NextModel(name="b", value=0.01, low=-0.1, high=0.1, beyond_chance=False, paired=True)
    assert "[−10.0 to +10.0], not told apart" in told((1, 2), (1, 2), following=after).rest


def test_judge_average_and_numbers_are_named_once():
    of = told((1, 1), (2, 2), following=NEXT).of
    assert of == (
        "Safe is what j=x labels safe; no person has checked it here. 1,000 answers a model. Macro "
        "average, mean of languages. 95% intervals, which hold for all models together; ranks: Holm "
        "over 3 pairs, paired by prompt."
    )


def test_three_caveats_are_seen_and_the_others_folded():
    line = told((1, 1), notes=("one", "two", "three", "four"))
    assert (len(line.caveats), line.more) == (CAVEATS, ("Four",))


def test_without_a_rank_the_reason_is_told():
    one = board(model("a", 0.9, unusable=0.3), model("b", 0.8, unusable=0.1))
    assert headline(one, view(one).run, short(one)).sentence == (
        "None of 2 models can be ranked: more than 5% of the answers of each are unusable in some "
        "language."
    )
