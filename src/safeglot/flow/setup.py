"""A first configuration: four questions, servers asked for their models, one TOML file."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

from safeglot.backends import doctor
from safeglot.backends.console import Console
from safeglot.backends.files.rundir import write_text
from safeglot.backends.models import routes
from safeglot.backends.models.listing import Listing
from safeglot.backends.models.providers import providers
from safeglot.config import presets, registry
from safeglot.config.checks import read_toml, url_fault, variable_fault
from safeglot.config.files import HERE, known
from safeglot.config.settings import FIELDS, Config, build
from safeglot.errors import UsageError
from safeglot.flow.prompts import load

Ask = Callable[[str, str | None], str]
"""Asks a question, and returns the answer; without a default one has to be given."""
LANGUAGES = "en,de,es,fr,it,sw"
_JUDGE = (
    "3 of 4. Judge: family=provider/model, as in llama-guard-3=vllm/meta-llama/Llama-Guard-3-8B; or "
    "nothing for the embedded one, which tells refusals only"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A model or a judge by its string, and where it is asked."""

    name: str = ""
    base_url: str = ""
    key_env: str = ""

    def table(self, key: str) -> dict[str, str]:
        """Return its table in the TOML."""
        given = {key: self.name, "base_url": self.base_url, "key_env": self.key_env}
        return {name: value for name, value in given.items() if value}


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstAnswers:
    """What the four questions ask for; what is empty is asked, or left at its default."""

    target: Place = field(default_factory=Place)
    languages: str = ""
    judge: Place = field(default_factory=Place)
    preset: str = ""


def set_up(given: FirstAnswers, out: Path, ask: Ask | None, console: Console) -> Config:
    """Return the configuration that was written; without `ask` nothing is asked but servers.

    Raises: UsageError where the file is there, or an answer is lacking or wrong.
    """
    if out.exists():
        raise UsageError(
            f"{out}: is there already, and is not overwritten. Write another: safeglot init --out OTHER.toml"
        )
    asking = _Asking(ask=ask, console=console)
    for key, value in (
        ("target", "" if _is_address(given.target.name) else given.target.name),
        ("languages", given.languages), ("judge", given.judge.name), ("preset", given.preset),
    ):  # fmt: skip
        if value and (fault := _fault(key, value)):
            raise UsageError(fault)
    for place in (given.target, given.judge):
        if place.key_env and (fault := variable_fault(place.key_env)):
            raise UsageError(f"--key-env: {fault}")
    target, names = _target(given.target, asking)
    languages = given.languages or asking("languages", "2 of 4. Languages", LANGUAGES)
    judge = _judge(given.judge, target, names, asking)
    amount = f"4 of 4. How much: {', '.join(presets.NAMES)}"
    preset = given.preset or asking("preset", amount, presets.NAMES[0])
    answers = FirstAnswers(target=target, languages=languages, judge=judge, preset=preset)
    text = toml(answers)
    config = build(read_toml(text, str(out)), known=known(), where=str(out))
    write_text(out, text)
    for note in (*_left_out(answers, config), *_notes(config)):
        console.say(f"note: {note}")
    return config


def _fault(key: str, value: str) -> str:
    """Return what is wrong with an answer; "" for nothing."""
    try:
        if key == "preset":
            presets.text_of(value)
        elif key in FIELDS:
            build({}, known=known(), flags={key: value})
    except UsageError as error:
        return str(error)
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asking:
    """Asks until an answer is right; gives the default where nobody can be asked."""

    ask: Ask | None
    console: Console

    def __call__(self, key: str, question: str, default: str | None) -> str:
        """Return the answer. Raises: UsageError where there is nobody to ask and no default."""
        if self.ask is None:
            if default is None:
                raise UsageError(
                    "no model is named, and there is no terminal to ask. Name it:\n"
                    "  safeglot init --target vllm/OWNER/MODEL --base-url http://localhost:8000/v1"
                )
            return default
        while True:
            answer = self.ask(question, default).strip()
            if not answer or _is_address(answer) or not (fault := _fault(key, answer)):
                return answer
            self.console.say(fault)


def _is_address(text: str) -> bool:
    return text.startswith(("http://", "https://"))


def _target(given: Place, asking: _Asking) -> tuple[Place, Sequence[str]]:
    """Return the model, and the names that its server lists."""
    name = given.name
    if not name and not given.base_url:
        question = "1 of 4. Model: provider/model, or the address of its server"
        name = asking("target", question, None)
    if _is_address(name):
        name, given = "", replace(given, base_url=name)
    if given.base_url and (fault := url_fault(given.base_url)):
        raise UsageError(f"--base-url: {fault}")
    place = replace(given, name=name)
    if not given.base_url and name.partition("/")[0] not in providers():
        return place, ()  # in this process
    at = _looked(place, asking.console)
    place = replace(place, base_url=at.better) if at.better else place
    return (place if name else _chosen(place, at.names, asking)), at.names


