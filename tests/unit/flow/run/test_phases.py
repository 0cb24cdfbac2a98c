from __future__ import annotations

from example.job import VLLM, judge, prepared
from safeglot.config.model_strings import JudgeConfig, ModelConfig
from safeglot.flow.run.phases import phases


def local(tmp_path, name):
    path = tmp_path / f"{name}.gguf"
    path.write_bytes(b"GGUF" + name.encode() + bytes(100))
    return ModelConfig(model=f"gguf/{path}")


def test_servers_are_asked_and_judged_in_one_phase(tmp_path):
    job = prepared(target=(VLLM, local(tmp_path, "a")), judge=(judge("rubric=vllm/j"),))
    (phase,) = phases(job)
    assert (phase.targets, phase.judges) == (job.targets, job.judges)
    assert [m.model for m in phase.models] == ["vllm/a", job.config.target[1].model, "vllm/j"]


def test_two_engines_in_the_process_are_never_in_memory_together(tmp_path):
    one, two = local(tmp_path, "a"), local(tmp_path, "b")
    guard = JudgeConfig(judge="rubric=b", family="rubric", model=two)
    job = prepared(target=(VLLM, one), judge=(judge("rubric=vllm/j"), guard))
    alone, streamed, after = phases(job)
    assert (alone.targets, alone.judges) == (job.targets[1:], ())
    assert (streamed.targets, streamed.judges) == (job.targets[:1], job.judges[:1])
    assert (after.targets, after.judges) == ((), job.judges[1:])
    for phase in (alone, streamed, after):
        assert len({m.model for m in phase.models if m.provider == "gguf"}) <= 1


def test_without_answers_no_target_is_asked_and_without_judges_nothing_is_judged():
    job = prepared(judge=(judge("rubric=vllm/j"),))
    (only_judged,) = phases(job, answers=False)
    assert (only_judged.targets, only_judged.judges) == ((), job.judges)
    (only_asked,) = phases(job, judged=False)
    assert (only_asked.targets, only_asked.judges) == (job.targets, ())
