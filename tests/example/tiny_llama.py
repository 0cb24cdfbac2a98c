"""Llama models of random weights, with a tokenizer of bytes: whole, and made in a moment."""

from __future__ import annotations

from pathlib import Path

TEMPLATE = (
    "{% for m in messages %}<|{{ m['role'] }}|>{{ m['content'] }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


def tokenizer(*, template: str | None = TEMPLATE):
    """Return a tokenizer whose tokens are bytes; with a chat template, where one is given."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    inner = Tokenizer(models.BPE(vocab={c: i for i, c in enumerate(alphabet)}, merges=[]))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    marks = ["<|pad|>", "<|end|>", "<|system|>", "<|user|>", "<|assistant|>"]
    inner.add_special_tokens([AddedToken(mark, special=True) for mark in marks])
    made = PreTrainedTokenizerFast(
        tokenizer_object=inner, pad_token="<|pad|>", eos_token="<|end|>", model_max_length=512
    )
    made.chat_template = template
    return made


def save(folder: Path, *, template: str | None = TEMPLATE, ends: bool = True, **changes) -> Path:
    """Write a model of random weights, the same each time, and return its folder.

    Without `ends` its answers run to their limit.
    """
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    words = tokenizer(template=template)
    if not ends:
        words.eos_token = None
    config = {
        "vocab_size": len(words),
        "hidden_size": 128,
        "intermediate_size": 256,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,  # of 64 numbers each: vLLM has no smaller ones
        "num_key_value_heads": 1,
        "max_position_embeddings": 512,
        "initializer_range": 0.4,  # logits far apart, so that no order of sums moves the first
        "eos_token_id": words.eos_token_id,
        "pad_token_id": words.pad_token_id,
    }
    with torch.random.fork_rng():
        torch.manual_seed(7)
        model = LlamaForCausalLM(LlamaConfig(**{**config, **changes}))
    model.save_pretrained(folder)
    words.save_pretrained(folder)
    return folder
