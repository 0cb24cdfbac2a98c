from __future__ import annotations

import sys

import pytest

from safeglot.backends.models.engines.llamacpp import body_of, import_engine, reply_of
from safeglot.errors import ModelError, UsageError
from safeglot.types import LOGPROB_POSITIONS, Request

CHAT = Request(model="m", messages=(("user", "Hi."),), max_tokens=5, seed=3, stop=("\n",))


def delta(text: str, n: int = 0, *tokens: str, **fields) -> dict:
    """One chunk of a streamed chat: its text, the number of its token and its alternatives."""
    content = [{"top_logprobs": [{"token": t, "logprob": -0.5}]} for t in tokens]
    choice = {"delta": {"content": text}, "logprobs": {"content": content}, **fields}
    return {"choices": [choice], "timings": {"predicted_n": n}}


def test_chats_and_completions_have_bodies_of_their_own():
    chat = body_of(CHAT)
    assert chat["messages"] == [{"role": "user", "content": "Hi."}]
    assert (chat["max_tokens"], chat["seed"], chat["stop"]) == (5, 3, ["\n"])
    assert "prompt" not in chat
    assert "logprobs" not in chat
    plain = body_of(Request(model="m", prompt="Hi", max_tokens=5, top_logprobs=2))
    assert (plain["prompt"], plain["logprobs"]) == ("Hi", 2)
    assert "messages" not in plain


def test_sampling_is_neutral_unless_the_request_says_otherwise():
    assert (body_of(CHAT)["top_k"], body_of(CHAT)["min_p"]) == (0, 0.0)
    own = body_of(Request(model="m", messages=CHAT.messages, max_tokens=5, extra={"top_k": 40}))
    assert (own["top_k"], own["min_p"]) == (40, 0.0)


def test_a_request_without_a_seed_has_one_of_its_own():
    def seed(text: str) -> int:
        return body_of(Request(model="m", prompt=text, max_tokens=5))["seed"]

    assert seed("a") == seed("a") != seed("b")
    # 2 ** 32 - 1 would be any seed to llama.cpp
    assert body_of(Request(model="m", prompt="a", max_tokens=5, seed=2**32 - 1))["seed"] == 0


def test_the_chunks_of_a_stream_are_one_reply():
    reply = reply_of(
        [
            delta("Ja", 1, "Ja"),
            delta("", 2, "\u2581!"),
            {"choices": [{"text": "!", "finish_reason": "stop"}]},
            {"choices": [], "usage": {"completion_tokens": 3, "prompt_tokens": 9}},
        ]
    )
    assert (reply.text, reply.finish_reason) == ("Ja!", "stop")
    assert (reply.n_tokens, reply.n_prompt_tokens) == (3, 9)
    assert reply.logprobs == ((("Ja", -0.5),), (("\u2581!", -0.5),))


def test_a_token_that_was_held_back_has_an_empty_position():
    reply = reply_of([delta("a", 1, "a"), delta("c", 3, "c", finish_reason="stop")])
    assert reply.logprobs == ((("a", -0.5),), (), (("c", -0.5),))
    many = [delta("x", n, "x") for n in range(1, LOGPROB_POSITIONS + 9)]
    many.append(delta("", 0, finish_reason="length"))
    assert len(reply_of(many).logprobs) == LOGPROB_POSITIONS


@pytest.mark.parametrize(
    ("error", "kind", "transient", "message"),
    [
        ({"code": 400, "message": "bad grammar"}, "bad_request", False, "bad grammar"),
        ({"code": 503, "message": "busy"}, "engine", True, "busy"),
        ({"message": "died"}, "engine", False, "died"),
        (
            {
                "code": 400,
                "type": "exceed_context_size_error",
                "n_prompt_tokens": 900,
                "n_ctx": 512,
            },
            "bad_request",
            False,
            "has 900 tokens and the context of a sequence holds 512",
        ),
    ],
)
def test_errors_of_the_engine_are_those_of_the_request_or_its_own(error, kind, transient, message):
    with pytest.raises(ModelError, match=message) as caught:
        reply_of([delta("a"), {"error": error}])
    assert (caught.value.kind, caught.value.transient) == (kind, transient)


def test_an_answer_without_an_end_is_an_error():
    with pytest.raises(ModelError, match="without a finish reason"):
        reply_of([delta("a", 1)])


def test_without_the_package_it_says_what_to_install(monkeypatch):
    monkeypatch.setenv("OMP_WAIT_POLICY", "passive")
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    with pytest.raises(UsageError, match=r"pip install 'safeglot\[embedded\]'"):
        import_engine()


def test_a_thought_of_the_engine_stands_beside_the_answer_or_alone():
    thinking = {"choices": [{"delta": {"reasoning_content": "[thought]"}}]}
    reply = reply_of([thinking, delta("[answer]", finish_reason="stop")])
    assert (reply.text, reply.thought) == ("[answer]", "[thought]")
    inline = reply_of([delta("<think>[thought]</think>"), delta("[answer]", finish_reason="stop")])
    assert (inline.text, inline.thought) == ("[answer]", "[thought]")
    with pytest.raises(ModelError) as caught:
        reply_of([thinking, delta("", finish_reason="length")])
    assert (caught.value.kind, caught.value.thought) == ("thought_only", "[thought]")
