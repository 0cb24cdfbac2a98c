from __future__ import annotations

import pytest

from safeglot.config.endpoints import (
    Named,
    check_named,
    endpoints_at,
    endpoints_of,
    models_of,
    with_key,
)
from safeglot.config.files import known
from safeglot.config.model_strings import ModelConfig
from safeglot.config.settings import build
from safeglot.errors import UnnamedEndpoints, UsageError

OWN = "http://10.0.0.7:8000/v1"


def config(**flags):
    return build({}, known=known(), flags=flags)


def test_an_endpoint_is_an_address_and_the_variable_of_the_key_that_goes_there():
    (own,) = endpoints_at(ModelConfig(model="vllm/a"))
    assert own == ("http://localhost:8000/v1", "VLLM_API_KEY")
    given = ModelConfig(model="vllm/a", base_url=f"{OWN}/")
    assert endpoints_at(given) == ((OWN, "VLLM_API_KEY"),)
    assert endpoints_at(ModelConfig(model="embedded/smollm2-135m")) == ()
    two = given.at([OWN, "http://10.0.0.9/v1"])
    assert [address for address, _ in endpoints_at(two)] == [OWN, "http://10.0.0.9/v1"]


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:1/v1",
        "https://api.openai.com.example/v1",
        "http://api.openai.com/v1",
        "https://api.openai.com:8443/v1",
        "https://eu.api.openai.com/v1",
    ],
)
def test_a_makers_key_goes_to_the_makers_own_host_only(address):
    model = ModelConfig(model="openai/a", base_url=address)
    assert endpoints_at(model) == ((address, ""),)
    named = ModelConfig(model="openai/a", base_url=address, key_env="MINE")
    assert endpoints_at(named) == ((address, "MINE"),)


def test_another_path_of_the_makers_host_is_its_own():
    model = ModelConfig(model="openai/a", base_url="https://API.openai.com:443/v2")
    assert endpoints_at(model) == (("https://API.openai.com:443/v2", "OPENAI_API_KEY"),)


def test_every_key_that_names_models_is_looked_at():
    given = config(
        target=("vllm/t",),
        judge=("rubric=vllm/j", "refusal-baseline"),
        translator=("llm=vllm/x", "apertium"),
        quality=("llm-da=vllm/q", "roundtrip-chrf=llm=groq/back"),
        to="de",
    )
    names = [m.model for m in models_of(given)]
    assert names == ["vllm/t", "vllm/j", "vllm/x", "vllm/q", "groq/back"]
    assert len(endpoints_of(models_of(given))) == 2
    assert [m.model for m in models_of(given, ("judge",))] == ["vllm/j"]


def test_what_was_not_named_is_told_with_the_flags_that_name_it():
    models = [ModelConfig(model="vllm/a", base_url=OWN, key_env="AWS_SECRET")]
    with pytest.raises(UnnamedEndpoints, match=r"vllm/a at http://10.0.0.7") as caught:
        check_named("run.toml", models, ())
    assert caught.value.flags == ("--allow", f"{OWN}=AWS_SECRET")
    check_named("run.toml", models, Named(allow=(f"{OWN}/=AWS_SECRET",)).endpoints)
    with pytest.raises(UnnamedEndpoints):  # another variable than the one that was named
        check_named("run.toml", models, Named(allow=(OWN,)).endpoints)


def test_each_replica_has_to_be_named():
    model = ModelConfig(model="vllm/a", base_url=OWN, others=("http://203.0.113.9/v1",))
    with pytest.raises(UnnamedEndpoints, match=r"203.0.113.9") as caught:
        check_named("run.toml", [model], {(OWN, "VLLM_API_KEY")})
    assert caught.value.flags == ("--allow", "http://203.0.113.9/v1=VLLM_API_KEY")
    assert not Named(base_url=(OWN,)).again(model)
    assert Named(base_url=(OWN, "http://203.0.113.9/v1")).again(model)


def test_an_address_that_is_named_again_does_not_name_the_variable_of_a_file():
    stored = ModelConfig(model="vllm/a", base_url=OWN, key_env="AWS_SECRET")
    assert not Named(base_url=(OWN,)).again(stored)
    assert not Named(key_env="AWS_SECRET").again(stored)
    assert Named(base_url=(OWN,), key_env="AWS_SECRET").again(stored)
    assert not Named().again(ModelConfig(model="vllm/a"))


def test_what_is_named_must_be_an_address():
    with pytest.raises(UsageError, match=r"--allow: got .nowhere."):
        Named(allow=("nowhere",))
    with pytest.raises(UsageError, match="--judge-base-url: got 'x'"):
        Named(base_url=("x",))


def test_a_key_variable_goes_where_the_address_of_the_command_line_does():
    given = config(
        target=("openai/t",),
        judge=("rubric=vllm/j",),
        translator=("llm=openai/x",),
        to="de",
        base_url=(OWN,),
        judge_base_url=("http://10.0.0.8/v1",),
        key_env="MINE",
    )
    keyed = with_key(given, given.base_url)
    assert [m.key_env for m in models_of(keyed)] == ["MINE", None, "MINE"]


def test_without_an_address_a_key_variable_is_that_of_the_hosted_provider():
    given = config(target=("openai/t",), judge=("rubric=vllm/j",), key_env="MINE")
    assert [m.key_env for m in models_of(with_key(given, ()))] == ["MINE", None]
    two = config(target=("openai/t", "groq/t"), key_env="MINE")
    with pytest.raises(UsageError, match=r"whose key is it.*groq and openai"):
        with_key(two, ())


@pytest.mark.parametrize(
    "given", [{"translator": ("deepl",)}, {"quality": ("roundtrip-chrf=deepl",)}]
)
def test_a_service_that_translates_is_an_endpoint_too(given):
    deepl = "https://api.deepl.com/v2/translate"
    found = endpoints_of(models_of(config(to="de", **given)))
    assert found == {(deepl, "DEEPL_AUTH_KEY"): ["deepl/texts"]} | {
        key: names for key, names in found.items() if "deepl/texts" not in names
    }
    with pytest.raises(UnnamedEndpoints, match="with the key in DEEPL_AUTH_KEY"):
        check_named("run.toml", models_of(config(to="de", **given)), set())
