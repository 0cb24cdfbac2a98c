"""Dialect, slang and other wordings: whole texts in the place of the prompts of a run."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from safeglot.prompts.probes.base import Probe, Variant, failed
from safeglot.prompts.problems import Problems, did_you_mean
from safeglot.text import languages

_NEEDED = ("id", "language", "text")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialects:
    """Texts by (probe, prompt, language), probes in the order of their first row; `faults` of what lacks one."""

    texts: Mapping[tuple[Probe, str, str], str] = field(default_factory=dict)
    faults: Mapping[tuple[Probe, str, str], str] = field(default_factory=dict)

    @property
    def probes(self) -> tuple[Probe, ...]:
        """One probe for each label."""
        return tuple(dict.fromkeys(probe for probe, _, _ in self.texts))

    def variant(self, probe: Probe, prompt: str, tag: str) -> Variant:
        """Return the text for a prompt in a language."""
        key, label = (probe, prompt, languages.canonical(tag)), probe.level
        if (text := self.texts.get(key)) is None:
            lacking = f'there is no text labelled "{label}" for this prompt in {tag}'
            return failed(self.faults.get(key, lacking))
        return Variant(text=text, facts={"label": label})


def read_dialects(
    rows: Iterable[tuple[str, Mapping[str, str]]],
    prompts: Collection[str],
    *,
    tags: Collection[str],
    probe: Probe,
    problems: Problems,
) -> Dialects:
    """Return the dialects of rows (where it stands, columns): id, language, text, and a label or the probe's own.

    Faults go to `problems`: an id or a language that the run lacks, an empty text, a row twice.
    """
    texts: dict[tuple[Probe, str, str], str] = {}
    for where, row in rows:
        faults = list(_faults(row, prompts, tags))
        for fault in faults:
            problems.add(where, fault)
        if faults:
            continue
        called = row.get("label", "").strip() or probe.level
        key = (
            replace(probe, level=called),
            row["id"].strip(),
            languages.canonical(row["language"]),
        )
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
        yield f"has no {', no '.join(lacking)}; a row needs {', '.join(_NEEDED)}"
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
