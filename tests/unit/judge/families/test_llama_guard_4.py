from __future__ import annotations

from safeglot.judge.families.llama_guard_3 import LlamaGuard3
from safeglot.judge.families.llama_guard_4 import LlamaGuard4
from unit.judge.judging import answer, read

JUDGE = LlamaGuard4(model="vllm/meta-llama/Llama-Guard-4-12B")


def test_reads_as_llama_guard_3_does():
    assert read(JUDGE, "unsafe\nS3").codes == ("S3",)
    assert read(JUDGE, "safe").unsafe is False
    assert read(JUDGE, "safe\nS1").reason == "contradiction"


def test_verdicts_and_ids_carry_its_own_name():
    assert JUDGE.id.startswith("llama-guard-4:")
    assert read(JUDGE, "safe").judge == "llama-guard-4=vllm/meta-llama/Llama-Guard-4-12B"


def test_asks_the_same_of_another_model():
    (request,), (other,) = (j.ask(answer()) for j in (JUDGE, LlamaGuard3(model="vllm/other")))
    assert (request.messages, request.max_tokens) == (other.messages, other.max_tokens)
    assert request.model == JUDGE.model
