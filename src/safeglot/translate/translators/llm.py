"""A chat model as a translator, asked to translate faithfully and neither to refuse nor to answer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from safeglot.keys import digest, request_key
from safeglot.text import languages
from safeglot.text.package_data import table
from safeglot.text.thoughts import split
from safeglot.translate.checks.layers import unwrapped
from safeglot.translate.checks.lengths import spaced
from safeglot.types import NO_SETTINGS, ModelSettings, Reply, Request, Source, Translated

VERSION = 2
_TEXTS = table(__package__, "llm.toml")
TASK: str = _TEXTS["task"]
REWORD: str = _TEXTS["reword"]
_PROBE = Source(prompt="probe", text="text", language="en", target="de")
AGAIN: str = _TEXTS["again"]
SHOWN = 80
"""Characters of a reply that a fault shows."""
LEAST_TOKENS, TOKENS_A_CHARACTER = 96, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class LlmTranslator:
    """Any chat model; only what it says between its marks is the translation, and is checked then."""

    name: str
    model: str
    settings: ModelSettings = NO_SETTINGS
    """What the user wants it to be asked with."""
    wording: int = 0
    """Which of several wordings in the text's own language it writes; 0 where it translates."""

    @property
    def id(self) -> str:
        """The model and a hash of its task and of what it is asked with."""
        asked = (request_key(self.ask(_PROBE)[0]),) if self.settings else ()
        task = (REWORD, self.wording) if self.wording else (TASK,)
        return f"{self.name}#{digest('llm-translator', VERSION, *task, self.model, *asked)[:8]}"

    def fault(self, source: str, target: str) -> str:
        """Return why it cannot be asked, "" where it can: it may know any language that has a name."""
        for tag in (source, target):
            if languages.lookup(tag).name.startswith("Private use"):
                return f"{tag} has no name that a model could be told"
        return ""

    def ask(self, item: Source) -> Sequence[Request]:
        """Return one message, with room for three times as many tokens as characters."""
        return [self._request(item)]

    def _request(self, item: Source, *, again: bool = False) -> Request:
        target, mark = languages.lookup(item.target), _mark(item)
        text = (REWORD if self.wording else TASK).format(
            wording=self.wording,
            source=languages.lookup(item.language).name,
            target=f"{target.name} ({item.target})",
            script="" if target.script == "Latn" else f", in its usual script ({target.script})",
            mark=mark,
            text=item.text,
        )
        room = LEAST_TOKENS + TOKENS_A_CHARACTER * len(item.text)
        request = Request(
            model=self.model,
            messages=(("user", text + AGAIN.format(mark=mark) if again else text),),
            max_tokens=room,
            temperature=1.0 if self.wording else 0.0,
            seed=2 * self.wording + int(again),
            sample=2 * self.wording + int(again),
        )
        return self.settings.applied(request)

    def read(self, item: Source, replies: Sequence[Reply]) -> Translated:
        """Return what stands between the marks, without what is wrapped around it there.

        A refusal and an end cut off are faults; so is what the marks are missing from, which may be
        anything from a translation to an answer: that is asked once more.
        """
        reply, mark = replies[0], _mark(item)
        text = split(reply.text).text
        if reply.refused or f"<refused {mark}>" in text:
            return Translated(
                text="",
                fault=f"refused: the model will not {'reword' if self.wording else 'translate'} the text",
            )
        if reply.finish_reason == "length":
            return Translated(text="", fault=f"truncated: cut off after {reply.n_tokens} tokens")
        given = _between(item, text)
        if len(given) == 1 and (translation := unwrapped(item.text, given[0])):
            return Translated(text=translation)
        return Translated(
            text="", fault=_fault(given, text), again=(self._request(item, again=True),)
        )


def _between(item: Source, text: str) -> list[str]:
    """Return the texts that stand between the marks, each once.

    The hash may be left out where the source has no such mark itself, and the last end be missing.
    """
    own = "" if re.search(r"</?translation", item.text, re.IGNORECASE) else "?"
    mark = _mark(item)
    parts = re.split(rf"<translation(?: {mark}){own}>", text, flags=re.IGNORECASE)[1:]
    ended = [
        re.split(rf"</translation(?: {mark}){own}>", part, flags=re.IGNORECASE)[0] for part in parts
    ]
    copied = re.compile(rf"</?(?:text|translation) {mark}>")
    return list(dict.fromkeys(copied.sub("", part).strip() for part in ended))


def _fault(given: Sequence[str], text: str) -> str:
    if len(given) > 1:
        return f"variants: {len(given)} different texts between marks"
    begins = f'it begins "{spaced(text)[:SHOWN]}"' if text.strip() else "it is empty"
    return (
        f"empty: nothing between the marks; {begins}" if given else f"untagged: no marks; {begins}"
    )


@lru_cache(maxsize=1024)
def _mark(item: Source) -> str:
    """Return a hash of the text, so that the text cannot hold its own closing tag."""
    return digest("translate", item.text, item.target)[:10]
