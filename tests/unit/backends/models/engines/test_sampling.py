from __future__ import annotations

import math

import pytest

from safeglot.backends.models.engines.sampling import Sampling, alternatives, draw, sampling_of
from safeglot.types import Request

torch = pytest.importorskip("torch")

LOGITS = [2.0, 1.0, 0.0, -3.0]


def drawn(n=4000, **settings):
    """Return how often each token of LOGITS is drawn."""
    rows = [Sampling(seed=i, **{"temperature": 1.0} | settings) for i in range(n)]
    tokens = draw(torch.tensor([LOGITS]).expand(n, -1), rows)
    return [tokens.count(i) / n for i in range(len(LOGITS))]


def softmax(temperature):
    weights = [math.exp(x / temperature) for x in LOGITS]
    return [w / sum(weights) for w in weights]


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_tokens_are_drawn_by_their_probability(temperature):
    # seeds are fixed: the same draws each time; 4 standard errors of 4,000 are below 0.032
    assert drawn(temperature=temperature) == pytest.approx(softmax(temperature), abs=0.032)


def test_temperature_nothing_takes_the_most_likely():
    assert drawn(temperature=0.0) == [1.0, 0.0, 0.0, 0.0]


def test_cuts_leave_out_the_tail_and_keep_the_first():
    assert drawn(top_k=2)[2:] == [0.0, 0.0]
    assert drawn(top_p=0.8)[2:] == [0.0, 0.0]  # 0.66 and 0.24 reach 0.8, the second included
    assert drawn(top_p=0.5) == drawn(top_k=1) == [1.0, 0.0, 0.0, 0.0]
    assert drawn(top_p=0.0) == [1.0, 0.0, 0.0, 0.0]
    assert drawn(min_p=0.3)[2:] == [0.0, 0.0]  # 0.37 of the first is kept, 0.14 is not
    weights = softmax(1.0)[:2]
    assert drawn(top_k=2)[:2] == pytest.approx([w / sum(weights) for w in weights], abs=0.032)


def test_a_row_draws_the_same_whoever_is_beside_it():
    table = torch.randn(6, 50, generator=torch.Generator().manual_seed(1))
    settings = [{"temperature": 1.0}, {"temperature": 0.0}, {"temperature": 0.7, "top_p": 0.9}] * 2
    alone = [
        draw(table[i : i + 1], [Sampling(seed=i, **given)])[0] for i, given in enumerate(settings)
    ]
    assert draw(table, [Sampling(seed=i, **given) for i, given in enumerate(settings)]) == alone


def test_a_restart_draws_the_same_numbers():
    row = Sampling(temperature=1.0, seed=5)
    first = [row.numbers.random() for _ in range(3)]
    row.restart()
    assert [row.numbers.random() for _ in range(3)] == first


def test_alternatives_are_of_the_whole_vocabulary_at_temperature_1():
    rows = [Sampling(temperature=2.0, top_k=1, n_logprobs=2), Sampling()]
    found = alternatives(torch.tensor([LOGITS, LOGITS]), rows, [0, 0])
    wanted = [math.log(p) for p in softmax(1.0)[:2]]
    assert [token for token, _ in found[0]] == [0, 1]
    assert [value for _, value in found[0]] == pytest.approx(wanted, abs=1e-5)
    assert found[1] == []
    assert alternatives(torch.tensor([LOGITS]), rows[:1], [32]) == [[]]  # behind the positions kept


def test_settings_come_from_the_request():
    request = Request(
        model="m", prompt="p", max_tokens=1, temperature=None, top_p=None, extra={"top_k": 3, "min_p": 0.1}
    )  # fmt: skip
    got = sampling_of(request, 4)
    assert (got.temperature, got.top_p, got.top_k, got.min_p, got.seed) == (1.0, 1.0, 3, 0.1, 4)
