"""Replies that were sent twice, known by their bytes.

A second copy of a reply that comes late on a kept connection looks like the answer to the next
request. But servers give every reply an id, so that two equal bodies are one reply, unless the
server never varies its ids.
"""

from __future__ import annotations

import asyncio
import contextlib
import weakref
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

from safeglot.backends.models.plain_replies import PlainReply

BODIES = 10_000
"""Bodies that are remembered; a copy comes soon or never."""
ID_CHARS = 8
"""The least length of an id that can differ from reply to reply."""
CONFIRMED = 3
"""Equal bodies that were asked for again and stayed, after which the server is taken to mean them."""

_endpoints: weakref.WeakValueDictionary[str, Copies] = weakref.WeakValueDictionary()


class Copies:
    """What one endpoint has sent, and whether its replies can be told apart."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.twice = 0
        """Replies that came as another request's answer."""
        self.asking: asyncio.Future[None] | None = None
        """Done once it is known whether a server that gave one reply twice means it."""
        self._requests: OrderedDict[int, int] = OrderedDict()
        """Hash of a body -> hash of the request that it came for; 64 bits of this process's own."""
        self._id: int | None = None
        self._ids_vary = False
        self._alike = False
        self._confirmed = 0

    @classmethod
    def of(cls, endpoint: str) -> Copies:
        """Return what is known of an endpoint, which all models on it share."""
        there = _endpoints.get(endpoint)
        if there is None:
            there = _endpoints[endpoint] = cls()
        return there

    @property
    def unsure(self) -> bool:
        """Whether all replies so far are one and the same."""
        return not self._ids_vary and not self._alike

    def doubts(self, request: bytes, raw: bytes, body: Any) -> bool:
        """Return whether a reply may be a copy of another request's, and remember it."""
        if type(body) is PlainReply:
            said = body.id
        elif _is_reply(body):
            said = body.get("id")
        else:
            return False
        if not isinstance(said, str) or len(said) < ID_CHARS:
            return self._excepted(hash(raw), hash(request))
        reply_id, key, asked = hash(said), hash(raw), hash(request)
        self._ids_vary |= self._id is not None and reply_id != self._id
        first = self._requests.get(key)
        if first is None:
            self._alike |= self._id is not None and not self._ids_vary
            self._id = reply_id
            self._remember(key, asked)
            return False
        if first == asked or self._confirmed >= CONFIRMED:
            return False
        if self._alike and not self._ids_vary:
            return self._excepted(key, asked)
        return True

    @contextlib.contextmanager
    def clearing(self) -> Iterator[None]:
        """Hold those whose replies are doubted while the first of them is asked again."""
        if self.asking is not None:
            yield
            return
        asking = self.asking = asyncio.get_running_loop().create_future()
        try:
            yield
        finally:
            self.asking = None
            asking.set_result(None)

    def came_twice(self) -> None:
        """Note that a reply was another request's."""
        self.twice += 1
        self._say(
            "a reply came a second time, as the answer to another request; it was not believed and "
            "that request was asked again. Each request has a connection of its own from now on"
        )

    def came_again(self) -> None:
        """Note that a server gives the same body on a fresh connection: it means it."""
        self._confirmed += 1
        if self.unsure:
            self._alike = True
        if self._confirmed >= CONFIRMED:
            self._say(
                "replies to different requests are equal to the byte, and asked for again they stay so"
            )

    def _excepted(self, key: int, asked: int) -> bool:
        first = self._requests.get(key)
        if first is None:
            self._remember(key, asked)
        elif first != asked:
            self._say(
                "its replies carry no ids of their own, so that a reply which is sent twice cannot "
                "be told from an answer"
            )
        return False

    def _remember(self, key: int, asked: int) -> None:
        self._requests[key] = asked
        if len(self._requests) > BODIES:
            self._requests.popitem(last=False)

    def _say(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)


def _is_reply(body: Any) -> bool:
    """Return whether a body holds a choice with a message or a text; what does not is asked again."""
    choices = body.get("choices") if isinstance(body, dict) else None
    first = choices[0] if isinstance(choices, list) and choices else None
    return isinstance(first, dict) and isinstance(
        first.get("message", first.get("text")), (dict, str)
    )
