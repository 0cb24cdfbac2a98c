"""The command translate: prompts into other languages, as a set that runs can name."""

from __future__ import annotations

from typing import Any

import click


@click.command()
@click.argument("prompts")
@click.option("--to", required=True, metavar="TAGS", help="languages to translate into, e.g. sw,yo")
@click.option(
    "--with",
    "translator",
    multiple=True,
    required=True,
    metavar="TRANSLATOR",
    help="apertium, ct2/PATH, hf/NAME, bergamot/en-pt, llm=provider/model or file=PATH; may be repeated",
)
@click.option(
    "--quality",
    multiple=True,
    metavar="ESTIMATOR",
    help="roundtrip-chrf, cometkiwi=NAME, metricx=NAME, llm-da=provider/model or llm-spans=provider/model; may be repeated",
)
@click.option(
    "--gate",
    default=None,
    help="least quality from 0 to 1 (0.5), none, or a TOML file for each language",
)
@click.option("--out", "translations", required=True, help="folder of the translation set")
@click.option(
    "--from", "reference", default=None, metavar="TAG", help="language of the prompts (en)"
)
@click.option("--columns", multiple=True, metavar="NAME=COLUMN", help="as in run")
@click.option("--categories", default=None, help="only these categories")
@click.option("--kinds", default=None, help="harmful, benign or both (both)")
@click.option("--limit", default=None, help="prompts per category")
@click.option("--base-url", default=None, help="address of the chat models named here")
@click.option("--concurrency", default=None, help="most requests in flight per endpoint")
@click.option("--budget-tokens", default=None, help="stop after this many tokens")
@click.option("--dry-run", is_flag=True, help="count texts and requests; ask nothing")
@click.option(
    "--again", is_flag=True, help="choose anew from what is stored, e.g. with another gate"
)
@click.option("--retry-failed", is_flag=True, help="try again what failed for good")
@click.option("--quiet", is_flag=True, help="no progress, only the result")
def translate(
    prompts: str, *, dry_run: bool, again: bool, retry_failed: bool, quiet: bool, **flags: Any
) -> None:
    """Translate PROMPTS, estimate the quality, check, choose and gate; write a translation set.

    \b
    safeglot translate mini --to es,ca --with apertium --quality roundtrip-chrf --out sets/mini
    safeglot run --prompts mini --translations sets/mini --target … --judge … --out runs/first
    """  # noqa: D301 - click reads the escape
    from safeglot import pipeline, sources, translation, translation_text
    from safeglot.backends.console import Console
    from safeglot.checks import pairs
    from safeglot.setting import configured

    given = {k: v for k, v in flags.items() if v is not None and v != ()}
    if "columns" in given:
        given["columns"] = pairs(given["columns"])
    given = {"kinds": "harmful,benign", **given, "prompts": prompts}
    config = configured(None, given)
    console = Console(quiet=quiet)
    if dry_run:
        console.show(translation_text.forecast(translation.plan(config, *sources.load(config))))
        return
    folder = pipeline.translate(config, console, again=again, retry_failed=retry_failed)
    console.show(translation_text.summary(folder, width=console.width))
