from __future__ import annotations

import pytest

from safeglot.config import token_limits
from safeglot.config.files import known
from safeglot.config.settings import build
from safeglot.errors import InputErrors


def test_limits_have_one_spelling():
    assert token_limits.read(" 512 , SW=1100,pt_br=700") == ("512,pt-BR=700,sw=1100", "")
    assert token_limits.read("512") == (512, "")
    assert token_limits.read(7) == (7, "")


def test_limits_are_taken_apart():
    assert token_limits.limits("512,hi=1400,sw=1100") == (512, {"hi": 1400, "sw": 1100})
    assert token_limits.limits(200) == (200, {})


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (0, "allowed is at least 1"),
        (True, "allowed is a whole number"),
        ("512,swahili=9", "Nearest: sw"),
        ("512,sw=0", "as in 512,sw=1100"),
        ("512,sw", "as in 512,sw=1100"),
        ("sw=1100", "as in 512,sw=1100"),
        ("512,sw=1,sw=2", "two limits of sw; leave one out"),
        ("512,sw=" + "9" * 5000, "as in 512,sw=1100"),
    ],
)
def test_what_is_wrong_with_limits_is_told(given, why):
    with pytest.raises(InputErrors) as caught:
        build({}, known=known(), flags={"max_tokens": given})
    (problem,) = caught.value.problems
    assert problem.startswith("--max-tokens: ")
    assert why in problem


def test_a_judge_has_one_limit():
    table = {"judge": [{"judge": "rubric=vllm/j", "max_tokens": "512,sw=1100"}]}
    with pytest.raises(InputErrors, match="allowed is a whole number; only a"):
        build(table, known=known())
