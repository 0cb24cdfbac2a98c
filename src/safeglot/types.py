"""The nouns of safeglot: frozen records, and the two contracts that carry them.

What failed is a record with a reason: an `unsafe` of None, or a `Failure`; missing, never safe.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol, TypeAlias, TypeVar

In_contra = TypeVar("In_contra", contravariant=True)
Out_co = TypeVar("Out_co", covariant=True)

Kind: TypeAlias = Literal["harmful", "benign"]
Arm: TypeAlias = Literal[
    "main", "roundtrip", "roundtrip2", "backtranslate", "translators", "reverse", "gated", "probe", "mitigation", "pivot", "pivoted",
]  # fmt: skip
"""What a translation is for: the run itself, an arm that explains its gap, a gated text, a probe, a mitigation."""
KEPT, GATED, FAILED = OUTCOMES = ("kept", "gated", "failed")
"""How a prompt and language can end in a translation set."""
OUTCOME_COUNTS = {
    "answered": "n_answered", "thought_only": "n_thought_only", "refused": "n_refused_by_field",
    "blocked": "n_blocked", "broken": "n_broken", "failed": "n_failed", "not_asked": "n_not_asked",
}  # fmt: skip
OUTCOME_KINDS = tuple(OUTCOME_COUNTS)
"""How a planned request can end, and its count's key; the counts add up to the plan (MEASUREMENT 12)."""
BROKEN_KINDS = ("broken", "malformed", "no_choices")  # failures that are replies, and no answers
LEVELS, DRAWS, SAMPLES = (0.5, 0.9999), (0, 1_000_000), (1, 10_000)
"""Bounds of settings that a run's manifest repeats: its level, draws of the bootstrap, and samples."""
PROMPT_MODE = "prompt"  # of a judge that rates requests; in the others it rates answers
HUMAN = "human"  # the translator of people's work, this alone or human=NAME
TEXT_FILE = "file"  # the translator of texts that were there, file=NAME: whose work is not declared
Alternatives: TypeAlias = tuple[tuple[str, float], ...]
"""(token, log-probability) pairs of one generated position, most likely first."""
IMPOSSIBLE = -9999.0  # OpenAI's log-probability of a token that cannot come; others send null
LOGPROB_POSITIONS = 32
"""Generated positions that a reply keeps: the label of the key: value formats stands that far in."""


def is_human(translator: str) -> bool:
    """Return whether a translator, or a file, was declared to be people's work; a mere name is not."""
    return translator == HUMAN or translator.startswith(f"{HUMAN}=")


def is_brought(translator: str) -> bool:
    """Return whether a translator's texts were there before, in a file; none was made for the set."""
    return is_human(translator) or translator.startswith(f"{TEXT_FILE}=")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """A prompt in its source language; the cluster that its translations share."""

    id: str
    text: str
    language: str
    categories: tuple[str, ...]
    source: str
    kind: Kind = "harmful"


@dataclass(frozen=True, slots=True, kw_only=True)
class Translation:
    """A prompt's text in one language; `translator` is "given" where the file brought it.

    `language` is the one that the arm is about, also where the text is English (roundtrip).
    """

    prompt: str
    language: str
    text: str
    translator: str = "given"
    quality: Mapping[str, float] = field(default_factory=dict)
    checks: tuple[str, ...] = ()
    """Of a probe: what was changed, as name=value; of a mitigation: its system prompt."""
    kept: bool = True
    reason: str = ""
    arm: Arm = "main"
    variant: str = ""
    """Of a probe: its factors and their levels, as in "framing=story" or "codeswitch=word+framing=story"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What a translator is asked for: a text in `language`, wanted in `target` (BCP 47 tags)."""

    prompt: str
    text: str
    language: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Translated:
    """What a translator gave; `fault` says why there is nothing, `again` is to be asked for one more try."""

    text: str
    fault: str = ""
    again: tuple[Request, ...] = ()
    momentary: bool = False
    """Whether it failed in a way that another try may mend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One translator's text for a source; what a quality estimator and the hard checks are shown."""

    source: Source
    translator: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimated:
    """What an estimator says of a candidate: a number, or the reason why there is none."""

    value: float | None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateRow:
    """One translator's text for a prompt and language; `broken` says why there is none.

    `faults` are the hard checks that it failed, and `untold` the estimators without a number.
    """

    prompt: str
    language: str
    translator: str
    text: str
    broken: str = ""
    faults: Mapping[str, str] = field(default_factory=dict)
    quality: Mapping[str, float] = field(default_factory=dict)
    untold: Mapping[str, str] = field(default_factory=dict)
    rank: float | None = None

    @property
    def passed(self) -> bool:
        """Whether it may be chosen."""
        return not self.broken and not self.faults


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a prompt and language ended: kept, gated or failed, with the candidate that stands for it."""

    prompt: str
    language: str
    outcome: str
    chosen: CandidateRow | None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """A target's answer to one translation; `translation` is that record's key."""

    key: str
    translation: str
    model: str
    text: str
    finish_reason: str = "stop"
    n_tokens: int | None = None
    sample: int = 0
    thought: str = ""
    """What the model wrote for itself before the answer; judged by nobody unless asked for."""
    served_by: str = ""
    refused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A judge's reading of one response.

    `label` is the judge's raw label, `unsafe` the strict reading and `unsafe_loose` the loose
    one (they differ only in families with three labels). Where `unsafe` is None, `reason` says why.
    """

    response: str
    judge: str
    mode: str
    unsafe: bool | None
    unsafe_loose: bool | None = None
    label: str = ""
    p_unsafe: float | None = None
    codes: tuple[str, ...] = ()
    refusal: bool | None = None
    response_class: str | None = None
    rationale: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A request or record that gave nothing; `key` is the key of what is missing."""

    stage: str
    key: str
    kind: str
    message: str
    attempts: int
    transient: bool = False
    text: str = ""
    """What had come of the answer before it broke off or was blocked."""
    thought: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """One number with its uncertainty; rates are in [0, 1], None where a field does not apply."""

    metric: str
    model: str | None = None
    judge: str | None = None
    language: str | None = None
    category: str | None = None
    value: float | None = None
    low: float | None = None
    high: float | None = None
    level: float | None = 0.95
    method: str = "no data"
    n: int = 0
    missing: int = 0
    extra: Mapping[str, float | str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """All that determines a reply. `messages` for chat completions, `prompt` for completions."""

    model: str
    messages: tuple[tuple[str, str], ...] = ()
    """(role, content) pairs."""
    prompt: str | None = None
    max_tokens: int
    temperature: float | None = 0.0
    """None is not sent, as with top_p."""
    top_p: float | None = 1.0
    seed: int | None = None
    sample: int = 0
    stop: tuple[str, ...] = ()
    top_logprobs: int = 0
    """How many alternatives a position to ask for; 0 asks for none."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Further fields of the request body, e.g. chat_template_kwargs, response_format."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSettings:
    """What one model is asked with in place of what its step asks with.

    None leaves what the step has; "none" sends nothing, so that the server's own default acts.
    """

    max_tokens: int | str | None = None  # a text, of a target, with limits of languages too
    thought_tokens: int | None = None
    """Further tokens for the thought of a model that thinks."""
    temperature: float | Literal["none"] | None = None
    top_p: float | Literal["none"] | None = None
    logprobs: int | Literal["none"] | None = None
    """Alternatives a position; "none" asks for no log-probabilities."""
    seed: int | Literal["none"] | None = None
    system_as_user: bool | None = None
    """Send what would stand in the system role at the head of the user's message."""
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False)
    """Further fields of the request body, which go before those of the step."""

    def __bool__(self) -> bool:
        return self != ModelSettings()

    def applied(self, request: Request) -> Request:
        """Return a request of the step with these settings."""
        if self is NO_SETTINGS:
            return request
        r = request
        return replace(
            r,
            max_tokens=(set_or(self.max_tokens, r.max_tokens) or 0) + (self.thought_tokens or 0),
            temperature=set_or(self.temperature, r.temperature),
            top_p=set_or(self.top_p, r.top_p),
            top_logprobs=set_or(self.logprobs, r.top_logprobs) or 0,
            seed=set_or(self.seed, r.seed),
            messages=without_system(r.messages) if self.system_as_user else r.messages,
            extra=_merged(r.extra, self.extra),
        )


