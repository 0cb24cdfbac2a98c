"""Flags of the configuration, one for each key, and the configuration that they make."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

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
    "int": Number(int),
    "int | None": Number(int),
    "float": Number(float),
    "float | None": Number(float),
}


_MANY = ("target", "judge", "base_url", "judge_base_url", "columns", "translator", "quality")
"""Settings whose flag may be repeated."""
_SHORT = {"translator": "--with", "patience_s": "--patience"}
"""Settings with a second flag, which comes first."""


def options(
    only: tuple[str, ...] | None = None, *, but: tuple[str, ...] = (), file: bool = True
) -> Callable[..., Any]:
    """Return a decorator that adds a flag for each key of the configuration, and its file."""
    from safeglot.config.settings import FIELDS

    names = [n for n in FIELDS if (only is None or n in only) and n not in but]

    def add(command: Callable[..., Any]) -> Callable[..., Any]:
        for name in reversed(names):
            command = _option(name, FIELDS[name])(command)
        if not file:
            return command
        return click.argument("config", required=False, type=click.Path(path_type=Path))(command)

    return add


def _option(name: str, field: Any) -> Callable[..., Any]:
    flag, text, kind = f"--{name.replace('_', '-')}", field.metadata["help"], str(field.type)
    if kind == "bool":
        return click.option(f"{flag}/--no-{flag[2:]}", name, default=None, help=text)
    many = name in _MANY
    metavar = {"languages": "TAGS", "to": "TAGS", "columns": "NAME=COLUMN"}.get(name)
    flags = (_SHORT[name], flag) if name in _SHORT else (flag,)
    return click.option(
        *flags,
        name,
        multiple=many,
        default=None,
        type=_TYPES.get(kind, str),
        metavar=metavar,
        help=text,
    )


PROXY = click.option(
    "--proxy",
    default=None,
    help="HTTP proxy of all servers, http://HOST:PORT, or environment for HTTPS_PROXY and NO_PROXY",
)
HTTP_CLIENT = click.option(
    "--http-client",
    default=None,
    metavar="NAME",
    help="what asks servers: auto, aiohttp, or pyreqwest (plain http without a proxy)",
)
ALLOW = click.option(
    "--allow",
    multiple=True,
    metavar="URL[=VAR]",
    help="an address that a run of somebody else names, and the variable of its key; may be repeated",
)


def config_of(
    path: Path | None, flags: dict[str, Any], *, allow: tuple[str, ...] | None = ()
) -> Config:
    """Return the configuration of a file under the flags. Raises: UsageError."""
    from safeglot.config.files import configured

    given = {k: v for k, v in flags.items() if v is not None and v != ()}
    if "columns" in given:
        from safeglot.config.checks import pairs

        given["columns"] = pairs(given["columns"])
    return configured(path, given, allow=allow)
