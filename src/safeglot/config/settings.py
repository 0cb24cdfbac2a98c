"""safeglot.toml and the command line <-> one frozen Config; every error at once, nothing spent."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from safeglot.backends.cluster import choice
from safeglot.backends.models.clients.choice import client_fault
from safeglot.backends.models.proxies import setting_fault
from safeglot.backends.models.routes import IMPORTED
from safeglot.config import checks, mitigations, token_limits
from safeglot.config.model_strings import (
    SPREAD,
    JudgeConfig,
    Known,
    ModelConfig,
    NameReader,
    StepConfig,
    and_,
    as_list,
    named_tables,
)
from safeglot.errors import InputErrors
from safeglot.text.package_data import text_of
from safeglot.types import DRAWS, LEVELS, SAMPLES, Kind

EMBEDDED = "embedded/smollm2-135m"
"""The target where none is named."""


def _within(default: Any, *, least: float | None = None, most: float | None = None) -> Any:
    return field(default=default, metadata={"least": least, "most": most})


HELP: Mapping[str, str] = dict(
    line.split("\t") for line in text_of("safeglot.config", "settings.tsv").splitlines()
)
"""Setting -> what it is, in one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """All that a run is told. Field names are the keys of the TOML and the flags."""

    prompts: tuple[str, ...] = ("mini",)
    columns: Mapping[str, str] = field(default_factory=dict)
    read_as: Mapping[str, str] = field(default_factory=dict)
    taxonomy: str | None = None
    languages: tuple[str, ...] = ()
    reference: str = "en"
    categories: tuple[str, ...] = ()
    kinds: tuple[Kind, ...] = ("harmful",)
    limit: int | None = _within(None, least=1)
    select_seed: int = 0
    allow_partial: bool = False
    unpaired: bool = False
    shard: str | None = None
    plan: str = "full"
    within: float = _within(2.0, least=0.1, most=50)
    drop: float | None = _within(None, least=0.1, most=50)
    history: tuple[str, ...] = ()
    target: tuple[ModelConfig, ...] = field(default_factory=lambda: (ModelConfig(model=EMBEDDED),))
    judge: tuple[JudgeConfig, ...] = field(
        default_factory=lambda: (
            JudgeConfig(judge="refusal-baseline", family="refusal-baseline", by_default=True),
        )
    )
    refusal_judge: bool = True
    base_url: tuple[str, ...] = ()
    judge_base_url: tuple[str, ...] = ()
    key_env: str | None = None
    proxy: str | None = None
    http_client: str = "auto"
    judge_thoughts: bool = False
    raw: bool = False
    system: str = ""
    max_tokens: int | str = 200
    thought_tokens: int = _within(0, least=0)
    temperature: float = _within(1.0, least=0, most=5)
    top_p: float = _within(1.0, least=1e-6, most=1)
    seed: int = _within(0, least=0)
    samples: int = _within(1, least=SAMPLES[0], most=SAMPLES[1])
    arms: tuple[str, ...] = ()
    arm_texts: tuple[str, ...] = ()
    to: tuple[str, ...] = ()
    translator: tuple[StepConfig, ...] = ()
    quality: tuple[StepConfig, ...] = ()
    gate: str = "0.5"
    translations: str | None = None
    probes: tuple[str, ...] = ()
    probe_share: float = _within(0.3, least=0.01, most=0.99)
    probe_seed: int = _within(0, least=0)
    mitigations: tuple[str, ...] = ()
    concurrency: int = _within(64, least=1)
    timeout_s: float = _within(120.0, least=0.01, most=86400)
    patience_s: float = _within(600.0, least=0, most=604800)
    retries: int = _within(4, least=0)
    batch: bool = False
    budget_tokens: int | None = _within(None, least=1)
    budget_usd: float | None = _within(None, least=0)
    prices: str | None = None
    max_missing: float = _within(0.1, least=0, most=1)
    level: float = _within(0.95, least=LEVELS[0], most=LEVELS[1])
    bootstrap: int = _within(1000, least=DRAWS[0], most=DRAWS[1])
    answers: int = _within(2000, least=0)
    out: str | None = None
    engine: str = "local"
    ray_address: str | None = None
    replicas: int = _within(1, least=1, most=4096)
    gpus_per_replica: float | None = _within(None, least=0, most=64)

    def __post_init__(self) -> None:
        """Take one name of prompts for a list of one."""
        if isinstance(self.prompts, str):
            object.__setattr__(self, "prompts", (self.prompts,))


