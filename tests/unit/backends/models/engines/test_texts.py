from __future__ import annotations

import pytest

from example import tiny_llama
from safeglot.backends.models.engines.texts import TokenTexts, Written
from safeglot.errors import ModelError
from safeglot.types import Request

pytest.importorskip("tokenizers")
pytest.importorskip("transformers")


@pytest.fixture(scope="module")
def texts():
    return TokenTexts(tiny_llama.tokenizer(), name="hf/tiny", longest=40)


def chat(*messages, **changes):
    return Request(**{"model": "m", "messages": messages, "max_tokens": 30} | changes)


def bare(prompt, **changes):
    return Request(**{"model": "m", "prompt": prompt, "max_tokens": 30} | changes)


def said(texts, request):
    return texts.tokenizer.decode(texts.ids(request))


def test_a_chat_is_written_by_the_template_and_a_bare_text_as_it_is(texts):
    assert said(texts, chat(("user", "Hi"))) == "<|user|>Hi<|end|><|assistant|>"
    assert said(texts, bare("Hi")) == "Hi"


def test_a_conversation_that_ends_with_an_answer_is_whole(texts):
    request = chat(("user", "Q"), ("assistant", "A"))
    assert said(texts, request) == "<|user|>Q<|end|><|assistant|>A<|end|><|assistant|>"
    alone = chat(("user", "Q"), extra={"chat_template_kwargs": {"add_generation_prompt": False}})
    assert said(texts, alone) == "<|user|>Q<|end|>"


def test_the_mark_of_the_beginning_stands_once():
    words = tiny_llama.tokenizer()
    words.bos_token = "<|system|>"
    begin = words.bos_token_id
    words.backend_tokenizer.post_processor = __import__("tokenizers").processors.TemplateProcessing(
        single="<|system|> $A", special_tokens=[("<|system|>", begin)]
    )
    texts = TokenTexts(words, name="hf/tiny", longest=40)
    assert (
        texts.ids(bare("<|system|>Hi"))
        == texts.ids(bare("Hi"))
        == [begin, *texts.ids(bare("Hi"))[1:]]
    )


def test_a_base_model_is_asked_in_raw_text():
    base = TokenTexts(tiny_llama.tokenizer(template=None), name="hf/base", longest=40)
    assert base.ids(bare("Hi"))
    with pytest.raises(ModelError, match=r"hf/base has no chat template.* --raw") as caught:
        base.ids(chat(("user", "Hi")))
    assert caught.value.kind == "setting"


@pytest.mark.parametrize(
    ("request_", "kind", "message"),
    [
        (bare("a" * 41), "too_long", "41 tokens and hf/tiny reads 40"),
        (bare("half \ud800"), "bad_request", "half of a surrogate pair"),
        (bare(""), "bad_request", "no tokens"),
        (bare("Hi", extra={"n": 3}), "setting", r"takes no n in extra\. Allowed: .*top_k"),
    ],
)
def test_what_it_does_not_read(texts, request_, kind, message):
    with pytest.raises(ModelError, match=message) as caught:
        texts.ids(request_)
    assert (caught.value.kind, caught.value.transient) == (kind, False)


def test_a_template_that_refuses_says_so():
    template = "{{ raise_exception('System role not supported') }}"
    strict = TokenTexts(tiny_llama.tokenizer(template=template), name="hf/strict", longest=40)
    with pytest.raises(ModelError, match=r"System role not supported \(system_as_user = true"):
        strict.ids(chat(("system", "S"), ("user", "Hi")))


def test_the_room_is_what_the_model_has_left(texts):
    assert texts.room(bare("Hi"), [1] * 35) == 5
    assert texts.room(bare("Hi", max_tokens=3), [1] * 35) == 3


def test_a_reply_has_the_text_the_counts_and_the_ending(texts):
    tokens = texts.ids(bare("Hello, you"))
    end = texts.tokenizer.eos_token_id
    pairs = [[(tokens[0], -0.1), (end, -3.0)]]
    written = Written(n_prompt=4, tokens=[*tokens, end], logprobs=pairs, ended=True)
    reply = texts.reply(bare("x"), written)
    assert (reply.text, reply.finish_reason) == ("Hello, you", "stop")
    assert (reply.n_prompt_tokens, reply.n_tokens) == (4, len(tokens) + 1)
    assert reply.logprobs == ((("H", -0.1), ("<|end|>", -3.0)),)
    cut = texts.reply(bare("x"), Written(n_prompt=4, tokens=tokens, ended=False))
    assert (cut.finish_reason, cut.logprobs) == ("length", ())
    stop = texts.reply(
        bare("x", stop=(", ", "you")), Written(n_prompt=4, tokens=tokens, ended=False)
    )
    assert (stop.text, stop.finish_reason) == ("Hello", "stop")
