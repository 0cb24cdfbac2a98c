"""A server of pages for one person on this machine: loopback alone, a token in each address.

Whoever has the address may read and write what the pages do; the token is in no cookie, which other
servers on this machine would be sent, so that no page of others can act in its name.
"""

from __future__ import annotations

import contextlib
import hmac
import secrets
import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote

from safeglot.errors import UsageError

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

LOOPBACK = "127.0.0.1"
MOST_BYTES = 1_000_000
"""Of what a page may send."""
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
APART = (
    "sandbox allow-scripts allow-downloads; default-src 'none'; style-src 'unsafe-inline'; "
    "script-src 'unsafe-inline' {scripts}; img-src data: blob:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What a browser asks for: a path below the token, its query, and what it sends, if it does."""

    base: str
    """The path that all addresses of the app begin with."""
    path: str
    query: str = ""
    sent: Mapping[str, str] | None = None

    @property
    def root(self) -> str:
        """The path that all addresses of the first run begin with."""
        return f"/{self.base.split('/')[1]}/"

    def base_of(self, run: str) -> str:
        """Return the path that all addresses of a run beside the first one begin with."""
        return f"{self.root}run/{quote(run, safe='')}/"


@dataclass(frozen=True, slots=True, kw_only=True)
class WebPage:
    """What a browser gets; with a `place` it is sent there, below the app's base."""

    text: str = ""
    kind: str = "text/html"
    status: int = 200
    place: str | None = None
    file: str = ""
    """The name under which it is to be saved."""
    scripts: str | None = None
    """Of a page or script of somebody's: the path below its own from which it may load scripts. It runs
    in an origin of its own, where it can neither read nor send anything of the app."""


def check_installed() -> None:
    """Check that the packages of the app are there. Raises: UsageError with the command that installs them."""
    for name in ("starlette", "uvicorn"):
        if find_spec(name) is None:
            raise UsageError(
                f"the app needs the package {name}, which is not installed: "
                "pip install 'safeglot[app]'"
            )


def serve(answer: Callable[[Call], WebPage], *, port: int, ready: Callable[[str], None]) -> None:
    """Answer calls from this machine until interrupted; `ready` is told the address to open.

    Raises: UsageError where the port is taken.
    """
    import uvicorn

    token = secrets.token_urlsafe(24)
    with _listening(port) as listener:
        taken = listener.getsockname()[1]
        config = uvicorn.Config(
            application(answer, token, taken),
            log_level="critical", access_log=False, server_header=False, lifespan="off", ws="none",
            loop="asyncio", http="h11", timeout_graceful_shutdown=1,
        )  # fmt: skip
        with contextlib.suppress(KeyboardInterrupt):  # the way to end it
            ready(f"http://{LOOPBACK}:{taken}/{token}/")
            uvicorn.Server(config).run(sockets=[listener])


@contextlib.contextmanager
def _listening(port: int) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((LOOPBACK, port))
        except (OSError, OverflowError) as error:
            raise UsageError(
                f"--port {port}: {getattr(error, 'strerror', None) or error}. Give another port, or "
                "leave --port out: a free one is taken."
            ) from None
        listener.listen(64)
        yield listener


def application(answer: Callable[[Call], WebPage], token: str, port: int) -> Starlette:
    """Return the web application: all checks of a request come before `answer` is called."""
    from starlette.applications import Starlette
    from starlette.concurrency import run_in_threadpool
    from starlette.routing import Route

    async def endpoint(request: Request) -> Response:
        fault = _fault(request, token, port)
        if fault:
            return _response(
                WebPage(text=f"{fault}\n", kind="text/plain", status=403), "/", request
            )
        sent = await _sent(request)
        if request.method == "POST" and sent is None:
            return _response(
                WebPage(text="too large\n", kind="text/plain", status=413), "/", request
            )
        base = f"/{token}/"
        call = Call(
            base=base,
            path=request.path_params["rest"].partition("/")[2],
            query=request.url.query,
            sent=sent,
        )
        return _response(await run_in_threadpool(answer, call), base, request)

    return Starlette(routes=[Route("/{rest:path}", endpoint, methods=["GET", "POST"])])


def _fault(request: Request, token: str, port: int) -> str:
    """Return why a request is refused; "" where it is not."""
    hosts = {f"{name}:{port}" for name in (LOOPBACK, "localhost")}
    host = request.headers.get("host", "")
    if host not in hosts:  # a name of others that was made to lead here
        return "this address is not served here"
    given = request.path_params["rest"].partition("/")[0]
    if not hmac.compare_digest(given.encode("utf-8", "replace"), token.encode()):
        return "wrong or no token: open the address that safeglot printed"
    if request.method == "POST" and request.headers.get("origin", "") != f"http://{host}":
        return "sent from another page"
    return ""


async def _sent(request: Request) -> dict[str, str] | None:
    """Return what a form sends, None where it sends nothing or too much."""
    if request.method != "POST":
        return None
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            return None
    pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
    return dict(pairs)


def _response(page: WebPage, base: str, request: Request) -> Response:
    from starlette.responses import Response

    headers: dict[str, Any] = dict(HEADERS)
    if page.scripts is not None:
        folder = request.url.path.rpartition("/")[0]
        scripts = f"http://{request.headers['host']}{quote(folder)}/{page.scripts}"
        headers["Content-Security-Policy"] = APART.format(scripts=scripts)
        for name in [name for name in headers if name.startswith("Cross-Origin-")]:
            del headers[name]  # its scripts come to an origin that is not the app's
    if page.place is not None:
        headers["Location"] = base + page.place
    if page.file:
        headers["Content-Disposition"] = f'attachment; filename="{page.file}"'
    status = 303 if page.place is not None else page.status
    return Response(
        page.text.encode("utf-8", "replace"), status, headers, f"{page.kind}; charset=utf-8"
    )
