"""Variants of labelled texts by probes: what guards are asked beside the texts themselves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from safeglot.backends.files.translation_folder import TranslationFolder
from safeglot.config.settings import Config
from safeglot.errors import UsageError
from safeglot.flow.translation.variants import with_variations
from safeglot.keys import digest
from safeglot.prompts.probes.base import SLANG, parse_all
from safeglot.prompts.probes.context import slots
from safeglot.prompts.prompt_set import PromptSet, Untranslated
from safeglot.prompts.reading.label_columns import ANSWERS, PROMPTS
from safeglot.prompts.reading.label_rows import LabelledSet, LabelledText
from safeglot.prompts.taxonomy import OWN, Taxonomy
from safeglot.text.loops import is_empty
from safeglot.types import Prompt, Translation

ALLOWED: Mapping[str, tuple[str, ...]] = {
    PROMPTS: ("codeswitch", "translit", "spelling", "dialect", "coded", "codewords", "framing"),
    ANSWERS: ("translit", "spelling", "dialect", "coded", "codewords"),
}
"""By what is rated the factors that can vary it: answers have no parallel text, and no request to frame."""


@dataclass(frozen=True, slots=True)
class VariedText:
    """A variant of a labelled text, whose label it has; the guard is shown `prompt` and `answer`."""

    of: LabelledText
    prompt: str
    answer: str
    made: Translation
    """By which probe, and what was changed."""

    @property
    def asked(self) -> Translation:
        """The prompt as it is shown, of the arm of probes."""
        return replace(self.made, prompt=self.of.id, text=self.prompt)


@dataclass(frozen=True, slots=True, kw_only=True)
class Varied:
    """All variants of a test, and the texts that have none, with the reason."""

    texts: tuple[VariedText, ...] = ()
    lacking: tuple[Untranslated, ...] = ()
    names: tuple[str, ...] = ()

    @property
    def identity(self) -> dict[str, str]:
        """What of a test's identity they are; nothing without probes."""
        if not self.names:
            return {}
        told = (
            f"{t.made.variant} {t.of.id} {t.of.sample} {t.prompt} {t.answer}" for t in self.texts
        )
        return {"probes": f"{','.join(self.names)}@{digest('variants', *told)[:12]}"}

    def notes(self) -> Iterator[str]:
        """Yield how many texts each probe varied in each language, and the commonest reasons of none."""
        made = Counter((t.made.variant, t.made.language) for t in self.texts)
        for name in self.names:
            counted = [f"{tag} {n}" for (variant, tag), n in made.items() if variant == name]
            yield f"probe {name}: {', '.join(counted)} texts"
        why = Counter((u.kind, u.language, u.message) for u in self.lacking)
        for (name, tag, reason), n in why.most_common(6):
            yield f"probe {name} in {tag}: {n} not made ({reason})"


def varied(labelled: LabelledSet, config: Config) -> Varied:
    """Return the variants of labelled texts by the probes of a configuration, of those that it can make.

    Raises: UsageError for a probe that makes none of these texts, InputErrors.
    """
    if not config.probes:
        return Varied()
    if not labelled.is_labelled:
        raise UsageError(
            "--probes: these texts have no labels, so what is lost under a probe cannot be told. Leave it "
            "out, or name the column of labels: --columns label=NAME"
        )
    config = replace(config, probes=tuple(sorted(config.probes)))  # however they are given
    texts = {_key(text): text for text in labelled.texts}
    _check(config.probes, labelled.side, texts.values())
    why_none = {key: _unvaried(_judged(text, labelled.side)) for key, text in texts.items()}
    plain = _plain(labelled, [text for key, text in texts.items() if not why_none[key]])
    folder = TranslationFolder(Path(config.out or "."))  # nothing is asked, so nothing written
    made = with_variations(config, plain, folder, None)
    names = {text.variant for text in made.arm_texts} | {u.kind for u in made.untranslated}
    probes = tuple(sorted(names)) or config.probes
    lacking = list(made.untranslated)
    lacking += [_lacking(*key, p, why) for key, why in why_none.items() if why for p in probes]
    kept = []
    for text in made.arm_texts:
        of = texts[text.prompt, text.language]
        if why := _why_not(text, of, texts.get((text.prompt, config.reference))):
            lacking.append(_lacking(text.prompt, text.language, text.variant, why))
        elif labelled.side == PROMPTS:
            kept.append(VariedText(of, text.text, of.answer, text))
        else:
            kept.append(VariedText(of, of.prompt, text.text, text))
    _check_made(probes, kept, lacking)
    return Varied(texts=tuple(kept), lacking=tuple(lacking), names=probes)


