"""The strings that name models, judges, translators and estimators, and their tables in the TOML."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from safeglot.backends.models.providers import providers
from safeglot.backends.models.routes import IMPORTED
from safeglot.config import checks, model_settings
from safeglot.config.norms import norms_of
from safeglot.judge.norms import Norms
from safeglot.types import NO_SETTINGS, PROMPT_MODE, ModelSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How a translator or an estimator is written: kind, kind/PATH, kind=PATH or kind=provider/model."""

    example: str
    """As it is written, with what may follow the kind: `apertium or apertium/eng-spa`, `ct2/PATH`."""
    step: str = ""
    """"module:object" of the Step; it is called with those of `name`, `path` and `model` that it takes."""
    engine: str = ""
    """"module:object" that opens a model in this process by its path, for kinds that have one."""

    @property
    def sign(self) -> str:
        """What stands between the kind and what follows it; "" where nothing may follow."""
        return next((sign for sign in self.example if sign in "/="), "")

    @property
    def needed(self) -> bool:
        """Whether something has to follow."""
        return bool(self.sign) and " or " not in self.example

    @property
    def model(self) -> bool:
        """Whether what follows is a model string."""
        return self.example.endswith("=provider/model")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The names that a configuration may use."""

    providers: tuple[str, ...]
    judges: Mapping[str, bool]
    """Family -> whether it needs a model."""
    translators: Mapping[str, Form] = field(default_factory=dict)
    estimators: Mapping[str, Form] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelConfig:
    """A model string and where it is served."""

    model: str
    base_url: str | None = None
    others: tuple[str, ...] = ()
    """Addresses of further servers of the same model."""
    key_env: str | None = None
    revision: str = ""
    raw: bool | None = None
    system: str | None = None
    """System prompt of a target, in place of the run's."""
    usd_in: float | None = None
    usd_out: float | None = None
    batch: bool | None = None
    """Whether it is asked by its maker's batch API; None for the run's setting."""
    replicas: int | None = None
    """Processes of a cluster that hold it, or ask for it; None for the run's setting, as of the next."""
    gpus_per_replica: float | None = None
    settings: ModelSettings = NO_SETTINGS
    """What this model is asked with in place of the run's settings or the judge's own."""

    @property
    def provider(self) -> str:
        """The part before the first slash."""
        return self.model.partition("/")[0]

    @property
    def addresses(self) -> tuple[str, ...]:
        """The addresses that were given for it; none where it is asked at its provider's own."""
        return (self.base_url, *self.others) if self.base_url else ()

    def at(self, addresses: Sequence[str]) -> ModelConfig:
        """Return the same model at other addresses; at those it has where none are given."""
        if not addresses:
            return self
        return dataclasses.replace(self, base_url=addresses[0], others=tuple(addresses[1:]))

    @property
    def path(self) -> str:
        """The part after the first slash: the provider's own name of the model."""
        return self.model.partition("/")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeConfig:
    """A judge string, family=provider/model, or a family that needs no model."""

    judge: str
    family: str
    model: ModelConfig | None = None
    mode: str = "prompt+answer"
    refusals_only: bool = False
    """Joined for its word on the refusal of benign prompts: it gives no safety rates."""
    norms: Norms | None = None
    """What counts as unsafe to it, where that is not the judge's own."""
    guard: bool = False
    """Stands before or behind the targets as a mitigation: it gives no rates of its own."""
    by_default: bool = field(default=False, compare=False)
    """Named by nobody: where the prompts' languages are known, one that covers them takes its place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepConfig:
    """A translator or quality estimator as it was given, taken apart."""

    name: str
    kind: str
    path: str = ""
    """What follows the kind: a file, a folder, a model's name; for a model string the string."""
    model: ModelConfig | None = None


