"""Canonical encoding, content keys, and the signature of a run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from json import encoder as _json_encoder
from typing import Any, TypeVar

from safeglot.types import Request, Translation

RESULT_VERSION = 3
"""Bumped with every entry under "Changes results" in the CHANGELOG."""

Name = TypeVar("Name")
_make = getattr(_json_encoder, "c_make_encoder", None)


def json_encoder(**options: Any) -> Callable[[Any], str]:
    """Return `json.JSONEncoder(**options).encode` for values without cycles.

    `json` builds its C encoder for every value, which costs more than a small value does. Where
    Python has none, or is asked for ASCII or indentation, it is the plain one.
    """
    plain = json.JSONEncoder(**options)
    if _make is None or plain.ensure_ascii or plain.indent is not None:
        return plain.encode
    try:
        chunks = _make(
            None,
            plain.default,
            _json_encoder.encode_basestring,
            None,
            plain.key_separator,
            plain.item_separator,
            plain.sort_keys,
            plain.skipkeys,
            plain.allow_nan,
        )
    except TypeError:  # another version of Python
        return plain.encode
    return lambda value: "".join(chunks(value, 0))


_encode = json_encoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def places(names: Iterable[Name]) -> dict[Name, int]:
    """Return names with their places."""
    return {name: i for i, name in enumerate(names)}


def canonical(value: Any) -> str:
    """Return a JSON value encoded in the one way that keys are made from.

    Raises: ValueError for NaN and infinities.
    """
    return _encode(value)


def digest(*parts: Any) -> str:
    """Return the 128-bit content key of the parts, as 32 hex digits."""
    return hashlib.blake2b(
        _encode(parts).encode("utf-8", "surrogatepass"), digest_size=16
    ).hexdigest()


def digest_of_lists(*lists: Iterable[Any]) -> str:
    """Return what `digest` gives for lists that need not be in memory."""
    made = hashlib.blake2b(digest_size=16)
    mark = "[["
    for items in lists:
        for item in items:
            made.update((mark + _encode(item)).encode("utf-8", "surrogatepass"))
            mark = ","
        made.update(b"]" if mark == "," else f"{mark}]".encode())
        mark = ",["
    made.update(b"]")
    return made.hexdigest()


def request_key(request: Request) -> str:
    """Return the key of a reply: of all that determines it, and nothing else (host, retries)."""
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


SYSTEM = "system="
"""How what stands in the checks of a mitigation's text begins: its system prompt."""


def is_longer(translation: Translation) -> bool:
    """Return whether a text is asked a second time, with twice the limit of tokens."""
    return translation.arm == "probe" and translation.variant == "length"


def system_of(translation: Translation) -> str:
    """Return the system prompt that a text comes with, "" for none."""
    return "".join(c[len(SYSTEM) :] for c in translation.checks if c.startswith(SYSTEM))


def translation_key(translation: Translation) -> str:
    """Return the key of a translation: of prompt, language, text, translator, and an arm other than the main one."""
    t = translation
    arm = () if t.arm == "main" else (t.arm, *([t.variant] if t.variant else []))
    own = [system] if (system := system_of(t)) else []
    return digest("translation", t.prompt, t.language, t.text, t.translator, *arm, *own)


def response_key(translation: str, step: str, sample: int) -> str:
    """Return the public key of an answer: those of its text and of the step that asked, and the sample."""
    return f"{translation}-{step[:8]}-{sample}"


def signature(parts: Mapping[str, str]) -> str:
    """Return what can move a number as one readable line, `name:value|name:value`.

    Source: the signature of sacrebleu (Post 2018, arXiv 1804.08771).
    """
    return "|".join(f"{name}:{value.replace('|', '/')}" for name, value in parts.items())


UNDER = "@norms-"
"""Between a judge's name and that of the norms that it is under."""


def of_norms(judge: str) -> tuple[str, str]:
    """Return a judge's own name and that of the norms it is under, "" for none."""
    own, _, norms = judge.partition(UNDER)
    norms, mark, rest = norms.partition("@")  # what follows, as of a loose reading, stays its own
    return own + mark + rest, norms
