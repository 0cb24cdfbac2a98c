"""DeepL and Google Cloud Translation by their own APIs: `deepl` and `google-translate`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from safeglot.backends.models.clients.choice import AUTO, http_client
from safeglot.backends.models.http import refused
from safeglot.backends.models.json_bodies import decoded, encoded
from safeglot.backends.models.proxies import proxy_of
from safeglot.backends.variables import variable
from safeglot.errors import ModelError, UsageError
from safeglot.text.control import one_line
from safeglot.text.keys_in_texts import without_each, without_key
from safeglot.types import Reply, Request

Codes: TypeAlias = Callable[[str, str], Sequence[str]]
"""(tag, system) -> what the system calls a language."""
MOST_AT_ONCE = 16
"""Requests in flight: both services limit how many they take."""
_MESSAGE_CHARS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service that translates: where it is, whose key it wants, what it is sent and what it says."""

    system: str
    """As translate/codes.py calls it."""
    url: str
    key_env: str
    url_env: str
    """Environment variable with another address of the same API: the user's own gateway."""
    headers: Callable[[str], Mapping[str, str]]
    """Of a key."""
    body: Callable[[str, str, str], Mapping[str, Any]]
    """Of a text and the codes of both languages."""
    text: Callable[[Any], Any]
    """What the body of a reply holds; raises where it has another shape."""

    @property
    def address(self) -> str:
        """Where it is asked."""
        return variable(self.url_env).rstrip("/") or self.url


def _deepl_body(text: str, source: str, target: str) -> dict[str, Any]:
    # a source has no variant
    pair = {"source_lang": source.partition("-")[0], "target_lang": target}
    return {"text": [text], **pair, "preserve_formatting": True}


def _google_body(text: str, source: str, target: str) -> dict[str, Any]:
    return {"q": text, "source": source, "target": target, "format": "text"}


SERVICES = {
    "deepl": Service(
        system="deepl",
        url="https://api.deepl.com/v2/translate",
        key_env="DEEPL_AUTH_KEY",
        url_env="DEEPL_URL",
        headers=lambda key: {"Authorization": f"DeepL-Auth-Key {key}"},
        body=_deepl_body,
        text=lambda body: body["translations"][0]["text"],
    ),
    "google-translate": Service(
        system="google",
        url="https://translation.googleapis.com/language/translate/v2",
        key_env="GOOGLE_TRANSLATE_KEY",
        url_env="GOOGLE_TRANSLATE_URL",
        headers=lambda key: {"X-Goog-Api-Key": key},
        body=_google_body,
        text=lambda body: body["data"]["translations"][0]["translatedText"],
    ),
}
"""By the name of the translator. Neither names a version of its model: a set keeps what came."""
_FREE, _FREE_URL = ":fx", "https://api-free.deepl.com/v2/translate"
"""How the keys of DeepL's free plan end, and where they are taken."""


class HostedTranslator:
    """Translates by a service, a text a request. Raises: UsageError where its key is not set."""

    def __init__(
        self, name: str, codes: Codes, *, proxy: str | None, client: str, timeout_s: float
    ) -> None:
        self.name, self.codes, self.service = name, codes, SERVICES[name]
        key = variable(self.service.key_env)
        if not key:
            need = self.service.key_env
            raise UsageError(
                f"{name}: needs a key, and the environment variable {need} is not set. Set it "
                f"(export {need}=…, or {need}=… in ./.env), or name another translator."
            )
        free = key.endswith(_FREE) and self.service.address == SERVICES["deepl"].url
        self.url = _FREE_URL if free else self.service.address
        through = proxy_of(proxy, self.url)
        headers = {"Content-Type": "application/json", **self.service.headers(key)}
        self._client = http_client(client, self.url, headers, timeout_s=timeout_s, proxy=through)
        self._cleaned = without_each(without_key, (key, through.password if through else ""))

    @property
    def revision(self) -> str:
        """The API; the service does not name its model."""
        return f"{self.service.system}-v2"

    def fault(self, source: str, target: str) -> str:
        """Return which language the service does not know; "" where it knows both."""
        from safeglot.translate.codes import pair_fault

        return pair_fault(source, target, self.service.system)

    async def answer(self, request: Request) -> Reply:
        """Return the translation. Raises: ModelError, with the service's message and never a key."""
        codes = [self.codes(request.extra[name], self.service.system) for name in ("source", "target")]  # fmt: skip
        body = self.service.body(request.prompt or "", *(found[0] for found in codes))
        try:
            return Reply(text=await self._translated(encoded(body, plain=False)))
        except ModelError as error:
            message = one_line(self._cleaned(error.message))
            error.reword(
                message if len(message) <= _MESSAGE_CHARS else f"{message[:_MESSAGE_CHARS]}…"
            )
            raise error from None

    async def _translated(self, data: bytes) -> str:
        received = await self._client.post(self.url, data)
        if received.status != 200:
            received.drop()
            raise refused(self.url, received)
        try:
            text = self.service.text(decoded(received.raw))
        except (ValueError, RecursionError, KeyError, IndexError, TypeError):
            text = None
        if not isinstance(text, str):
            received.drop()
            what = f"{self.url}: answered no translation ({len(received.raw)} bytes)"
            raise ModelError("malformed", what, transient=True)
        received.keep()
        return text

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()


def open_hosted(
    name: str, codes: Codes, timeout_s: float, proxy: str | None = None, http_client: str = AUTO
) -> HostedTranslator:
    """Return the translator `deepl` or `google-translate`. Raises: UsageError."""
    return HostedTranslator(name, codes, proxy=proxy, client=http_client, timeout_s=timeout_s)
