from __future__ import annotations

import tomllib

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from safeglot.config.checks import read_toml
from safeglot.config.model_strings import Form, JudgeConfig, Known, ModelConfig, StepConfig
from safeglot.config.settings import FIELDS, HELP, Config, build, to_table
from safeglot.errors import InputErrors, UsageError

KNOWN = Known(
    providers=("embedded", "gguf", "openai", "vllm"),
    judges={"refusal-baseline": False, "rubric": True, "llama-guard-3": True},
    translators={
        "apertium": Form(example="apertium or apertium/eng-spa"),
        "llm": Form(example="llm=provider/model"),
        "file": Form(example="file=PATH"),
    },
    estimators={
        "roundtrip-chrf": Form(example="roundtrip-chrf or roundtrip-chrf=apertium"),
        "llm-da": Form(example="llm-da=provider/model"),
    },
)


def problems(raw, flags=None):
    with pytest.raises(InputErrors) as caught:
        build(raw, known=KNOWN, where="c.toml", flags=flags)
    return list(caught.value.problems)


def problems_of(raw):
    try:
        build(raw, known=KNOWN)
    except InputErrors as error:
        return list(error.problems)
    return []


def test_nothing_given_is_the_defaults():
    config = build({}, known=KNOWN)
    assert config == Config()
    assert [m.model for m in config.target] == ["embedded/smollm2-135m"]
    assert [j.judge for j in config.judge] == ["refusal-baseline"]


texts = st.text(
    st.characters(exclude_characters="\0", exclude_categories=("Cs",)), min_size=1
).filter(str.strip)
numbers = {
    "limit": st.integers(1), "select_seed": st.integers(0, 2**60), "max_tokens": st.integers(1, 2**60),
    "samples": st.integers(1, 10_000), "temperature": st.floats(0, 5), "top_p": st.floats(1e-6, 1),
    "level": st.floats(0.5, 0.9999), "budget_usd": st.floats(0, 1e300), "timeout_s": st.floats(0.01, 86400),
}  # fmt: skip
tables = st.fixed_dictionaries(
    {},
    optional={
        **{name: strategy.filter(lambda n: abs(n) < 2**63) for name, strategy in numbers.items()},
        "prompts": texts,
        "system": st.one_of(st.just(""), texts),
        "categories": st.lists(texts),
        "columns": st.dictionaries(texts, texts),
        "kinds": st.sampled_from([["harmful"], ["benign", "harmful"]]),
        "languages": st.lists(st.sampled_from(["en", "no", "pt-BR", "zh-Hant"])),
        "reference": st.sampled_from(["en", "no"]),
        "allow_partial": st.booleans(),
        "raw": st.booleans(),
        "out": texts,
        "target": st.just([{"model": "vllm/a", "usd_in": 1, "raw": True}, "openai/b"]),
        "judge": st.just(
            [{"judge": "rubric=vllm/a", "mode": "answer", "key_env": "K"}, "refusal-baseline"]
        ),
    },
)


@given(tables)
def test_run_toml_gives_the_same_configuration_again(table):
    config = build(table, known=KNOWN)
    text = tomli_w.dumps(to_table(config))
    assert build(read_toml(text, "run.toml"), known=KNOWN) == config
    assert set(tomllib.loads(text)) <= set(FIELDS)


def test_flags_win_over_the_file():
    config = build(
        {"limit": 3, "seed": 7, "target": "vllm/a"},
        known=KNOWN,
        flags={"limit": 5, "target": ("openai/b",)},
    )
    assert (config.limit, config.seed, config.target) == (5, 7, (ModelConfig(model="openai/b"),))


def test_a_decimal_setting_is_a_decimal_however_it_is_written():
    config = build(
        {"temperature": 0, "top_p": 1, "target": [{"model": "vllm/a", "usd_in": 2}]}, known=KNOWN
    )
    assert [repr(n) for n in (config.temperature, config.top_p, config.target[0].usd_in)] == [
        "0.0",
        "1.0",
        "2.0",
    ]


def test_lists_may_be_written_with_commas_and_name_each_once():
    config = build(
        {}, known=KNOWN, flags={"languages": " en, NO,en ,pt-br", "kinds": "benign,harmful,benign"}
    )
    assert config.languages == ("en", "no", "pt-BR")
    assert config.kinds == ("benign", "harmful")


def test_addresses_of_targets_and_judges():
    flags = {
        "target": ("vllm/a", "embedded/smollm2-135m"), "judge": ("rubric=vllm/j", "refusal-baseline"),
        "base_url": "http://t/v1", "judge_base_url": "http://j/v1",
    }  # fmt: skip
    config = build({}, known=KNOWN, flags=flags)
    assert [m.base_url for m in config.target] == ["http://t/v1", None]
    assert [j.model and j.model.base_url for j in config.judge] == ["http://j/v1", None]
    del flags["judge_base_url"]
    assert build({}, known=KNOWN, flags=flags).judge[0].model.base_url == "http://t/v1"
    own = {"target": [{"model": "vllm/a", "base_url": "http://own/v1"}]}
    assert (
        build(own, known=KNOWN, flags={"base_url": "http://t/v1"}).target[0].base_url
        == "http://own/v1"
    )


def test_judges_in_both_ways_to_write_them():
    given = {
        "judge": [
            {"judge": "rubric=vllm/j", "mode": "answer", "revision": "r1"},
            "llama-guard-3=vllm/g=x",
        ]
    }
    assert build(given, known=KNOWN).judge == (
        JudgeConfig(
            judge="rubric=vllm/j",
            family="rubric",
            mode="answer",
            model=ModelConfig(model="vllm/j", revision="r1"),
        ),
        JudgeConfig(
            judge="llama-guard-3=vllm/g=x",
            family="llama-guard-3",
            model=ModelConfig(model="vllm/g=x"),
        ),
    )


