from __future__ import annotations

import asyncio

import pytest

from loopback import Fault, Loopback, Script, default_answer
from safeglot.backends.models.adaptations import Adaptations
from safeglot.backends.models.adapting import AdaptingModel, adapted, entry_of
from safeglot.backends.models.bodies import Endpoint, request_body, settings_sent
from safeglot.errors import ModelError
from safeglot.types import Request

REQUEST = Request(
    model="m", messages=(("user", "[request]"),), max_tokens=7, seed=3, top_logprobs=5
)


def refusing(*names, message="Unsupported value: '{}'", status=400):
    """A server that refuses each of some fields, the first that it sees."""

    def fault(seen):
        named = next((name for name in names if name in seen.body), None)
        return None if named is None else Fault(status=status, message=message.format(named))

    return Script(answer=default_answer, fault=fault)


def ask(script, request=REQUEST, *, times=1, adaptations=None, **endpoint):
    """The bodies that a server was sent, what was heard, and the reply or error."""
    heard = []
    memory = adaptations or Adaptations({}, lambda *said: heard.append(said[:2]))
    with Loopback(script) as server:
        model = AdaptingModel(
            Endpoint(model="m", base_url=server.base_url, **endpoint), "vllm/m", memory
        )

        async def asked():
            try:
                replies = [await model.answer(request) for _ in range(times)]
            except ModelError as error:
                return error
            else:
                return replies[-1]
            finally:
                await model.close()

        got = asyncio.run(asked())
    return [seen.body for seen in server.requests], heard, got


@pytest.mark.parametrize("name", ["temperature", "top_p", "logprobs", "seed"])
def test_a_refused_setting_is_left_out_once_for_all(name):
    bodies, heard, reply = ask(refusing(name), times=3)
    assert [name in body for body in bodies] == [True, False, False, False]
    assert "top_logprobs" not in bodies[-1] or name != "logprobs"
    assert heard == [("vllm/m", f"{name}=none")]
    assert reply.text
    kept = {"temperature", "top_p", "logprobs", "seed"} - {name}
    assert kept <= set(bodies[-1])


@pytest.mark.parametrize("first", ["max_tokens", "max_completion_tokens"])
def test_a_refused_limit_is_sent_under_its_other_name(first):
    other = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}[first]
    bodies, heard, _ = ask(refusing(first), times=2, max_tokens_field=first)
    assert [body.get(first) for body in bodies] == [7, None, None]
    assert [body.get(other) for body in bodies] == [None, 7, 7]
    assert heard == [("vllm/m", f"max_tokens={other}")]


def test_several_are_left_out_one_after_another():
    names = ("temperature", "top_p", "logprobs", "max_tokens", "seed")
    bodies, heard, reply = ask(refusing(*names))
    assert len(bodies) == 6
    assert bodies[-1].keys() == {"model", "messages", "max_completion_tokens"}
    assert sorted(entry.partition("=")[0] for _, entry in heard) == sorted(names)
    assert reply.text


def test_of_two_that_cannot_both_be_sent_the_one_goes_that_changes_nothing():
    def fault(seen):
        both = "temperature" in seen.body and "top_p" in seen.body
        text = "`temperature` and `top_p` cannot both be specified for this model."
        return Fault(status=400, message=text) if both else None

    bodies, heard, _ = ask(Script(answer=default_answer, fault=fault))
    assert heard == [("vllm/m", "top_p=none")]
    assert bodies[-1]["temperature"] == 0.0


def test_what_is_known_is_not_sent():
    known = Adaptations({"vllm/m": ("temperature=none", "max_tokens=max_completion_tokens")})
    bodies, _, reply = ask(refusing("temperature", "max_tokens"), adaptations=known)
    assert len(bodies) == 1
    assert bodies[0]["max_completion_tokens"] == 7
    assert reply.text


@pytest.mark.parametrize("name", ["temperature", "max_tokens", "logprobs"])
def test_where_it_does_not_help_the_key_is_named_and_nothing_remembered(name):
    def always(_seen):
        return Fault(status=400, message=f"the value of {name} is out of range")

    bodies, heard, error = ask(Script(answer=default_answer, fault=always))
    assert len(bodies) == 2
    assert heard == []
    assert (error.kind, error.transient) == ("setting", False)
    assert f"set {name} in the table of vllm/m in the TOML, as in {name} = " in error.message


def test_a_setting_that_was_not_sent_is_not_left_out():
    bodies, _, error = ask(
        Script(answer=default_answer, fault=lambda _: Fault(status=400, message="bad seed")),
        Request(model="m", messages=(("user", "[request]"),), max_tokens=7),
    )
    assert len(bodies) == 1
    assert error.kind == "setting"


def test_a_word_of_the_prompt_is_no_setting():
    request = Request(model="m", messages=(("user", "how to sow a seed"),), max_tokens=7, seed=1)
    fault = Fault(status=400, message="cannot answer 'how to sow a seed'")
    bodies, heard, error = ask(Script(answer=default_answer, fault=lambda _: fault), request)
    assert len(bodies) == 2
    assert (error.kind, heard) == ("bad_request", [])


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault(status=400, message="the prompt is too long"), "bad_request"),
        (Fault(status=401, message="temperature"), "auth"),
        (Fault(status=400, message="seed", code="content_filter"), "blocked"),
        (Fault(status=500, message="temperature"), "server_error"),
    ],
)
def test_other_errors_are_as_they_were(fault, kind):
    bodies, _, error = ask(Script(answer=default_answer, fault=lambda _: fault))
    assert len(bodies) == 1
    assert error.kind == kind


def test_an_adapted_request_keeps_the_rest():
    endpoint = Endpoint(model="m", base_url="http://127.0.0.1:1/v1")
    assert adapted(REQUEST, (), endpoint) is REQUEST
    body = request_body(adapted(REQUEST, {"seed"}, endpoint), endpoint)
    assert settings_sent(body) == {"temperature", "top_p", "logprobs", "max_tokens"}
    assert entry_of("max_tokens", endpoint) == "max_tokens=max_completion_tokens"


@pytest.mark.parametrize(
    ("endpoint", "told"),
    [
        ({"key": "sk-wrong", "key_variable": "MINE"}, "The key is that of MINE: check it"),
        ({"key_variable": "MINE"}, "since MINE is not set: export MINE=…"),
        ({}, "No key was sent: name the variable that holds it: --key-env VAR"),
    ],
)
def test_a_refused_key_names_its_variable_and_never_the_key(endpoint, told):
    def refused(_seen):
        return Fault(status=401, message="Incorrect API key provided: sk-wrong")

    _, _, error = ask(Script(answer=default_answer, fault=refused), **endpoint)
    assert error.kind == "auth"
    assert told in error.message
    assert "sk-wrong. " in error.message or "sk-wrong" not in error.message
    assert ("sk-wrong" in error.message) == ("key" not in endpoint), "only where it is not the key"


def test_an_address_without_v1_is_told_the_one_that_answers():
    with Loopback() as server:
        bare = server.base_url.removesuffix("/v1")

        async def asked():
            model = AdaptingModel(
                Endpoint(model="target", base_url=bare), "vllm/target", Adaptations()
            )
            try:
                return await model.answer(REQUEST)
            except ModelError as error:
                return error
            finally:
                await model.close()

        error = asyncio.run(asked())
        assert error.kind == "not_found"
        assert (
            f"{server.base_url} answers: give --base-url {server.base_url} (base_url"
            in error.message
        )
