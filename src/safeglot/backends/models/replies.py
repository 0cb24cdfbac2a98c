"""The one reader of replies: a server's reply is an answer, or an error of a kind.

An answer is finished, cut by the limit, or a refusal in a field of its own. Thought only, blocked
and broken are errors that keep what had come until then. Whose words mean what stands in
`text/makers.toml`.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from safeglot.backends.models.error_bodies import error_of, message_of
from safeglot.backends.models.logprobs import alternatives
from safeglot.backends.models.plain_replies import MOST_TOKENS
from safeglot.errors import ModelError
from safeglot.text.makers import makers, word
from safeglot.text.surrogates import whole
from safeglot.text.thoughts import Said, split
from safeglot.types import LOGPROB_POSITIONS, Alternatives, Reply

THOUGHT_ONLY = (
    "the reply holds a thought and no answer yet: the limit of tokens has to be larger (--max-tokens), "
    "or leave room for the thought (--thought-tokens)"
)
_DEPTH = 8


@dataclass(slots=True, kw_only=True)
class Parts:
    """The parts of a reply, as its server sent them."""

    text: str
    thought: str = ""
    """From fields of its own; one within the text is split off by `answer_of`."""
    refusal: str = ""
    endings: tuple[str, ...] = ()
    """The finish reasons that it gives."""
    n_tokens: int | None = None
    n_prompt_tokens: int | None = None
    n_thought_tokens: int | None = None
    logprobs: tuple[Alternatives, ...] = ()
    served_by: str = ""


def parse_reply(body: Any, *, chat: bool) -> Reply:
    """Return the reply that a completion holds.

    Raises: ModelError of kind thought_only, blocked, broken, malformed or no_choices, or of the
    kind of an error that came at status 200.
    """
    fields = body if isinstance(body, dict) else {}
    choices = fields.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    parts = _parts(fields, choice if isinstance(choice, dict) else {}, chat=chat)
    error = _error_in(fields, choice)
    if error is not None:
        raise _with(error_of(200, error), parts)
    if _is_flagged(fields):
        raise _with(ModelError("blocked", f"the service blocked it{_quoted(parts)}"), parts)
    if not isinstance(choices, list):
        raise _without_choices(body)
    if parts is None or not choices:
        raise _nothing_of(fields, choices)
    return answer_of(parts)


def answer_of(parts: Parts) -> Reply:
    """Return the answer that the parts of a reply make.

    Raises: ModelError of kind thought_only, blocked or broken.
    """
    said = split(parts.text)
    thought = _joined(parts, said)
    ending = makers().ending(parts.endings)
    refused = bool(parts.refusal.strip()) and not said.text.strip()
    text = parts.refusal if refused else said.text
    if ending == "blocked":
        raise _with(ModelError("blocked", f"the service blocked it{_quoted(parts)}"), parts)
    if ending == "broken":
        raise _with(ModelError("broken", f"the answer broke off{_quoted(parts)}"), parts)
    if not text.strip():
        # a limit that was used up by what nobody is shown was used up by a thought
        if thought.strip() or parts.n_thought_tokens or (ending == "cut" and not parts.text):
            raise _with(ModelError("thought_only", THOUGHT_ONLY + _quoted(parts)), parts)
        if ending is None:
            raise ModelError("broken", "the reply has neither a text nor a finish reason")
    return Reply(
        text=whole(text),
        finish_reason="length" if ending == "cut" else whole((*parts.endings, "stop")[0]),
        n_tokens=parts.n_tokens,
        n_prompt_tokens=parts.n_prompt_tokens,
        logprobs=_of_answer(parts.logprobs, text) if thought else parts.logprobs,
        thought=whole(thought),
        n_thought_tokens=parts.n_thought_tokens,
        served_by=parts.served_by,
        refused=refused,
        unopened=said.lone,
    )


def _with(error: ModelError, parts: Parts | None) -> ModelError:
    """Return an error with what had come until then, and what it cost."""
    if parts is None:
        return error
    said = split(parts.text)
    error.text = whole(said.text or parts.refusal)
    error.thought = whole(_joined(parts, said))
    error.tokens_in, error.tokens_out = parts.n_prompt_tokens or 0, parts.n_tokens or 0
    return error


def _joined(parts: Parts, said: Said) -> str:
    return "\n\n".join(dict.fromkeys(filter(None, (parts.thought, said.thought))))


def _quoted(parts: Parts | None) -> str:
    endings = ", ".join(dict.fromkeys(parts.endings)) if parts else ""
    return f" (finish reason {endings})" if endings else ""


# ---- the parts of a reply


def _parts(body: Mapping[str, Any], choice: Mapping[str, Any], *, chat: bool) -> Parts | None:
    """Return the parts of a choice; None where it has no text, not even an empty one."""
    rows = makers().reply
    message: Any = choice.get("message", choice.get("delta")) if chat else choice
    if chat and message is None and isinstance(choice.get("text"), str):
        message = choice
    if not isinstance(message, dict):
        return None
    content = message.get("content") if message is not choice else choice.get("text")
    pieces = _Pieces()
    if not pieces.take(content):
        return None
    thoughts, counts = _seldom()
    if not (thoughts.isdisjoint(message) and thoughts.isdisjoint(choice)):
        for name in rows.thought_fields:
            for holder in (message, choice):
                if name in holder:
                    pieces.think(_text_of(holder[name]))
    refusals = [message.get(name) for name in rows.refusal_fields]
    usage = body.get("usage")
    counted = isinstance(usage, dict) and not counts.isdisjoint(usage)
    return Parts(
        text="".join(pieces.text),
        thought="\n\n".join(pieces.thoughts),
        refusal="\n\n".join([*pieces.refusals, *(r for r in refusals if isinstance(r, str) and r)]),
        endings=tuple(whole(str(choice[name])) for name in rows.finish_fields if choice.get(name)),
        n_tokens=_count(usage, "completion_tokens"),
        n_prompt_tokens=_count(usage, "prompt_tokens"),
        n_thought_tokens=_first_count(usage, rows.thought_tokens) if counted else None,
        logprobs=alternatives(choice.get("logprobs"), chat=chat),
        served_by=_served_by(body),
    )


@functools.cache
def _seldom() -> tuple[frozenset[str], frozenset[str]]:
    """Return the names of fields of thoughts, and those in the usage: most replies have none of them."""
    rows = makers().reply
    counts = (path.partition(".")[0] for path in rows.thought_tokens)
    return frozenset(rows.thought_fields), frozenset(counts)


def _first_count(usage: Any, paths: Sequence[str]) -> int | None:
    return next((n for path in paths if (n := _count(usage, path)) is not None), None)


@dataclass(slots=True)
class _Pieces:
    """The texts of a message, by what they are."""

    text: list[str] = field(default_factory=list)
    thoughts: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)

    def take(self, content: Any) -> bool:
        """Return whether that can be a message's content, and sort it."""
        if content is None or isinstance(content, str):
            self.text.append(content or "")
            return True
        if not isinstance(content, list):
            return False
        for part in content:
            self._part(part)
        return True

    def think(self, thought: str) -> None:
        """Add a thought; some servers send the same under two names."""
        if thought.strip() and thought not in self.thoughts:
            self.thoughts.append(thought)

    def _part(self, part: Any) -> None:
        if isinstance(part, str):
            self.text.append(part)
        if not isinstance(part, dict):
            return
        rows = makers().reply
        kind = word(str(part.get("type") or "").split(".")[0])
        if part.get("thought") is True or kind in set(map(word, rows.thought_parts)):
            self.think(_text_of(part))
        elif kind in set(map(word, rows.refusal_parts)):
            self.refusals.append(_text_of(part))
        else:
            text = part.get("text")
            self.text.append(text if isinstance(text, str) else "")


