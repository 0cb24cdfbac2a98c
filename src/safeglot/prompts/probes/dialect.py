"""Dialect, slang, coded and other wordings: whole texts in the place of the prompts of a run."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from safeglot.prompts.probes.base import Probe, Variant, failed
from safeglot.prompts.problems import Problems, did_you_mean
from safeglot.text import languages

TWINS = (
    "Coded texts are held against the explicit ones: give the same file as the texts that are asked, "
    "with --columns text=explicit"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialects:
    """Texts by (probe, prompt, language), probes in the order of their first row; `faults` of what lacks one.

    `codes` are code words by probe and language.
    """

    texts: Mapping[tuple[Probe, str, str], str] = field(default_factory=dict)
    faults: Mapping[tuple[Probe, str, str], str] = field(default_factory=dict)
    codes: Mapping[tuple[Probe, str], Mapping[str, str]] = field(default_factory=dict)

    @property
    def probes(self) -> tuple[Probe, ...]:
        """One probe for each label or file of code words."""
        return tuple(dict.fromkeys([*(p for p, _, _ in self.texts), *(p for p, _ in self.codes)]))

    def variant(self, probe: Probe, prompt: str, tag: str) -> Variant:
        """Return the text for a prompt in a language."""
        key, label = (probe, prompt, languages.canonical(tag)), probe.level
        if (text := self.texts.get(key)) is None:
            lacking = f'there is no text labelled "{label}" for this prompt in {tag}'
            return failed(self.faults.get(key, lacking))
        return Variant(text=text, facts={"label": label})


def read_dialects(
    rows: Iterable[tuple[str, Mapping[str, str]]],
    own: Mapping[str, Mapping[str, str]],
    *,
    tags: Collection[str],
    probe: Probe,
    problems: Problems,
) -> Dialects:
    """Return the dialects of rows (where it stands, columns): id, language, text, and a label or the probe's own.

    `own` are the run's texts by prompt and language. Of `coded` the text stands in that column, and
    what stands in `explicit` must be the run's own. Faults go to `problems`: an id or a language that
    the run lacks, an empty text, a row twice.
    """
    texts: dict[tuple[Probe, str, str], str] = {}
    column = "coded" if probe.factor == "coded" else "text"
    for where, row in rows:
        if faults := list(faults_of(row, ("id", "language", column), tags, own)):
            problems.found += [f"{where}: {fault}" for fault in faults]
            continue
        # A file of twins may be that of the labelled texts, whose label says another thing.
        called = (row.get("label", "").strip() if column == "text" else "") or probe.level
        prompt, tag = row["id"].strip(), languages.canonical(row["language"])
        plain, explicit = own[prompt].get(tag, "").strip(), row.get("explicit", "").strip()
        key = (replace(probe, level=called), prompt, tag)
        if "+" in called or "=" in called:
            problems.add(where, f'label "{called}" has a "+" or "="; these join probes in a name')
        elif key in texts:
            problems.add(where, f'has a second text labelled "{called}" for {prompt} in {tag}')
        elif column == "coded" and explicit and plain not in ("", explicit):
            problems.add(where, f"explicit is not the run's text of {prompt} in {tag}. {TWINS}")
        else:
            texts[key] = row[column]
    return Dialects(texts=texts)


def faults_of(
    row: Mapping[str, str],
    needed: Sequence[str],
    tags: Collection[str],
    prompts: Collection[str] | None = None,
) -> Iterable[str]:
    """Yield what is wrong with a row: a column that is empty, an id or a language that the run lacks."""
    lacking = [name for name in needed if not row.get(name, "").strip()]
    if lacking:
        yield f"has no {', no '.join(lacking)}; a row needs {', '.join(needed)}"
        return
    prompt, tag = row.get("id", "").strip(), row["language"].strip()
    if prompts is not None and prompt not in prompts:
        yield f'id "{prompt}" is no prompt of the run{did_you_mean(prompt, prompts)}'
    try:
        tag = languages.canonical(tag)
    except languages.UnknownLanguage as error:
        yield str(error)
    else:
        if tag not in {languages.canonical(t) for t in tags}:
            yield f"language {tag} is not in the run (it has {', '.join(tags)})"
