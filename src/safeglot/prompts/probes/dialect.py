"""Dialect and slang: the user's own texts of the prompts of a run."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from safeglot.prompts.probes.base import Probe, Variant, failed
from safeglot.prompts.problems import Problems, did_you_mean
from safeglot.text import languages

_NEEDED = ("id", "language", "text")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialects:
    """Texts by (label, prompt, language); labels in the order of their first row."""

    texts: Mapping[tuple[str, str, str], str] = field(default_factory=dict)

    @property
    def probes(self) -> tuple[Probe, ...]:
        """One probe for each label."""
        labels = dict.fromkeys(label for label, _, _ in self.texts)
        return tuple(Probe(factor="dialect", level=label) for label in labels)

    def variant(self, label: str, prompt: str, tag: str) -> Variant:
        """Return the user's text for a prompt in a language."""
        text = self.texts.get((label, prompt, languages.canonical(tag)))
        if text is None:
            return failed(f'the file has no text labelled "{label}" for this prompt in {tag}')
        return Variant(text=text, facts={"label": label})


def read_dialects(
    rows: Iterable[tuple[str, Mapping[str, str]]],
    prompts: Collection[str],
    *,
    tags: Collection[str],
    label: str,
    problems: Problems,
) -> Dialects:
    """Return the dialects of rows (where it stands, columns): id, language, text, and a label or the one given.

    Faults go to `problems`: an id or a language that the run lacks, an empty text, a row twice.
    """
    texts: dict[tuple[str, str, str], str] = {}
    for where, row in rows:
        faults = list(_faults(row, prompts, tags))
        for fault in faults:
            problems.add(where, fault)
        if faults:
            continue
        called = row.get("label", "").strip() or label
        key = (called, row["id"].strip(), languages.canonical(row["language"]))
        if "+" in called or "=" in called:
            problems.add(where, f'label "{called}" has a "+" or "="; these join probes in a name')
        elif key in texts:
            problems.add(where, f'has a second text labelled "{called}" for {key[1]} in {key[2]}')
        else:
            texts[key] = row["text"]
    return Dialects(texts=texts)


def _faults(
    row: Mapping[str, str], prompts: Collection[str], tags: Collection[str]
) -> Iterable[str]:
    """Return what is wrong with a row."""
    lacking = [name for name in _NEEDED if not row.get(name, "").strip()]
    if lacking:
        yield f"has no {', no '.join(lacking)}; a row of dialect needs {', '.join(_NEEDED)}"
        return
    prompt, tag = row["id"].strip(), row["language"].strip()
    if prompt not in prompts:
        yield f'id "{prompt}" is no prompt of the run{did_you_mean(prompt, list(prompts))}'
    try:
        tag = languages.canonical(tag)
    except languages.UnknownLanguage as error:
        yield str(error)
    else:
        if tag not in {languages.canonical(t) for t in tags}:
            yield f"language {tag} is not in the run (it has {', '.join(tags)})"
