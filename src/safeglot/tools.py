"""Translators and quality estimators: from what the configuration names to Steps and their routes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from safeglot import job as jobs
from safeglot import registry
from safeglot.backends.console import Console
from safeglot.backends.engine import Route
from safeglot.config import Config
from safeglot.errors import InputErrors, UsageError
from safeglot.model_strings import ModelConfig, StepConfig
from safeglot.translate.base import Estimator, Translator
from safeglot.translate.llm import LlmTranslator

Open: TypeAlias = Callable[[], Route]
"""Opens the route to an in-process or external engine: only when it is needed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """Steps that translate and that judge translations, and how their models are reached."""

    translators: tuple[Translator, ...]
    estimators: tuple[Estimator, ...] = ()
    models: tuple[ModelConfig, ...] = ()
    """Of steps that ask a chat model."""
    engines: Mapping[str, Open] = field(default_factory=dict)
    """Model id -> what opens its engine."""
    notes: tuple[str, ...] = ()

    def able(self, source: str, target: str) -> tuple[Translator, ...]:
        """Return the translators that know both languages, in the order given."""
        return tuple(t for t in self.translators if not t.fault(source, target))

    def routes(self, config: Config, console: Console) -> dict[str, Route]:
        """Open every route. Raises: UsageError where a model cannot be had."""
        files = {
            m.model: registry.local_file(m.provider, m.path, console.fetching)
            for m in self.models
            if m.provider in registry.LOCAL
        }
        found = {key: opened() for key, opened in self.engines.items()}
        return {**jobs.model_routes(config, self.models, files), **found}


@dataclass(slots=True, kw_only=True)
class _Bench:
    """What is gathered while the tools are made."""

    config: Config
    texts: Mapping[str, Any]
    """Spec of a file translator -> what was read."""
    models: list[ModelConfig] = field(default_factory=list)
    engines: dict[str, Open] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def model(self, given: ModelConfig) -> str:
        """Take a chat model and return its id. Raises: UsageError where its key or file is lacking."""
        files: dict[str, Any] = {}
        jobs.check_model(given, files)
        self.models.append(given)
        return jobs.model_id(given, files)


def make_tools(config: Config, prompts: Sequence[str], targets: Sequence[str]) -> Tools:
    """Make the translators and estimators of a configuration; prompt ids and targets check files.

    Raises: InputErrors with all that cannot be had.
    """
    bench = _Bench(config=config, texts={})
    problems: list[str] = []
    translators: list[Translator] = []
    estimators: list[Estimator] = []
    for one in config.translator:
        try:
            translators.append(_translator(one, bench, prompts, targets))
        except InputErrors as error:
            problems += error.problems
        except UsageError as error:
            problems.append(str(error))
    for one in config.quality:
        try:
            estimators.append(_estimator(one, bench, translators))
        except UsageError as error:
            problems.append(str(error))
    if problems:
        raise InputErrors(problems)
    return Tools(
        translators=tuple(translators),
        estimators=tuple(estimators),
        models=tuple(dict.fromkeys(bench.models)),
        engines=bench.engines,
        notes=tuple(bench.notes),
    )


def _translator(
    one: StepConfig, bench: _Bench, prompts: Sequence[str], targets: Sequence[str]
) -> Translator:
    if one.model is not None:
        return LlmTranslator(name=one.name, model=bench.model(one.model))
    if one.kind == "file":
        return _file(one, bench, prompts, targets)
    raise UsageError(f"{one.name}: not there yet")


def _file(
    one: StepConfig, bench: _Bench, prompts: Sequence[str], targets: Sequence[str]
) -> Translator:
    raise UsageError(f"{one.name}: not there yet")


def _estimator(one: StepConfig, bench: _Bench, translators: Sequence[Translator]) -> Estimator:
    raise UsageError(f"{one.name}: not there yet")
