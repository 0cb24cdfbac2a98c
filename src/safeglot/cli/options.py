"""Flags of the configuration, one for each key, and the configuration that they make."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from safeglot.cli.help import FIRST, GROUPS, grouped
from safeglot.errors import UsageError

if TYPE_CHECKING:
    from safeglot.config.settings import Config


class Number(click.ParamType[Any]):
    """A number; what is none is passed on, so that the configuration reports all faults at once."""

    def __init__(self, kind: type) -> None:
        self.kind = kind
        self.name = "integer" if kind is int else "float"

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:  # noqa: ARG002 - click's signature
        """Return the number, or the text as it is."""
        try:
            return self.kind(value)
        except ValueError:
            return value


_TYPES: dict[str, Any] = {
    "int": Number(int), "int | str": Number(int), "float": Number(float),
}  # fmt: skip


_MANY = (
    "prompts", "target", "judge", "base_url", "judge_base_url", "columns", "read_as", "translator", "quality",
    "history",
)  # fmt: skip
"""Settings whose flag may be repeated."""
_SHORT = {"translator": "--with", "patience_s": "--patience"}
"""Settings with a second flag, which comes first."""


FRONT = (
    "languages", "limit", "plan", "target", "base_url", "key_env", "judge", "judge_base_url", "samples",
    "budget_usd", "out",
)  # fmt: skip
"""Settings that the help of a run shows first."""
_SERVERS = "Servers and limits"
PATH = click.Path(path_type=Path)
RUN = click.argument("run", type=PATH)
QUIET = click.option("--quiet", is_flag=True, help="no progress, only the result")


def show(text: str) -> None:
    """Print a result."""
    from safeglot.backends.console import Console

    Console().show(text)


def options(
    only: Sequence[str] | None = None,
    *,
    but: Collection[str] = (),
    file: bool = True,
    first: Sequence[str] = FRONT,
) -> Callable[..., Any]:
    """Return a decorator that adds a flag for each key of the configuration, and what is worked on.

    `first` are those that the help shows first, in this order.
    """
    from safeglot.config.settings import FIELDS, HELP

    wanted = [n for n in FIELDS if (only is None or n in only) and n not in but]
    names = [n for n in first if n in wanted] + [n for n in wanted if n not in first]

    def add(command: Callable[..., Any]) -> Callable[..., Any]:
        for name in reversed(names):
            groups = (title for title, names in GROUPS.items() if name in names)
            group = FIRST if name in first else next(groups, FIRST)
            command = _option(name, str(FIELDS[name].type), group, text=HELP[name])(command)
        command = grouped(
            FIRST,
            "--preset",
            metavar="NAME",
            help="settings to begin with: quick, m-alert, release",
        )(command)
        if not file:
            return command
        return click.argument("what", metavar="[CONFIG|RUN|PROMPTS]", required=False)(command)

    return add


def _option(name: str, kind: str, group: str, *, text: str) -> Callable[..., Any]:
    flag = f"--{name.replace('_', '-')}"
    if kind == "bool":
        return grouped(group, f"{flag}/--no-{flag[2:]}", name, default=None, help=text)
    metavar = {
        "languages": "TAGS",
        "to": "TAGS",
        "columns": "NAME=COLUMN",
        "read_as": "WORD=MEANT",
        "max_tokens": "N[,TAG=N]",
    }.get(name)
    flags = (_SHORT[name], flag) if name in _SHORT else (flag,)
    return grouped(
        group,
        *flags,
        name,
        multiple=name in _MANY,
        default=None,
        type=_TYPES.get(kind.removesuffix(" | None"), str),
        metavar=metavar,
        help=text,
    )


def of_cluster(command: Callable[..., Any]) -> Callable[..., Any]:
    """Return a command with the flags of a cluster."""
    from safeglot.config.settings import FIELDS, HELP, OF_CLUSTER

    for name in reversed(OF_CLUSTER):
        command = _option(name, str(FIELDS[name].type), "Cluster", text=HELP[name])(command)
    return command


PROXY = grouped(
    _SERVERS,
    "--proxy",
    help="HTTP proxy of all servers, http://HOST:PORT, or environment for HTTPS_PROXY and NO_PROXY",
)
HTTP_CLIENT = grouped(
    _SERVERS,
    "--http-client",
    metavar="NAME",
    help="what asks servers: auto, aiohttp, or pycurl (plain http without a proxy)",
)
ALLOW = grouped(
    _SERVERS,
    "--allow",
    multiple=True,
    metavar="URL[=VAR]",
    help="an address that a run of somebody else names, and the variable of its key; may be repeated",
)


def config_of(
    what: str | None,
    flags: dict[str, Any],
    *,
    allow: tuple[str, ...] | None = (),
    here: bool = True,
) -> Config:
    """Return the configuration of a file, a run or prompts, under the flags. Raises: UsageError.

    `here` says whether the file in this folder is read where nothing is named.
    """
    from safeglot.config.files import HERE, configured, named

    given = {k: v for k, v in flags.items() if v is not None and v != ()}
    for name in ("columns", "read_as"):
        if name in given:
            from safeglot.config.checks import pairs

            given[name] = pairs(given[name], f"--{name.replace('_', '-')}")
    path, more = named(what, given) if what is not None or here else (None, {})
    if what is None and path is not None:
        click.echo(f"note: settings of ./{HERE}; flags go before them", err=True)
    return configured(path, {**given, **more}, allow=allow)


def begun_config(
    what: str | None, flags: dict[str, Any], *, allow: tuple[str, ...] | None = ()
) -> Config:
    """Return the configuration of something to begin or go on with. Raises: UsageError where nothing is named."""
    from safeglot.config.files import HERE, named
    from safeglot.config.settings import EMBEDDED

    is_named = what is not None or any(v not in (None, ()) for v in flags.values())
    if not is_named and not Path(HERE).is_file():
        raise UsageError(
            f"nothing is named, and there is no {HERE} here. Write one with four answers:\n"
            "  safeglot init\nor name prompts and a model:\n"
            "  safeglot run mini --languages en,de,sw --target vllm/OWNER/MODEL"
        )
    config = config_of(what, flags, allow=allow)
    if named(what, {})[0] is None and not flags.get("target"):
        note = f"no --target is named, so {EMBEDDED} is asked, a tiny model that shows the tool"
        click.echo(f"note: {note}", err=True)
    return config


def given_text(config: Config, what: str | None, flags: dict[str, Any]) -> str:
    """Return as TOML what a file, a preset and flags give."""
    from safeglot.config.files import given_table, named

    given = {k: v for k, v in flags.items() if v is not None and v != ()}
    path, more = named(what, given)
    return given_table(config, path, {**given, **more}).rstrip("\n")
