"""The mitigations of a configuration, read; their guards join its judges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from safeglot.config.model_strings import JudgeConfig, NameReader
from safeglot.prompts.mitigations import BEFORE, guards_of, parsed
from safeglot.types import PROMPT_MODE


def join(
    values: dict[str, Any], default: Sequence[JudgeConfig], reader: NameReader, base: Sequence[str]
) -> None:
    """Give the mitigations of a configuration their names, and let their guards join its judges.

    A judge that is there already stays as it is.
    """
    arms = []
    for text in values.get("mitigations", ()):
        try:
            arms.append(parsed(text))
        except ValueError as error:
            reader.problems.append(f"--mitigations: {error}")
    values |= {"mitigations": tuple(dict.fromkeys(arm.name for arm in arms))} if arms else {}
    found = list(values.get("judge", default))
    for kind, name in guards_of([arm.name for arm in arms]):
        is_there = any(
            j.judge == name and (j.mode == PROMPT_MODE) == (kind == BEFORE) and not j.by_default
            for j in found
        )
        guard = None if is_there else reader.judge(name, f"--mitigations {kind}", base)
        if guard is not None:
            mode = PROMPT_MODE if kind == BEFORE else guard.mode
            found.append(replace(guard, mode=mode, guard=True))
            values["judge"] = tuple(found)
