"""A configuration file, read under the flags of the command line."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from safeglot.backends.files import datasets, rundir
from safeglot.backends.files.links import check_own, check_regular
from safeglot.backends.files.rundir import RunDir
from safeglot.config import addresses, naming, registry
from safeglot.config.endpoints import MODEL_KEYS, Named, models_of, with_key
from safeglot.config.model_strings import Known
from safeglot.config.settings import OF_MACHINE, Config, build, read_toml
from safeglot.errors import UsageError

_FOR_NEW = ("base_url", "judge_base_url", "key_env", "out", *OF_MACHINE)


def known() -> Known:
    """Return the names that a configuration may use."""
    judges = {family: registry.needs_model(family) for family in registry.judge_families()}
    return Known(
        providers=registry.model_providers(),
        judges=judges,
        translators=registry.TRANSLATORS,
        estimators=registry.ESTIMATORS,
    )


def configured(
    path: Path | None, flags: Mapping[str, Any], *, allow: Collection[str] | None = ()
) -> Config:
    """Return the configuration of a TOML file, where there is one, under the flags.

    `allow` names endpoints of a stored run's file again; None where nothing is asked.
    Raises: UsageError.
    """
    if path is None:
        config = build({}, known=known(), flags=flags)
        return with_key(config, config.base_url)
    hint = "Give a TOML file"
    if path.suffix.lower() in datasets.SUFFIXES:
        hint += f", or did you mean --prompts {path}?"
    elif (path / "run.toml").is_file():
        hint += f", such as {path / 'run.toml'}"
    if path.suffix.lower() in datasets.SUFFIXES or path.is_dir():
        raise UsageError(f"{path}: is no configuration. {hint.rstrip('.')}.".replace("?.", "?"))
    if (run_dir := naming.run_of(path)) is not None:
        check_regular([path])
        check_own([run_dir.config])
    table = read_toml(rundir.read_text(path, hint), str(path))
    if run_dir is not None:
        return _stored(run_dir, table, flags, allow=allow, where=str(path))
    config = build(table, known=known(), where=str(path), flags=flags)
    addresses.check_taken({key: models_of(config, [key]) for key in MODEL_KEYS}, flags, str(path))
    return with_key(config, config.base_url)


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
    config = build({**own, "out": str(run_dir.path)}, known=known(), where=where, flags=flags)
    config = with_key(config, config.base_url)
    stored = models_of(config, [key for key in MODEL_KEYS if key not in flags])
    for addresses_named in (config.base_url, config.judge_base_url):
        named = Named(base_url=addresses_named, key_env=config.key_env)
        stored = [model for model in stored if not named.again(model)]
    if allow is not None:
        naming.check(run_dir, stored, Named(allow=allow))
    return config
