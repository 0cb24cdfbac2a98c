"""Names -> "module:object", loaded when used; entry points of other packages join in."""

from __future__ import annotations

import functools
import importlib
import importlib.util
import inspect
import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from safeglot.backends.models.providers import providers
from safeglot.backends.models.routes import LOCAL
from safeglot.config.model_strings import Form
from safeglot.config.plug_ins import plug_ins

if TYPE_CHECKING:
    from safeglot.judge.families.refusal_decision import Decision
    from safeglot.translate.checks.identify import GlotLid

JUDGES: dict[str, str] = {
    "refusal-baseline": "safeglot.judge.families.baseline:RefusalBaseline",
    "llama-guard-3": "safeglot.judge.families.llama_guard_3:LlamaGuard3",
    "llama-guard-4": "safeglot.judge.families.llama_guard_4:LlamaGuard4",
    "qwen3guard": "safeglot.judge.families.qwen3guard:Qwen3Guard",
    "polyguard": "safeglot.judge.families.polyguard:PolyGuard",
    "wildguard": "safeglot.judge.families.wildguard:WildGuard",
    "shieldgemma": "safeglot.judge.families.shieldgemma:ShieldGemma",
    "granite-guardian": "safeglot.judge.families.granite_guardian:GraniteGuardian",
    "nemotron-safety-guard": "safeglot.judge.families.nemotron:NemotronSafetyGuard",
    "gpt-oss-safeguard": "safeglot.judge.families.gpt_oss_safeguard:GptOssSafeguard",
    "rubric": "safeglot.judge.families.rubric:Rubric",
}
TRANSLATORS: dict[str, Form] = {
    "apertium": Form(sign="/", example="apertium or apertium/eng-spa"),
    "ct2": Form(sign="/", needed=True, example="ct2/PATH"),
    "hf": Form(sign="/", needed=True, example="hf/owner/name"),
    "bergamot": Form(sign="/", needed=True, example="bergamot/en-pt"),
    "llm": Form(sign="=", needed=True, model=True, example="llm=provider/model"),
    "file": Form(sign="=", needed=True, example="file=PATH"),
}
ESTIMATORS: dict[str, Form] = {
    "roundtrip-chrf": Form(sign="=", example="roundtrip-chrf or roundtrip-chrf=apertium"),
    "cometkiwi": Form(sign="=", needed=True, example="cometkiwi=NAME"),
    "metricx": Form(sign="=", needed=True, example="metricx=NAME"),
    "llm-da": Form(sign="=", needed=True, model=True, example="llm-da=provider/model"),
    "llm-spans": Form(sign="=", needed=True, model=True, example="llm-spans=provider/model"),
}
WITHOUT_MODEL = frozenset({"refusal-baseline"})
WITH_POLICY = frozenset({"gpt-oss-safeguard"})
ENTRY_POINTS = "safeglot.judges"


@functools.cache
def judge_families() -> dict[str, str]:
    """Return family -> "module:object", those of other packages included."""
    return {**JUDGES, **plug_ins(ENTRY_POINTS)}


def model_providers() -> tuple[str, ...]:
    """Return what may stand before the slash of a model string."""
    return (*LOCAL, *providers())


def load(target: str) -> Any:
    """Import "module:object"."""
    module, _, name = target.partition(":")
    return getattr(importlib.import_module(module), name)


def make_judge(
    family: str, *, model: str | None, name: str, mode: str, policy: Mapping[str, str]
) -> Any:
    """Build a judge; `policy` gives each category of the taxonomy its description."""
    make = load(judge_families()[family])
    if family in WITHOUT_MODEL:
        return make(decide=_refusal, name=name)
    given: dict[str, Any] = {"model": model, "name": name, "mode": mode}
    if family in WITH_POLICY or family not in JUDGES:
        given["policy"] = policy
    taken = inspect.signature(make).parameters
    return make(**{key: value for key, value in given.items() if key in taken})


def needs_model(family: str) -> bool:
    """Return whether a judge family asks a model; one of another package does if it takes one."""
    if family in JUDGES:
        return family not in WITHOUT_MODEL
    return "model" in inspect.signature(load(judge_families()[family])).parameters


def _refusal(text: str, languages: Sequence[str]) -> Decision:
    """Return what the embedded baseline says of an answer."""
    decision: Decision = _refusal_weights().decide(text, languages)
    return decision


@functools.cache
def _refusal_weights() -> Any:
    from importlib import resources

    from safeglot.judge.families.refusal import parse_model

    return parse_model(
        resources.files("safeglot.judge.families").joinpath("refusal_baseline.npz").read_bytes()
    )


ENGINES: dict[str, str] = {
    "apertium": "safeglot.backends.translators.apertium.translator:open_apertium",
    "ct2": "safeglot.backends.translators.ct2:open_ct2",
    "hf": "safeglot.backends.translators.seq2seq:open_seq2seq",
    "bergamot": "safeglot.backends.translators.bergamot:open_bergamot",
}
"""Machine translators that run on this machine: kind -> what opens one by its path."""


def machine(kind: str, path: str) -> Any:
    """Open a machine translator: a Model with `fault`, `revision` and `answer`. Raises: UsageError."""
    opened = load(ENGINES[kind])
    if kind not in ("ct2", "hf"):
        return opened(path)
    from safeglot.translate.codes import candidates

    return opened(path, codes=candidates)


GLOTLID = "SAFEGLOT_GLOTLID"
"""Environment variable with the path of GlotLID's model file."""


@functools.cache
def glotlid() -> GlotLid | None:
    """Return the identifier GlotLID where its file is named. Raises: UsageError where it cannot be read."""
    path = os.environ.get(GLOTLID)
    if not path:
        return None
    from safeglot.backends.glotlid import load as load_glotlid
    from safeglot.translate.checks.identify import GlotLid

    predict, labels = load_glotlid(path)
    return GlotLid(predict=predict, labels=labels)


def refuses() -> Callable[[str, str], bool | None]:
    """Return what tells refusals in the languages of the embedded baseline; None where it cannot."""

    def tell(text: str, tag: str) -> bool | None:
        return _refusal(text, (tag,)).refusal

    return tell
