from __future__ import annotations

import pytest

from safeglot.text.control_tokens import TOKEN, without_closing

CLOSING = [
    "<|eot_id|>", "<|eom_id|>", "<|end_of_text|>", "<|eot|>", "<|im_end|>", "<|endoftext|>", "<|end|>",
    "<|return|>", "<end_of_turn>", "<eos>", "</s>", "[EOS]", "<|END_OF_TURN_TOKEN|>", "<|END_RESPONSE|>",
    "<|endofturn|>", "<turn|>", "<|EOT|>", "<pad>", "<|eos_token|>",
    "<\uff5cend\u2581of\u2581sentence\uff5c>", "<|end\u2581of\u2581sentence|>",
]  # fmt: skip
OPENING = [
    "<|im_start|>",
    "<|start_header_id|>",
    "<|end_header_id|>",
    "<|end_of_role|>",
    "[INST]",
    "<s>",
]


@pytest.mark.parametrize("token", CLOSING)
def test_tokens_that_close_a_turn_go(token):
    assert without_closing(f"safe{token}") == "safe"
    assert without_closing(f"safe \n{token}\n{token} ") == "safe"
    assert without_closing(f"safe{token}unsafe") == f"safe{token}unsafe"


@pytest.mark.parametrize("token", OPENING)
def test_tokens_that_open_one_stay(token):
    assert without_closing(f"safe{token}") == f"safe{token}"
    assert TOKEN.search(f"safe{token}")


def test_a_long_text_of_blanks_takes_no_time():
    assert without_closing("a" + " " * 500_000 + "b") == "a" + " " * 500_000 + "b"
