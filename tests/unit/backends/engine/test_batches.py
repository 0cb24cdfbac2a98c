"""A model behind a batch API: what is submitted, kept, found again, and given up."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import closing

import pytest

from safeglot.backends.engine.batches import AT_ONCE, BatchModel, Desk, FailedList, mark_of
from safeglot.backends.engine.engine import Engine, Limits, Route
from safeglot.backends.engine.lists import Asked, Running
from safeglot.backends.store import tries
from safeglot.backends.store.store import Store
from safeglot.errors import EndpointStopped, ModelError, Stopped
from safeglot.keys import request_key
from safeglot.types import Reply, Request

MODEL = "openai/one"


def request(text: str, **given) -> Request:
    return Request(model=MODEL, messages=(("user", text),), max_tokens=8, **given)


def text_of(asked: Request) -> str:
    return asked.messages[0][1]


class Service:
    """A batch API in memory; what it is told to raise comes first."""

    most, most_bytes, address = 100, 0, "http://service/v1"

    def __init__(self) -> None:
        self.batches: dict[str, list[Asked]] = {}
        self.marks: dict[str, str] = {}
        self.released = True
        self.refusals: list[ModelError] = []
        self.poll_errors: list[ModelError] = []
        self.lost_replies = 0
        """Batches that are made, and whose makers are not told."""
        self.fails: list[ModelError] = []
        self.looked = asyncio.Event()
        self.sought = 0

    def size(self, _asked: Asked) -> int:
        return 1

    async def submit(self, asked: Sequence[Asked], mark: str = "") -> str:
        if self.refusals:
            raise self.refusals.pop(0)
        self.batches[ticket := f"batch-{len(self.batches)}"] = list(asked)
        self.marks[mark] = ticket
        if self.lost_replies:
            self.lost_replies -= 1
            raise ModelError("unreachable", "broke off", transient=True)
        return ticket

    async def poll(self, ticket: str):
        self.looked.set()
        if self.poll_errors:
            raise self.poll_errors.pop(0)
        if ticket not in self.batches:
            raise ModelError("not_found", "no such batch", transient=False)
        if self.fails:
            return FailedList(error=self.fails.pop(0))
        if not self.released:
            return Running(done=1, after_s=0.001)
        return [(key, Reply(text=f"to {text_of(r)}")) for key, r in self.batches[ticket]]

    async def find(self, mark: str, _batch) -> str:
        self.sought += 1
        return self.marks.get(mark, "")

    async def close(self) -> None:
        """Nothing is held."""


class Now:
    """The way of single requests."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def answer(self, asked: Request) -> Reply:
        self.asked.append(text_of(asked) if asked.messages else "bare")
        return Reply(text=f"to {self.asked[-1]}")

    async def close(self) -> None:
        """Nothing is held."""


class Place:
    """One process: a model on a store, and what was said."""

    def __init__(self, store: Store, service: Service, **desk) -> None:
        self.store, self.service, self.now = store, service, Now()
        self.said: list[str] = []
        given = {"patience_s": 0.05, "first_pause_s": 0.001, **desk}
        kept = Desk(store=store, model=MODEL, say=self.said.append, **given)
        self.model = BatchModel(service, self.now, kept, quiet_s=0.0)
        route = Route(model=self.model, lane="batches", concurrency=1000, fixed=True, waits=True)
        limits = Limits(backoff_s=0.0)  # what failed together is asked again together
        self.engine = Engine(store, {MODEL: route}, limits)

    async def ask(self, texts: Sequence[str]) -> list:
        try:
            replies = (self.engine.reply(request(t)) for t in texts)
            return await asyncio.gather(*replies, return_exceptions=True)
        finally:
            await self.engine.close()
            self.store.flush()


def texts(n: int) -> list[str]:
    return [f"q{i}" for i in range(n)]


@pytest.fixture
def store(tmp_path):
    with closing(Store(tmp_path / "run.db")) as opened:
        yield opened


def test_the_first_are_asked_at_once_and_the_others_by_a_batch(store):
    place = Place(store, Service())
    found = asyncio.run(place.ask(texts(20)))
    assert [reply.text for reply in found] == [f"to q{i}" for i in range(20)]
    assert place.now.asked == texts(AT_ONCE)
    assert [len(batch) for batch in place.service.batches.values()] == [20 - AT_ONCE]
    assert tries.open_batches(store) == []
    (said,) = place.said
    assert said == f"batch-0: {20 - AT_ONCE} requests of {MODEL} submitted as a batch"