FIELDS = {f.name: f for f in dataclasses.fields(Config)}
_CHOICES = {
    "kinds": ("harmful", "benign"),
    "arms": ("roundtrip", "roundtrip2", "backtranslate", "translators", "reverse"),
}
_LISTS = frozenset(
    {"languages", "to", "categories", "arm_texts", "probes", "history", "mitigations", *_CHOICES}
)
_NAMED = ("target", "judge", "translator", "quality")
OF_ASKING = ("raw", "max_tokens", "thought_tokens", "temperature", "top_p", "seed")
"""Settings by which targets are asked: of answers that a file brought they are not known."""
OF_CLUSTER = ("engine", "ray_address", *SPREAD)
OF_MACHINE = ("proxy", "http_client", "prices", *OF_CLUSTER)
"""Settings of the machine, which no run keeps: those in a stored run are not believed."""
_ADDRESSES = ("base_url", "judge_base_url")
_FAULTS: Mapping[str, Callable[[str], str]] = {
    "proxy": setting_fault,
    "http_client": client_fault,
    "key_env": checks.variable_fault,
    "plan": checks.plan_fault,
    "engine": choice.engine_fault,
    "ray_address": choice.address_fault,
}
_SPELT: Mapping[str, Callable[[Any], tuple[Any, str]]] = {
    "shard": checks.shard,
    "max_tokens": token_limits.read,
    **dict.fromkeys(_ADDRESSES, checks.addresses),
}
"""Settings that have one spelling."""


def build(
    raw: Mapping[str, Any],
    *,
    known: Known,
    where: str = "safeglot.toml",
    flags: Mapping[str, Any] | None = None,
    unjudged: bool = False,
) -> Config:
    """Return the checked settings of a TOML table and flags, which win; `unjudged` allows no judge.

    Raises: InputErrors with all problems.
    """
    reader = _Reader(known, unjudged=unjudged)
    values = reader.table(raw, lambda key: f"{where}: {key}")
    values |= reader.table(flags or {}, lambda key: f"--{key.replace('_', '-')}")
    reader.models(values)
    if reader.problems:
        raise InputErrors(reader.problems)
    return Config(**values)


