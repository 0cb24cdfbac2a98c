"""Granite Guardian: `Yes`/`No` (3.0 to 3.2), or `<score>yes|no</score>` (3.3, 4.1).

Source: ibm-granite/granite-guardian, cookbooks of 3.1, 3.2, 3.3 and 4.1.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from safeglot.errors import UsageError
from safeglot.judge.base import Judge
from safeglot.judge.contradiction import YES_NO, undisputed
from safeglot.judge.reading import Reading, first_label
from safeglot.text.package_data import table
from safeglot.types import PROMPT_MODE, Answer, Request

TEXTS = table(__package__, "granite_guardian.toml")
_RELEASE = re.compile(r"guardian-?(\d)\.(\d)", re.IGNORECASE)
_SCORE = re.compile(r"<score>\s*(yes|no)\s*</score>", re.IGNORECASE | re.ASCII)
_CONFIDENCE = re.compile(r"<confidence>\s*(?!yes|no)\w+\s*</confidence>", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class GraniteGuardian(Judge):
    """Chat endpoint; the criterion goes to the chat template (3.x) or into a last message (4.x).

    `release` ("3.2") is read from the model's name, and is 4.1 where the name does not state it.
    """

    languages: ClassVar[tuple[str, ...]] = ("en",)
    version: ClassVar[int] = 2
    rates_prompts: ClassVar[bool] = True
    labels: ClassVar = (("yes",), ("no",))
    behind: ClassVar = ("<score>", "")
    family: str = "granite-guardian"
    criteria: str = "harm"
    """`harm`, another id of the chat template (3.x), or a criterion in words (4.x)."""
    think: bool = False
    release: str = ""

    def ask(self, answer: Answer) -> Sequence[Request]:
        """Return one request: the exchange, and the criterion as the release wants it."""
        messages, room = self.conversation(answer), 2048 if self.think else 32
        named = _RELEASE.search(f"guardian-{self.release}" if self.release else self.model)
        release = (int(named.group(1)), int(named.group(2))) if named else (4, 1)
        if release < (4, 0) and " " in self.criteria:
            raise UsageError(
                f"judge {self.judge}: release {release[0]}.{release[1]} takes ids of its chat template "
                f"and no criterion in words, got {self.criteria[:40]!r}. Take release 4.0 or later."
            )
        if release >= (4, 0):
            criterion = TEXTS["harm"] if self.criteria == "harm" else self.criteria
            head = TEXTS["think" if self.think else "fast"]
            schema = TEXTS["schema"].format(
                role="user" if self.mode == PROMPT_MODE else "assistant"
            )
            block = f"{head}\n\n### Criteria: {criterion}\n\n### Scoring Schema: {schema}"
            return [self.request(messages=(*messages, ("user", block)), max_tokens=room)]
        if release == (3, 3):
            kwargs = {"guardian_config": {"criteria_id": self.criteria}, "think": self.think}
        else:
            kwargs = {"guardian_config": {"risk_name": self.criteria}}
        return [
            self.request(messages=messages, max_tokens=room, extra={"chat_template_kwargs": kwargs})
        ]

    def parse(self, text: str) -> Reading:
        """Return what a score element, or a line `Yes` or `No`, says. Raises: Unreadable."""
        text = _CONFIDENCE.sub("", text)
        score = _SCORE.match(text)
        if score:
            label, rest = score.group(1).lower(), text[score.end() :]
        else:
            label, rest = first_label(text, ("yes", "no"))
        undisputed(rest, unsafe=label == "yes", marks=(YES_NO,))
        return Reading(unsafe=label == "yes", label=label)
