from __future__ import annotations

import random

import pytest

from safeglot.backends.models.engines.decoding import Decoder, Draft
from safeglot.backends.models.engines.sampling import Sampling
from safeglot.errors import ModelError

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")


def made(kind="llama", **changes):
    """Return a model of random weights whose logits are far apart, so that no rounding moves the first."""
    config = {
        "vocab_size": 97, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2,
        "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 512,
        "initializer_range": 0.4, "bos_token_id": None, "eos_token_id": None, "pad_token_id": 0,
    }  # fmt: skip
    with torch.random.fork_rng():
        torch.manual_seed(3)
        about = transformers.AutoConfig.for_model(kind, **{**config, **changes})
        return transformers.AutoModelForCausalLM.from_config(about).float().eval()


@pytest.fixture(scope="module")
def model():
    return made()


def prompts(n, longest=40, start=()):
    r = random.Random(5)
    return [
        [*start, *(r.randrange(1, 97) for _ in range(r.randrange(1, longest)))] for _ in range(n)
    ]


def expected(model, ids, room):
    """Return what transformers' own generate writes."""
    with torch.inference_mode():
        out = model.generate(
            torch.tensor([ids]), attention_mask=torch.ones(1, len(ids), dtype=torch.long),
            max_new_tokens=room, do_sample=False, pad_token_id=0,
        )  # fmt: skip
    return out[0, len(ids) :].tolist()


def written(model, lines, *, slots=5, at_once=3, ends=(), most_tokens=10**9):
    """Write all lines, some at a time, and return the most that were written together."""
    decoder, waiting, most = Decoder(model, ends=ends, most_tokens=most_tokens), list(lines), 0
    done = []
    while waiting or decoder.live:
        new = waiting[: min(at_once, slots - len(decoder.live))]
        if new:
            waiting = waiting[len(new) :]
            done += decoder.add(new)
        most = max(most, len(decoder.live))
        done += decoder.step()
    assert sorted(map(id, done)) == sorted(map(id, lines))
    return most


def lines_of(texts, rooms=None, **settings):
    rooms = rooms or [12] * len(texts)
    return [
        Draft(ids=ids, room=room, sampling=Sampling(seed=i, **settings))
        for i, (ids, room) in enumerate(zip(texts, rooms, strict=True))
    ]


def test_lines_that_join_and_leave_get_what_each_gets_alone(model):
    texts = prompts(14)
    rooms = [1 + 3 * i % 20 for i in range(14)]
    lines = lines_of(texts, rooms)
    assert written(model, lines) == 5
    assert [line.out for line in lines] == [
        expected(model, ids, room) for ids, room in zip(texts, rooms, strict=True)
    ]


def test_random_numbers_belong_to_a_line(model):
    texts = prompts(8)
    many, few = lines_of(texts, temperature=1.0), lines_of(texts, temperature=1.0)
    written(model, many, slots=8, at_once=8)
    written(model, few, slots=2, at_once=1)
    assert [line.out for line in many] == [line.out for line in few]
    assert len({tuple(line.out) for line in many}) == 8


def test_what_all_begin_with_is_read_once(model, monkeypatch):
    start = [1 + i % 90 for i in range(60)]
    texts = prompts(6, start=start)
    read = []
    forward = Decoder._forward
    monkeypatch.setattr(
        Decoder, "_forward", lambda self, c, tokens, m: read.append(tokens.numel()) or forward(self, c, tokens, m)
    )  # fmt: skip
    lines = lines_of(texts, [1] * 6)
    written(model, lines, at_once=2)
    assert sum(read) < 60 + 6 * 40  # 360 of the start alone, were it read for each
    assert [line.out for line in lines] == [expected(model, ids, 1) for ids in texts]
    alone = lines_of([start[:50]], [3])
    written(model, alone)  # and what is shorter than what was kept
    assert alone[0].out == expected(model, start[:50], 3)


def test_a_line_ends_at_its_end_its_stop_or_its_limit(model):
    (ids,) = prompts(1)
    free = expected(model, ids, 10)
    (ended,) = lines = lines_of([ids])
    written(model, lines, ends=[free[4]])
    assert (ended.out, ended.ended) == (free[: free.index(free[4]) + 1], True)
    (stopped,) = lines = lines_of([ids])
    stopped.is_stop = lambda tokens: len(tokens) == 3
    written(model, lines)
    assert (len(stopped.out), stopped.ended) == (3, True)
    (cut,) = lines = lines_of([ids], [5])
    written(model, lines)
    assert (cut.out, cut.ended) == (free[:5], False)


def test_who_is_not_waited_for_leaves(model):
    stays, leaves = lines_of(prompts(2), [8, 50])
    decoder = Decoder(model, ends=(), most_tokens=10**9)
    decoder.add([stays, leaves])
    leaves.left = True
    for _ in range(7):
        decoder.step()
    assert decoder.live == []
    assert len(leaves.out) == 1
    assert stays.out == expected(model, stays.ids, 8)


def test_log_probabilities_are_those_of_a_pass_over_the_text(model):
    (line,) = lines = lines_of(prompts(1), [4], n_logprobs=3)
    written(model, lines)
    with torch.inference_mode():
        logits = model(torch.tensor([[*line.ids, *line.out]])).logits[0].log_softmax(-1)
    for place, pairs in enumerate(line.logprobs):
        values, tokens = logits[len(line.ids) - 1 + place].topk(3)
        assert [token for token, _ in pairs] == tokens.tolist()
        assert [value for _, value in pairs] == pytest.approx(values.tolist(), abs=1e-4)
    assert len(line.logprobs) == 4


def test_the_memory_bounds_how_many_join(model):
    decoder = Decoder(model, ends=(), most_tokens=100)
    first, second = lines_of([[1] * 20, [2] * 40], [30, 10])
    assert decoder.fits([first, second])
    decoder.add([first])
    assert decoder.fits([second])
    assert not decoder.fits(lines_of([[3] * 60], [10]))


def test_layers_that_look_back_only_so_far(model):
    window = made("gemma2", sliding_window=16, head_dim=8, query_pre_attn_scalar=8)
    texts = [ids * 3 for ids in prompts(6)]
    lines = lines_of(texts)
    written(window, lines, slots=4, at_once=2)
    assert [line.out for line in lines] == [expected(window, ids, 12) for ids in texts]


def test_a_state_that_cannot_be_padded_is_refused():
    with pytest.raises(ModelError, match=r"keeps a state that cannot be padded .*vllm-local"):
        Decoder(made("mamba", state_size=4, expand=1, conv_kernel=2), ends=(), most_tokens=10)