class _Reader:
    """Reads values and collects what is wrong with them."""

    def __init__(self, known: Known, *, unjudged: bool) -> None:
        self.known = known
        self.unjudged = unjudged
        self.problems: list[str] = []
        self.named = NameReader(known, self.problems)

    def table(self, raw: Mapping[str, Any], place: Callable[[str], str]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key, value in raw.items():
            if key not in FIELDS:
                self.problems.append(f"{place(key)}: no such key.{checks.nearest(key, FIELDS)}")
            elif key in _NAMED:
                values[key] = (place(key), value)
            else:
                checked = self.setting(key, value, place(key))
                if checked is not None:
                    values[key] = checked
        return values

    def setting(self, key: str, value: Any, where: str) -> Any:
        spec = FIELDS[key]
        if key in _LISTS and isinstance(value, str):
            value = [part.strip() for part in value.split(",") if part.strip()]
            if not value:
                self.problems.append(f"{where}: empty; leave it out, or give {HELP[key]}.")
                return None
        if key == "prompts" and isinstance(value, str):
            value = [value]
        if key == "gate" and isinstance(value, (int, float)) and not isinstance(value, bool):
            value = str(value)
        read = _SPELT.get(key, lambda given: checks.typed(given, str(spec.type)))
        value, fault = read(value)
        if not fault and isinstance(value, (int, float)):
            fault = checks.bounds_fault(
                value, spec.metadata.get("least"), spec.metadata.get("most")
            )
        if not fault and isinstance(value, str) and not value.strip() and key != "system":
            fault = f"got {value!r}; leave it out, or give {HELP[key]}."
        if not fault and key in _FAULTS:
            fault = _FAULTS[key](value)
        if fault:
            self.problems.append(f"{where}: {fault}")
            return None
        return self.strings(key, value, where)

    def strings(self, key: str, value: Any, where: str) -> Any:
        if key == "reference":
            return self.tag(value, where)
        if key in ("languages", "to"):
            tags = [self.tag(v, where) for v in value]
            return tuple(dict.fromkeys(t for t in tags if t))
        if key in _CHOICES:
            self.choices(key, value, where)
        if key in _LISTS:
            return tuple(dict.fromkeys(self.words(value, where)))
        if key == "prompts":
            return self.prompts(self.words(value, where), where)
        if key in ("columns", "read_as"):
            return dict(
                zip(self.words(value, where), self.words(value.values(), where), strict=True)
            )
        return value

    def prompts(self, given: Sequence[str], where: str) -> tuple[str, ...]:
        if not all(map(str.strip, given)) or not given:
            self.problems.append(f"{where}: got ''; give {HELP['prompts']}.")
        if twice := {name for name in given if given.count(name) > 1}:
            self.problems.append(f"{where}: names {', '.join(sorted(twice))} twice. Keep one.")
        return tuple(given)

    def choices(self, key: str, value: Sequence[Any], where: str) -> None:
        names = _CHOICES[key]
        for given in value:
            if given not in names:
                near, allowed = checks.nearest(given, names), and_(names)
                self.problems.append(f"{where}: got {given!r}, allowed are {allowed}.{near}")
        if key == "kinds" and not value:
            self.problems.append(f"{where}: empty; allowed are harmful, benign or both.")

    def words(self, value: Iterable[Any], where: str) -> list[str]:
        words = [v if isinstance(v, str) else str(v) for v in value]
        self.problems += [f"{where}: {fault}" for v in words if (fault := checks.text_fault(v))]
        return words

    def tag(self, value: Any, where: str) -> str | None:
        tag, fault = checks.tag(value)
        if fault:
            self.problems.append(f"{where}: {fault}")
        return tag

    # ---- models

    def models(self, values: dict[str, Any]) -> None:
        base = values.get("base_url", ())
        judge_base = values.get("judge_base_url") or base
        if "target" in values:
            place, given = values.pop("target")
            targets = [self.named.target(v, place, base) for v in as_list(given)]
            values["target"] = tuple(dict.fromkeys(m for m in targets if m))
            self.named.once([m.model for m in values["target"]], place)
            if not given and given != "":
                self.problems.append(f"{place}: empty; name at least one provider/model.")
        if "judge" in values:
            place, given = values.pop("judge")
            judges = [self.named.judge(v, place, judge_base) for v in as_list(given)]
            values["judge"] = tuple(dict.fromkeys(j for j in judges if j))
            under = {j: f", norms {j.norms.name}" if j.norms else "" for j in values["judge"]}
            self.named.once([f"{j.judge} ({j.mode}{under[j]})" for j in values["judge"]], place)
            if not given and given != "" and not self.unjudged:
                self.problems.append(f"{place}: empty; name at least one judge.")
            if values["judge"] and all(j.refusals_only for j in values["judge"]):
                self.problems.append(
                    f"{place}: refusals_only gives no safety rates; name another judge beside it."
                )
        mitigations.join(values, Config().judge, self.named, judge_base)
        for key, forms in (
            ("translator", self.known.translators),
            ("quality", self.known.estimators),
        ):
            if key in values:
                place, given = values.pop(key)
                steps = [self.named.step(v, place, forms, base) for v in as_list(given)]
                values[key] = tuple(dict.fromkeys(step for step in steps if step))
                self.named.once([step.name for step in values[key]], place)


def some(config: Config, names: Iterable[str]) -> dict[str, Any]:
    """Return settings by name."""
    return {name: getattr(config, name) for name in names}


def to_table(config: Config) -> dict[str, Any]:
    """Return the configuration as a TOML table with every default written out."""
    brought = {model.provider for model in config.target} == {IMPORTED}
    left_out = (*_NAMED, *OF_MACHINE, *(OF_ASKING if brought else ()))
    table = {
        name: list(value) if isinstance(value, tuple) else value
        for name in FIELDS
        if (value := getattr(config, name)) is not None
        and name not in left_out
        and not (brought and name == "system" and not value)
    }
    for name in _ADDRESSES:
        if len(given := table.pop(name)) > 0:
            table[name] = given[0] if len(given) == 1 else given
    table["columns"] = dict(config.columns)
    table["prompts"] = config.prompts[0] if len(config.prompts) == 1 else list(config.prompts)
    if config.read_as:
        table["read_as"] = dict(config.read_as)
    else:
        del table["read_as"]
    return table | named_tables(
        config.target, config.judge, translator=config.translator, quality=config.quality
    )
