"""Names -> "module:object", loaded when used; entry points of other packages join in."""

from __future__ import annotations

import functools
import importlib
import importlib.util
import inspect
import os
from collections.abc import Callable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from safeglot.backends.engine import Route
from safeglot.backends.providers import providers
from safeglot.errors import UsageError
from safeglot.model_strings import Form
from safeglot.translate.codes import candidates
from safeglot.translate.identify import GlotLid

JUDGES: dict[str, str] = {
    "refusal-baseline": "safeglot.judge.baseline:RefusalBaseline",
    "llama-guard-3": "safeglot.judge.llama_guard_3:LlamaGuard3",
    "llama-guard-4": "safeglot.judge.llama_guard_4:LlamaGuard4",
    "qwen3guard": "safeglot.judge.qwen3guard:Qwen3Guard",
    "polyguard": "safeglot.judge.polyguard:PolyGuard",
    "wildguard": "safeglot.judge.wildguard:WildGuard",
    "shieldgemma": "safeglot.judge.shieldgemma:ShieldGemma",
    "granite-guardian": "safeglot.judge.granite_guardian:GraniteGuardian",
    "nemotron-safety-guard": "safeglot.judge.nemotron:NemotronSafetyGuard",
    "gpt-oss-safeguard": "safeglot.judge.gpt_oss_safeguard:GptOssSafeguard",
    "rubric": "safeglot.judge.rubric:Rubric",
}
TRANSLATORS: dict[str, Form] = {
    "apertium": Form(sign="/", example="apertium or apertium/eng-spa"),
    "ct2": Form(sign="/", needed=True, example="ct2/PATH"),
    "hf": Form(sign="/", needed=True, example="hf/owner/name"),
    "bergamot": Form(sign="/", needed=True, example="bergamot/en-pt"),
    "llm": Form(sign="=", needed=True, model=True, example="llm=provider/model"),
    "file": Form(sign="=", needed=True, example="file=PATH"),
}
ESTIMATORS: dict[str, Form] = {
    "roundtrip-chrf": Form(sign="=", example="roundtrip-chrf or roundtrip-chrf=apertium"),
    "cometkiwi": Form(sign="=", needed=True, example="cometkiwi=NAME"),
    "metricx": Form(sign="=", needed=True, example="metricx=NAME"),
    "llm-da": Form(sign="=", needed=True, model=True, example="llm-da=provider/model"),
    "llm-spans": Form(sign="=", needed=True, model=True, example="llm-spans=provider/model"),
}
WITHOUT_MODEL = frozenset({"refusal-baseline"})
WITH_POLICY = frozenset({"gpt-oss-safeguard"})
LOCAL = ("embedded", "gguf")
ENTRY_POINTS = "safeglot.judges"


@functools.cache
def judge_families() -> dict[str, str]:
    """Return family -> "module:object", those of other packages included."""
    plugins = {e.name: e.value for e in metadata.entry_points(group=ENTRY_POINTS)}
    return {**JUDGES, **plugins}


def model_providers() -> tuple[str, ...]:
    """Return what may stand before the slash of a model string."""
    return (*LOCAL, *providers())


def load(target: str) -> Any:
    """Import "module:object"."""
    module, _, name = target.partition(":")
    return getattr(importlib.import_module(module), name)


def make_judge(
    family: str, *, model: str | None, name: str, mode: str, policy: Mapping[str, str]
) -> Any:
    """Build a judge; `policy` gives each category of the taxonomy its description."""
    make = load(judge_families()[family])
    if family in WITHOUT_MODEL:
        return make(weights=_refusal_weights(), name=name)
    given: dict[str, Any] = {"model": model, "name": name, "mode": mode}
    if family in WITH_POLICY or family not in JUDGES:
        given["policy"] = policy
    taken = inspect.signature(make).parameters
    return make(**{key: value for key, value in given.items() if key in taken})


def needs_model(family: str) -> bool:
    """Say whether a judge family asks a model; one of another package does if it takes one."""
    if family in JUDGES:
        return family not in WITHOUT_MODEL
    return "model" in inspect.signature(load(judge_families()[family])).parameters


@functools.cache
def _refusal_weights() -> Any:
    from importlib import resources

    from safeglot.judge.refusal import parse_model

    return parse_model(
        resources.files("safeglot.judge").joinpath("refusal_baseline.npz").read_bytes()
    )


ENGINES: dict[str, str] = {
    "apertium": "safeglot.backends.apertium:open_apertium",
    "ct2": "safeglot.backends.ct2:open_ct2",
    "hf": "safeglot.backends.seq2seq:open_seq2seq",
    "bergamot": "safeglot.backends.bergamot:open_bergamot",
}
"""Machine translators that run on this machine: kind -> what opens one by its path."""


