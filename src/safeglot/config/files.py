"""A configuration file, read under the flags of the command line."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from safeglot.backends.files import datasets, rundir
from safeglot.backends.files.links import check_own, check_regular
from safeglot.backends.files.rundir import RunDir
from safeglot.backends.models.routes import IMPORTED
from safeglot.config import addresses, checks, naming, presets, prices, registry
from safeglot.config.endpoints import MODEL_KEYS, Named, models_of, with_key, with_models
from safeglot.config.engines import model_providers
from safeglot.config.model_strings import Known, ModelConfig, as_list
from safeglot.config.premiums import with_premiums
from safeglot.config.settings import HELP, OF_CLUSTER, OF_MACHINE, Config, build, some, to_table
from safeglot.errors import UsageError

_FOR_NEW = ("base_url", "judge_base_url", "key_env", "out", *OF_MACHINE)


def known(*, stored: bool = False) -> Known:
    """Return the names that a configuration may use; that of a stored run may name what a file brought."""
    judges = {family: registry.needs_model(family) for family in registry.judge_families()}
    return Known(
        providers=(*model_providers(), *((IMPORTED,) if stored else ())),
        judges=judges if stored else {f: asks for f, asks in judges.items() if f != IMPORTED},
        translators=registry.TRANSLATORS,
        estimators=registry.ESTIMATORS,
    )


HERE = "safeglot.toml"
"""The configuration that is read where nothing is named."""


def named(what: str | None, flags: Mapping[str, Any]) -> tuple[Path | None, dict[str, Any]]:
    """Return the configuration file that a command works on, or the prompts as a flag.

    Raises: UsageError where it is neither, or prompts are named by a flag as well.
    """
    if what is None:
        return (Path(HERE) if Path(HERE).is_file() else None), {}
    path = Path(what)
    if (path / "run.toml").is_file():
        return path / "run.toml", {}
    if path.suffix.lower() == ".toml":
        return path, {}
    if not datasets.names_prompts(what):
        kind = "no such file or folder"
        if path.is_dir():
            kind = (
                f"a folder without a run (prompts in it are read by --prompts {shlex.quote(what)})"
            )
        near = checks.nearest(what, [*datasets.PACKAGED, *_likely(path.parent)])
        raise UsageError(
            f"{what}: {kind}.{near} Allowed: a configuration (.toml), a run's folder, or prompts "
            f"({HELP['prompts']}). `safeglot init` writes a configuration."
        )
    if "prompts" in flags:
        also = ", ".join(as_list(flags["prompts"]))
        raise UsageError(
            f"prompts twice: {what} and --prompts {also}. Keep one, or give each by --prompts."
        )
    return None, {"prompts": what}


def _likely(folder: Path) -> list[str]:
    """Return what of a folder a command could work on."""
    there = folder.iterdir() if folder.is_dir() else ()
    suffixes = (".toml", *datasets.SUFFIXES)
    return [str(p) for p in there if p.suffix.lower() in suffixes or (p / "run.toml").is_file()]


def configured(
    path: Path | None, flags: Mapping[str, Any], *, allow: Collection[str] | None = ()
) -> Config:
    """Return the configuration of a TOML file, where there is one, under the flags, over a preset.

    `allow` names endpoints of a stored run's file again; None where nothing is asked.
    Raises: UsageError.
    """
    flags = dict(flags)
    preset = flags.pop("preset", None)
    under = checks.read_toml(presets.text_of(preset), preset) if preset else {}
    if path is None:
        config = build(under, known=known(), flags=flags)
        return with_premiums(prices.priced(with_key(config, config.base_url)))
    if (run_dir := naming.run_of(path)) is not None:
        check_regular([path])
        check_own([run_dir.config])
    table = checks.read_toml(rundir.read_text(path, "Give a TOML file"), str(path))
    if run_dir is not None:
        if preset:
            raise UsageError(f"--preset {preset}: is for a new run; {path} has its settings.")
        return prices.priced(_stored(run_dir, table, flags, allow=allow, where=str(path)))
    config = build({**under, **table}, known=known(), where=str(path), flags=flags)
    addresses.check_taken({key: models_of(config, [key]) for key in MODEL_KEYS}, flags, str(path))
    return with_premiums(prices.priced(with_key(config, config.base_url)))


def judging(named: Named, path: Path | None, flags: Mapping[str, Any]) -> Named:
    """Return what is named for a run, with what a file, and flags before it, say of its judges.

    These are the judges, whether one of refusals joins, and the cluster. Raises: UsageError, also
    for a file that names no judge where no flag does.
    """
    config, told = configured(path, flags, allow=named.allow), {**table_of(path), **flags}
    if path is not None and "judge" not in told:
        raise UsageError(f"{path}: names no judge. Write a [[judge]] table, or give --judge.")
    refusals = named.refusal_judge
    return replace(
        named,
        judges=config.judge if "judge" in told else (),
        refusal_judge=told.get("refusal_judge") if refusals is None else refusals,
        cluster=some(config, OF_CLUSTER),
    )


def table_of(path: Path | None) -> dict[str, Any]:
    """Return the settings that a TOML file names; of no file none. Raises: UsageError."""
    if path is None:
        return {}
    return checks.read_toml(rundir.read_text(path, "Give a TOML file"), str(path))


def given_table(config: Config, path: Path | None, flags: Mapping[str, Any]) -> str:
    """Return as TOML what a preset, a file and flags give together, without other defaults."""
    import tomli_w

    table = table_of(path)
    preset = flags.get("preset")
    head = presets.text_of(preset) if preset else ""
    whole = {**checks.read_toml(head, str(preset)), **table, **flags}
    comment = "".join(f"{line}\n" for line in head.splitlines() if line.startswith("# "))
    return comment + tomli_w.dumps({k: v for k, v in to_table(config).items() if k in whole})


def _is_imported(table: Mapping[str, Any]) -> bool:
    """Return whether a stored run's table names answers that a file brought."""
    names = (m.get("model") if isinstance(m, dict) else m for m in as_list(table.get("target", ())))
    return any(str(name).startswith(f"{IMPORTED}/") for name in names)


def _unspread(model: ModelConfig) -> ModelConfig:
    """Return a model without how it is spread over a cluster, which is the machine's to say."""
    return replace(model, replicas=None, gpus_per_replica=None)


def _stored(
    run_dir: RunDir,
    table: Mapping[str, Any],
    flags: Mapping[str, Any],
    *,
    allow: Collection[str] | None,
    where: str,
) -> Config:
    """Return the configuration that a run was begun with, to go on with it where it is now.

    Each of its models has its own address there, which one on the command line takes the place of;
    what stands beside them is for new models.
    """
    there = addresses.moved(table, flags, where)
    own = {key: value for key, value in there.items() if key not in _FOR_NEW}
    if _is_imported(own):
        raise UsageError(
            f"{run_dir.path}: its answers were imported, so there is no model to ask; nothing was "
            f"sent. Judge them: safeglot judge {run_dir.path} --judge FAMILY=PROVIDER/MODEL; then: "
            f"safeglot score {run_dir.path}"
        )
    config = build({**own, "out": str(run_dir.path)}, known=known(), where=where, flags=flags)
    config = with_key(with_models(config, _unspread), config.base_url)
    stored = models_of(config, [key for key in MODEL_KEYS if key not in flags])
    for addresses_named in (config.base_url, config.judge_base_url):
        named = Named(base_url=addresses_named, key_env=config.key_env)
        stored = [model for model in stored if not named.again(model)]
    if allow is not None:
        naming.check(run_dir, stored, Named(allow=allow))
    return config