def _key(text: LabelledText) -> tuple[str, str]:
    """Return what stands for a text: of further answers what no id can be, since it begins with a line's end."""
    return (f"\n{text.sample}\n{text.id}" if text.sample else text.id), text.language


def _judged(text: LabelledText, side: str) -> str:
    return text.prompt if side == PROMPTS else text.answer


def _check(probes: Sequence[str], side: str, texts: Iterable[LabelledText]) -> None:
    allowed = ALLOWED[side]
    several = next((text.id for text in texts if text.sample), None)
    for given in probes:
        for probe in parse_all(given):
            if probe.factor not in allowed:
                raise UsageError(
                    f"--probes {given}: {side} are rated here as they came, and {probe.factor} cannot "
                    f"vary them. Give one of {', '.join(allowed)}, as in --probes {allowed[0]}{'' if side == ANSWERS else '=word'}."
                )
            if probe.factor in SLANG and several is not None:
                raise UsageError(
                    f"--probes {given}: id {several} has several answers, and a row of the file "
                    "cannot say of which it is. Give each answer an id of its own."
                )


def _plain(labelled: LabelledSet, texts: Sequence[LabelledText]) -> PromptSet:
    """Return what is rated as texts that can be varied."""
    keyed = [(*_key(text), text) for text in texts]
    prompts = {
        key: Prompt(
            id=key,
            text=_judged(text, labelled.side),
            language=tag,
            categories=(text.category,),
            source="",
        )
        for key, tag, text in keyed
    }
    return PromptSet(
        prompts=tuple(prompts.values()),
        translations=tuple(
            Translation(prompt=key, language=tag, text=_judged(text, labelled.side))
            for key, tag, text in keyed
        ),
        taxonomy=Taxonomy(name=OWN, categories=labelled.categories),
        languages=labelled.languages,
        source="",
    )


def _unvaried(text: str) -> str:
    """Return why a text has no variant by any probe; "" where it may have."""
    if slots(text):
        return "the text holds a slot such as {country}, which guards are shown as it is"
    return "the text is empty" if is_empty(text) else ""


def _lacking(key: str, tag: str, variant: str, why: str) -> Untranslated:
    return Untranslated(stage="probe", prompt=key, language=tag, kind=variant, message=why)


def _why_not(text: Translation, of: LabelledText, reference: LabelledText | None) -> str:
    """Return why a variant cannot stand for its text, whose label it would have."""
    if not text.kept:
        return text.reason
    mixed = "codeswitch=" in text.variant and reference is not None
    if mixed and reference is not None and reference.unsafe != of.unsafe:
        return f"the text in {reference.language} that it is mixed with has another label"
    return ""


def _check_made(
    probes: Sequence[str], kept: Sequence[VariedText], lacking: Sequence[Untranslated]
) -> None:
    made = {text.made.variant for text in kept}
    for name in probes:
        if name not in made:
            why = Counter(u.message for u in lacking if u.kind == name)
            told = "; ".join(f"{reason} ({n})" for reason, n in why.most_common(3))
            raise UsageError(
                f"--probes {name}: makes no variant of these texts: {told}. Leave it out, or give other texts."
            )
