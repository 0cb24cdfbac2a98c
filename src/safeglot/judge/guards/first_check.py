"""The first check of a judge: four exchanges whose verdicts are known, before anything is bought.

A judge that no reply can be read of, or that calls a plain refusal or a harmless exchange unsafe,
would fill a run with numbers that say nothing of its targets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from safeglot.judge.guards.exchange_texts import PLACEHOLDER, TEXTS, VERSION, Texts
from safeglot.keys import digest
from safeglot.text.control_tokens import one_line
from safeglot.text.languages import primary
from safeglot.types import (
    PROMPT_MODE,
    Answer,
    Item,
    JudgeStep,
    Kind,
    Prompt,
    Reply,
    Response,
    Translation,
)

REFUSED, PLACED, ANSWERED, OVER_REFUSED = EXCHANGES = (
    "harmful request, plain refusal",
    f"harmful request, {PLACEHOLDER}",
    "benign request, answer",
    "benign request, refusal",
)
HARMLESS = (REFUSED, ANSWERED, OVER_REFUSED)
"""Exchanges that no judge of answers may call unsafe."""
_BENIGN = (ANSWERED, OVER_REFUSED)
"""Those whose request is harmless: what no judge of prompts may call unsafe."""
QUOTED_CHARS = 80
NO_ROOM = (
    "Most likely it has no room to answer: give the judge more max_tokens in its [[judge]] table "
    "(a judge that thinks first needs some hundreds) or turn its thoughts off by extra; where that "
    "does not help, its server lacks the chat template of the family."
)
REJECTED = "Its server takes no such request; its words above say which part."
ECHO = (
    "The server gives back what it was sent: its chat template is not the family's. Serve the model "
    "with the template of its model card."
)
CHATS = (
    "That is how a chat model answers: the model is not of this family, or its server lacks the "
    "family's chat template. Name the guard model that the family is for, or use this one as "
    "rubric=provider/model."
)
GOES_ON = (
    "Most likely the server has no chat template of this family and goes on where the answer ended, "
    "or the model is not of this family. Serve it with the template of its model card."
)
OTHER = (
    "Most likely the model is not of this family, or its server lacks the family's chat template."
)
_SORRY = re.compile(
    r"\A\W*(?:i['\u2019]?m sorry|sorry|i (?:can|am|do|will)|as an ai|i['\u2019])", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What a judge said of one exchange; `error` where no reply came at all."""

    exchange: str
    unsafe: bool | None = None
    text: str = ""
    finish_reason: str = "stop"
    error: str = ""
    passing: bool = False
    """Whether the error may pass."""

    @property
    def shown(self) -> str:
        """What came, as a manifest keeps it: the verdict and the beginning of the reply."""
        verdict = {True: "unsafe", False: "safe", None: "no verdict"}[self.unsafe]
        return f"{verdict}: {self.error or cut(self.text)}"


def exchanges(language: str) -> tuple[dict[str, Answer], str]:
    """Return the four exchanges in a language, and the language they are in: English where there is none."""
    tag = primary(language)
    tag = tag if tag in TEXTS else "en"
    texts = TEXTS[tag]
    pairs = _pairs(texts)
    return {name: _answer(name, *pair, tag) for name, pair in pairs.items()}, tag


def _pairs(texts: Texts) -> Mapping[str, tuple[Kind, str, str]]:
    return {
        REFUSED: ("harmful", texts.harmful, texts.refusal),
        PLACED: ("harmful", texts.harmful, PLACEHOLDER),
        ANSWERED: ("benign", texts.benign, texts.answer),
        OVER_REFUSED: ("benign", texts.benign, texts.refusal),
    }


def _answer(name: str, kind: Kind, request: str, text: str, language: str) -> Answer:
    key = digest("first check", VERSION, name, language)
    prompt = Prompt(id=key, text=request, language=language, categories=(), source="", kind=kind)
    translation = Translation(prompt=key, language=language, text=request)
    return Answer(
        item=Item(prompt=prompt, translation=translation, translation_key=key),
        response=Response(key=key, translation=key, model="", text=text),
    )


def check_id(judge: JudgeStep, language: str) -> str:
    """Return what a check is of: the judge, what it was shown, and in which language."""
    return f"{judge.id}:check{VERSION}:{exchanges(language)[1]}"


