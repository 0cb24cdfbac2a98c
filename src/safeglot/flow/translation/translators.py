"""Translators and quality estimators: from what the configuration names to Steps and their routes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import Any, TypeAlias

from safeglot.backends.console import Console
from safeglot.backends.engine.engine import Route
from safeglot.backends.files import datasets
from safeglot.backends.models.routes import LOCAL, local_file
from safeglot.config import registry
from safeglot.config.model_strings import Known, ModelConfig, NameReader, StepConfig
from safeglot.config.settings import Config
from safeglot.errors import InputErrors, UsageError
from safeglot.flow.run.models import check_model, model_id, model_routes
from safeglot.prompts.problems import Problems
from safeglot.prompts.reading.tables import read_table
from safeglot.prompts.reading.translation_rows import Wanted, read_translations
from safeglot.text import languages
from safeglot.translate.base import Estimator, Translator
from safeglot.translate.estimators.llm_quality import LlmDirectAssessment, LlmErrorSpans
from safeglot.translate.estimators.neural import CometKiwi, MetricX
from safeglot.translate.estimators.roundtrip import RoundTripChrf
from safeglot.translate.translators.first import FirstOf
from safeglot.translate.translators.from_file import FileTranslator
from safeglot.translate.translators.llm import LlmTranslator
from safeglot.translate.translators.machine import MachineTranslator
from safeglot.types import Model

IN_PROCESS = 512
"""Requests that an engine in this process is given at once: it sorts them into batches by length."""
MT5, MT5_FILES = (
    "google/mt5-xl",
    ("spiece.model", "tokenizer*", "special_tokens_map.json", "config.json"),
)
"""MetricX is published without its tokenizer, which is that of every mT5."""
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
            m.model: local_file(m.provider, m.path, console.fetching)
            for m in self.models
            if m.provider in LOCAL
        }
        found = {key: opened() for key, opened in self.engines.items()}
        return {**model_routes(config, self.models, files), **found}


@dataclass(slots=True, kw_only=True)
class _Bench:
    """What is gathered while the tools are made."""

    config: Config
    models: list[ModelConfig] = field(default_factory=list)
    engines: dict[str, Open] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def model(self, given: ModelConfig) -> str:
        """Take a chat model and return its id. Raises: UsageError where its key or file is lacking."""
        files: dict[str, Any] = {}
        check_model(given, files)
        self.models.append(given)
        return model_id(given, files)


def make_tools(config: Config, prompts: Sequence[str], targets: Sequence[str]) -> Tools:
    """Make the translators and estimators of a configuration; prompt ids and targets check files.

    Raises: InputErrors with all that cannot be had.
    """
    bench = _Bench(config=config)
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
    names = [t.name for t in translators]
    problems += [
        f"two translators are called {name}: results could not tell them apart. Rename a file or folder."
        for name in sorted({n for n in names if names.count(n) > 1})
    ]
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
    return _machine(one, bench)


def _machine(one: StepConfig, bench: _Bench) -> Translator:
    """Return a translator that runs on this machine. Raises: UsageError where it cannot."""
    engine = registry.machine(one.kind, one.path)
    name = _short(one)
    bench.engines[name] = partial(_in_process, lambda: engine, name)
    reference = bench.config.reference
    there = [(reference, tag) for tag in bench.config.to]
    for source, target in there:
        way = engine.route(source, target) if hasattr(engine, "route") else ()
        if len(way) > 1:
            reached = f"{languages.lookup(target).name} ({target})"
            bench.notes.append(
                f"{one.name} reaches {reached} by {' and '.join(way)}: errors of each add up"
            )
    return MachineTranslator(
        name=name,
        model=name,
        faults=cache(engine.fault),
        revisions=cache(partial(_revision, engine)),
        pairs=(*there, *((target, source) for source, target in there)),
    )


def _short(one: StepConfig) -> str:
    """Return what records call a translator: of a folder its own name, not where it lies."""
    folder = Path(one.path).expanduser()
    return f"{one.kind}/{folder.resolve().name}" if one.path and folder.is_dir() else one.name


def _revision(engine: Any, source: str, target: str) -> str:
    if hasattr(engine, "route_revision"):
        way: str = engine.route_revision(source, target)
        return way
    pinned: str = engine.revision
    return pinned


def _file(
    one: StepConfig, bench: _Bench, prompts: Sequence[str], targets: Sequence[str]
) -> Translator:
    """Return the translations of a file. Raises: InputErrors with all that is wrong in it."""
    loaded = datasets.load_prompts(one.path)
    problems = Problems()
    reference = bench.config.reference
    wanted = Wanted(prompts=prompts, languages=targets, reference=reference)
    texts, notes = read_translations(read_table(loaded.files), wanted, problems)
    problems.stop()
    # the study of translators knows people by this name (score/arm_estimates.HUMAN)
    file = Path(one.path)
    name = file.stem if file.stem.startswith("human") else f"file={file.name}"
    bench.notes += [f"{name}: {note}" for note in notes]
    return FileTranslator(name=name, digest=loaded.sha256[:12], source=reference, texts=texts)


def _estimator(one: StepConfig, bench: _Bench, translators: Sequence[Translator]) -> Estimator:
    if one.kind == "roundtrip-chrf":
        back = [_translator(spec, bench, (), ()) for spec in _spec(one)] or [
            t for t in translators if not t.name.startswith("file=")
        ]
        if not back:
            raise UsageError(
                f"{one.name}: needs a translator that can translate back. Name one, as in "
                "roundtrip-chrf=apertium."
            )
        if not one.path:
            bench.notes.append(
                f"{one.name} goes back by the translators that made the texts: what they get wrong "
                "both ways it does not see"
            )
        return RoundTripChrf(back=FirstOf(of=tuple(back)), name=one.name)
    if one.model is not None:
        model = bench.model(one.model)
        if one.kind == "llm-da":
            return LlmDirectAssessment(model=model, name=one.name)
        return LlmErrorSpans(model=model, name=one.name)
    return _quality_model(one, bench)


def _spec(one: StepConfig) -> list[StepConfig]:
    """Read the translator after roundtrip-chrf=. Raises: InputErrors."""
    if not one.path:
        return []
    problems: list[str] = []
    reader = NameReader(Known(providers=registry.model_providers(), judges={}), problems)
    found = reader.step(one.path, f"--quality {one.name}", registry.TRANSLATORS, None)
    if found is None:
        raise InputErrors(problems)
    return [found]


def _quality_model(one: StepConfig, bench: _Bench) -> Estimator:
    """Return CometKiwi or MetricX. Raises: UsageError where files or libraries are lacking."""
    from safeglot.backends.estimators import comet_model, quality_models

    quality_models.require_libraries(one.kind)
    folder, revision = quality_models.locate(one.path)
    name = one.path if Path(one.path).expanduser().is_dir() else one.path.partition("@")[0]
    pinned = f"{name}@{revision}"
    if one.kind == "cometkiwi":
        encoder, _ = quality_models.locate(
            quality_models.encoder_name(folder), only=comet_model.ENCODER_FILES
        )
        step: CometKiwi | MetricX = CometKiwi(model=pinned, name=one.name)
        opened = partial(quality_models.cometkiwi, folder, encoder)
    else:
        step = MetricX(model=pinned, name=one.name)
        own = any((folder / name).is_file() for name in ("tokenizer.json", "spiece.model"))
        tokenizer = folder if own else quality_models.locate(MT5, only=MT5_FILES)[0]
        opened = partial(quality_models.metricx, folder, tokenizer, name=one.path)
    bench.engines[step.model] = partial(_in_process, opened, step.model)
    return step


def _in_process(opened: Callable[[], Model], name: str) -> Route:
    return Route(
        model=opened(),
        lane=f"local:{name}",
        concurrency=IN_PROCESS,
        fixed=True,
        usd_in=0.0,
        usd_out=0.0,
    )