MODEL_FIELDS = {
    f.name: str(f.type)
    for f in dataclasses.fields(ModelConfig)
    if f.name not in ("settings", "others")
}
"""Keys of a model's table, but for its settings; `base_url` takes a list too."""
SPREAD = ("replicas", "gpus_per_replica")
"""Keys that say how a model is spread over a cluster: of the machine, so that no run keeps them."""
_BOUNDS = {
    "usd_in": (0, None), "usd_out": (0, None), "replicas": (1, 4096), "gpus_per_replica": (0, 64),
}  # fmt: skip


class NameReader:
    """Reads these strings and tables, and adds what is wrong with them to `problems`."""

    def __init__(self, known: Known, problems: list[str]) -> None:
        self.known = known
        self.problems = problems

    def once(self, names: Sequence[str], where: str) -> None:
        """Note names that are there twice."""
        for name in sorted({n for n in names if names.count(n) > 1}):
            self.problems.append(
                f"{where}: {name} is there twice with different settings, and results could not "
                "tell them apart. Keep one of them, and give the other a run of its own."
            )

    def target(self, given: Any, where: str, base_url: Sequence[str]) -> ModelConfig | None:
        """Return the model of a model string or its table; None where it is wrong."""
        table = {"model": given} if isinstance(given, str) else given
        if not isinstance(table, dict) or not isinstance(table.get("model"), str):
            self.problems.append(
                f'{where}: got {given!r}, allowed is "provider/model" or a table with model = ….'
            )
            return None
        return self.model(self.entries(table, where), where, base_url)

    def unprompted(
        self, table: dict[str, Any], where: str, base_url: Sequence[str]
    ) -> ModelConfig | None:
        """Return the model of a step that writes its own system prompt."""
        if "system" in table:
            self.problems.append(f"{where}: system: is for a [[target]]. Leave it out.")
        if isinstance(table.get("max_tokens"), str):
            told = f"got {table['max_tokens']!r}, allowed is a whole number"
            self.problems.append(f"{where}: max_tokens: {told}; only a [[target]] has several.")
        return self.target(table, where, base_url)

    def entries(self, table: Mapping[str, Any], where: str) -> dict[str, Any]:
        """Return the entries of a model's table that are right."""
        right: dict[str, Any] = {}
        asked: dict[str, Any] = {}
        for key, value in table.items():
            place = f"{where}: {key} of {table['model']}"
            if key in model_settings.KEYS:
                asked[key], faults = model_settings.read(key, value)
                self.problems += [f"{place}: {fault}" for fault in faults]
                continue
            if key not in MODEL_FIELDS:
                known = (*MODEL_FIELDS, *model_settings.KEYS)
                self.problems.append(f"{place}: no such key.{checks.nearest(key, known)}")
                continue
            if key == "base_url":
                addresses, fault = checks.addresses(value)
                if not fault:
                    right |= {"base_url": addresses[0], "others": addresses[1:]}
                    continue
            else:
                checked, fault = checks.typed(value, MODEL_FIELDS[key])
            if not fault and key == "key_env":
                fault = checks.variable_fault(checked)
            if not fault and key in _BOUNDS:
                fault = checks.bounds_fault(checked, *_BOUNDS[key])
            if fault:
                self.problems.append(f"{place}: {fault}")
            else:
                right[key] = checked
        given = {"settings": ModelSettings(**asked)} if asked else {}
        return {"model": table["model"], **right, **given}

    def model(
        self, table: Mapping[str, Any], where: str, base_url: Sequence[str]
    ) -> ModelConfig | None:
        """Return the model of a table that is right so far."""
        name = table["model"]
        provider, slash, rest = name.partition("/")
        if not slash or not rest.strip():
            bare = name.strip("/ ")
            served = (
                f", or vllm/{bare} with --base-url URL for a server of your own" if bare else ""
            )
            self.problems.append(
                f"{where}: got {name!r}; a model is provider/model, as in openai/gpt-5-nano or "
                f"embedded/smollm2-135m{served}."
            )
            return None
        if provider == IMPORTED and provider not in self.known.providers:
            self.problems.append(
                f"{where}: {name} stands for answers that `safeglot import` read; there is no model "
                "to ask. Name the model itself, as in vllm/owner/name."
            )
            return None
        if provider not in self.known.providers:
            allowed = ", ".join(self.known.providers)
            near = checks.nearest(provider, self.known.providers)
            own = (
                f" Where {name} is the name of a model on a server of your own, write vllm/{name} "
                "and give its address, as in --base-url http://localhost:8000/v1."
            )
            self.problems.append(
                f"{where}: unknown provider {provider!r} in {name!r}.{near} Allowed: {allowed}.{own}"
            )
            return None
        row = providers().get(provider)
        if table.get("batch") and not (row and row.batch):
            able = and_([row.name for row in providers().values() if row.batch])
            self.problems.append(
                f"{where}: batch of {name}: {provider} has no batch API that is known; {able} have. "
                "Leave it out: it is asked request by request."
            )
        model = ModelConfig(**table)
        return model if model.base_url or row is None else model.at(base_url)

    def judge(self, given: Any, where: str, base_url: Sequence[str]) -> JudgeConfig | None:
        """Return the judge of a judge string or its table; None where it is wrong."""
        table = {"judge": given} if isinstance(given, str) else given
        if not isinstance(table, dict) or not isinstance(table.get("judge"), str):
            self.problems.append(
                f'{where}: got {given!r}, allowed is "family=provider/model" or a table with judge = ….'
            )
            return None
        text, mode = table["judge"], table.get("mode", "prompt+answer")
        family, _, model = text.partition("=")
        if family not in self.known.judges:
            allowed = ", ".join(self.known.judges)
            near = checks.nearest(family, self.known.judges)
            if family.partition("/")[0] in self.known.providers:
                near = (
                    f" A judge is family=provider/model: put the family of {family} before it, or "
                    f"rubric={family} where it is a chat model."
                )
            self.problems.append(f"{where}: unknown judge {family!r}.{near} Allowed: {allowed}.")
            return None
        tests_guards = IMPORTED in self.known.providers  # else verdicts would be on no answer
        guard = self.flag(table, "guard", where)
        prompts = (PROMPT_MODE,) if tests_guards or guard else ()
        if mode not in ("prompt+answer", "answer", *prompts):
            self.problems.append(
                f"{where}: mode of {text}: got {mode!r}, allowed are prompt+answer and answer."
            )
        rest = {k: v for k, v in table.items() if k not in ("judge", "mode", "norms", "guard")}
        if self.known.judges[family]:
            found = self.judge_with_model(
                text, rest, mode=str(mode), where=where, base_url=base_url
            )
            if found is None or "norms" not in table:
                return found and dataclasses.replace(found, guard=guard)
            norms, faults = norms_of(table["norms"])
            self.problems += [f"{where}: norms of {text}: {fault}" for fault in faults]
            return dataclasses.replace(found, norms=norms)
        if family == IMPORTED:  # the name is the source's, and any
            return JudgeConfig(judge=text, family=family, mode=str(mode))
        alone = self.flag(rest, "refusals_only", f"{where}: {text}")
        rest.pop("refusals_only", None)
        for extra in (*([text] if model else []), *rest):
            self.problems.append(
                f"{where}: {family} runs in safeglot itself and needs no model, got {extra!r}. "
                f"Write {family} alone."
            )
        return JudgeConfig(
            judge=family, family=family, mode=str(mode), refusals_only=alone, guard=guard
        )

    def flag(self, table: Mapping[str, Any], name: str, where: str) -> bool:
        """Return an entry of a judge's table that is true or false, and false by default."""
        given = table.get(name, False)
        if not isinstance(given, bool):
            self.problems.append(f"{where}: {name}: got {given!r}, allowed are true and false.")
        return given is True

    def judge_with_model(
        self, text: str, rest: dict[str, Any], *, mode: str, where: str, base_url: Sequence[str]
    ) -> JudgeConfig | None:
        """Return a judge that asks a model; None where it is wrong."""
        family, _, model = text.partition("=")
        if not model:
            self.problems.append(
                f"{where}: {family} needs a model, as in {family}=vllm/owner/name."
            )
            return None
        config = self.unprompted({**rest, "model": model}, f"{where}: {family}", base_url)
        if config is None:
            return None
        return JudgeConfig(judge=text, family=family, model=config, mode=mode)

    def step(
        self, given: Any, where: str, forms: Mapping[str, Form], base_url: Sequence[str]
    ) -> StepConfig | None:
        """Return a translator or an estimator; None where it is wrong."""
        table = {"name": given} if isinstance(given, str) else given
        if not isinstance(table, dict) or not isinstance(table.get("name"), str):
            allowed = " or ".join(f'"{form.example}"' for form in list(forms.values())[:2])
            self.problems.append(
                f"{where}: got {given!r}, allowed is {allowed}, or a table with name = …."
            )
            return None
        text = table["name"].strip()
        longest = sorted(forms, key=len, reverse=True)
        kind = next((k for k in longest if text == k or text.startswith((f"{k}=", f"{k}/"))), None)
        if kind is None:
            allowed = ", ".join(form.example for form in forms.values())
            near = checks.nearest(text.partition("=")[0].partition("/")[0], forms)
            self.problems.append(f"{where}: unknown {text!r}.{near} Allowed: {allowed}.")
            return None
        sign, path = text[len(kind) : len(kind) + 1], text[len(kind) + 1 :].strip()
        form = forms[kind]
        if (sign and sign != form.sign) or (form.needed and not path) or (sign and not path):
            self.problems.append(f"{where}: got {text!r}; it is written {form.example}.")
            return None
        rest = {k: v for k, v in table.items() if k != "name"}
        if not form.model:
            self.problems += [f"{where}: {text} takes no {key}; leave it out." for key in rest]
            return StepConfig(name=text, kind=kind, path=path)
        model = self.unprompted({**rest, "model": path}, f"{where}: {kind}", base_url)
        if model is None:
            return None
        return StepConfig(name=text, kind=kind, path=path, model=model)