def _looked(place: Place, console: Console) -> Listing:
    """Return what the address of a model serves; said as well."""
    model = place.name or f"{_provider(place.base_url)}/any"
    url, variable = routes.destination(
        model, base_url=place.base_url or None, key_env=place.key_env or None
    )
    ((_, at),) = doctor.endpoints([("", url, variable)])
    console.say(f"{at.better or url} {at.said if not at.better else 'answers'}")
    return at


def _chosen(place: Place, names: Sequence[str], asking: _Asking) -> Place:
    """Return the place with one of the models that its server lists."""
    provider = _provider(place.base_url)
    if len(names) == 1:
        return replace(place, name=f"{provider}/{names[0]}")
    if asking.ask is None:
        listed = ", ".join(f"{provider}/{name}" for name in names[:8]) or "none that it lists"
        raise UsageError(f"--target: which model of {place.base_url}? It has: {listed}.")
    shown = f" ({', '.join(names[:8])})" if names else ""
    name = asking("model", f"Which of its models{shown}", names[0] if names else None)
    return replace(place, name=f"{provider}/{name.removeprefix(f'{provider}/')}")


def _provider(url: str) -> str:
    """Return the provider whose own address this is, or whose port; else vllm."""
    asked = urlsplit(url)
    for row in providers().values():
        own = urlsplit(row.base_url)
        if own.hostname == asked.hostname and own.port == asked.port:
            return row.name
        if row.key == "optional" and own.port == asked.port:
            return row.name
    return "vllm"


def _judge(given: Place, target: Place, names: Sequence[str], asking: _Asking) -> Place:
    """Return the judge; one of a server of one's own at its address."""
    provider = target.name.partition("/")[0]
    name = given.name or asking("judge", _JUDGE, next(_guards(names, provider), ""))
    asked = name.partition("=")[2]
    if given.base_url or not target.base_url or asked.partition("/")[0] != provider:
        return replace(given, name=name)
    base_url = target.base_url
    if asked.partition("/")[2] not in names:
        base_url = asking("judge_base_url", "Address of the judge's server", base_url)
    return replace(given, name=name, base_url=base_url, key_env=given.key_env or target.key_env)


def _guards(names: Sequence[str], provider: str) -> Iterator[str]:
    """Yield judges that a server's models are of, by their names."""
    for name in names:
        plain = _plain(name)
        family = next((f for f in registry.JUDGES if _plain(f) in plain), "")
        if family:
            yield f"{family}={provider}/{name}"


def _plain(name: str) -> str:
    return "".join(c for c in name.casefold() if c.isalnum())


def toml(answers: FirstAnswers) -> str:
    """Return the configuration file of four answers, with what its preset stands for."""
    languages, settings = _tags(answers.languages), presets.text_of(answers.preset)
    if own := read_toml(settings, answers.preset).get("languages"):  # it has texts in these only
        languages = [tag for tag in languages if tag in own] or own
        settings = "".join(f"{x}\n" for x in settings.splitlines() if not x.startswith("languages"))
    tables = [("target", answers.target.table("model"))]
    tables += [("judge", answers.judge.table("judge"))] if answers.judge.name else []
    parts = [
        "# Written by safeglot init. Every key: docs/reference/configuration.md",
        f"languages = {json.dumps(languages)}\n",
        settings,
        *(f"[[{name}]]\n{_lines(table)}" for name, table in tables),
    ]
    return "\n".join(parts)


def _lines(table: Mapping[str, str]) -> str:
    return "".join(f"{key} = {json.dumps(value)}\n" for key, value in table.items())


def _tags(languages: str) -> list[str]:
    return [tag.strip() for tag in languages.split(",") if tag.strip()]


def _left_out(answers: FirstAnswers, config: Config) -> Iterator[str]:
    """Yield which languages the prompts of the preset do not have."""
    lost = [tag for tag in _tags(answers.languages) if tag not in config.languages]
    if lost and answers.languages != LANGUAGES:
        yield f"{answers.preset} has no texts in {', '.join(lost)}, so it is left out"


def _notes(config: Config) -> Iterator[str]:
    """Yield what a user has to do before the run."""
    for model in config.target + tuple(j.model for j in config.judge if j.model):
        if model.provider in providers():
            variable = routes.missing_key(
                model.provider, base_url=model.base_url, key_env=model.key_env
            )
            if variable:
                yield f"{model.model} needs a key: export {variable}=… (or {variable}=… in ./.env) before the run"
    if config.prompts == ("mini",):
        there = load(replace(config, languages=(), limit=1))[0].languages
        lacking = [tag for tag in config.languages if tag not in there]
        if lacking:
            yield (
                f"the bundled prompts have no texts in {', '.join(lacking)}. Name a file of yours as "
                f"prompts, or have them translated: safeglot translate mini --to {','.join(lacking)} "
                "--with llm=provider/model --out sets/mini"
            )


def next_steps(out: Path) -> str:
    """Return the commands that follow."""
    named = "" if out == Path(HERE) else f" {out}"
    return (
        f"{out} is written. Next:\n"
        f"  safeglot doctor {out}\n"
        f"  safeglot run{named} --dry-run\n"
        f"  safeglot run{named}"
    )