def _text_of(node: Any, depth: int = 0) -> str:
    """Return the text in a field of thoughts: a text, a part, or a list of them."""
    if isinstance(node, str):
        return node
    if depth > _DEPTH:
        return ""
    if isinstance(node, list):
        return "\n\n".join(filter(None, (_text_of(part, depth + 1) for part in node)))
    if isinstance(node, dict):
        names = makers().reply.part_texts
        return next((text for name in names if (text := _text_of(node.get(name), depth + 1))), "")
    return ""


def _served_by(body: Mapping[str, Any]) -> str:
    names = [body.get(name) for name in makers().reply.served_by]
    return whole(" ".join([name for name in names if isinstance(name, str) and name]))


def _count(usage: Any, path: str) -> int | None:
    for name in path.split(".") if "." in path else (path,):
        if not isinstance(usage, dict) or name not in usage:
            return None
        usage = usage[name]
    is_count = isinstance(usage, int) and not isinstance(usage, bool) and 0 <= usage < MOST_TOKENS
    return usage if is_count else None


def _of_answer(logprobs: tuple[Alternatives, ...], text: str) -> tuple[Alternatives, ...]:
    """Return the positions behind the thought; none where they are out of reach."""
    tokens = [position[0][0] if position else "" for position in logprobs]
    marks = [pair.close for pair in makers().thoughts if pair.lone]
    for i in range(len(tokens)):
        head, tail = "".join(tokens[:i]), "".join(tokens[i:]).strip()
        is_reached = len(tokens) < LOGPROB_POSITIONS or any(mark in head for mark in marks)
        if tail and is_reached and text.startswith(tail):
            return logprobs[i:]
    return ()


