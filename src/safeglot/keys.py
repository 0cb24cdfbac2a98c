"""Canonical encoding, content keys, and the signature of a run."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from safeglot.encoding import json_encoder
from safeglot.types import Request, Translation

RESULT_VERSION = 2
"""Bumped with every entry under "Changes results" in the CHANGELOG."""

_encode = json_encoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def canonical(value: Any) -> str:
    """Encode a JSON value in the one way that keys are made from.

    Raises: ValueError for NaN and infinities.
    """
    return _encode(value)


def digest(*parts: Any) -> str:
    """Return the 128-bit content key of the parts, as 32 hex digits."""
    return hashlib.blake2b(
        _encode(parts).encode("utf-8", "surrogatepass"), digest_size=16
    ).hexdigest()


def request_key(request: Request) -> str:
    """Key of a reply: everything that determines it, and nothing that does not (host, retries)."""
    r = request
    return digest(
        "reply",
        r.model,
        r.messages,
        r.prompt,
        r.max_tokens,
        r.temperature,
        r.top_p,
        r.seed,
        r.sample,
        r.stop,
        r.top_logprobs,
        dict(r.extra),
    )


def translation_key(translation: Translation) -> str:
    """Key of a translation: prompt, language, text, who translated, and the arm beside the main one."""
    t = translation
    arm = () if t.arm == "main" else (t.arm, *([t.variant] if t.variant else []))
    return digest("translation", t.prompt, t.language, t.text, t.translator, *arm)


def signature(parts: Mapping[str, str]) -> str:
    """Join what can move a number into one readable line: `name:value|name:value`.

    Source: the signature of sacrebleu (Post 2018, arXiv 1804.08771).
    """
    return "|".join(f"{name}:{value.replace('|', '/')}" for name, value in parts.items())
