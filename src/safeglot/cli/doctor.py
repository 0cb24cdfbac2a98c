"""The command doctor: what is installed, which keys are set, which servers answer."""

from __future__ import annotations

from collections.abc import Sequence

import click

from safeglot.cli.options import ALLOW, PROXY, config_of


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
    """Tell what is installed, which keys are set, which servers answer.

    CONFIG is a file whose models' servers are asked too.
    """
    from safeglot.backends.console import Console

    places = [("--base-url", url, key_env) for url in base_url]
    given = config_of(what, {"proxy": proxy}, allow=allow, here=False)
    if what is not None:
        from safeglot.config.endpoints import endpoints_of, models_of

        found = endpoints_of(models_of(given))
        places += [(", ".join(names), *endpoint) for endpoint, names in found.items()]
    Console().show(doctor_text(places, given.proxy))


def doctor_text(places: Sequence[tuple[str, str, str]] = (), proxy: str | None = None) -> str:
    """Return what is there to work with; of servers only those at places that were named."""
    from safeglot.backends import doctor

    none = "none was named: give --base-url URL, or a configuration file"
    parts = {
        "installed": doctor.installed(),
        "keys": doctor.keys(),
        "endpoints": [(name, at.said) for name, at in doctor.endpoints(places, proxy)]
        or [(none, "")],
    }
    blocks = []
    for title, rows in parts.items():
        wide = max((len(name) for name, _ in rows), default=0)
        lines = (f"  {name:<{wide}}  {text}".rstrip() for name, text in rows)
        blocks.append("\n".join([title, *lines]))
    return "\n\n".join(blocks)
