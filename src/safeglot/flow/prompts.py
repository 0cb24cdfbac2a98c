"""Which prompts a configuration reads, and in which languages."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from safeglot.backends.files import datasets
from safeglot.backends.files.datasets import Loaded
from safeglot.backends.files.manifest import PromptOrigin
from safeglot.config.settings import Config, some
from safeglot.errors import UsageError
from safeglot.flow.prompt_files import followed, load_all, pasted
from safeglot.prompts.problems import Unread
from safeglot.prompts.prompt_set import PromptSet
from safeglot.prompts.reading.readers import ReadingOptions, read_prompt_files
from safeglot.prompts.rows import PromptRows
from safeglot.prompts.selection import Shard, select, shard_of, sizes_of
from safeglot.prompts.texts import TextStream


def load(config: Config) -> tuple[PromptSet, PromptOrigin]:
    """Return the selected prompts, parallel in every language, and what they were read from."""
    _check_unpaired(config)
    config = untranslated(config)
    try:
        loaded, whole = _read(config)
    except Unread as error:
        problems, mended = followed(config, error, _read)
        raise pasted(mended, problems, recode=error.remedy.recode) from error
    except OSError as error:
        raise UsageError(
            f"{', '.join(config.prompts)}: the texts cannot be put into a temporary file ({error}). Make room, or "
            "name another folder in TMPDIR."
        ) from error
    return _selected(whole, config), _with_sizes(origin_of(loaded), whole, config)


def _check_unpaired(config: Config) -> None:
    """Check that nothing is asked for that needs the same prompts in all languages. Raises: UsageError."""
    for flag, given in (
        ("--to", config.to),
        ("--translations", config.translations),
        ("--arms", config.arms),
        ("--arm-texts", config.arm_texts),
    ):
        if config.unpaired and given:
            raise UsageError(
                f"{flag} with --unpaired: translations and arms stand beside the same prompt in another "
                f"language, and here each language has its own. Leave {flag} out; or leave --unpaired "
                f"out and translate the prompts of one language: --languages {config.reference} --to TAGS "
                "--with TRANSLATOR."
            )


def _read(config: Config) -> tuple[Loaded, PromptSet]:
    loaded = load_all(config)
    texts = TextStream(datasets.room_for_texts())
    return loaded, read_prompt_files(loaded, reading_of(config), texts)


def _selected(whole: PromptSet, config: Config) -> PromptSet:
    """Return what is selected, with notes on its texts that fail a check; of a shard, on those of its plan."""
    selected = select(whole, **selection_of(config))
    if set(config.prompts) <= set(datasets.PACKAGED):  # a test holds that none of these fails
        return selected
    from safeglot.flow.own_texts import text_notes  # late: the checks are many

    wanted = {**selection_of(config), "shard": None}
    plan = select(whole, **wanted) if part_of(config) else selected
    if not isinstance(plan.prompts, PromptRows):
        return selected
    notes = tuple(text_notes(plan.prompts.columns))
    return dataclasses.replace(selected, notes=selected.notes + notes)


def _with_sizes(origin: PromptOrigin, whole: PromptSet, config: Config) -> PromptOrigin:
    """Return the origin with the sizes of its categories, where a limit or a shard leaves prompts out.

    What is drawn of a category stands for all of it in micro averages.
    """
    if config.unpaired or (config.limit is None and part_of(config) is None):
        return origin
    sizes = sizes_of(whole, categories=config.categories or None, kinds=config.kinds)
    return with_sizes(origin, sizes, config)


def with_sizes(
    origin: PromptOrigin, sizes: Mapping[str, Mapping[str, int]], config: Config
) -> PromptOrigin:
    """Return the origin with these sizes, or without any where the configuration takes all of them."""
    most = config.limit
    whole = most is None or all(n <= most for own in sizes.values() for n in own.values())
    return dataclasses.replace(origin, sizes={} if whole and part_of(config) is None else sizes)


def part_of(config: Config) -> Shard | None:
    """Return the shard that a configuration asks for; None where it asks for all shards."""
    shard = shard_of(config.shard) if config.shard else None
    return shard if shard and shard.lacking else None


def reading_of(config: Config) -> ReadingOptions:
    """Return how the prompts are to be read."""
    names = ("columns", "read_as", "languages", "reference", "allow_partial", "unpaired")
    return ReadingOptions(**some(config, names))


def untranslated(config: Config) -> Config:
    """Return the configuration by which the prompts are read that are translated then.

    Where languages to translate into are named, and none to read, only the reference is read.
    """
    if config.languages or not (config.to or config.translations):
        return config
    return dataclasses.replace(config, languages=(config.reference,))


def selection_of(config: Config) -> dict[str, Any]:
    """Return which of the prompts are to be selected."""
    return {
        "limit": config.limit,
        "seed": config.select_seed,
        "categories": config.categories or None,
        "kinds": config.kinds,
        "shard": part_of(config),
    }


def check_reference(config: Config, prompts: PromptSet) -> None:
    """Check that gaps have a reference language. Raises: UsageError."""
    if config.reference not in prompts.languages:
        raise UsageError(
            f"--reference: {config.reference} is not among the languages of the run "
            f"({', '.join(prompts.languages)}). Add it to --languages, or give one of these as --reference."
        )


def origin_of(loaded: Loaded) -> PromptOrigin:
    """Return what is kept of where the prompts came from."""
    return PromptOrigin(name=loaded.name, sha256=loaded.sha256, revision=loaded.revision)