def and_(names: Sequence[str]) -> str:
    """Return names joined by commas and a last "and"."""
    return f"{', '.join(names[:-1])} and {names[-1]}"


def as_list(given: Any) -> Sequence[Any]:
    """Return a list as it is, and anything else as the only one of a list."""
    return given if isinstance(given, (list, tuple)) else [given]


def model_table(model: ModelConfig, skip: str = "") -> dict[str, Any]:
    """Return the entries of a model's table, without those that are not given or of the machine."""
    pairs = {name: getattr(model, name) for name in MODEL_FIELDS if name not in SPREAD}
    if model.others:
        pairs["base_url"] = list(model.addresses)
    given = {
        k: v for k, v in pairs.items() if v is not None and (v != "" or k == "system") and k != skip
    }
    return given | model_settings.table_of(model.settings)


def named_tables(
    targets: Sequence[ModelConfig], judges: Sequence[JudgeConfig], **steps: Sequence[StepConfig]
) -> dict[str, list[dict[str, Any]]]:
    """Return the tables of a configuration's targets, judges, translators and estimators."""
    of_judges = [
        {"judge": j.judge, "mode": j.mode}
        | {name: True for name in ("refusals_only", "guard") if getattr(j, name)}
        | ({} if j.norms is None else {"norms": dataclasses.asdict(j.norms)})
        | ({} if j.model is None else model_table(j.model, skip="model"))
        for j in judges
    ]
    of_steps = {
        key: [
            {"name": step.name}
            | ({} if step.model is None else model_table(step.model, skip="model"))
            for step in given
        ]
        for key, given in steps.items()
    }
    return {"target": [model_table(m) for m in targets], "judge": of_judges, **of_steps}