NO_SETTINGS = ModelSettings()
SetTo = TypeVar("SetTo", int, float)


def set_or(given: SetTo | str | None, own: SetTo | None) -> SetTo | None:
    """Return what is sent of a setting: what was given, a step's own where it was not, None for "none"."""
    if given is None:
        return own
    return None if isinstance(given, str) else given


def without_system(messages: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """Return messages with each text of the system at the head of the user's that follows it.

    Templates without a system role, such as Gemma's, also refuse two messages of a user in a row.
    """
    joined: list[tuple[str, str]] = []
    held = ""
    for role, text in messages:
        if role == "system":
            held += f"{text}\n\n"
        elif held and role != "user":
            joined += [("user", held.rstrip("\n")), (role, text)]
            held = ""
        else:
            joined.append((role, held + text))
            held = ""
    return (*joined, *([("user", held.rstrip("\n"))] if held else []))


def _merged(own: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return further fields with those given over a step's own, tables such as chat_template_kwargs joined."""
    joined = dict(own)
    for name, value in given.items():
        both = isinstance(value, Mapping) and isinstance(own.get(name), Mapping)
        joined[name] = {**own[name], **value} if both else value
    return joined


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a model gave back for one request."""

    text: str
    finish_reason: str = "stop"
    n_tokens: int | None = None
    n_prompt_tokens: int | None = None
    logprobs: tuple[Alternatives, ...] = ()
    """The first generated positions, where the request asked for them and the server has them."""
    thought: str = ""
    """What the model wrote before the answer; `unopened` where only a mark at its end says so."""
    n_thought_tokens: int | None = None
    served_by: str = ""
    """The reply's own model and fingerprint, "" where it names none."""
    refused: bool = False
    """The text is a refusal that stood in a field of its own."""
    unopened: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """What a target is asked: one translation of a prompt, one sample of the answer."""

    prompt: Prompt
    translation: Translation
    translation_key: str
    sample: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a judge is asked: the request as the target saw it, and its response."""

    item: Item
    response: Response


class Step(Protocol[In_contra, Out_co]):
    """Says what to ask and how to read the replies; does no I/O."""

    @property
    def id(self) -> str:
        """Name and version of all that determines the output, next to the input."""

    def ask(self, item: In_contra, /) -> Sequence[Request]:
        """Return the requests for one item; none where the step needs no model."""

    def read(self, item: In_contra, replies: Sequence[Reply], /) -> Out_co:
        """Return what the replies say, which come in the order of the requests."""


class JudgeStep(Step[Answer, Verdict], Protocol):
    """A judge: a step with the name that its verdicts carry."""

    @property
    def name(self) -> str:
        """The judge string as the user gave it."""

    @property
    def mode(self) -> str:
        """Which texts the judge is shown."""


class Model(Protocol):
    """Answers requests; the only thing that a provider or an engine has to offer."""

    async def answer(self, request: Request) -> Reply:
        """Return the reply to one request. Raises: errors.ModelError."""

    async def close(self) -> None:
        """Free what the model holds."""
