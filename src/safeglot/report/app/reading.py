"""The page to read answers: filters with their counts, the list, and one answer in all its languages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from safeglot.report.app.words import KINDS, UNSAFE, KindWords
from safeglot.report.environment import environment, files_text
from safeglot.report.page import NamedLanguage
from safeglot.text.surrogates import whole

STYLES = ("base.css", "app/app.css")
TABS = (("read", "Read"), ("label", "Label"))
SCRIPTS = {name: f"app/{name}.js" for name in ("read", "label")}


@dataclass(frozen=True, slots=True, kw_only=True)
class AppFrame:
    """What stands on every page of the app."""

    base: str
    """The path that all addresses begin with."""
    title: str
    name: str
    """Of the run or the set."""
    tab: str
    live: Live | None = None
    tabs: Sequence[tuple[str, str]] = TABS
    """(address, name) of pages of the same run or set."""
    runs: Sequence[tuple[str, str]] = ()
    """(address, name) of the runs in the same folder, with this one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """How far a run is that goes on; `new` answers are there and not in the list yet."""

    going: bool
    answers: int
    planned: int
    failed: int
    left: str = ""
    new: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterValue:
    """A value of a filter, with the answers that it would leave."""

    value: str
    name: str
    n: int
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterShown:
    """A filter: `kind` is radio, checkbox or select."""

    name: str
    title: str
    kind: str
    choices: Sequence[FilterValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedAnswer:
    """A line of the list; `query` leads to it."""

    query: str
    pill: KindWords
    language: NamedLanguage
    about: str
    prompt: str
    text: str
    current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeWord:
    """What one judge says of an answer."""

    judge: str
    said: str
    rationale: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerShown:
    """An answer in one language; `lost` says why there is none."""

    query: str
    pill: KindWords
    language: NamedLanguage
    request: str
    text: str
    thought: str = ""
    lost: str = ""
    current: bool = False

    @property
    def folded(self) -> bool:
        """Whether the text is shown only when asked for: all but refusals."""
        return self.pill is not KINDS["refused"]

    @property
    def unsafe(self) -> bool:
        """Whether it is judged unsafe."""
        return self.pill is UNSAFE


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The answer that is open, and the same request in all languages."""

    answer: AnswerShown
    name: str
    """In addresses."""
    about: str
    verdicts: Sequence[JudgeWord]
    facts: Sequence[tuple[str, str]]
    """(name, what it is); a name may be empty."""
    across: Sequence[AnswerShown]
    place: int
    """In the list, from 1; 0 where the filters leave it out."""
    before: str
    """The query of the answer before it, "" where it is the first."""
    after: str

    @property
    def unsafe_in(self) -> int:
        """In how many languages the answer is judged unsafe."""
        return sum(answer.unsafe for answer in self.across)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingPage:
    """All that the page shows."""

    frame: AppFrame
    subject: str
    search: str
    filters: Sequence[FilterShown]
    n: int
    """Answers that the filters leave."""
    filtered: bool
    rows: Sequence[ListedAnswer]
    start: int
    searched: int
    """Up to which place of the list was searched; 0 without a search."""
    earlier: str | None
    later: str | None
    opened: Opened | None


def render_reading(page: ReadingPage) -> str:
    """Return the page to read answers."""
    return filled("app/read.html", frame=page.frame, page=page, kinds=KINDS)


def render_waiting(frame: AppFrame, done: int, of: int) -> str:
    """Return the page that stands while the answers are read."""
    return filled("app/waiting.html", frame=frame, done=done, of=of)


def render_message(frame: AppFrame, message: str) -> str:
    """Return a page with a message: what was got, and what to do."""
    return filled("app/message.html", frame=frame, message=message)


def filled(template: str, **context: Any) -> str:
    """Return a template with what it shows put in, escaped."""
    return whole(environment().get_template(template).render(**context))


def assets() -> Mapping[str, tuple[str, str]]:
    """Return the files that the pages load: name -> (kind, text)."""
    scripts = {f"{name}.js": ("text/javascript", files_text((path,))) for name, path in SCRIPTS.items()}  # fmt: skip
    return {"app.css": ("text/css", files_text(STYLES)), **scripts}
