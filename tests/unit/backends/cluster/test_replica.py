"""A replica in this process: it opens its model at first use, and tells what is done as it is done."""

from __future__ import annotations

import asyncio
import pickle

from safeglot import __version__
from safeglot.backends.cluster.replica import OpenModel, Replica
from safeglot.errors import ModelError, UsageError
from safeglot.types import Reply, Request


def request(text: str) -> Request:
    return Request(model="m/one", messages=(("user", text),), max_tokens=8)


class Held:
    """Answers a text once it is released; "refused" and "odd" go wrong."""

    notes = ("slow",)

    def __init__(self) -> None:
        self.released = asyncio.Event()

    async def answer(self, asked: Request) -> Reply:
        text = asked.messages[0][1]
        if text == "late":
            await self.released.wait()
        if text == "refused":
            raise ModelError("bad_request", "no", transient=False)
        if text == "odd":
            raise KeyError(text)
        return Reply(text=f"to {text}")

    async def close(self) -> None:
        """Nothing is held."""


def opened(model: Held, **given) -> OpenModel:
    about = {"lane": "http://a/v1", "concurrency": 4, "fixed": False, "usd_in": 1.0, "usd_out": 2.0}
    return OpenModel(model=model, **about, **given)


def asked(*texts: str) -> tuple[tuple[str, Request], ...]:
    return tuple((text, request(text)) for text in texts)


def test_what_is_done_is_told_while_the_rest_is_at_work():
    async def main() -> None:
        model = Held()
        replica = Replica(lambda: opened(model, heard=[("seed=none", "no seed")]))
        parts = replica.answers(asked("late", "a", "refused", "odd"))
        first = await anext(parts)
        told = dict(first.told)
        assert set(told) == {"a", "refused", "odd"}
        assert told["a"] == Reply(text="to a")
        assert (told["refused"].kind, told["refused"].transient) == ("bad_request", False)
        assert (told["odd"].kind, told["odd"].transient) == ("fault", True)
        assert told["odd"].message == "m/one: KeyError", "its text may be a prompt"
        assert first.heard == [("seed=none", "no seed")]
        assert first.notes == ["slow"]
        assert pickle.loads(pickle.dumps(first)).told[0][0] in told
        model.released.set()
        last = await anext(parts)
        assert last.told == [("late", Reply(text="to late"))]
        assert last.heard == [], "told once"
        assert await anext(parts, None) is None

    asyncio.run(main())


def test_the_model_is_opened_once_and_says_how_it_may_be_asked():
    async def main() -> None:
        times = []
        replica = Replica(lambda: times.append(1) or opened(Held()))
        for _ in range(2):
            about = await replica.about()
        assert len(times) == 1
        assert about.version == __version__
        assert about.fault == ""
        assert (about.lane, about.concurrency, about.fixed) == ("http://a/v1", 4, False)
        assert (about.usd_in, about.usd_out) == (1.0, 2.0)

    asyncio.run(main())


def test_a_model_that_cannot_be_opened_is_told_and_fails_each_request():
    def refuses() -> OpenModel:
        raise UsageError("gguf/x: no such file.")

    def breaks() -> OpenModel:
        raise RuntimeError("no memory")

    async def main() -> None:
        assert (await Replica(refuses).about()).fault == "gguf/x: no such file."
        assert (await Replica(breaks).about()).fault == "RuntimeError: no memory"
        (done,) = [part async for part in Replica(refuses).answers(asked("a", "b"))]
        assert [(key, e.kind, e.transient) for key, e in done.told] == [
            ("a", "engine", False),
            ("b", "engine", False),
        ]

    asyncio.run(main())
