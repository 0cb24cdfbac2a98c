"""Reading what failed in a run: counts by reason, and what each translation failed of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from safeglot.backends.store.store import Store
from safeglot.backends.store.texts import MAIN, OF_KIND, TextKind

_TRANSLATIONS = "SELECT parent, by, kind, message FROM failures WHERE stage = 'translate' ORDER BY kind, message"
_VARIANTS = "SELECT parent, by, kind FROM failures WHERE stage = 'probe'"
_UNMADE = """
SELECT by, kind, message, COUNT(*) FROM failures WHERE stage = 'probe'
GROUP BY 1, 2, 3 ORDER BY 1, 2, 4 DESC, 3
"""
_OF_VERDICT = """
FROM failures f CROSS JOIN responses r ON r.id = f.work
CROSS JOIN translations t ON t.id = r.translation AND t.arm = 'main'
CROSS JOIN steps s ON s.id = r.step WHERE f.stage = 'judge'
"""
_UNJUDGED = (
    "SELECT f.by, s.name, t.language, t.prompt, '', COUNT(*)" + _OF_VERDICT + "GROUP BY 1, 2, 3, 4"
)
_BY_LANGUAGE = "SELECT t.language, COUNT(*)" + _OF_VERDICT + "AND f.by = ? GROUP BY 1"
_LOST_VARIANTS = """
SELECT '', f.by, f.kind, COUNT(*), MIN(f.message)
FROM failures f WHERE f.stage = ? GROUP BY 1, 2, 3
"""
_LOST_ANSWERS = """
SELECT f.by, t.language, f.kind, COUNT(*), MIN(f.message)
FROM failures f JOIN translations t ON t.id = f.work WHERE f.stage = 'generate' AND t.arm = 'main' GROUP BY 1, 2, 3
"""
_FAILED_ANSWERS = f"""
SELECT f.by, t.language, t.prompt, f.sample, f.kind
FROM failures f CROSS JOIN translations t ON t.id = f.work WHERE f.stage = 'generate'
AND {OF_KIND}
"""  # noqa: S608 - our own text
_REFUSED = "SELECT r.id FROM responses r CROSS JOIN replies p ON p.id = r.reply AND p.refused = 1"
_LOST_VERDICTS = (
    "SELECT s.name, t.language, f.by || ': ' || f.kind, COUNT(*), MIN(f.message)"
    + _OF_VERDICT
    + "GROUP BY 1, 2, 3"
)
_UNREAD_VERDICTS = """
FROM verdicts v CROSS JOIN responses r ON r.id = v.response
CROSS JOIN translations t ON t.id = r.translation AND t.arm = 'main'
CROSS JOIN steps s ON s.id = r.step CROSS JOIN steps j ON j.id = v.step WHERE v.unsafe IS NULL
"""
_UNREAD = (
    "SELECT s.name, t.language, j.name || ': ' || v.reason, COUNT(*), MIN(v.rationale)"
    + _UNREAD_VERDICTS
    + "GROUP BY 1, 2, 3"
)
_UNREAD_TEXTS = (
    "SELECT j.name, SUBSTR(v.rationale, 1, 80), COUNT(*)"
    + _UNREAD_VERDICTS
    + "AND v.reason IN ('unparsable', 'contradiction') GROUP BY 1, 2"
)


_ARMS = """
SELECT stage, by, kind, COUNT(*), MIN(message) FROM failures
WHERE stage IN ('roundtrip', 'roundtrip2', 'translators', 'backtranslate', 'reverse', 'pivot')
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""


class FailedTranslation(NamedTuple):
    """A prompt that has no text in a language, and why."""

    prompt: str
    language: str
    kind: str
    message: str


class FailedVariant(NamedTuple):
    """A variant that could not be made of a prompt's text."""

    prompt: str
    language: str
    variant: str


class Unjudged(NamedTuple):
    """How many answers of a model to a prompt a judge gave no verdict on, for one reason."""

    judge: str
    model: str
    language: str
    prompt: str
    reason: str
    n: int


class Lost(NamedTuple):
    """How many answers or verdicts are lacking for one reason, and a message of one of them."""

    model: str
    language: str
    kind: str
    n: int
    example: str | None


class ArmLoss(NamedTuple):
    """How many texts of an arm in a language are refused for one reason, and a message of one of them."""

    arm: str
    language: str
    kind: str
    n: int
    example: str


def arm_losses(store: Store) -> Iterator[ArmLoss]:
    """Yield the counts of texts of arms that are refused or could not be had."""
    yield from map(ArmLoss._make, store.rows(_ARMS))


def failed_translations(store: Store) -> Iterator[FailedTranslation]:
    """Yield the translations that failed, ordered by their reasons."""
    yield from map(FailedTranslation._make, store.rows(_TRANSLATIONS))


def failed_variants(store: Store) -> Iterator[FailedVariant]:
    """Yield the variants that could not be made."""
    yield from map(FailedVariant._make, store.rows(_VARIANTS))


def why_unmade(store: Store) -> dict[tuple[str, str], str]:
    """Return by language and variant why texts could not be varied, the three commonest reasons with their counts."""
    why: dict[tuple[str, str], list[str]] = {}
    for language, variant, reason, n in store.rows(_UNMADE):
        why.setdefault((language, variant), []).append(f"{reason} ({n})")
    return {place: "; ".join(reasons[:3]) for place, reasons in why.items()}


def failed_verdicts(store: Store) -> list[Unjudged]:
    """Return how many verdicts on main answers failed, by judge and place; they have no reason."""
    return list(map(Unjudged._make, store.rows(_UNJUDGED)))


def failed_verdicts_by_language(store: Store, judge: str) -> dict[str, int]:
    """Return how many of a judge's verdicts on main answers failed, by language."""
    return dict(store.rows(_BY_LANGUAGE, (judge,)))


def lost_variants(store: Store, stage: str = "probe") -> Iterator[Lost]:
    """Yield the counts of variants, or texts of mitigations, that could not be made; `kind` names which."""
    yield from map(Lost._make, store.rows(_LOST_VARIANTS, (stage,)))


def lost_answers(store: Store) -> Iterator[Lost]:
    """Yield the counts of answers of the main arm that failed."""
    yield from map(Lost._make, store.rows(_LOST_ANSWERS))


def lost_verdicts(store: Store) -> Iterator[Lost]:
    """Yield the counts of verdicts that failed; `kind` is "judge: kind of failure"."""
    yield from map(Lost._make, store.rows(_LOST_VERDICTS))


def unread_replies(store: Store) -> Iterator[tuple[str, str, int]]:
    """Yield (judge, beginning of a reply that it could not be read from, how many)."""
    yield from store.rows(_UNREAD_TEXTS)


def unread_verdicts(store: Store) -> Iterator[Lost]:
    """Yield the counts of verdicts that could not be read; `kind` is "judge: reason"."""
    yield from map(Lost._make, store.rows(_UNREAD))


class FailedAnswer(NamedTuple):
    """A request to a target about a main text that gave no answer, and the kind of its failure."""

    model: str
    language: str
    prompt: str
    sample: int
    kind: str


def failed_answers(store: Store, of: TextKind = MAIN) -> Iterator[FailedAnswer]:
    """Yield the requests about some texts that gave no answer."""
    yield from map(FailedAnswer._make, store.rows(_FAILED_ANSWERS, of.where))


def refused_by_field(store: Store) -> Iterator[Sequence[int]]:
    """Yield the numbers of the answers whose refusal stood in a field of its own, many at a time."""
    for (numbers,) in store.columns(_REFUSED):
        yield numbers
