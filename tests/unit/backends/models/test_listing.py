from __future__ import annotations

import asyncio

import pytest
from aiohttp import web

from loopback import Fault, Loopback, Script, default_answer
from safeglot.backends.models.adaptations import Adaptations
from safeglot.backends.models.adapting import AdaptingModel
from safeglot.backends.models.bodies import Endpoint
from safeglot.backends.models.listing import names_in, served, told_models
from safeglot.errors import ModelError
from safeglot.types import Request


@pytest.mark.parametrize(
    "body",
    [
        {"data": [{"id": "a"}, {"id": "b"}, {"id": "a"}, {}, 7]},
        {"models": [{"name": "a"}, {"model": "b"}]},
        ["a", "b"],
        [{"id": "a"}, {"id": "b"}],
    ],
)
def test_the_names_that_a_server_lists(body):
    assert names_in(body) == ("a", "b")


def test_a_list_that_is_none_names_nothing():
    assert [names_in(body) for body in (None, 7, {}, {"data": "x"}, [[]])] == [()] * 5


def test_the_nearest_names_come_first_and_not_all_of_many():
    names = [f"other-{i}" for i in range(20)] + ["owner/llama-3.1-8b"]
    told = told_models("llama-3.1-8b-instruct", names, "vllm")
    assert told.startswith(" The server has: vllm/owner/llama-3.1-8b, vllm/other-")
    assert "and 13 more" in told


def test_the_same_name_of_another_owner_is_nearest():
    told = told_models("a/guard", ["a/gourd", "b/guard"], "vllm")
    assert told.startswith(" The server has: vllm/b/guard, vllm/a/gourd")


class Lists(Loopback):
    """A server that lists its models and counts how often it was asked for them."""

    lists = 0

    async def models(self, _request):
        self.lists += 1
        return web.json_response({"data": [{"id": "target-7b"}, {"id": "guard"}]})


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=404, message="The model `targt-7b` does not exist."),
        Fault(status=400, body={"error": {"message": "Model Not Exist", "code": "invalid_request_error"}}),
    ],
)  # fmt: skip
def test_a_wrong_name_is_told_with_the_names_there_asked_for_once(fault):
    request = Request(model="m", messages=(("user", "[request]"),), max_tokens=7)
    with Lists(Script(answer=default_answer, fault=lambda _: fault)) as server:

        async def asked():
            endpoint = Endpoint(model="targt-7b", base_url=server.base_url)
            model = AdaptingModel(endpoint, "vllm/targt-7b", Adaptations())
            try:
                replies = (model.answer(request) for _ in range(5))
                return await asyncio.gather(*replies, return_exceptions=True)
            finally:
                await model.close()

        errors = asyncio.run(asked())
        assert server.lists == 1
    assert all(isinstance(error, ModelError) for error in errors)
    assert {error.kind for error in errors} == {"not_found"}
    assert "The server has: vllm/target-7b, vllm/guard. Name one" in errors[0].message


def looked(url, key=""):
    return asyncio.run(served(url, key))


def test_an_address_that_is_right_lists_its_models():
    with Loopback() as server:
        found = looked(server.base_url, "k")
    assert (found.names, found.better, found.status) == (("target",), "", 200)
    assert found.said.startswith("answers (status 200, ")
    assert found.said.endswith("ms; 1 model)")


@pytest.mark.parametrize("end", ["", "/", "/v1/chat/completions", "/v1/models/", "/completions"])
def test_an_address_beside_it_is_found(end):
    with Loopback() as server:
        base = server.base_url.removesuffix("/v1")
        found = looked(f"{base}{end}")
        assert (found.better, found.names) == (server.base_url, ("target",))


def test_where_nothing_is_listed_nothing_is_suggested():
    with Loopback() as server:
        found = looked(f"{server.base_url}/none")
    assert (found.names, found.better, found.status) == ((), "", 404)
    found = looked("http://127.0.0.1:1/v1")
    assert (found.said, found.status) == ("not there (ClientConnectorError)", 0)
