"""How the requests of a run ended, and what its servers say of themselves, told in lines."""

from __future__ import annotations

import dataclasses
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from safeglot.backends.files.manifest import Manifest
from safeglot.backends.store.outcomes import Served, outcomes, served
from safeglot.backends.store.store import Store
from safeglot.text.prompt_sizes import CutPrompt, PromptSize, cut_prompts

NAMES = {
    "thought_only": "a thought and no answer",
    "refused": "refused in a field of its own",
    "blocked": "blocked by the service",
    "broken": "broken",
    "failed": "failed",
}
ROOM = "raise --max-tokens, or give the thought room with --thought-tokens"
MOST_NAMES = 3
_KEPT_NAMES = 100
"""Names of one model that a manifest keeps: a server may call itself otherwise in each reply."""


def ending_notes(store: Store, manifest: Manifest) -> Iterator[str]:
    """Yield, for each model, how its requests ended where they did not all end in answers."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for row in outcomes(store, manifest):
        counts[row.model][row.outcome] += row.n
    for model, ended in counts.items():
        planned = ended.total()
        parts = [f"{ended[name]} {text}" for name, text in NAMES.items() if ended[name]]
        if parts:
            room = f" ({ROOM})" if ended["thought_only"] else ""
            yield f"{model}: of {planned} planned answers {', '.join(parts)}{room}"


def with_served(manifest: Manifest, new: Mapping[str, Counter[str]]) -> Manifest:
    """Return the manifest of a run with what further replies to judges said of who gave them."""
    served = {model: Counter(names) for model, names in manifest.served.items()}
    for model, names in new.items():
        served[model] = served.get(model, Counter()) + names
    kept = {model: dict(names.most_common(_KEPT_NAMES)) for model, names in served.items()}
    return dataclasses.replace(manifest, served=kept)


def judge_serving_notes(manifest: Manifest) -> Iterator[str]:
    """Yield which judges' models were served by several models or builds under one name."""
    yield from several_notes({m: Counter(names) for m, names in manifest.served.items()})


def serving_notes(store: Store) -> Iterator[str]:
    """Yield what its servers say that a reader has to know: several models under one name, cut prompts."""
    rows = list(served(store))
    names: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        if row.served_by:
            names[row.model][row.served_by] += row.n
    yield from several_notes(names)
    yield from _cut(rows)


def several_notes(names: Mapping[str, Counter[str]]) -> Iterator[str]:
    """Yield a line for each model under whose name several served models or builds replied."""
    for model, counts in names.items():
        if len(counts) > 1:
            ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
            listed = [f"{name} ({n})" for name, n in ranked[:MOST_NAMES]]
            more = f" and {len(counts) - MOST_NAMES} more" if len(counts) > MOST_NAMES else ""
            yield (
                f"{model}: replies came from {len(counts)} served models or builds under one name: "
                f"{', '.join(listed)}{more}"
            )


def _cut(rows: Sequence[Served]) -> Iterator[str]:
    sizes: dict[str, dict[str, list[PromptSize]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        if row.n_prompt_tokens is not None:
            sizes[row.model][row.language].append(PromptSize(row.chars, row.n_prompt_tokens, row.n))
    for model, by_language in sizes.items():
        found = {language: cut_prompts(own) for language, own in by_language.items()}
        if any(found.values()):
            yield _cut_note(model, found)


def _cut_note(model: str, found: Mapping[str, Sequence[CutPrompt]]) -> str:
    counts = {language: sum(c.size.n for c in own) for language, own in found.items() if own}
    language, first = next((language, own[0]) for language, own in found.items() if own)
    shown = ", ".join(f"{tag} {n}" for tag, n in counts.items())
    return (
        f"{model}: the server may have cut {sum(counts.values())} prompts to its context ({shown}); of "
        f"one in {language} with {first.size.chars} characters it counted {first.size.tokens} tokens, "
        f"of texts no longer {first.usual}. Give the server a larger context"
    )