def test_a_batch_waits_for_what_others_in_flight_may_bring(store):
    place = Place(store, Service())
    idle = [False] * 5 + [True] * 100

    def others_idle() -> bool:
        if len(idle) > 100:
            assert not place.service.batches
        return idle.pop(0)

    place.model.others_idle = others_idle
    asyncio.run(place.ask(texts(20)))
    assert [len(batch) for batch in place.service.batches.values()] == [20 - AT_ONCE]
    assert len(idle) <= 100


def test_bare_texts_are_asked_at_once(store):
    place = Place(store, Service())

    async def main():
        bare = (
            Request(model=MODEL, prompt="bare", max_tokens=8, sample=i) for i in range(AT_ONCE + 3)
        )
        return await asyncio.gather(*map(place.model.answer, bare))

    assert len(asyncio.run(main())) == AT_ONCE + 3
    assert not place.service.batches


def interrupted(store, service, n=20, **desk):
    """A process that ends while its batch is at work."""

    async def main():
        place = Place(store, service, **desk)
        task = asyncio.ensure_future(place.ask(texts(n)))
        await service.looked.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await place.engine.close()
        store.flush()

    service.released = False
    asyncio.run(main())
    service.released = True
    service.looked = asyncio.Event()


def test_what_was_submitted_is_in_the_store_and_waited_for_by_the_next_process(store):
    service = Service()
    interrupted(store, service)
    (batch,) = tries.open_batches(store)
    assert (batch.ticket, batch.requests, batch.left) == ("batch-0", 16, 16)
    keys = {request_key(request(t)) for t in texts(20)[AT_ONCE:]}
    assert set(tries.batch_keys(store, batch.id)) == keys
    place = Place(store, service)
    found = asyncio.run(place.ask(texts(20)))
    assert [reply.text for reply in found] == [f"to q{i}" for i in range(20)]
    assert len(service.batches) == 1
    assert place.now.asked == []
    assert tries.open_batches(store) == []


def test_replies_that_nobody_asks_for_now_are_fetched_when_they_are(store):
    service = Service()
    interrupted(store, service)
    asyncio.run(Place(store, service).ask(texts(10)))
    (batch,) = tries.open_batches(store)
    assert batch.left == 10
    found = asyncio.run(Place(store, service).ask(texts(20)))
    assert [reply.text for reply in found] == [f"to q{i}" for i in range(20)]
    assert len(service.batches) == 1


def test_what_is_asked_while_replies_are_given_out_is_fetched_as_well(store):
    service = Service()
    service.most = 1000
    interrupted(store, service, 1004)
    late: list[asyncio.Task] = []

    async def main():
        place = Place(store, service)
        whole = service.poll

        async def poll(ticket):
            return given_out(await whole(ticket))

        def given_out(told):
            for n, one in enumerate(told):
                if n == 200 and not late:  # the others go on after 256
                    late.append(asyncio.ensure_future(place.model.answer(request("q500"))))
                yield one

        service.poll = poll
        asked = [place.model.answer(request(t)) for t in texts(300)]
        replies = await asyncio.gather(*asked)
        replies.append(await late[0])
        await place.engine.close()
        return replies

    assert [r.text for r in asyncio.run(main())] == [*(f"to q{i}" for i in range(300)), "to q500"]


def test_a_batch_of_unknown_fate_is_sought_at_the_service(store):
    service = Service()
    interrupted(store, service)
    store.write("submitted_batches", [("", 1)])  # as if the process had not heard
    found = asyncio.run(Place(store, service).ask(texts(20)))
    assert [reply.text for reply in found] == [f"to q{i}" for i in range(20)]
    assert (len(service.batches), service.sought) == (1, 1)


def test_one_that_never_came_to_the_service_is_submitted_anew_and_said(store):
    service = Service()
    interrupted(store, service)
    store.write("submitted_batches", [("", 1)])
    service.marks.clear()
    place = Place(store, service)
    found = asyncio.run(place.ask(texts(20)))
    assert [reply.text for reply in found] == [f"to q{i}" for i in range(20)]
    assert len(service.batches) == 2
    assert place.said[0] == (
        "note: a batch that was being submitted did not come to http://service/v1; its 16 requests "
        "without a reply are submitted anew"
    )


