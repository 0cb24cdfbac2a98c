"""Translators and quality estimators: from what the configuration names to Steps and their routes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import Any, TypeAlias

from safeglot.backends.console import Console
from safeglot.backends.encoders.use import LANGUAGES
from safeglot.backends.engine.engine import Route
from safeglot.backends.files import datasets
from safeglot.backends.models.adaptations import Adaptations
from safeglot.backends.models.engines.base import InProcess
from safeglot.backends.translators.services import MOST_AT_ONCE, SERVICES
from safeglot.config import registry
from safeglot.config.engines import model_providers
from safeglot.config.model_strings import Form, Known, ModelConfig, NameReader, StepConfig
from safeglot.config.settings import Config
from safeglot.errors import InputErrors, UsageError, gathered
from safeglot.flow.run.models import (
    check_model,
    model_id,
    model_routes,
    say_keyless,
    unsent_note,
)
from safeglot.prompts.problems import Problems
from safeglot.prompts.reading.tables import read_table
from safeglot.prompts.reading.translation_rows import ExpectedTexts, read_translations
from safeglot.text import languages
from safeglot.translate.base import Estimator, Translator
from safeglot.translate.estimators.encoder import TRIP_NAME, EncoderCosine, RoundTripEncoder
from safeglot.translate.estimators.roundtrip import RoundTripChrf
from safeglot.translate.translators.first import FirstOf
from safeglot.translate.translators.from_file import FileTranslator
from safeglot.translate.translators.machine import MachineTranslator
from safeglot.types import HUMAN, Model, set_or

IN_PROCESS = 512
"""Requests that an engine in this process is given at once: it sorts them into batches by length."""
Open: TypeAlias = Callable[[], Route]
"""Opens the route to an in-process or external engine: only when it is needed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TranslationSteps:
    """The translators and estimators of a configuration, and how their models are reached."""

    translators: tuple[Translator, ...]
    estimators: tuple[Estimator, ...] = ()
    models: tuple[ModelConfig, ...] = ()
    """Of steps that ask a chat model."""
    chat_engines: Mapping[str, InProcess] = field(default_factory=dict)
    """What opens those of them that run in this process."""
    engines: Mapping[str, Open] = field(default_factory=dict)
    """Model id -> what opens its engine."""
    notes: tuple[str, ...] = ()

    def able(self, source: str, target: str) -> tuple[Translator, ...]:
        """Return the translators that know both languages, in the order given."""
        return tuple(t for t in self.translators if not t.fault(source, target))

    def routes(
        self, config: Config, console: Console, adaptations: Adaptations
    ) -> dict[str, Route]:
        """Return every route, opened. Raises: UsageError where a model cannot be had."""
        say_keyless(self.models, console)
        in_process = {key: opened() for key, opened in self.engines.items()}
        routes = model_routes(
            config, self.models, self.chat_engines, adaptations, progress=console.fetching
        )
        return {**routes, **in_process}


@dataclass(slots=True, kw_only=True)
class _Making:
    """What is gathered while the steps are made."""

    config: Config
    models: list[ModelConfig] = field(default_factory=list)
    chat_engines: dict[str, InProcess] = field(default_factory=dict)
    engines: dict[str, Open] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def model(self, model: ModelConfig) -> str:
        """Return the id of a chat model that is needed. Raises: UsageError where its key or file is lacking."""
        check_model(model, self.chat_engines)
        self.models.append(model)
        if note := unsent_note(model.model, set_or(model.settings.seed, None)):
            self.notes.append(note)
        return model_id(model, self.chat_engines)

    def step(self, form: Form, spec: StepConfig) -> Any:
        """Return the step of a row of the registry. Raises: UsageError."""
        arguments = {"name": spec.name, "path": spec.path}
        if spec.model is None:
            return registry.call(form.step, arguments)
        arguments["model"] = self.model(spec.model)
        return registry.call_with_settings(
            form.step, arguments, spec.model.settings, name=spec.name
        )


def make_steps(config: Config, prompts: Sequence[str], targets: Sequence[str]) -> TranslationSteps:
    """Return the translators and estimators of a configuration; prompt ids and targets check files.

    Raises: InputErrors with all that cannot be had.
    """
    making = _Making(config=config)
    problems: list[str] = []
    translators: list[Translator] = []
    estimators: list[Estimator] = []
    for spec in config.translator:
        with gathered(problems):
            translators.append(_translator(spec, making, prompts, targets))
    for spec in config.quality:
        with gathered(problems):
            estimators.append(_estimator(spec, making, translators))
    names = [t.name for t in translators]
    problems += [
        f"two translators are called {name}: results could not tell them apart. Rename a file or folder."
        for name in sorted({n for n in names if names.count(n) > 1})
    ]
    if problems:
        raise InputErrors(problems)
    return TranslationSteps(
        translators=tuple(translators),
        estimators=tuple(estimators),
        models=tuple(dict.fromkeys(making.models)),
        chat_engines=making.chat_engines,
        engines=making.engines,
        notes=tuple(making.notes),
    )


def _translator(
    spec: StepConfig, making: _Making, prompts: Sequence[str], targets: Sequence[str]
) -> Translator:
    form = registry.TRANSLATORS[spec.kind]
    if form.step:
        step: Translator = making.step(form, spec)
        return step
    if form.engine:
        return _machine(form, spec, making)
    return _file(spec, making, prompts, targets)