def test_what_is_the_same_twice_is_there_once():
    config = build({"target": ["vllm/a", "vllm/a"], "judge": ["refusal-baseline"] * 2}, known=KNOWN)
    assert (len(config.target), len(config.judge)) == (1, 1)


def test_one_judge_in_two_modes_is_two_judges():
    given = {"judge": ["rubric=vllm/j", {"judge": "rubric=vllm/j", "mode": "answer"}]}
    assert [j.mode for j in build(given, known=KNOWN).judge] == ["prompt+answer", "answer"]


@pytest.mark.parametrize(
    ("key", "given"),
    [
        ("target", ["vllm/a", {"model": "vllm/a", "revision": "r1"}]),
        ("judge", ["rubric=vllm/a", {"judge": "rubric=vllm/a", "base_url": "http://h"}]),
    ],
)
def test_two_that_results_could_not_tell_apart(key, given):
    (problem,) = problems({key: given})
    assert problem.startswith(f"c.toml: {key}: ")
    assert "is there twice with different settings" in problem


def test_only_a_run_that_is_not_judged_yet_may_lack_judges():
    assert problems({"judge": []}) == ["c.toml: judge: empty; name at least one judge."]
    assert build({"judge": []}, known=KNOWN, unjudged=True).judge == ()


def test_all_problems_of_file_and_flags_at_once():
    found = problems(
        {"limit": "ten", "colour": 1, "target": [{"model": "vllm/a", "key_nev": "X"}]},
        {"judge": ("rubric",), "seed": -1},
    )
    assert len(found) == 5
    assert {p.split(": ")[0] for p in found} == {"c.toml", "--judge", "--seed"}


@pytest.mark.parametrize("key", sorted(set(FIELDS)))
@pytest.mark.parametrize(
    "given",
    [None, [[]], {"a": {}}, object(), b"x", {1: 2}, "\ud800", "a\0b", 10**400, float("nan")],
)
def test_no_value_of_any_key_is_a_fault_of_ours(key, given):
    found = problems_of({key: given})
    assert all(key in p for p in found)


@given(st.dictionaries(st.sampled_from(["model", "base_url", "key_env", "revision", "raw", "usd_in", "x"]),
                       st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.lists(st.text()))))  # fmt: skip
def test_no_table_of_a_model_is_a_fault_of_ours(table):
    for raw in (
        {"target": [table]},
        {"target": [{**table, "model": "vllm/a"}]},
        {"judge": [{**table, "judge": "rubric=vllm/a"}]},
    ):
        assert "" not in problems_of(raw)


@pytest.mark.parametrize(
    ("text", "line"),
    [("a = 1\nb =\n", 2), ("a = [1,\n2", 2), ("a = [\n\n\n", 1), ("a = 1\na = 2", 2), ('\ufeffa = "', 1), ("x = " + "[" * 5000, 1)],
)  # fmt: skip
def test_a_broken_toml_is_told_with_its_line(text, line):
    with pytest.raises(UsageError) as caught:
        read_toml(text, "c.toml")
    assert str(caught.value).startswith(f"c.toml:{line}: not valid TOML: ")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("apertum", "unknown 'apertum'. Did you mean 'apertium'"),
        ("file", "got 'file'; it is written file=PATH"),
        ("file/x.csv", "got 'file/x.csv'; it is written file=PATH"),
        ("llm=nobody/x", "unknown provider 'nobody'"),
        ({"name": "apertium", "base_url": "http://h/v1"}, "apertium takes no base_url"),
        (3, "a table with name"),
    ],
)
def test_a_translator_that_is_none_is_told_with_what_is_allowed(given, told):
    with pytest.raises(InputErrors) as error:
        build({"translator": [given]}, known=KNOWN)
    assert told in str(error.value)


def test_translators_and_estimators_come_back_from_the_toml_as_they_went_in():
    raw = {
        "to": ["sw", "yo"],
        "translator": ["apertium/eng-spa", {"name": "llm=vllm/a", "base_url": "http://h/v1"}],
        "quality": "roundtrip-chrf",
        "gate": 0.4,
        "probes": "framing=story,translit",
    }
    config = build(raw, known=KNOWN)
    assert config.translator[0] == StepConfig(
        name="apertium/eng-spa", kind="apertium", path="eng-spa"
    )
    assert config.translator[1].model == ModelConfig(model="vllm/a", base_url="http://h/v1")
    assert (config.gate, config.probes) == ("0.4", ("framing=story", "translit"))
    again = build(tomllib.loads(tomli_w.dumps(to_table(config))), known=KNOWN)
    assert again == config


def test_the_client_is_checked_and_is_no_part_of_a_run():
    with pytest.raises(InputErrors, match="http_client: got 'httpx', allowed is auto, aiohttp"):
        build({"http_client": "httpx"}, known=KNOWN)
    assert "http_client" not in to_table(build({"http_client": "aiohttp"}, known=KNOWN))


@pytest.mark.parametrize("given", ["http://t/v1", ["http://t/v1", "http://u/v1"]])
def test_one_address_or_a_list_is_kept_as_it_was_given(given):
    flags = {"target": "vllm/a", "judge": "rubric=vllm/j", "base_url": given}
    config = build({}, known=KNOWN, flags=flags)
    assert config.target[0].addresses == config.base_url
    table = to_table(config)
    assert table["base_url"] == table["target"][0]["base_url"] == given
    assert "judge_base_url" not in table
    assert build(table, known=KNOWN) == config


def test_each_setting_is_told_in_one_line():
    assert list(HELP) == list(FIELDS)
    assert all(text.strip() == text != "" for text in HELP.values())
