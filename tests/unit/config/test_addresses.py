from __future__ import annotations

import pytest

from safeglot.config.addresses import check_taken, moved
from safeglot.config.model_strings import ModelConfig
from safeglot.errors import UsageError

A, B, C = "http://127.0.0.1:1/v1", "http://127.0.0.1:2/v1", "http://127.0.0.1:3/v1"


def stored(target=A, judge=A, **more):
    own = {"base_url": target} if target else {}
    table = {"judge": "rubric=vllm/j"} | ({"base_url": judge} if judge else {})
    return {
        "target": [{"model": "vllm/a", **own}],
        "judge": [table, {"judge": "refusal-baseline"}],
        "max_tokens": 5,
        **more,
    }


def addresses(table):
    return table["target"][0].get("base_url"), table["judge"][0].get("base_url")


@pytest.mark.parametrize(
    ("table", "flags", "now"),
    [
        (stored(base_url=A), {"base_url": C}, (C, C)),
        (stored(base_url=A + "/"), {"base_url": C}, (C, C)),
        (stored(judge=B, base_url=A), {"base_url": C}, (C, B)),
        (stored(target=B, base_url=A), {"base_url": C}, (B, C)),
        (stored(judge=B, base_url=A, judge_base_url=B), {"base_url": C}, (C, B)),
        (stored(judge=B, base_url=A, judge_base_url=B), {"judge_base_url": C}, (A, C)),
        (stored(base_url=A), {"judge_base_url": C}, (A, C)),
        (stored(base_url=A), {"base_url": B, "judge_base_url": C}, (B, C)),
        (stored(), {"base_url": C}, (C, C)),
        (stored(None, None), {"base_url": C}, (C, C)),
        (stored(base_url=A), {}, (A, A)),
        (stored(base_url=A), {"base_url": C, "target": ["vllm/new"]}, (A, A)),
        (stored(judge=B), {"judge_base_url": C}, (A, C)),
        (stored(base_url=A), {"base_url": (B, C)}, ([B, C], [B, C])),
        (stored([A, B], base_url=[B, A]), {"base_url": (C,)}, (C, A)),
    ],
)
def test_an_address_on_the_command_line_moves_the_models_it_was_for(table, flags, now):
    assert addresses(moved(table, flags, "run.toml")) == now


def test_where_it_would_be_a_guess_it_is_refused():
    with pytest.raises(UsageError, match="at several addresses") as caught:
        moved(stored(judge=B), {"base_url": C}, "runs/a/run.toml")
    assert f"vllm/a at {A}; rubric=vllm/j at {B}" in str(caught.value)
    assert "Write base_url beside the model in runs/a/run.toml" in str(caught.value)


def test_what_is_no_table_of_a_model_is_left_as_it_is():
    table = {"target": "vllm/a", "judge": [7, {"judge": "refusal-baseline"}], "base_url": A}
    assert moved(table, {"base_url": C}, "run.toml")["judge"] == table["judge"]


def test_an_address_that_no_model_of_a_file_takes_is_refused():
    own = {"target": [ModelConfig(model="vllm/a", base_url=A)]}
    with pytest.raises(UsageError, match=f"no model takes it.*vllm/a at {A}"):
        check_taken(own, {"base_url": C}, "study.toml")
    check_taken(own, {"base_url": A}, "study.toml")
    check_taken({"target": [ModelConfig(model="embedded/m")]}, {"base_url": C}, "study.toml")
    check_taken(own, {}, "study.toml")
