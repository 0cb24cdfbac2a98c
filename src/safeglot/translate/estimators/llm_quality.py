"""A chat model as quality estimator: direct assessment, or a list of errors by severity.

The questions show the two texts between tags with a mark; they are quoted, so that a prompt that
gives orders is judged and not obeyed. What cannot be read has no number.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from safeglot.keys import digest, request_key
from safeglot.text.languages import UnknownLanguage, lookup
from safeglot.text.package_data import table
from safeglot.text.quoting import marked
from safeglot.translate.base import EMPTY, NO_REPLY, Scale
from safeglot.types import NO_SETTINGS, Candidate, Estimated, ModelSettings, Reply, Request, Source

TEXTS = table(__package__, "llm_quality.toml")
WEIGHTS: Mapping[str, float] = {"minor": 1.0, "major": 5.0, "critical": 25.0}
"""Penalty of an error. Source: Kocmi and Federmann 2023, GEMBA-MQM, arXiv 2310.13988, as in its code."""
WORST = 25.0
"""The end of the sum of penalties, as there: one critical error is as bad as it gets."""
MOST_ERRORS = 10
LABEL_CHARS = 40
"""Characters that may stand before the number, as in `Score: `."""

_OF_HUNDRED = re.compile(r"\s*(?:/|out of|of|von|de|su|sur)\s*100\b|\s*[%٪]")
_NUMBER = re.compile(r"(?<![\w.,])-?\d+(?:[.,]\d{1,2})?(?![.,]?\d)")
_FENCE = re.compile(r"\A```(?:json)?[ \t]*\n?|\n?```\s*\Z", re.IGNORECASE)
_THOUGHT = re.compile(r"\A\s*(?:<think>)?.*?</think>", re.DOTALL | re.IGNORECASE)


class _Unreadable(Exception):
    """The reply is not what was asked for; the message is the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _LlmQuality:
    """The request, the languages that can be asked for, and the reading of one reply, for both kinds."""

    version: ClassVar[int] = 1
    """Of the question and its reading; bumped with every change."""
    family: ClassVar[str]
    question: ClassVar[str]
    room: ClassVar[int]
    """Tokens that a plain reply needs."""

    model: str
    """Identifies the model and its revision in keys and routes."""
    name: str = ""
    """Its name in records; `family=model` where empty."""
    languages: tuple[str, ...] = ()
    """Languages that the model is trusted with, by the user's word; all where empty."""
    max_tokens: int = 0
    """0: enough for the reply of a model that does not reason."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Further fields of the request body."""
    settings: ModelSettings = NO_SETTINGS
    """What the user wants it to be asked with."""

    def __post_init__(self) -> None:
        if not self.name:
            object.__setattr__(self, "name", f"{self.family}={self.model}")

    @property
    def id(self) -> str:
        """Family, version of the reading, and a hash of what is asked of which model."""
        asked = digest("estimator", [request_key(request) for request in self.ask(_PROBE)])
        return f"{self.family}:{self.version}:{asked[:12]}"

    def uncovered(self, source: str, target: str) -> str:
        """Return which language has no name to ask with, or is not among those of the user's list."""
        for tag in (source, target):
            try:
                language = lookup(tag)
            except UnknownLanguage as unknown:
                return f"not covered: {unknown}"
            if language.name.startswith("Private use"):
                return f"not covered: {tag} is a tag of private use, no model knows its language"
            if self.languages and language.tag not in map(_tag, self.languages):
                return f"not covered: {tag} is not among the languages given for {self.name}"
        return ""

    def ask(self, item: Candidate, /) -> Sequence[Request]:
        """Return one request, as deterministic as the server allows; none for an empty candidate."""
        if not item.text.strip():
            return ()
        text = self.question.format(
            source=lookup(item.source.language).name,
            target=lookup(item.source.target).name,
            not_followed=TEXTS["not_followed"],
            quoted=marked(("source", item.source.text), ("translation", item.text)),
            most=MOST_ERRORS,
        )
        request = Request(
            model=self.model,
            messages=(("user", text),),
            max_tokens=self.max_tokens or self.room,
            temperature=0.0,
            seed=0,
            extra=self.extra,
        )
        return (self.settings.applied(request),)

    def read(self, item: Candidate, replies: Sequence[Reply], /) -> Estimated:
        """Return the number in the reply; one in another form than asked for has a reason instead."""
        if not item.text.strip():
            return EMPTY
        if len(replies) != 1:
            return NO_REPLY
        try:
            return Estimated(value=self.parse(_said(replies[0])))
        except _Unreadable as fault:
            return Estimated(value=None, reason=str(fault))

    def parse(self, text: str) -> float:
        """Return the number in what the model said. Raises: _Unreadable."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class LlmDirectAssessment(_LlmQuality):
    """Asks for a number from 0 to 100 and reports it as 0 to 1.

    Source: Kocmi and Federmann 2023, arXiv 2302.14520 (GEMBA); the question is our own.
    """

    family: ClassVar[str] = "llm-da"
    question: ClassVar[str] = TEXTS["assessment"]
    room: ClassVar[int] = 16
    """Tokens for a number and a label before it."""
    scale: ClassVar[Scale] = Scale(worst=0.0, best=1.0)

    def parse(self, text: str) -> float:
        """Return the one number of a reply. Raises: _Unreadable."""
        return _hundredth(text) / 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LlmErrorSpans(_LlmQuality):
    """Asks for error spans with their severity and adds up penalties as MQM does.

    The number stays a penalty from 0 to 25, as in MetricX: a share of 25 would look like the
    0 to 1 of other estimators, and a threshold of 0.5 means nothing on it.
    Source: Kocmi and Federmann 2023, arXiv 2310.13988 (GEMBA-MQM); Freitag et al. 2021, 2104.14478.
    """

    family: ClassVar[str] = "llm-mqm"
    question: ClassVar[str] = TEXTS["spans"]
    room: ClassVar[int] = 1024
    """Tokens for MOST_ERRORS errors."""
    scale: ClassVar[Scale] = Scale(worst=WORST, best=0.0)

    def parse(self, text: str) -> float:
        """Return the sum of the penalties of a reply's errors, at most WORST. Raises: _Unreadable."""
        return min(WORST, sum(WEIGHTS[severity] for severity in severities(text)))


