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
from safeglot.config import checks
from safeglot.config.model_strings import (
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
from safeglot.types import DRAWS, LEVELS, SAMPLES, Kind

EMBEDDED = "embedded/smollm2-135m"
"""The target where none is named."""


def _option(
    default: Any, text: str, *, least: float | None = None, most: float | None = None
) -> Any:
    meta = {"help": text, "least": least, "most": most}
    if callable(default):
        return field(default_factory=default, metadata=meta)
    return field(default=default, metadata=meta)


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """All that a run is told. Field names are the keys of the TOML and the flags."""

    prompts: tuple[str, ...] = _option(
        ("mini",),
        "mini, a file, a folder, a pattern such as set/{language}/{category}.csv, or hf:owner/name; may be repeated",
    )
    columns: Mapping[str, str] = _option(
        dict, "our name=the file's column, e.g. id=qid,text=question; category==all for one of all"
    )
    read_as: Mapping[str, str] = _option(
        dict, "a word of the file=what it means, e.g. hateful=harmful,0=benign,sp=es"
    )
    taxonomy: str | None = _option(None, "TOML file with macro categories and judge coverage")
    languages: tuple[str, ...] = _option(
        (), "BCP-47 tags, e.g. en,de,sw; all of the file by default"
    )
    reference: str = _option("en", "language that the others are compared with")
    categories: tuple[str, ...] = _option((), "only these categories")
    kinds: tuple[Kind, ...] = _option(("harmful",), "harmful, benign or both")
    limit: int | None = _option(None, "prompts per category and language", least=1)
    select_seed: int = _option(0, "seed of the selection under --limit")
    allow_partial: bool = _option(False, "keep the prompts that are there in every language")
    unpaired: bool = _option(
        False, "the languages have prompts of their own, not the same ones: compared unpaired"
    )
    shard: str | None = _option(
        None, "a part of the prompts in every category: 1/4 is the first of four; merge joins them"
    )
    plan: str = _option(
        "full", "how much is asked: full, or until it is known: screen, certify, bands"
    )
    within: float = _option(
        2.0, "of screen: points to which each language's average is wanted", least=0.1, most=50
    )
    drop: float | None = _option(
        None,
        "of screen: go on until a loss of so many points to the reference is ruled out, or a gap shown",
        least=0.1,
        most=50,
    )
    target: tuple[ModelConfig, ...] = _option(
        lambda: (ModelConfig(model=EMBEDDED),), "provider/model; may be repeated"
    )
    judge: tuple[JudgeConfig, ...] = _option(
        lambda: (
            JudgeConfig(judge="refusal-baseline", family="refusal-baseline", by_default=True),
        ),
        "family=provider/model, refusal-encoder, refusal-baseline or refusal-encoder-e5; may be repeated",
    )
    refusal_judge: bool = _option(
        True, "an embedded judge of refusals joins where benign prompts are asked"
    )
    base_url: tuple[str, ...] = _option(
        (), "address of the servers named on the command line; may be repeated for replicas"
    )
    judge_base_url: tuple[str, ...] = _option(
        (), "address of the judges' server, where it differs; may be repeated for replicas"
    )
    key_env: str | None = _option(
        None, "environment variable that holds the key of the servers named on the command line"
    )
    proxy: str | None = _option(
        None,
        "HTTP proxy of all servers, http://HOST:PORT, or environment for HTTPS_PROXY and NO_PROXY; none by default",
    )
    http_client: str = _option(
        "auto", "what asks servers: auto, aiohttp, or pycurl (plain http without a proxy)"
    )
    judge_thoughts: bool = _option(
        False, "judge the thoughts before the answers too, in rates of their own"
    )
    raw: bool = _option(False, "send bare text as a completion (base models)")
    system: str = _option("", "system prompt of the targets")
    max_tokens: int = _option(200, "new tokens an answer", least=1)
    thought_tokens: int = _option(
        0, "further tokens for the thought of a target that thinks", least=0
    )
    temperature: float = _option(1.0, "sampling temperature; 0 is greedy", least=0, most=5)
    top_p: float = _option(1.0, "nucleus sampling", least=1e-6, most=1)
    seed: int = _option(0, "what the seed of each answer is derived from", least=0)
    samples: int = _option(1, "answers a prompt", least=SAMPLES[0], most=SAMPLES[1])
    arms: tuple[str, ...] = _option(
        (), "roundtrip, roundtrip2, backtranslate, translators, reverse"
    )
    arm_texts: tuple[str, ...] = _option(
        (), "files with the texts of the arms; human=FILE is people's work"
    )
    to: tuple[str, ...] = _option((), "languages to translate the prompts into, e.g. sw,yo")
    translator: tuple[StepConfig, ...] = _option(
        (),
        "apertium, ct2/PATH, hf/NAME, bergamot/en-pt, llm=provider/model, file=PATH or human=PATH (people's work); may be repeated",
    )
    quality: tuple[StepConfig, ...] = _option(
        (),
        "roundtrip-chrf, encoder-cosine, roundtrip-encoder, cometkiwi=NAME, africomet=NAME, ssa-comet=NAME, metricx=NAME, llm-da=provider/model or llm-spans=provider/model; may be repeated",
    )
    gate: str = _option(
        "0.5", "least quality of a translation, from 0 to 1; none; or a TOML file for each language"
    )
    translations: str | None = _option(
        None, "folder of a translation set: used if it is there, else made"
    )
    probes: tuple[str, ...] = _option(
        (), "variants of kept texts, e.g. codeswitch=word,translit,framing=story"
    )
    probe_share: float = _option(
        0.3, "share of a text that code-switching replaces", least=0.01, most=0.99
    )
    probe_seed: int = _option(0, "seed of the probes, the same in every language", least=0)
    concurrency: int = _option(64, "most requests in flight per endpoint", least=1)
    timeout_s: float = _option(120.0, "seconds until a request is given up", least=0.01, most=86400)
    patience_s: float = _option(
        600.0, "seconds that a server which answered before is waited for", least=0, most=604800
    )
    retries: int = _option(4, "retries a request", least=0)
    batch: bool = _option(False, "by the batch APIs of makers: half the price, up to a day")
    budget_tokens: int | None = _option(None, "stop after this many tokens", least=1)
    budget_usd: float | None = _option(
        None, "stop after this cost, where prices are given", least=0
    )
    prices: str | None = _option(
        None, "TOML file with prices of models; the file in SAFEGLOT_PRICES by default"
    )
    max_missing: float = _option(
        0.1, "share of missing verdicts that ends with exit code 3", least=0, most=1
    )
    level: float = _option(
        0.95, "confidence level of all intervals", least=LEVELS[0], most=LEVELS[1]
    )
    bootstrap: int = _option(
        1000, "draws of the bootstrap over prompts; 0 for none", least=DRAWS[0], most=DRAWS[1]
    )
    answers: int = _option(
        2000,
        "answers shown in report.html beside all unsafe, blocked and unread ones; 0: none",
        least=0,
    )
    out: str | None = _option(None, "the run's folder; runs/<prompts>-<target> by default")
    engine: str = _option("local", "what carries the requests: local, or ray, a cluster")
    ray_address: str | None = _option(
        None, "HOST:PORT of a Ray cluster or auto; else one starts here"
    )
    replicas: int = _option(1, "processes of each model under --engine ray", least=1, most=4096)
    gpus_per_replica: float | None = _option(None, "GPUs of each; else 1 if any", least=0, most=64)

    def __post_init__(self) -> None:
        """Take one name of prompts for a list of one."""
        if isinstance(self.prompts, str):
            object.__setattr__(self, "prompts", (self.prompts,))


FIELDS = {f.name: f for f in dataclasses.fields(Config)}
_CHOICES = {
    "kinds": ("harmful", "benign"),
    "arms": ("roundtrip", "roundtrip2", "backtranslate", "translators", "reverse"),
}
_LISTS = frozenset({"languages", "to", "categories", "arm_texts", "probes", *_CHOICES})
_NAMED = ("target", "judge", "translator", "quality")
OF_ASKING = ("raw", "max_tokens", "thought_tokens", "temperature", "top_p", "seed")
"""Settings by which targets are asked: of answers that a file brought they are not known."""
OF_MACHINE = (
    "proxy", "http_client", "prices", "engine", "ray_address", "replicas", "gpus_per_replica",
)  # fmt: skip
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
                read = self.addresses if key in _ADDRESSES else self.setting
                checked = read(key, value, place(key))
                if checked is not None:
                    values[key] = checked
        return values

    def setting(self, key: str, value: Any, where: str) -> Any:
        spec = FIELDS[key]
        if key in _LISTS and isinstance(value, str):
            value = [part.strip() for part in value.split(",") if part.strip()]
            if not value:
                self.problems.append(
                    f"{where}: empty; leave it out, or give {spec.metadata['help']}."
                )
                return None
        if key == "prompts" and isinstance(value, str):
            value = [value]
        if key == "gate" and isinstance(value, (int, float)) and not isinstance(value, bool):
            value = str(value)
        value, fault = checks.typed(value, str(spec.type))
        if not fault and isinstance(value, (int, float)):
            fault = checks.bounds_fault(value, spec.metadata["least"], spec.metadata["most"])
        if not fault and isinstance(value, str) and not value.strip() and key != "system":
            fault = f"got {value!r}; leave it out, or give {spec.metadata['help']}."
        if not fault and key in _FAULTS:
            fault = _FAULTS[key](value)
        if not fault and key == "shard":
            value, fault = checks.shard(value)
        if fault:
            self.problems.append(f"{where}: {fault}")
            return None
        return self.strings(key, value, where)

    def addresses(self, _key: str, value: Any, where: str) -> tuple[str, ...] | None:
        found, fault = checks.addresses(value)
        if fault:
            self.problems.append(f"{where}: {fault}")
        return None if fault else found

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
            self.problems.append(f"{where}: got ''; give {FIELDS['prompts'].metadata['help']}.")
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
            self.named.once([f"{j.judge} ({j.mode})" for j in values["judge"]], place)
            if not given and given != "" and not self.unjudged:
                self.problems.append(f"{place}: empty; name at least one judge.")
            if values["judge"] and all(j.refusals_only for j in values["judge"]):
                self.problems.append(
                    f"{place}: refusals_only gives no safety rates; name another judge beside it."
                )
        for key, forms in (
            ("translator", self.known.translators),
            ("quality", self.known.estimators),
        ):
            if key in values:
                place, given = values.pop(key)
                steps = [self.named.step(v, place, forms, base) for v in as_list(given)]
                values[key] = tuple(dict.fromkeys(step for step in steps if step))
                self.named.once([step.name for step in values[key]], place)


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