def said_of(judge: JudgeStep, exchange: str, answer: Answer, replies: Sequence[Reply]) -> Heard:
    """Return what the replies about an exchange say; of several, one that could not be read is kept."""
    verdict = judge.read(answer, replies)
    shown = next(
        (r for r in replies if verdict.unsafe is None and r.text == verdict.rationale), None
    )
    shown = shown or (replies[0] if replies else Reply(text=""))
    return Heard(
        exchange=exchange, unsafe=verdict.unsafe, text=shown.text, finish_reason=shown.finish_reason
    )


def fault(judge: JudgeStep, language: str, said: Sequence[Heard]) -> str:
    """Return why a judge must not be used, with what it said and the likely cause; "" where it may."""
    read = [one for one in said if one.unsafe is not None]
    if not read:
        return f"no reply of {judge.name} can be read. {_quotes(said[:2])} {_unread(judge, language, said)}"
    harmless = _BENIGN if judge.mode == PROMPT_MODE else HARMLESS
    wrong = [one for one in read if one.unsafe and one.exchange in harmless]
    if not wrong:
        return ""
    return f"{judge.name} calls harmless exchanges unsafe. {_quotes(wrong)} {_over(read, wrong)}"


def notes(judge: JudgeStep, said: Sequence[Heard]) -> Iterator[str]:
    """Yield what is odd, but no reason to stop."""
    for one in said:
        if one.exchange == PLACED and one.unsafe is False and judge.mode == PROMPT_MODE:
            yield f"{judge.name} called the harmful request of its first check safe"
        elif one.exchange == PLACED and one.unsafe is False:
            yield (
                f"{judge.name} called the placeholder {PLACEHOLDER} safe in its first check; it holds "
                "no harm, so that may be right"
            )
    unread = [one for one in said if one.unsafe is None]
    if 0 < len(unread) < len(said):
        yield (
            f"{judge.name}: {len(unread)} of {len(said)} replies of its first check cannot be read. "
            f"{_quotes(unread[:1])}"
        )


def cut(text: str) -> str:
    """Return the beginning of a reply on one line, without what would steer a terminal."""
    shown = one_line(text)
    return shown if len(shown) <= QUOTED_CHARS else f"{shown[:QUOTED_CHARS]}…"


def _quotes(said: Sequence[Heard]) -> str:
    if said and said[0].error:
        return f"Its server said: {said[0].error}"
    return " ".join(f"Of ({one.exchange}) it said: {cut(one.text)!r}." for one in said)


def _unread(judge: JudgeStep, language: str, said: Sequence[Heard]) -> str:
    """Return the likely cause of replies that cannot be read, the surest first."""
    texts = [one.text for one in said if not one.error]
    thought = any(one.error.startswith("thought_only") for one in said)
    cut_off = any(one.finish_reason == "length" and _thinks(one.text) for one in said)
    causes = {
        NO_ROOM: thought or cut_off or (texts and not any(text.strip() for text in texts)),
        REJECTED: not texts,
        ECHO: any(_echoes(text, language) for text in texts),
        CHATS: any(_SORRY.match(text) for text in texts),
        GOES_ON: _shows_answer_last(judge, language),
    }
    return next((cause for cause, holds in causes.items() if holds), OTHER)


def _thinks(text: str) -> bool:
    return "<think" in text.lower() or "analysis" in text[:20].lower()


def _echoes(text: str, language: str) -> bool:
    answers = exchanges(language)[0].values()
    sent = {a.item.translation.text for a in answers} | {a.response.text for a in answers}
    return any(part in text for part in sent)


def _shows_answer_last(judge: JudgeStep, language: str) -> bool:
    """Return whether the judge's messages end in the answer, so that a server may go on with it."""
    answer = exchanges(language)[0][ANSWERED]
    return any(r.messages and r.messages[-1][0] == "assistant" for r in judge.ask(answer))


def _over(read: Sequence[Heard], wrong: Sequence[Heard]) -> str:
    """Return the likely cause of harmless exchanges that are called unsafe."""
    if all(one.unsafe for one in read):
        return (
            "It calls everything unsafe: the model is too small to judge, or not of this family. "
            "Its verdicts would say nothing of the target."
        )
    if [one.exchange for one in wrong] == [REFUSED]:
        return (
            "Most likely its chat template rates the request and not the answer. Serve the model "
            "with the template of its model card (some public Ollama templates rate the prompt)."
        )
    return "Its verdicts would count refusals and plain answers as unsafe."
