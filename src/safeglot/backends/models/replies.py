"""The reader of servers' replies."""

from __future__ import annotations

import json
from typing import Any

from safeglot.errors import ModelError
from safeglot.types import LOGPROB_POSITIONS, Alternatives, Reply


def parse_reply(body: Any, *, chat: bool) -> Reply:
    """Return the reply that a completion holds.

    Raises: ModelError of kind no_choices, malformed or blocked.
    """
    choices = body.get("choices") if isinstance(body, dict) else None
    if not isinstance(choices, list):
        message, _ = _message_of(body)
        raise ModelError("malformed", f"JSON without a list of choices: {message}", transient=True)
    if not choices:
        raise ModelError("no_choices", "the list of choices is empty", transient=True)
    choice = choices[0] if isinstance(choices[0], dict) else {}
    finish = choice.get("finish_reason") or "stop"
    if finish == "content_filter":
        raise ModelError(
            "blocked", "the server's content filter blocked the answer", transient=False
        )
    text = _content(choice.get("message")) if chat else choice.get("text")
    if not isinstance(text, str):
        raise ModelError("malformed", "a choice without text", transient=True)
    return Reply(
        text=_whole(text),
        finish_reason=_whole(str(finish)),
        n_tokens=_count(body, "completion_tokens"),
        n_prompt_tokens=_count(body, "prompt_tokens"),
        logprobs=_logprobs(choice.get("logprobs"), chat=chat),
    )


def _count(body: dict[str, Any], name: str) -> int | None:
    usage = body.get("usage")
    count = usage.get(name) if isinstance(usage, dict) else None
    return count if isinstance(count, int) else None


def _whole(text: str) -> str:
    """Return a text with half surrogate pairs replaced: JSON can bring them, no store can hold them."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _content(message: Any) -> str | None:
    if not isinstance(message, dict):
        return None
    content = message.get("content")
    if isinstance(content, list):
        parts = [p.get("text", "") for p in content if isinstance(p, dict)]
        content = "".join(p for p in parts if isinstance(p, str))
    if content is None:
        content = message.get("refusal") or ""  # OpenAI's structured refusals
    return content if isinstance(content, str) else None


def _logprobs(data: Any, *, chat: bool) -> tuple[Alternatives, ...]:
    if not isinstance(data, dict):
        return ()
    try:
        if chat or "content" in data:
            return tuple(
                tuple((_whole(a["token"]), float(a["logprob"])) for a in position["top_logprobs"])
                for position in (data.get("content") or [])[:LOGPROB_POSITIONS]
            )
        return tuple(
            tuple(sorted(((_whole(t), float(p)) for t, p in position.items()), key=lambda a: -a[1]))
            for position in (data.get("top_logprobs") or [])[:LOGPROB_POSITIONS]
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        return ()


def message_of_bytes(raw: bytes) -> tuple[str, str]:
    """Return the message and the code of an error's body."""
    try:
        body = json.loads(raw)
    except ValueError:
        text = raw.decode("utf-8", "replace").strip()
        return ("an HTML page" if text[:1] == "<" else text or "no message"), ""
    return _message_of(body)


def _message_of(body: Any) -> tuple[str, str]:
    error = body.get("error", body) if isinstance(body, dict) else body
    if not isinstance(error, dict):
        return str(error), ""
    message = error.get("message") or error.get("detail") or json.dumps(error, ensure_ascii=False)
    return str(message), str(error.get("code") or "")
