"""The command doctor: what is installed and set, which servers answer, whether models and judges work."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import click

from safeglot.cli.options import ALLOW, PROXY, config_of
from safeglot.errors import UsageError


@click.command()
@click.argument("what", metavar="[CONFIG|RUN]", required=False)
@click.option("--base-url", multiple=True, help="ask this server whether it answers")
@click.option(
    "--key-env", default="", metavar="VAR", help="variable of the key that it is asked with"
)
@PROXY
@ALLOW
def doctor(
    what: str | None,
    *,
    base_url: tuple[str, ...],
    key_env: str,
    proxy: str | None,
    allow: tuple[str, ...],
) -> None:
    """Tell what is installed; try the models and judges of CONFIG.

    Each of its models is asked one harmless question, each judge its first check (four exchanges);
    what is wrong is told with what to do, and the exit code is 2.
    """
    from safeglot.backends.console import Console
    from safeglot.config.checks import variable_fault

    console = Console()
    if key_env and (fault := variable_fault(key_env)):
        raise UsageError(f"--key-env: {fault}")
    places = [("--base-url", url, key_env) for url in base_url]
    given = config_of(what, {"proxy": proxy}, allow=allow, here=False)
    if what is not None:
        from safeglot.config.endpoints import endpoints_of, models_of

        found = endpoints_of(models_of(given))
        places += [(", ".join(names), *endpoint) for endpoint, names in found.items()]
    if what is None:
        console.show(doctor_text(places, given.proxy))
        return
    console.show(endpoints_text(places, given.proxy))
    from safeglot.flow.checkup import check_up

    check_up(given, console, what)


def doctor_text(places: Sequence[tuple[str, str, str]] = (), proxy: str | None = None) -> str:
    """Return what is there to work with; of servers only those at places that were named."""
    from safeglot.backends import doctor

    parts = [_block("installed", doctor.installed()), _block("keys", doctor.keys())]
    return "\n\n".join([*parts, endpoints_text(places, proxy)])


def endpoints_text(places: Sequence[tuple[str, str, str]], proxy: str | None) -> str:
    """Return which of the servers at places that were named answers."""
    from safeglot.backends import doctor

    none = (
        "none was named: give --base-url URL, or a configuration file, whose models are tried too"
    )
    found = doctor.endpoints(places, proxy)
    rows = [
        (name, f"{at.said}; is it {at.better}?" if at.better else at.said) for name, at in found
    ]
    return _block("endpoints", rows or [(none, "")])


def _block(title: str, rows: Iterable[tuple[str, str]]) -> str:
    rows = list(rows)
    wide = max((len(name) for name, _ in rows), default=0)
    return "\n".join([title, *(f"  {name:<{wide}}  {text}".rstrip() for name, text in rows)])
