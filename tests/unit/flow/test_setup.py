from __future__ import annotations

import pytest
from aiohttp import web

from example.job import QUIET
from loopback import Loopback
from safeglot.config.files import configured
from safeglot.errors import UsageError
from safeglot.flow.setup import FirstAnswers, Place, next_steps, set_up, toml


class Serving(Loopback):
    """A server that lists a model and a guard."""

    async def models(self, _request):
        return web.json_response({"data": [{"id": "owner/chat"}, {"id": "Llama-Guard-3-8B"}]})


@pytest.fixture(scope="module")
def server():
    with Serving() as running:
        yield running


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch):
    for name in ("OPENAI_API_KEY", "VLLM_API_KEY"):
        monkeypatch.delenv(name, raising=False)


class Person:
    """FirstAnswers in turn, and remembers what was asked with which default."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = []

    def __call__(self, question, default):
        self.asked.append((question.split(":")[0], default))
        answer = self.answers.pop(0)
        return default if answer is None else answer


def model_of(config):
    (target,) = config.target
    return target.model, target.base_url, target.key_env


def test_four_answers_make_a_file_that_is_the_configuration(tmp_path, server):
    out = tmp_path / "c.toml"
    person = Person(server.base_url, None, "en,sw", None, None)
    config = set_up(FirstAnswers(), out, person, QUIET)
    assert configured(out, {}) == config
    assert model_of(config) == ("vllm/owner/chat", server.base_url, None)
    (judge,) = config.judge
    assert (judge.judge, judge.model.base_url) == (
        "llama-guard-3=vllm/Llama-Guard-3-8B",
        server.base_url,
    )
    assert (config.languages, config.limit) == (("en", "sw"), 1)
    assert [default for _, default in person.asked] == [
        None, "owner/chat", "en,de,es,fr,it,sw", "llama-guard-3=vllm/Llama-Guard-3-8B", "quick",
    ]  # fmt: skip
    assert [q for q, _ in person.asked if " of 4" in q] == [
        "1 of 4. Model", "2 of 4. Languages", "3 of 4. Judge", "4 of 4. How much",
    ]  # fmt: skip


def test_a_wrong_answer_is_told_and_asked_again(tmp_path, server, capsys):
    from safeglot.backends.console import Console

    person = Person("acme/x", "vllm/owner/chat", "en,xx", "en", "llama", "", "quik", "quick")
    set_up(FirstAnswers(), tmp_path / "c.toml", person, Console())
    told = capsys.readouterr().err
    for part in ("unknown provider 'acme'", "'xx'", "unknown judge 'llama'", "no preset 'quik'"):
        assert told.count(part) == 1
    assert "[[judge]]" not in (tmp_path / "c.toml").read_text(), "the default one"
    assert person.answers == []


def test_without_a_terminal_flags_are_enough_and_a_missing_model_is_told(tmp_path, server):
    with pytest.raises(UsageError, match="safeglot init --target vllm/OWNER/MODEL"):
        set_up(FirstAnswers(), tmp_path / "c.toml", None, QUIET)
    with pytest.raises(UsageError, match=r"which model of .* It has: vllm/owner/chat, vllm/Llama"):
        set_up(
            FirstAnswers(target=Place(base_url=server.base_url)), tmp_path / "c.toml", None, QUIET
        )
    assert not (tmp_path / "c.toml").exists()
    bare = server.base_url.removesuffix("/v1")
    given = FirstAnswers(target=Place(name="vllm/owner/chat", base_url=bare), preset="release")
    config = set_up(given, tmp_path / "c.toml", None, QUIET)
    assert model_of(config)[1] == server.base_url, "the address that answers"
    assert (config.samples, config.kinds) == (3, ("harmful", "benign"))


def test_the_one_model_of_a_server_needs_no_name(tmp_path):
    with Loopback() as server:
        given = FirstAnswers(target=Place(name=server.base_url))
        assert model_of(set_up(given, tmp_path / "c.toml", None, QUIET))[0] == "vllm/target"


def test_a_file_that_is_there_is_kept(tmp_path):
    (tmp_path / "c.toml").write_text("limit = 1\n")
    with pytest.raises(UsageError, match=r"is there already.*--out OTHER\.toml"):
        set_up(FirstAnswers(target=Place(name="gguf/x.gguf")), tmp_path / "c.toml", None, QUIET)
    assert (tmp_path / "c.toml").read_text() == "limit = 1\n"


def test_a_key_is_named_and_never_written(tmp_path, server, monkeypatch, capsys):
    from safeglot.backends.console import Console

    monkeypatch.setenv("MINE", "sk-secret-1234567890")
    place = Place(name="vllm/owner/chat", base_url=server.base_url, key_env="MINE")
    judge = Place(name="rubric=openai/gpt-5-nano")
    set_up(FirstAnswers(target=place, judge=judge), tmp_path / "c.toml", None, Console())
    text = (tmp_path / "c.toml").read_text()
    out, err = capsys.readouterr()
    assert 'key_env = "MINE"' in text
    assert "sk-secret" not in text + out + err
    assert "openai/gpt-5-nano needs a key: export OPENAI_API_KEY=… (or " in err


def test_languages_that_the_prompts_lack_are_told(tmp_path, capsys):
    from safeglot.backends.console import Console

    given = FirstAnswers(target=Place(name="gguf/x.gguf"), languages="en,yo")
    set_up(given, tmp_path / "c.toml", None, Console())
    assert "no texts in yo" in capsys.readouterr().err
    given = FirstAnswers(target=Place(name="gguf/x.gguf"), languages="en,sw", preset="m-alert")
    config = set_up(given, tmp_path / "m.toml", None, Console())
    assert config.languages == ("en",)
    assert "m-alert has no texts in sw" in capsys.readouterr().err


def test_what_is_quoted_is_read_as_it_was():
    place = Place(name='gguf/a "b"\\c.gguf')
    import tomllib

    table = tomllib.loads(toml(FirstAnswers(target=place, languages="en", preset="quick")))
    assert table["target"] == [{"model": place.name}]


def test_the_commands_that_follow_name_another_file(tmp_path):
    from pathlib import Path

    assert "safeglot run --dry-run" in next_steps(Path("safeglot.toml"))
    assert "safeglot run c.toml --dry-run" in next_steps(Path("c.toml"))
