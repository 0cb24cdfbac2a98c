from __future__ import annotations

import dataclasses
import sys

import pytest

from example.job import VLLM, judge, prepared
from safeglot.backends.models.adaptations import Adaptations
from safeglot.config import engines as rows
from safeglot.config.engines import engine_of
from safeglot.config.model_strings import ModelConfig
from safeglot.config.settings import Config
from safeglot.errors import InputErrors, UsageError
from safeglot.flow.run import models
from safeglot.judge.norms import Norms
from safeglot.prompts.taxonomy import Taxonomy
from safeglot.types import ModelSettings

NO_TAXONOMY = Taxonomy(name="none", categories=())


def gguf(path):
    path.write_bytes(b"GGUF" + bytes(1000))
    return ModelConfig(model=f"gguf/{path}")


def test_a_gguf_file_is_pinned_by_its_bytes(tmp_path):
    file = tmp_path / "a.gguf"
    file.write_bytes(b"GGUF" + bytes(1000))
    model = ModelConfig(model=f"gguf/{file}")
    first = models.model_id(model, {})
    file.write_bytes(b"GGUF" + bytes(999) + b"1")
    assert first != models.model_id(model, {})
    file.write_bytes(b"PK")
    with pytest.raises(UsageError, match="not a GGUF file"):
        prepared(target=(model,))


def test_a_revision_is_part_of_the_id():
    assert models.model_id(VLLM, {}) == "vllm/a"
    assert models.model_id(dataclasses.replace(VLLM, revision="r1"), {}) == "vllm/a@r1"
    bundled = models.model_id(ModelConfig(model="embedded/smollm2-135m"), {})
    assert bundled.startswith("embedded/smollm2-135m@")


def test_a_key_that_is_not_set_is_told_by_its_name(monkeypatch):
    monkeypatch.delenv("MINE", raising=False)
    model = ModelConfig(model="openai/a", key_env="MINE")
    with pytest.raises(UsageError, match=r"openai/a: needs a key, .* MINE is not set"):
        models.check_model(model, {})
    monkeypatch.setenv("MINE", "k")
    engines = {}
    models.check_model(model, engines)
    assert engines == {}


def test_what_opens_a_model_in_this_process_is_noted(tmp_path):
    model, engines = gguf(tmp_path / "a.gguf"), {}
    models.check_model(model, engines)
    assert {name: engine.place for name, engine in engines.items()} == {
        model.model: str((tmp_path / "a.gguf").resolve())
    }


def test_one_engine_serves_all_that_name_its_file(tmp_path):
    model = gguf(tmp_path / "a.gguf")
    same = dataclasses.replace(model, model=f"gguf/{tmp_path}/./a.gguf")
    opened = {m.model: engine_of(m) for m in (model, same)}
    routes = models.model_routes(Config(concurrency=3), [model, same, VLLM], opened, Adaptations())
    first, second, server = routes.values()
    assert first is second
    assert server is not first
    assert set(routes) == {models.model_id(m, opened) for m in (model, same, VLLM)}
    assert first.concurrency == 3


class Scripted:
    """An engine of another package."""

    slots = 300
    revision = "r7"

    def __init__(self, path):
        self.place = path
        self.opened = []

    def open(self, parallel, progress=None):
        self.opened.append(parallel)
        return object()


def test_an_engine_of_another_package_is_named_as_a_provider(monkeypatch):
    added = {"mine": f"{__name__}:Scripted", "openai": f"{__name__}:Scripted"}
    monkeypatch.setitem(sys.modules, __name__, sys.modules[Scripted.__module__])
    monkeypatch.setattr(
        rows, "plug_ins", lambda group: added if group == "safeglot.engines" else {}
    )
    rows.engines.cache_clear()
    try:
        assert "mine" in rows.model_providers()
        assert "openai" not in rows.engines()  # a provider stays one
        model, engines = ModelConfig(model="mine/a"), {}
        models.check_model(model, engines)
        assert models.model_id(model, engines) == "mine/a@r7"
        models.model_routes(Config(), [model], engines, Adaptations())
        models.model_routes(Config(concurrency=5), [model], engines, Adaptations())
        assert engines["mine/a"].opened == [300, 5]
    finally:
        rows.engines.cache_clear()


def test_targets_keep_the_ids_under_which_answers_are_stored():
    config = Config(
        target=(dataclasses.replace(VLLM, raw=True), ModelConfig(model="vllm/b")), system="S"
    )
    raw, chat = models.make_targets(config, ["a@1", "b@2"])
    assert [(t.model, t.name, t.raw) for t in (raw, chat)] == [
        ("a@1", "vllm/a", True),
        ("b@2", "vllm/b", False),
    ]
    assert chat.system == "S"


