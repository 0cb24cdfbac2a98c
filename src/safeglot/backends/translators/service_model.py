"""DeepL and Google Cloud Translation by their own APIs: `deepl` and `google-translate`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from safeglot.backends.models.clients.choice import AUTO, http_client
from safeglot.backends.models.http import refused, short_line
from safeglot.backends.models.json_bodies import decoded, encoded
from safeglot.backends.models.proxies import proxy_of
from safeglot.backends.translators.services import SERVICES
from safeglot.backends.variables import variable
from safeglot.errors import ModelError, UsageError
from safeglot.text.keys_in_texts import without_each, without_key
from safeglot.types import Reply, Request

Codes: TypeAlias = Callable[[str, str], Sequence[str]]
"""(tag, system) -> what the system calls a language."""
PairFault: TypeAlias = Callable[[str, str, str], str]
"""(source, target, system) -> which language the system does not know; "" for none."""
_FREE, _FREE_URL = ":fx", "https://api-free.deepl.com/v2/translate"
"""How the keys of DeepL's free plan end, and where they are taken."""


class ServiceTranslator:
    """Translates by a service, a text a request. Raises: UsageError where its key is not set."""

    def __init__(
        self, name: str, codes: Codes, *, pair_fault: PairFault,
        timeout_s: float, proxy: str | None, client: str,
    ) -> None:  # fmt: skip
        self.name, self.codes, self.pair_fault = name, codes, pair_fault
        self.service = SERVICES[name]
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
        return self.pair_fault(source, target, self.service.system)

    async def answer(self, request: Request) -> Reply:
        """Return the translation. Raises: ModelError, with the service's message and never a key."""
        codes = [self.codes(request.extra[name], self.service.system) for name in ("source", "target")]  # fmt: skip
        body = self.service.body(request.prompt or "", *(found[0] for found in codes))
        try:
            return Reply(text=await self._translated(encoded(body, plain=False)))
        except ModelError as error:
            error.reword(short_line(self._cleaned(error.message)))
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
            raise ModelError("malformed", what)
        received.keep()
        return text

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()


def open_service(
    name: str, codes: Codes, *, pair_fault: PairFault,
    timeout_s: float, proxy: str | None = None, http_client: str = AUTO,
) -> ServiceTranslator:  # fmt: skip
    """Return the translator `deepl` or `google-translate`. Raises: UsageError."""
    return ServiceTranslator(
        name, codes, pair_fault=pair_fault, timeout_s=timeout_s, proxy=proxy, client=http_client
    )
