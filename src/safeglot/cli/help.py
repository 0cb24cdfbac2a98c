"""How help is laid out: commands in sections, flags in groups, the nearest name of a misspelt one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import click

from safeglot.errors import UsageError

SECTIONS: Mapping[str, Sequence[str]] = {
    "Commands": (
        "init", "run", "import", "view", "label", "why", "guide", "compare", "check", "guards", "demo",
        "doctor",
    ),
    "Stages, one at a time": ("prompts", "translate", "generate", "judge", "score", "report"),
    "Tools": (
        "show", "export", "ls", "merge", "annotate", "plan", "arms", "ratings", "experiment",
        "fetch-embedded",
    ),
}  # fmt: skip
"""Title -> its commands in their order; a name without a command is not shown."""
FIRST = "Options"
GROUPS = {
    "Prompts": (
        "prompts", "columns", "read_as", "taxonomy", "reference", "categories", "kinds", "select_seed",
        "allow_partial", "unpaired", "shard", "within", "drop", "history",
    ),
    "Answers": (
        "raw", "system", "max_tokens", "thought_tokens", "temperature", "top_p", "seed",
    ),
    "Judging": ("judge_thoughts", "refusal_judge"),
    "Translation": ("to", "translator", "quality", "gate", "translations"),
    "Causes and probes": ("arms", "arm_texts", "probes", "probe_share", "probe_seed", "mitigations"),
    "Servers and limits": (
        "batch", "prices", "proxy", "http_client", "concurrency", "timeout_s", "patience_s", "retries",
        "budget_tokens", "max_missing",
    ),
    "Cluster": ("engine", "ray_address", "replicas", "gpus_per_replica"),
    "Numbers and report": ("level", "bootstrap", "answers"),
}  # fmt: skip
"""Title -> its settings, in the help with all flags."""
_ALL = "safeglot.all_flags"


class SectionedGroup(click.Group):
    """Commands in sections, in the order in which they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names of all commands in their order, those of no section last."""
        listed = [n for names in SECTIONS.values() for n in names if n in self.commands]
        return [*listed, *(n for n in self.commands if n not in listed)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write a section for each group of commands."""
        left = self.list_commands(ctx)
        wide = max(map(len, left))
        for title, names in SECTIONS.items():
            if rows := [(n.ljust(wide), _first_line(self.commands[n])) for n in names if n in left]:
                with formatter.section(title):
                    formatter.write_dl(rows)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """Return the command of a name. Raises: UsageError with the nearest name."""
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            from safeglot.config.checks import nearest

            known = self.list_commands(ctx)
            raise UsageError(
                f"no such command {args[0]!r}.{nearest(args[0], known)} "
                f"Allowed: {', '.join(known)}. `safeglot --help` explains them."
            )
        return super().resolve_command(ctx, args)


def _first_line(command: click.Command) -> str:
    return " ".join((command.help or "").partition("\n\n")[0].split())


class GroupedCommand(click.Command):
    """A command with many flags: --help shows the first of them, --help-all the rest in groups."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return the parameters, --help-all before --help."""
        *params, last = super().get_params(ctx)
        every = click.Option(
            ["--help-all"], is_flag=True, is_eager=True, expose_value=False,
            callback=_show_all, help="show all flags and exit",
        )  # fmt: skip
        return [*params, every, last]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the flags by their groups; those of a setting have theirs from the configuration."""
        groups: dict[str, list[tuple[str, str]]] = {title: [] for title in (FIRST, *GROUPS)}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if isinstance(param, click.Option) and record is not None:
                groups[getattr(param, "group", FIRST)].append(record)
        shown = [title for title, rows in groups.items() if rows]
        if not ctx.meta.get(_ALL):
            shown = [FIRST]
        for title in shown:
            with formatter.section(title):
                formatter.write_dl(groups[title])
        rest = sum(len(rows) for title, rows in groups.items() if title not in shown)
        if rest:
            with formatter.indentation():
                formatter.write_paragraph()
                formatter.write_text(f"{rest} further flags: safeglot {self.name} --help-all")


def _show_all(context: click.Context, _param: click.Parameter, given: bool) -> None:  # noqa: FBT001 - click's signature
    if given:
        context.meta[_ALL] = True
        click.echo(context.get_help())
        context.exit()


class GroupedOption(click.Option):
    """A flag that stands in a group of the help."""

    def __init__(self, *args: Any, group: str = FIRST, **given: Any) -> None:
        super().__init__(*args, **given)
        self.group = group


def grouped(group: str, *names: str, **given: Any) -> Callable[..., Any]:
    """Return the decorator that adds a flag to a group."""
    return click.option(*names, cls=GroupedOption, group=group, **given)


_MEANT = {
    "--api-key": "--key-env", "--data": "--prompts", "--dataset": "--prompts", "--host": "--base-url",
    "--lang": "--languages", "--model": "--target", "--models": "--target", "--n": "--limit",
    "--output": "--out", "--output-dir": "--out", "--url": "--base-url",
}  # fmt: skip
"""Flags of other tools -> ours."""


def told(error: click.ClickException) -> str:
    """Return what is said of a command line that cannot be read: what, what was meant, where it is explained."""
    message, context = error.format_message(), getattr(error, "ctx", None)
    if context is None or "\n" in message:  # a help page
        return message if context else f"error: {message}"
    group = context.command
    if isinstance(error, click.NoSuchOption):
        message = f"{error.message}{_meant(error.option_name, group)}"
    elif "unexpected extra argument" in message:
        message += ". A list is one text with commas, as in --languages en,de,sw."
    elif isinstance(error, click.MissingParameter) and "RUN" in message:
        message += " Give a run's folder; `safeglot ls` lists those in ./runs."
    elif isinstance(group, click.Group):
        first = next(iter(group.commands))
        message += (
            f" Allowed: {', '.join(group.commands)}, as in `{context.command_path} {first} …`."
        )
    every = "--help-all" if isinstance(group, GroupedCommand) else "--help"
    return f"error: {message}\n`{context.command_path} {every}` explains it."


def _meant(flag: str, command: click.Command) -> str:
    """Return which flag of a command a wrong one most likely stands for."""
    from safeglot.config.checks import nearest

    known = [name for p in command.params for name in p.opts if name.startswith("--")]
    meant = _MEANT.get(flag)
    return f" Did you mean {meant!r}?" if meant in known else nearest(flag, known)