def severities(text: str) -> list[str]:
    """Return the severity of each error in {"errors": [...]}, or in the bare list.

    Raises: _Unreadable where it is no such JSON, or a severity is none of WEIGHTS.
    """
    try:
        held = json.loads(_FENCE.sub("", text.strip()))
    except (ValueError, RecursionError):
        raise _Unreadable("unparsable: no JSON, or it was cut off") from None
    errors = held.get("errors") if isinstance(held, dict) else held
    if not isinstance(errors, list) or not all(isinstance(error, dict) for error in errors):
        raise _Unreadable("unparsable: no list of errors")
    severities = [str(error.get("severity", "")).strip().lower() for error in errors]
    unknown = [severity for severity in severities if severity not in WEIGHTS]
    if unknown:
        allowed = ", ".join(WEIGHTS)
        raise _Unreadable(f"unparsable: severity {unknown[0][:20]!r}; allowed are {allowed}")
    return severities


def _hundredth(text: str) -> float:
    """Return the number from 0 to 100 in a text, in digits of any script. Raises: _Unreadable."""
    numbers = list(_NUMBER.finditer(_OF_HUNDRED.sub("", text)))
    if not numbers or numbers[0].start() > LABEL_CHARS:
        raise _Unreadable("unparsable: no number at the beginning")
    values = {float(number[0].replace(",", ".")) for number in numbers}
    if len(values) > 1:
        raise _Unreadable("unparsable: more than one number")
    (value,) = values
    if not 0.0 <= value <= 100.0:
        raise _Unreadable("unparsable: the number is not between 0 and 100")
    if 0.0 < value < 1.0:
        raise _Unreadable("unparsable: a fraction, where 0 to 100 was asked for")
    return value


def _said(reply: Reply) -> str:
    """Return what a model said after its reasoning. Raises: _Unreadable where there is nothing."""
    text = _THOUGHT.sub("", reply.text, count=1).strip("\ufeff \t\r\n")
    if text.lower().startswith("<think>"):
        raise _Unreadable("unparsable: the reasoning was cut off")
    if not text:
        raise _Unreadable(f"empty reply ({reply.finish_reason})")
    return text


def _tag(language: str) -> str:
    return lookup(language).tag


_PROBE = Candidate(
    source=Source(prompt="probe", text="source", language="en", target="de"),
    translator="probe",
    text="candidate",
)
