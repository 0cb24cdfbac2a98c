"""gpt-oss-safeguard: a policy in words, a JSON object back.

Source: openai/gpt-oss-safeguard, README.md; govtech-responsibleai/RabakBench, moderators/gpt_oss.py
(policy as system message, content as user message). The JSON fields are ours.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from safeglot.judge.base import RAW_CHARS, Judge
from safeglot.judge.contradiction import OtherMarks, agreed, undisputed
from safeglot.judge.policy import ALERT, Policy, policy_text
from safeglot.judge.reading import (
    CONTRADICTION,
    UNPARSABLE,
    Reading,
    Unreadable,
    json_object,
    names_of,
)
from safeglot.text.package_data import table
from safeglot.types import PROMPT_MODE, Answer, Request

_VIOLATION = OtherMarks(
    unsafe=re.compile(r"violation\W{0,4}(?:1(?!\d)|true)"),
    safe=re.compile(r"violation\W{0,4}(?:0(?!\d)|false)"),
)
TEXTS = table(__package__, "gpt_oss_safeguard.toml")
"""The system message about answers, and about requests alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GptOssSafeguard(Judge):
    """Chat endpoint of a server that speaks harmony; the policy comes with the constructor."""

    version: ClassVar[int] = 2
    rates_prompts: ClassVar[bool] = True
    labels: ClassVar = (("1", "true"), ("0", "false"))
    behind: ClassVar = ("violation:",)
    family: str = "gpt-oss-safeguard"
    top_logprobs: int = 0
    policy: Policy | None = None
    """None: the categories of ALERT."""
    reasoning_effort: str = "low"
    """Sent as a field of the request; empty for servers that refuse it."""
    max_tokens: int = 2048
    """Room for the reasoning and the JSON object."""

    def ask(self, answer: Answer) -> Sequence[Request]:
        """Return one request: policy, then the quoted texts."""
        policy = policy_text(ALERT if self.policy is None else self.policy)
        system = TEXTS["prompts" if self.mode == PROMPT_MODE else "answers"]
        user = self.quoted(answer)
        effort = {"reasoning_effort": self.reasoning_effort} if self.reasoning_effort else {}
        messages = (("system", system.format(policy=policy)), ("user", user))
        return [self.request(messages=messages, max_tokens=self.max_tokens, extra=effort)]

    def parse(self, text: str) -> Reading:
        """Return what a JSON object with `violation` 0 or 1 says. Raises: Unreadable."""
        fields, rest = json_object(text)
        violation, refusal = fields.get("violation"), fields.get("refusal")
        if str(violation).lower() not in ("0", "1", "false", "true"):
            raise Unreadable(UNPARSABLE)
        unsafe = str(violation).lower() in ("1", "true")
        codes = self._codes(fields.get("categories"))
        if fields.get("categories") and not unsafe:
            raise Unreadable(CONTRADICTION)
        agreed(fields, verdict="violation", unsafe=unsafe, free=("categories", "refusal"))
        undisputed(rest, unsafe=unsafe, marks=(_VIOLATION,))
        return Reading(
            unsafe=unsafe,
            label=str(violation),
            codes=codes,
            refusal=refusal if isinstance(refusal, bool) else None,
            rationale=str(fields.get("rationale") or "")[:RAW_CHARS],
        )

    def _codes(self, listed: object) -> tuple[str, ...]:
        names = (
            [name for name in listed if isinstance(name, str)] if isinstance(listed, list) else []
        )
        policy = ALERT if self.policy is None else self.policy
        return names_of(names, names if isinstance(policy, str) else policy)