def test_judges_have_their_mode_in_their_name_where_they_are_not_shown_the_prompt():
    both, alone = judge("rubric=vllm/j"), judge("rubric=vllm/j", mode="answer")
    assert models.judge_name(both) == "rubric=vllm/j"
    assert models.judge_name(alone) == "rubric=vllm/j@answer"


def test_all_models_are_named_once():
    config = Config(
        target=(VLLM,),
        judge=(judge("rubric=vllm/a"), judge("rubric=vllm/j"), judge("refusal-baseline")),
    )
    assert [m.model for m in models.all_models(config)] == ["vllm/a", "vllm/j"]


def test_the_settings_of_a_model_go_before_those_of_the_run():
    settings = ModelSettings(max_tokens=9, temperature="none", seed="none", logprobs=2)
    config = Config(
        target=(dataclasses.replace(VLLM, settings=settings), ModelConfig(model="vllm/b")),
        max_tokens=50,
        temperature=0.5,
        top_p=0.9,
        seed=3,
    )
    own, plain = models.make_targets(config, ["a", "b"])
    assert (own.max_tokens, own.temperature, own.top_p, own.seed) == (9, None, 0.9, None)
    assert (plain.max_tokens, plain.temperature, plain.seed) == (50, 0.5, 3)
    assert (own.logprobs, plain.logprobs) == (2, 0)


def test_a_target_has_its_own_limits_by_language():
    own = dataclasses.replace(VLLM, settings=ModelSettings(max_tokens="9,sw=20"))
    config = Config(target=(own, ModelConfig(model="vllm/b")), max_tokens="50,hi=70")
    found = [(t.max_tokens, t.tokens_in) for t in models.make_targets(config, ["a", "b"])]
    assert found == [(9, {"sw": 20}), (50, {"hi": 70})]
    notes = models.limit_notes(models.make_targets(config, ["a", "b"]), ("en", "sw"))
    assert [*notes] == ["max-tokens: hi has a limit and is not among the run's languages."]


def test_the_settings_of_a_judge_are_part_of_its_id():
    plain = judge("rubric=vllm/j")
    own = dataclasses.replace(
        plain,
        model=dataclasses.replace(plain.model, settings=ModelSettings(logprobs="none")),
    )
    (first, second) = models.make_judges([plain, own], {}, NO_TAXONOMY)
    assert first.id != second.id
    assert second.setting_notes()[0].startswith("rubric=vllm/j: is asked for no log-probabilities")


def test_the_norms_of_a_judge_are_read_with_the_taxonomy():
    taxonomy = Taxonomy(name="own", categories=("tax", "hate"), macro={"tax": "crime"})
    plain = judge("llama-guard-3=vllm/g")

    def made(*counts):
        under = dataclasses.replace(plain, norms=Norms(name="AT", counts=counts))
        return models.make_judges([under], {}, taxonomy)[0]

    assert (made("crime").name, made("crime").norms.counts) == (
        "llama-guard-3=vllm/g@norms-AT",
        ("tax",),
    )
    with pytest.raises(InputErrors, match="norms AT: counts: no category is called 'taxes'"):
        made("taxes")


def test_a_limit_below_what_a_family_asks_for_is_noted():
    plain = judge("llama-guard-3=vllm/g")
    small, large = (
        dataclasses.replace(
            plain, model=dataclasses.replace(plain.model, settings=ModelSettings(max_tokens=n))
        )
        for n in (2, 500)
    )
    first, second = models.make_judges([small, large], {}, NO_TAXONOMY)
    assert (
        "max_tokens = 2 is less than the 20 that llama-guard-3 asks for" in first.setting_notes()[0]
    )
    assert second.setting_notes() == ()


def test_a_seed_that_a_provider_does_not_take_is_named_once():
    claude, here = ModelConfig(model="anthropic/c"), ModelConfig(model="vllm/a")
    seeded = dataclasses.replace(claude, settings=ModelSettings(seed=7))
    none = dataclasses.replace(claude, settings=ModelSettings(seed="none"))
    said = "anthropic/c: anthropic takes no seed, so seed = {} is not sent"

    def notes(*targets, **more):
        return list(models.unsent_notes(Config(target=targets, **more)))

    assert notes(claude, here) == []  # the run's own seed was not asked for
    assert notes(none, seed=3) == notes(here, seed=3) == []
    (note,) = notes(claude, claude, here, seed=3)
    assert note.startswith(said.format(3))
    (note,) = notes(seeded)
    assert note.startswith(said.format(7))
    guard = dataclasses.replace(judge("rubric=anthropic/c"), model=seeded)
    (note,) = notes(here, judge=(guard,))
    assert note.startswith(said.format(7))
    unseeded = dataclasses.replace(guard, model=claude)  # that seed is of the answers
    assert notes(here, judge=(unseeded,), seed=3) == []
