"""What both batch APIs have in common: names, lists of batches, files of results, keys."""

from __future__ import annotations

import asyncio
import io
import json

import pytest
from aiohttp import web

from batch_server import BatchServer
from safeglot.backends.engine.batches import mark_of
from safeglot.backends.engine.lists import Running
from safeglot.backends.models.adaptations import Adaptations
from safeglot.backends.models.adapting import AdaptingModel
from safeglot.backends.models.batches import service as services
from safeglot.backends.models.batches.anthropic import AnthropicBatches
from safeglot.backends.models.batches.openai import OpenAIBatches
from safeglot.backends.models.batches.service import count, name
from safeglot.backends.models.bodies import Endpoint
from safeglot.backends.store.tries import OpenBatch
from safeglot.errors import ModelError
from safeglot.keys import request_key
from safeglot.types import Reply, Request

SECRET = "sk-never-to-be-shown-1234567890"
APIS = {"openai": OpenAIBatches, "anthropic": AnthropicBatches}


def model_at(url: str) -> AdaptingModel:
    endpoint = Endpoint(model="target", base_url=url, key=SECRET, timeout_s=20.0)
    return AdaptingModel(endpoint, "openai/target", Adaptations())


def asked(n: int) -> list[tuple[str, Request]]:
    requests = [
        Request(model="openai/target", messages=(("user", f"q{i}"),), max_tokens=8)
        for i in range(n)
    ]
    return [(request_key(r), r) for r in requests]


def at(server, api, work):
    """What some work with a service gives."""

    async def main():
        model = model_at(server.base_url)
        service = APIS[api](model)
        try:
            return await work(service)
        finally:
            await service.close()
            await model.close()

    return asyncio.run(main())


@pytest.mark.parametrize("api", APIS)
def test_a_batch_goes_up_and_its_replies_come_down(api):
    async def work(service):
        ticket = await service.submit(asked(20), "mark")
        server.released = False
        running = await service.poll(ticket)
        server.released = True
        return running, dict(await service.poll(ticket))

    with BatchServer() as server:
        running, told = at(server, api, work)
        assert running == Running(done=0, after_s=0.02)
        assert set(told) == {key for key, _ in asked(20)}
        assert {type(reply) for reply in told.values()} == {Reply}
        assert set(server.keys) == {SECRET}


@pytest.mark.parametrize("api", APIS)
def test_a_batch_is_found_among_many(api):
    async def work(service):
        for _ in range(130):
            await service.submit(asked(2), "another")
        ours = await service.submit(asked(3), mark)
        for _ in range(130):
            await service.submit(asked(2), "another")
        found = await service.find(mark, sought)
        return ours, found, await service.find("no mark", other)

    def batch(n):
        return OpenBatch(id=1, model="m", address="", ticket="", requests=n, began=began, left=n)

    with BatchServer() as server:
        import time

        began = time.time()
        sought, other = batch(3), batch(7)
        mark = mark_of(sought, [key for key, _ in asked(3)])
        ours, found, none = at(server, api, work)
    assert (found, none) == (ours, "")


@pytest.mark.parametrize("given", ["", "../files", "a/b", "a?b", "x" * 200, None, 7, "bätch"])
def test_what_is_no_name_goes_into_no_address(given):
    with pytest.raises(ModelError, match="no name of a batch") as raised:
        name(given)
    assert raised.value.kind == "not_found"


@pytest.mark.parametrize("api", APIS)
def test_an_unknown_batch_is_not_found(api):
    with BatchServer() as server, pytest.raises(ModelError) as raised:
        at(server, api, lambda service: service.poll("batch_unknown"))
    assert (raised.value.kind, raised.value.transient) == ("not_found", False)


@pytest.mark.parametrize("api", APIS)
def test_the_key_is_in_no_message(api):
    with BatchServer() as server:
        server.refuse = [(401, {"error": {"message": f"wrong key {SECRET}"}})]
        with pytest.raises(ModelError, match="wrong key") as raised:
            at(server, api, lambda service: service.submit(asked(1), "m"))
    assert SECRET not in str(raised.value)
    assert raised.value.kind == "auth"


def test_nobody_there_is_transient_and_waited_for_here():
    with BatchServer() as server:
        pass  # gone
    with pytest.raises(ModelError) as raised:
        at(server, "openai", lambda service: service.poll("batch_1"))
    assert (raised.value.kind, raised.value.transient, raised.value.down) == (
        "unreachable",
        True,
        False,
    )


class Odd(BatchServer):
    """Answers every poll with something odd."""

    def __init__(self, odd):
        super().__init__()
        self.odd = odd

    def routes(self, app):
        app.router.add_route("*", "/v1/{path:.*}", self._odd)

    async def _odd(self, _request):
        return web.Response(**self.odd)


@pytest.mark.parametrize(
    ("odd", "kind"),
    [
        ({"text": "<html>"}, "malformed"),
        ({"text": "[1]"}, "malformed"),
        ({"text": "{" * 9000}, "malformed"),
        ({"status": 302, "headers": {"Location": "http://127.0.0.2:9/steal"}}, "not_found"),
        ({"status": 500, "text": "oops"}, "server_error"),
        ({"status": 429, "text": "{}", "headers": {"Retry-After": "3"}}, "rate_limited"),
    ],
)
def test_odd_answers_are_errors(odd, kind):
    with Odd(odd) as server, pytest.raises(ModelError) as raised:
        at(server, "openai", lambda service: service.poll("batch_1"))
    assert raised.value.kind == kind
    if kind == "rate_limited":
        assert raised.value.retry_after_s == 3.0


def test_lines_of_others_and_broken_ones_are_left_out(monkeypatch):
    monkeypatch.setattr(services, "BODY_BYTES", 2000)
    key = "k" * 32
    good = {"custom_id": key, "response": {"status_code": 200, "body": {"choices": []}}}
    lines = [b"", b"no json", b"[]", b'{"custom_id": 7}', b"{" * 900, b"x" * 5000]
    file = io.BytesIO(b"\n".join([*lines, json.dumps(good).encode()]))
    service = OpenAIBatches(model_at("http://127.0.0.1:9/v1"))
    ((told, error),) = service._told(file)
    assert (told, error.kind) == (key, "no_choices")
    assert file.closed


def test_results_without_end_are_not_held(monkeypatch):
    monkeypatch.setattr(services, "_MOST_RESULTS", 1000)

    async def work(service):
        return await service.poll(await service.submit(asked(20), "m"))

    with BatchServer() as server, pytest.raises(ModelError, match="results of more than"):
        at(server, "openai", work)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({}, 0),
        ({"request_counts": None}, 0),
        ({"request_counts": {"a": -5, "b": True, "c": "9"}}, 0),
        ({"request_counts": {"a": 2, "b": 3, "d": 9}}, 5),
    ],
)
def test_counts_that_are_counts(row, expected):
    assert count(row, "a", "b", "c") == expected
