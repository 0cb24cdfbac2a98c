"""A model whose server may refuse a setting: it is asked once more without, and that is remembered."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Any

from safeglot.backends.models.adaptations import Adaptations
from safeglot.backends.models.bodies import Endpoint, other_limit, request_body, settings_sent
from safeglot.backends.models.detours import is_unknown_model, wants_stream
from safeglot.backends.models.http import HttpModel
from safeglot.backends.models.listing import Listing, served, told_better, told_models
from safeglot.backends.models.proxies import PROXY_AUTH
from safeglot.errors import ModelError
from safeglot.text.setting_words import setting_words
from safeglot.types import Reply, Request

_MENDABLE = frozenset({"bad_request", "auth", "server_error"})
"""Kinds of errors that a refused setting can stand behind; a block is none."""
_EXAMPLES = {"max_tokens": "max_tokens = 100"}


class AdaptingModel(HttpModel):
    """A model behind a server, asked without the settings that the server refuses."""

    def __init__(self, endpoint: Endpoint, model_id: str, adaptations: Adaptations) -> None:
        super().__init__(endpoint)
        self.model_id = model_id
        self._adaptations = adaptations
        self._listed: asyncio.Task[Listing] | None = None

    async def close(self) -> None:
        """Close the connections."""
        if self._listed is not None:
            self._listed.cancel()
        await super().close()

    async def answer(self, request: Request) -> Reply:
        """Return the reply to one request, without a setting where only that is refused.

        Raises: ModelError; of kind setting, with the key to set, where that does not help.
        """
        refused: dict[str, str] = {}
        while True:
            left_out = self._adaptations.refused(self.model_id) | refused.keys()
            asked = adapted(request, left_out, self.endpoint) if left_out else request
            try:
                reply = await super().answer(asked)
            except ModelError as error:
                if (told := await self._told(error, asked)) is not None:
                    raise told from None
                if not error.settings or error.kind not in _MENDABLE:
                    raise
                setting = self._to_leave_out(error.settings, asked, left_out)
                if not setting and _quoted(error.settings[0], asked):
                    raise
                if not setting:
                    raise self._for_good(error) from None
                refused[setting] = error.message
            else:
                for setting, why in refused.items():
                    self._adaptations.add(self.model_id, entry_of(setting, self.endpoint), why)
                return reply

    def body(self, request: Request) -> dict[str, Any]:
        """Return the body of a request, without what the server is known to refuse."""
        refused = self._adaptations.refused(self.model_id)
        return request_body(adapted(request, refused, self.endpoint), self.endpoint)

    async def _told(self, error: ModelError, asked: Request) -> ModelError | None:
        """Return an error that no setting mends with what does; None for any other."""
        if (only := wants_stream(error, asked)) is not None:
            return only
        if error.settings:
            return None
        if is_unknown_model(error.kind, error.message):
            return await self._unknown(error)
        of_proxy = f": status {PROXY_AUTH}: " in error.message
        return self._keyless(error) if error.kind == "auth" and not of_proxy else None

    def _to_leave_out(
        self, named: Iterable[str], asked: Request, left_out: Collection[str]
    ) -> str | None:
        """Return which of the settings named to leave out: one that changes nothing before others."""
        body = request_body(asked, self.endpoint)
        sent = [s for s in named if s in settings_sent(body) and s not in left_out]
        return min(sent, key=lambda s: body.get(s) != 1.0, default=None)

    async def _unknown(self, error: ModelError) -> ModelError:
        """Return an error about the model's name with the names that its server lists."""
        if self._listed is None:  # asked once, of the address that the user named
            at = self.endpoint
            self._listed = asyncio.create_task(served(at.base_url, at.key, at.proxy))
        there = await asyncio.shield(self._listed)
        wanted, provider = self.endpoint.model, self.model_id.partition("/")[0]
        told = told_better(there.better) if there.better else ""
        if there.names and wanted not in there.names:
            told += told_models(wanted, there.names, provider)
        if not told:
            return error
        return ModelError("not_found", _sentence(error.message) + told)

    def _keyless(self, error: ModelError) -> ModelError:
        """Return an error about a key with the variable that it is read from."""
        name = self.endpoint.key_variable
        if self.endpoint.key:
            told = f"The key is that of {name}: check it, or name another variable:"
        elif name:
            told = f"No key was sent, since {name} is not set: export {name}=…, or name another:"
        else:
            told = "No key was sent: name the variable that holds it:"
        error.reword(f"{_sentence(error.message)} {told} --key-env VAR (key_env in the TOML).")
        return error

    def _for_good(self, error: ModelError) -> ModelError:
        setting = error.settings[0]
        example = _EXAMPLES.get(setting, f'{setting} = "none"')
        message = (
            f"{error.message} Asking in another way did not help: set {setting} in the table of "
            f"{self.model_id} in the TOML, as in {example}."
        )
        return ModelError("setting", message)


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _quoted(setting: str, request: Request) -> bool:
    """Return whether a request's own text names a setting, so that the server may only quote it."""
    texts = (request.prompt or "", *(text for _, text in request.messages))
    return any(setting in setting_words().within(text) for text in texts)


def adapted(request: Request, refused: Collection[str], endpoint: Endpoint) -> Request:
    """Return a request without the settings that a server refuses, the limit under its other name."""
    if not refused:
        return request
    changes: dict[str, Any] = {}
    changes |= {name: None for name in ("temperature", "top_p", "seed") if name in refused}
    if "logprobs" in refused:
        changes["top_logprobs"] = 0
    if "max_tokens" in refused:
        limit = {other_limit(endpoint): request.max_tokens}
        changes["extra"] = {**request.extra, **limit}
    return replace(request, **changes)


def entry_of(setting: str, endpoint: Endpoint) -> str:
    """Return what was done about a refused setting, as the manifest and the signature have it."""
    return f"{setting}={other_limit(endpoint) if setting == 'max_tokens' else 'none'}"
