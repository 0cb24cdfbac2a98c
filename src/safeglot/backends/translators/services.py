"""The services that translate by APIs of their own: where each is, what it is sent and what it says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from safeglot.backends.variables import variable


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
MOST_AT_ONCE = 16
"""Requests in flight: both services limit how many they take."""