def machine(kind: str, path: str) -> Any:
    """Open a machine translator: a Model with `fault`, `revision` and `answer`. Raises: UsageError."""
    opened = load(ENGINES[kind])
    return opened(path, codes=candidates) if kind in ("ct2", "hf") else opened(path)


GLOTLID = "SAFEGLOT_GLOTLID"
"""Environment variable with the path of GlotLID's model file."""


@functools.cache
def glotlid() -> GlotLid | None:
    """Return the identifier GlotLID where its file is named. Raises: UsageError where it cannot be read."""
    path = os.environ.get(GLOTLID)
    if not path:
        return None
    from safeglot.backends.glotlid import load as load_glotlid

    predict, labels = load_glotlid(path)
    return GlotLid(predict=predict, labels=labels)


def refuses() -> Callable[[str, str], bool | None]:
    """Return what tells refusals in the languages of the embedded baseline; None where it cannot."""

    def tell(text: str, tag: str) -> bool | None:
        found: bool | None = _refusal_weights().decide(text, (tag,)).refusal
        return found

    return tell


def local_file(provider: str, path: str, progress: Any = None) -> Path:
    """Return the GGUF file of embedded/<name> (fetched at first use) or gguf/PATH.

    Raises: UsageError where it is not there and cannot be had.
    """
    if provider == "embedded":
        from safeglot.backends import weights

        return weights.fetch(weights.known(path), progress=progress)
    _require_engine(f"gguf/{path}")
    file = Path(path).expanduser()
    do = "Give the path of a .gguf file after gguf/."
    if not file.is_file():
        raise UsageError(f"gguf/{path}: no such file. {do}")
    try:
        with file.open("rb") as source:
            magic = source.read(4)
    except OSError as error:
        raise UsageError(f"gguf/{path}: cannot be read ({error.strerror or error}). {do}") from None
    if magic != b"GGUF":
        raise UsageError(f"gguf/{path}: is not a GGUF file (it begins with {magic!r}). {do}")
    return file


def _require_engine(model: str) -> None:
    if importlib.util.find_spec("xllamacpp") is None:
        raise UsageError(
            f"{model}: models in this process need xllamacpp: pip install 'safeglot[embedded]', "
            "or name a server's model, as in vllm/owner/name."
        )


def http_route(
    model: str,
    *,
    base_url: str | None,
    key_env: str | None,
    timeout_s: float,
    concurrency: int,
    prices: tuple[float | None, float | None],
) -> Route:
    """Return the route to "provider/model" of an OpenAI-compatible server."""
    from safeglot.backends.http import HttpModel

    provider, _, path = model.partition("/")
    endpoint = providers()[provider].endpoint(
        path, base_url=base_url, key_env=key_env, timeout_s=timeout_s
    )
    return Route(
        model=HttpModel(endpoint),
        lane=endpoint.base_url,
        concurrency=concurrency,
        usd_in=prices[0],
        usd_out=prices[1],
    )


def missing_key(provider: str, *, base_url: str | None, key_env: str | None) -> str | None:
    """Return the name of the environment variable that is needed and not set."""
    row = providers()[provider]
    if row.key_value(key_env):
        return None
    if key_env:
        return key_env
    own_address = base_url is None or base_url.rstrip("/") == row.base_url.rstrip("/")
    return row.key_env if row.key == "required" and own_address else None


EMBEDDED_TOKENS_PER_S = 50.0
"""Of embedded/smollm2-135m on two cores, see docs/reference/embedded.md; for forecasts only."""


def check_embedded(name: str) -> None:
    """Check the name of an embedded model and that the engine is installed. Raises: UsageError."""
    from safeglot.backends import weights

    _require_engine(f"embedded/{weights.known(name).name}")


def embedded_revision(name: str) -> str:
    """Return what pins the weights of an embedded model."""
    from safeglot.backends import weights

    return weights.known(name).sha256[:12]


def file_fingerprint(path: Path) -> str:
    """Return a short hash of a model file: its size, and 64 blocks spread over it."""
    import hashlib

    size = path.stat().st_size
    found = hashlib.blake2b(str(size).encode(), digest_size=6)
    with path.open("rb") as file:
        for i in range(64):
            file.seek(max(0, (size - 65536)) * i // 63)
            found.update(file.read(65536))
    return found.hexdigest()


def local_route(path: Path, name: str, parallel: int) -> Route:
    """Return the route to an in-process engine on one GGUF file."""
    from safeglot.backends.local import LocalModel

    model = LocalModel(path, parallel=parallel, name=name)
    return Route(
        model=model, lane=f"local:{path}", concurrency=parallel, fixed=True, usd_in=0.0, usd_out=0.0
    )


def fetch_embedded(name: str, *, progress: Any, verify: bool) -> Path:
    """Fetch the weights of an embedded model and return their path."""
    from safeglot.backends import weights

    return weights.fetch(weights.known(name), progress=progress, verify=verify)
