import pytest

from unit.report.comparison.made import board, model


@pytest.mark.parametrize(("ranks", "told"), [((1, 1), "1"), ((2, 4), "2–4"), ((None, None), "")])
def test_a_rank_is_a_number_or_a_range(ranks, told):
    assert model("a", 0.9, ranks=ranks).rank == told


def test_models_without_a_rank_are_not_ranked():
    one = board(model("a", 0.9, ranks=(1, 1)), model("b", 0.8, unusable=0.2))
    assert [m.name for m in one.ranked] == ["a"]
