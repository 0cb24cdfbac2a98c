"""What every client of HTTP is asked for, what it gives back, and the errors that it may raise.

Nothing that comes on a connection says which request it answers. So a reply holds its connection
until it is known whether it was believed: only then may another request go out on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from safeglot.errors import ModelError

BODY_BYTES = 16 * 2**20
"""The most that a reply may have, unpacked."""
KEEP_S = 30.0
"""How long a connection is kept that nobody asks on."""


class Headers(Protocol):
    """The headers of a reply; names in any case."""

    def get(self, name: str, default: str, /) -> str:
        """Return the value of a header."""


class Connection(Protocol):
    """The connection that a reply came on."""

    def keep(self) -> None:
        """Let other requests go out on it."""

    def drop(self) -> None:
        """Close it."""


@dataclass(slots=True)
class Received:
    """What came back for one request, and the connection that it came on."""

    status: int
    headers: Headers
    raw: bytes
    connection: Connection

    def keep(self) -> None:
        """Let other requests use the connection: this reply was believed."""
        self.connection.keep()

    def drop(self) -> None:
        """Close the connection: what else comes on it belongs to no request."""
        self.connection.drop()


class HttpClient(Protocol):
    """Kept connections to one server, and a way to ask on a fresh one."""

    async def post(self, url: str, data: bytes, *, fresh: bool = False) -> Received:
        """Return what the server sends back; `fresh` asks on a connection of its own.

        Raises: ModelError of kind timeout, unreachable, malformed or bad_request.
        """

    async def close(self) -> None:
        """Close all connections."""


def timed_out(url: str, timeout_s: float) -> ModelError:
    """Return the error of a server that took too long."""
    return ModelError("timeout", f"{url}: no answer within {timeout_s:g} s")


def nobody_there(url: str, why: str) -> ModelError:
    """Return the error of an address that cannot be connected to."""
    gone = ModelError("unreachable", f"{url}: {why}")
    gone.down = True
    return gone


def no_url(url: str) -> ModelError:
    """Return the error of what is no address."""
    return ModelError("bad_request", f"{url}: not a URL")


def broken_off(url: str, name: str) -> ModelError:
    """Return the error of a connection that ended before the reply began."""
    why = f"the connection broke off ({name})"
    return ModelError("unreachable", f"{url}: {why}")


def broken_http(url: str, what: str) -> ModelError:
    """Return the error of a reply that is no HTTP."""
    return ModelError("malformed", f"{url}: answered with broken HTTP ({what})")


def broken_body(url: str, name: str) -> ModelError:
    """Return the error of a body that ends early, or is not packed as its headers say."""
    why = f"the body broke off or cannot be unpacked ({name})"
    return ModelError("malformed", f"{url}: {why}")


def too_large(url: str, declared: int | None) -> ModelError:
    """Return the error of a body that is not held."""
    size = f"{declared:,} bytes" if declared else f"more than {BODY_BYTES:,} bytes"
    why = f"answered with {size}; at most {BODY_BYTES:,} are read"
    return ModelError("malformed", f"{url}: {why}")
