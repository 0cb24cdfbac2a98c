"""Lists of requests under the engine: gathered, told, failed, turned away."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Sequence

import pytest

from safeglot.backends.engine.engine import Engine, Limits, Route
from safeglot.backends.engine.lists import Asked, ListedModel, PartOfList, Running
from safeglot.backends.store.store import Store
from safeglot.errors import EndpointStopped, ModelError
from safeglot.keys import request_key
from safeglot.types import Reply, Request
from waiting import soon


def request(text: str) -> Request:
    return Request(model="m/one", messages=(("user", text),), max_tokens=8)


class Service:
    """Keeps the lists that it is given; `ready` says how many looks each needs."""

    most_bytes = 0

    def __init__(self, most: int = 100, looks: int = 0) -> None:
        self.most = most
        self.looks = looks
        self.lists: dict[str, list[Asked]] = {}
        self.refused: list[ModelError] = []
        self.results: dict[str, Reply | ModelError] = {}
        self.left_out: set[str] = set()

    def size(self, asked: Asked) -> int:
        return len(asked[1].messages[0][1])

    async def submit(self, asked: Sequence[Asked]) -> str:
        if self.refused:
            raise self.refused.pop()
        self.lists[ticket := f"list-{len(self.lists)}"] = list(asked)
        return ticket

    async def poll(self, ticket: str):
        if self.looks:
            self.looks -= 1
            return Running(after_s=0.0)
        return [
            (key, self.results.pop(r.messages[0][1], Reply(text=f"to {r.messages[0][1]}")))
            for key, r in self.lists[ticket]
            if r.messages[0][1] not in self.left_out
        ] + [("0" * 32, Reply(text="of nobody"))]

    async def close(self) -> None:
        """Nothing is held."""


def engine_of(service: Service, **limits) -> tuple[Engine, ListedModel]:
    model = ListedModel(service)
    limits = {"backoff_s": 0.001, **limits}
    route = Route(model=model, lane="lists", concurrency=1000, fixed=True, waits=True)
    return Engine(Store.in_memory(), {"m/one": route}, Limits(**limits)), model


def replies(engine: Engine, texts: Sequence[str]):
    async def main():
        try:
            asked = (engine.reply(request(t)) for t in texts)
            return await asyncio.gather(*asked, return_exceptions=True)
        finally:
            await engine.close()
            engine.store.close()

    return asyncio.run(main())


def test_requests_go_together_and_each_has_its_own_reply():
    service = Service(looks=3)
    engine, _ = engine_of(service)
    texts = [f"q{i}" for i in range(250)]
    found = replies(engine, texts)
    assert [reply.text for reply in found] == [f"to {t}" for t in texts]
    assert [len(asked) for asked in service.lists.values()] == [100, 100, 50]
    assert all(key == request_key(r) for key, r in service.lists["list-0"])


def test_equal_requests_are_asked_once():
    service = Service()
    model = ListedModel(service)

    async def main():
        return await asyncio.gather(*(model.answer(request("same")) for _ in range(3)))

    assert {reply.text for reply in asyncio.run(main())} == {"to same"}
    assert [len(asked) for asked in service.lists.values()] == [1]


def test_a_list_ends_at_the_largest_size():
    service = Service()
    service.most_bytes = 10
    engine, _ = engine_of(service)
    replies(engine, ["aaaa", "bbbb", "cccc", "d" * 30, "e"])
    sizes = [[len(r.messages[0][1]) for _, r in asked] for asked in service.lists.values()]
    assert sizes == [[4, 4], [4], [30], [1]]


def test_what_failed_for_the_moment_goes_into_the_next_list():
    service = Service()
    service.results = {
        "q1": ModelError("server_error", "later", transient=True),
        "q2": ModelError("bad_request", "never", transient=False),
    }
    engine, _ = engine_of(service)
    found = replies(engine, ["q0", "q1", "q2"])
    assert found[0].text == "to q0"
    assert found[1].text == "to q1"
    assert found[2].kind == "bad_request"
    assert [[r.messages[0][1] for _, r in asked] for asked in service.lists.values()] == [
        ["q0", "q1", "q2"],
        ["q1"],
    ]


def test_what_a_list_leaves_out_is_asked_again_and_fails_in_the_end():
    service = Service()
    service.left_out = {"q1"}
    engine, _ = engine_of(service, retries=2)
    found = replies(engine, ["q0", "q1"])
    assert (found[1].kind, found[1].attempts) == ("malformed", 3)
    assert len(service.lists) == 3


def test_a_refused_list_fails_each_of_its_requests_with_an_error_of_its_own():
    service = Service()
    service.refused = [ModelError("bad_request", "no such list", transient=False)]
    engine, _ = engine_of(service)
    found = replies(engine, ["q0", "q1"])
    assert [error.kind for error in found] == ["bad_request"] * 2
    assert found[0] is not found[1]


def test_where_the_endpoint_gives_up_no_list_goes_any_more():
    service = Service(most=1)
    service.refused = [ModelError("auth", "wrong key", transient=False)]
    engine, model = engine_of(service)

    async def main():
        first = asyncio.ensure_future(engine.reply(request("q0")))
        await asyncio.sleep(0)
        model.lists.most = 100  # the second list is not full, and waits
        model.quiet_s = 60.0
        second = asyncio.ensure_future(engine.reply(request("q1")))
        found = await asyncio.gather(first, second, return_exceptions=True)
        await engine.close()
        return found

    found = asyncio.run(main())
    assert all(isinstance(stop, EndpointStopped) for stop in found)
    assert service.lists == {}


def test_close_leaves_nothing_behind():
    service = Service(looks=10**9)
    model = ListedModel(service, quiet_s=0.0)

    async def main():
        asked = asyncio.ensure_future(model.answer(request("q0")))
        await soon(lambda: service.lists)
        await model.close()
        asked.cancel()
        await asyncio.gather(asked, return_exceptions=True)
        return asyncio.all_tasks() - {asyncio.current_task()}

    assert asyncio.run(main()) == set()


def test_an_error_of_a_model_can_be_copied_and_sent_to_another_process():
    error = ModelError("rate_limited", "slow", transient=True, retry_after_s=2.0)
    error.text = "[unsafe answer 1]"
    again = pickle.loads(pickle.dumps(error))
    assert (again.kind, again.message, again.transient) == ("rate_limited", "slow", True)
    assert (again.retry_after_s, again.text, str(again)) == (2.0, error.text, str(error))


def test_errors_of_lists_do_not_slow_their_lane_down():
    service = Service()
    texts = [f"q{i}" for i in range(40)]
    service.results = {t: ModelError("rate_limited", "m", transient=True) for t in texts}
    engine, _ = engine_of(service)
    found = replies(engine, texts)
    assert [reply.text for reply in found] == [f"to {t}" for t in texts]
    assert engine.lanes["lists"].limit == 1000


@pytest.mark.parametrize("others", [0, 1])
def test_an_engine_is_idle_where_only_lists_are_waited_for(others):
    engine, model = engine_of(Service())
    engine.lanes["lists"].in_flight = 5
    engine.lanes["other"] = type(engine.lanes["lists"])("other", start=1, most=1)
    engine.lanes["other"].in_flight = others
    assert model.others_idle() == (not others)


def test_a_list_is_told_in_parts_and_a_request_of_one_may_be_asked_again_before_its_end():
    class Parts(Service):
        async def poll(self, ticket: str):
            self.notes = ["slow"]
            if ticket in self.told:
                await self.end.wait()
                return ()
            self.told.add(ticket)
            return PartOfList([(self.lists[ticket][0][0], Reply(text=ticket))])

    async def main() -> None:
        service = Parts()
        service.told, service.end = set(), asyncio.Event()
        model = ListedModel(service)
        slow = asyncio.create_task(model.answer(request("b")))
        first = asyncio.create_task(model.answer(request("a")))
        await soon(lambda: service.told)
        assert (await slow).text == "list-0", "told while the other is at work"
        again = await model.answer(request("b"))
        assert again.text == "list-1"
        service.end.set()
        with pytest.raises(ModelError, match="no reply"):
            await first
        assert model.notes == ("slow",)
        await model.close()

    asyncio.run(main())
