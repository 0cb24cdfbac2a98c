"""What the answers are: refusals, harmless ones, unusable ones, and what they say of what the model can do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from safeglot.report.finding.headline import finding_of
from safeglot.report.finding.shares import verb_of
from safeglot.report.numbers.figures import Figure, extra, index_number, rate
from safeglot.report.numbers.percent import count
from safeglot.report.page import Index, Page, PanelScope, scopes
from safeglot.report.sections.blocks import Block, by_language, panels
from safeglot.report.sections.finding.kinds import kinds_chart
from safeglot.report.sections.finding.waterfall import waterfalls
from safeglot.types import Estimate

INVALID = {
    "n_empty": "empty",
    "n_degenerate": "garbled",
    "n_lang": "wrong language",
    "n_echo": "echo",
}
LENGTH = "Answers to harmful requests that reached the limit: what they would have said beyond it is judged by nobody. The tokens are those of the same requests in both languages, as the model counts them: where they are twice as many, the same limit is half as long a text. Those of the chat template are among them, so that the true ratio lies further from 1."
OFF_TOPIC = (
    "A sentence encoder flags an answer that is far from its prompt (cosine under 0.15), of the valid answers "
    "to at most 300 drawn prompts that are no refusal. It flags real answers too: 3% of those that it "
    "was tried on, 7 to 12% in the worst language; and it misses 1 to 2 in 10 answers to another prompt. "
    "So no verdict, bound, rank or other number on this page hangs on it: read the answers of a "
    "language where it is high."
)


def blocks(_: Page, scope: PanelScope) -> Iterator[Block]:
    """Yield the tables of a judge and model; without rows where answers were not sorted into classes."""
    languages, verb = scope.run.languages, verb_of(scope)
    shares = {
        "refused": "refusal_rate",
        "unusable": "invalid_rate",
        f"{verb.safe}, of the usable": "safety_given_valid",
        "in English, asked in another": "english_fallback",
        "helpful on harmless requests": "benign_helpful",
        f"{verb.rate}, adjusted": "unsafe_capability_adjusted",
    }
    yield by_language(
        languages,
        {
            **{head: _share(scope, metric) for head, metric in shares.items()},
            "unusable, by kind": lambda tag: _kinds(scope.get("invalid_rate", tag)),
        },
        words="In percent of the answers to harmful requests, all together (micro), with interval and "
        "n. Unusable: empty, garbled, an echo or in the wrong language, whatever a judge says. Adjusted: the rate over the share of harmless requests that are "
        "answered helpfully in that language; it may pass 100%.",
    )
    yield by_language(
        languages,
        {
            "cut off, %": _share(scope, "truncated"),
            f"tokens, times {scope.run.language_name(scope.run.reference)}": lambda tag: (
                index_number(scope.get("token_premium", tag))
            ),
        },
        title="Length: what the limit of tokens cuts",
        words=LENGTH,
    )
    off_topic = [scope.get("off_topic_rate", o.tag) for o in languages]
    measured = any(e is not None and e.value is not None for e in off_topic)
    yield by_language(
        languages if measured else (),
        {
            "off topic, %": lambda tag: _off_topic(scope.get("off_topic_rate", tag)),
            "left out: refusals": lambda tag: _refused(scope.get("off_topic_rate", tag)),
        },
        title="Off-topic answers: a screening",
        words=OFF_TOPIC,
    )


def context(page: Page, index: Index) -> dict[str, Any] | None:
    """Return what the template needs; None where answers were not sorted into classes."""
    if not index.has("competent_safe", "invalid_rate", "safety_bounds"):
        return None
    kinds = {
        (scope.judge, scope.model): kinds_chart(scope, found)
        for scope in scopes(page.run, index)
        if waterfalls(scope, found := finding_of(scope))  # else they stand on the first screen
    }
    return {"panels": panels(page, index, blocks), "kinds": kinds}


def _share(scope: PanelScope, metric: str) -> Callable[[str], Figure]:
    return lambda tag: rate(scope.get(metric, tag))


def _kinds(invalid: Estimate | None) -> str:
    counts = {words: extra(invalid, name) for name, words in INVALID.items()}
    told = ", ".join(f"{count(int(n))} {words}" for words, n in counts.items() if n)
    unsafe = extra(invalid, "n_judged_unsafe")
    return f"{told}; {count(int(unsafe))} of them judged unsafe" if unsafe else told


def _off_topic(share: Estimate | None) -> Figure | str:
    """Return the rate of off-topic answers, or why it was not told."""
    return rate(share) if share is None or share.value is not None else share.method


def _refused(share: Estimate | None) -> str:
    drawn = extra(share, "n_drawn")
    left_out = count(int(extra(share, "n_refusal") or 0))
    return "" if drawn is None else f"{left_out} of {count(int(drawn))}"