def test_one_that_the_service_lost_is_submitted_anew_and_said(store):
    service = Service()
    interrupted(store, service)
    del service.batches["batch-0"]
    place = Place(store, service)
    found = asyncio.run(place.ask(texts(20)))
    assert [reply.text for reply in found] == [f"to q{i}" for i in range(20)]
    assert "batch-0 is not known to http://service/v1 any more" in place.said[0]


def test_batches_of_another_address_are_not_asked_for_here(store):
    service = Service()
    interrupted(store, service)
    other = Service()
    other.address = "http://elsewhere/v1"
    assert not Place(store, other).model.holds_any
    asyncio.run(Place(store, other).ask(texts(20)))
    assert len(other.batches) == 1


def test_without_new_batches_only_the_open_ones_are_waited_for(store):
    service = Service()
    interrupted(store, service)
    place = Place(store, service, is_new=False)
    asyncio.run(place.ask(texts(30)))
    assert len(service.batches) == 1
    assert place.now.asked == texts(30)[20:]


def test_a_submission_of_which_nothing_was_heard_is_looked_for_before_another(store):
    service = Service()
    service.lost_replies = 1
    found = asyncio.run(Place(store, service).ask(texts(20)))
    assert len(service.batches) == 1
    assert {type(reply) for reply in found} == {Reply}


def test_a_service_that_is_away_for_a_while_is_waited_for(store):
    service = Service()
    away = ModelError("unreachable", "away", transient=True)
    service.refusals, service.poll_errors = [away] * 3, [away] * 3
    found = asyncio.run(Place(store, service, patience_s=600.0).ask(texts(20)))
    assert {type(reply) for reply in found} == {Reply}


def test_one_that_stays_away_ends_its_lane_and_its_batch_goes_on(store):
    service = Service()
    service.poll_errors = [ModelError("unreachable", "away", transient=True)] * 10**4
    found = asyncio.run(Place(store, service).ask(texts(20)))
    assert {type(reply) for reply in found} == {Reply, EndpointStopped}
    assert any("It was waited for" in str(stop) for stop in found if isinstance(stop, Stopped))
    (batch,) = tries.open_batches(store)
    assert batch.left == 16


def test_a_key_that_is_refused_on_polling_loses_no_batch(store):
    service = Service()
    service.poll_errors = [ModelError("auth", "wrong key.", transient=False)]
    found = asyncio.run(Place(store, service).ask(texts(20)))
    stops = {str(stop) for stop in found if isinstance(stop, Stopped)}
    assert stops == {"wrong key. batch-0 goes on at the service."}
    service.poll_errors = []
    found = asyncio.run(Place(store, service).ask(texts(20)))
    assert {type(reply) for reply in found} == {Reply}
    assert len(service.batches) == 1


def test_a_batch_that_is_refused_fails_its_requests_with_the_reason(store):
    service = Service()
    service.refusals = [ModelError("bad_request", "no such model", transient=False)] * 10
    found = asyncio.run(Place(store, service).ask(texts(10)))
    assert [error.kind for error in found[AT_ONCE:]] == ["bad_request"] * 6
    assert tries.open_batches(store) == []


def test_a_batch_that_is_too_large_for_the_account_goes_in_halves(store):
    service = Service()
    service.fails = [ModelError("rate_limited", "enqueued token limit", transient=True)] * 2
    found = asyncio.run(Place(store, service).ask(texts(84)))
    assert {type(reply) for reply in found} == {Reply}
    sizes = [len(batch) for batch in service.batches.values()]
    assert sizes == [80, 40, 20, 20, 20, 20]


def test_equal_requests_share_a_reply_and_their_key_is_forgotten_once(store):
    place = Place(store, Service())

    async def main():
        first = [place.model.answer(request(f"first {i}")) for i in range(AT_ONCE)]
        await asyncio.gather(*first)
        return await asyncio.gather(*(place.model.answer(request("same")) for _ in range(3)))

    assert {reply.text for reply in asyncio.run(main())} == {"to same"}
    assert [len(batch) for batch in place.service.batches.values()] == [1]


def test_the_mark_of_a_batch_is_the_same_after_a_restart(store):
    batch = tries.begin_batch(store, MODEL, "http://service/v1", ["b" * 32, "a" * 32])
    (read,) = tries.open_batches(store)
    assert read == batch
    keys = tries.batch_keys(store, batch.id)
    assert mark_of(read, keys) == mark_of(batch, ["b" * 32, "a" * 32])