# ---- what is no answer


def _error_in(body: Mapping[str, Any], choice: Any) -> Any:
    """Return the error that stands in a reply of status 200, None where there is none."""
    holders = [body, choice if isinstance(choice, dict) else {}]
    message = holders[1].get("message")
    holders += [message] if isinstance(message, dict) else []
    for holder in holders:
        for name in ("error", "errors"):
            if holder.get(name):
                outer = {k: v for k, v in body.items() if k in ("code", "type", "status")}
                return {**outer, name: holder[name]} if holder is body else {name: holder[name]}
    told = body.get("base_resp")  # MiniMax: 0 is success
    return told if isinstance(told, dict) and told.get("status_code") else None


def _is_flagged(body: Mapping[str, Any]) -> bool:
    """Return whether a flag somewhere in a reply says that it was blocked."""
    flags = _flags()
    waiting: list[tuple[Any, int]] = [(body, 0)]
    while waiting:
        node, depth = waiting.pop()
        if isinstance(node, dict):
            if not flags.isdisjoint(node) and any(
                _is_raised(node[name]) for name in flags if name in node
            ):
                return True
            inner: Iterable[tuple[Any, Any]] = node.items()
        else:
            inner = zip(itertools.repeat(""), node, strict=False)
        if depth < _DEPTH:
            for key, value in inner:  # each reply is looked through: what is empty is left out
                if value and type(value) in _NODES and key not in _NO_FLAGS:
                    waiting.append((value, depth + 1))
    return False


@functools.cache
def _flags() -> frozenset[str]:
    return frozenset(makers().reply.blocked_flags)


_NODES = frozenset({dict, list})
_NO_FLAGS = frozenset({"content", "logprobs", "usage", "text"})


def _is_raised(flag: Any) -> bool:
    return flag is True or (isinstance(flag, (str, list)) and bool(flag))


def _without_choices(body: Any) -> ModelError:
    """Return the error that a whole body is, where it says one; else it is no completion."""
    error = error_of(200, body)
    if error.kind != "broken":
        return error
    return ModelError("malformed", f"JSON without a list of choices: {message_of(body)}")


def _nothing_of(body: Mapping[str, Any], choices: Sequence[Any]) -> ModelError:
    """Return the error of a reply without a candidate, or with one that has no message.

    It is a block where its maker says blocks so, or where the prompt was read and nothing written.
    """
    what = "a choice without text" if choices else "the list of choices is empty"
    first = choices[0] if choices else {}
    if choices and not (isinstance(first, dict) and first.get("message", "") is None):
        return ModelError("malformed", what)
    usage, model = body.get("usage"), str(body.get("model") or "").casefold()
    is_silent = bool(_count(usage, "prompt_tokens")) and not _count(usage, "completion_tokens")
    if is_silent or any(name in model for name in makers().reply.no_candidate_is_block):
        return ModelError("blocked", f"the service let no answer through: {what}")
    return ModelError("malformed" if choices else "no_choices", what)