def _machine(form: Form, spec: StepConfig, making: _Making) -> Translator:
    """Return a translator that runs on this machine. Raises: UsageError where it cannot."""
    config = making.config
    engine = registry.machine(
        form, name=spec.kind, path=spec.path,
        timeout_s=config.timeout_s, proxy=config.proxy, http_client=config.http_client,
    )  # fmt: skip
    name = _short(spec)
    making.engines[name] = (
        partial(_hosted, engine, config.concurrency)
        if spec.kind in SERVICES
        else partial(_in_process, lambda: engine, name)
    )
    reference = making.config.reference
    there = [(reference, tag) for tag in making.config.to]
    for source, target in there:
        way = engine.route(source, target) if hasattr(engine, "route") else ()
        if len(way) > 1:
            reached = f"{languages.lookup(target).name} ({target})"
            making.notes.append(
                f"{spec.name} reaches {reached} by {' and '.join(way)}: errors of each add up"
            )
    return MachineTranslator(
        name=name,
        model=name,
        faults=cache(engine.fault),
        revisions=cache(partial(_revision, engine)),
        pairs=(*there, *((target, source) for source, target in there)),
    )


def _short(spec: StepConfig) -> str:
    """Return what records call a translator: of a folder its own name, not where it lies."""
    folder = Path(spec.path).expanduser()
    return f"{spec.kind}/{folder.resolve().name}" if spec.path and folder.is_dir() else spec.name


def _revision(engine: Any, source: str, target: str) -> str:
    if hasattr(engine, "route_revision"):
        way: str = engine.route_revision(source, target)
        return way
    pinned: str = engine.revision
    return pinned


def _file(
    spec: StepConfig, making: _Making, prompts: Sequence[str], targets: Sequence[str]
) -> Translator:
    """Return the translations of a file. Raises: InputErrors with all that is wrong in it."""
    loaded = datasets.load_prompts(spec.path)
    problems = Problems()
    reference = making.config.reference
    wanted = ExpectedTexts(prompts=prompts, languages=targets, reference=reference)
    texts, notes = read_translations(read_table(loaded.files), wanted, problems)
    problems.stop()
    name = f"{spec.kind}={Path(spec.path).name}"
    making.notes += [f"{name}: {note}" for note in notes]
    if spec.kind != HUMAN and name.startswith(f"{spec.kind}={HUMAN}"):
        making.notes.append(
            f"{name}: a file's name declares nothing; if these are people's translations, write "
            f"{HUMAN}={spec.path}"
        )
    return FileTranslator(name=name, digest=loaded.sha256[:12], source=reference, texts=texts)


def _estimator(spec: StepConfig, making: _Making, translators: Sequence[Translator]) -> Estimator:
    form = registry.ESTIMATORS[spec.kind]
    if form.engine or form.step:
        step: Estimator = (
            _quality_model(form, spec, making) if form.engine else making.step(form, spec)
        )
        return step
    trip = _round_trip(spec, making, translators)
    if spec.kind != TRIP_NAME:
        return trip
    encoder = StepConfig(name=EncoderCosine.family, kind=EncoderCosine.family)
    cosine = _quality_model(registry.ESTIMATORS[encoder.kind], encoder, making)
    return RoundTripEncoder(trip=trip, cosine=cosine, name=spec.name)


def _round_trip(
    spec: StepConfig, making: _Making, translators: Sequence[Translator]
) -> RoundTripChrf:
    """Return the comparison with a translation back. Raises: UsageError where nobody can go back."""
    back = [_translator(named, making, (), ()) for named in _way_back(spec)] or [
        t for t in translators if not isinstance(t, FileTranslator)
    ]
    if not back:
        raise UsageError(
            f"{spec.name}: needs a translator that can translate back. Name one, as in "
            f"{spec.kind}=apertium."
        )
    if not spec.path:
        making.notes.append(
            f"{spec.name} goes back by the translators that made the texts: what they get wrong "
            "both ways it does not see"
        )
    return RoundTripChrf(back=FirstOf(of=tuple(back)), name=spec.name)


def _way_back(spec: StepConfig) -> list[StepConfig]:
    """Return the translator named after roundtrip-chrf= or roundtrip-encoder=, if there is one. Raises: InputErrors."""
    if not spec.path:
        return []
    problems: list[str] = []
    reader = NameReader(Known(providers=model_providers(), judges={}), problems)
    named = reader.step(spec.path, f"--quality {spec.name}", registry.TRANSLATORS, ())
    if named is None:
        raise InputErrors(problems)
    return [named]


def _quality_model(form: Form, spec: StepConfig, making: _Making) -> Any:
    """Return an estimator that is a model in this process. Raises: UsageError where it cannot be had."""
    model, opened = registry.load(form.engine)(spec.path)
    arguments = {
        "model": model,
        "name": spec.name,
        "languages": LANGUAGES,
        "reference": making.config.reference,
    }
    step = registry.call(form.step, arguments)
    making.engines[model] = partial(_in_process, opened, model)
    return step


def _hosted(model: Any, most: int) -> Route:
    return Route(model=model, lane=model.url, concurrency=min(most, MOST_AT_ONCE))


def _in_process(opened: Callable[[], Model], name: str) -> Route:
    return Route(
        model=opened(),
        lane=f"local:{name}",
        concurrency=IN_PROCESS,
        fixed=True,
        usd_in=0.0,
        usd_out=0.0,
    )
