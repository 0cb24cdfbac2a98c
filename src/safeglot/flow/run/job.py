"""A job: what a configuration asks for, checked before anything is spent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from safeglot.backends.cluster.choice import lacking
from safeglot.backends.files.manifest import PromptOrigin
from safeglot.backends.models.providers import providers
from safeglot.backends.models.routes import IMPORTED, is_served
from safeglot.backends.store.plan import unjudged
from safeglot.config.model_settings import line_of
from safeglot.config.model_strings import ModelConfig
from safeglot.config.registry import EMBEDDED_JUDGES, rates_prompts
from safeglot.config.settings import EMBEDDED, Config
from safeglot.errors import InputErrors, gathered
from safeglot.flow.arms import Arms, item_of, read_arms, with_made
from safeglot.flow.prompts import part_of
from safeglot.flow.run.models import (
    batch_fault,
    check_model,
    make_judges,
    make_targets,
    model_id,
)
from safeglot.flow.run.refusals import with_refusals
from safeglot.generate import Generate
from safeglot.judge.base import Judge
from safeglot.keys import (
    RESULT_VERSION,
    digest,
    signature,
)
from safeglot.prompts.mitigations import BEFORE, guards_of
from safeglot.prompts.prompt_set import PromptSet
from safeglot.prompts.reading.patterns import fixed_part
from safeglot.types import PROMPT_MODE, Item, JudgeStep

if TYPE_CHECKING:
    from safeglot.backends.models.engines.base import InProcess


class How(TypedDict, total=False):
    """What a command says of how work is done; fields of Work."""

    retry_failed: bool
    unchecked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """The prompts that were selected, and the steps that they go through."""

    config: Config
    prompts: PromptSet
    origin: PromptOrigin
    """What the prompts were read from."""
    targets: tuple[Generate, ...]
    judges: tuple[JudgeStep, ...]
    engines: Mapping[str, InProcess] = field(default_factory=dict)
    """What opens each model in this process, by its name."""
    arms: Arms = field(default_factory=Arms)
    history: Mapping[str, float] = field(default_factory=dict)
    """Prompt -> how often it was answered unsafely in earlier runs."""
    held: bool = False
    """Whether a run holds these inputs already, so that they were not read again."""

    @property
    def path(self) -> Path:
        """The run's folder."""
        return Path(self.config.out or default_out(self.config)).expanduser()

    @property
    def recorded(self) -> bool:
        """Whether its answers were brought by a file, so that nobody is asked and little is known of how."""
        return {model.provider for model in self.config.target} == {IMPORTED}

    @property
    def n_answers(self) -> int:
        """How many answers are planned."""
        return self.n_texts * self.config.samples * len(self.targets)

    @property
    def n_texts(self) -> int:
        """How many texts each target is asked."""
        return len(self.prompts.translations) + len(self.arms.asked)

    def n_verdicts_of(self, judge: JudgeStep) -> int:
        """Return how many verdicts are planned of one judge."""
        given, spared = len(self.arms.given), 0
        if judge.mode == PROMPT_MODE:
            spared = sum(t.arm in unjudged(PROMPT_MODE) for t in self.arms.asked)
        return self.n_answers + given - spared * self.config.samples * len(self.targets)

    def items(self) -> Iterator[Item]:
        """Yield what each target is asked, all languages of a prompt side by side, then the arms."""
        prompts = {p.id: p for p in self.prompts.prompts}
        reference = self.config.reference
        for translation in chain(self.prompts.translations, self.arms.asked):
            for sample in range(self.config.samples):
                prompt = prompts[translation.prompt]
                yield item_of(prompt, translation, sample=sample, reference=reference)

    def identity(self) -> dict[str, str]:
        """Return what must not change under a run's name, without the judges."""
        c, p = self.config, self.prompts
        return {
            "results": str(RESULT_VERSION),
            "prompts": f"{p.source}@{p.digest[:12]}",
            "n": str(len(p.prompts)),
            **({"shard": str(part)} if (part := part_of(c)) else {}),
            **({"plan": text} if (text := plan_text(c, self.history)) else {}),
            "languages": "+".join(p.languages),
            "reference": c.reference,
            "targets": "+".join(t.model for t in self.targets),
            "decoding": (
                ("not known," if self.recorded else self._decoding())
                + f"samples={c.samples}"
                + (",raw" if any(t.raw for t in self.targets) else "")
                + (f",system={digest(c.system)[:8]}" if c.system else "")
                + "".join(
                    f",{m.model}(system={digest(m.system)[:8]})"
                    for m in c.target
                    if m.system is not None
                )
                + "".join(f",{m.model}({line_of(m.settings)})" for m in c.target if m.settings)
            ),
            # whatever else determines a request: answers to other requests must never be mixed
            "generate": digest([t.id for t in self.targets])[:12],
        }

    def _decoding(self) -> str:
        c = self.config
        thought = f"thought={c.thought_tokens}," if c.thought_tokens else ""
        return f"max={c.max_tokens},{thought}t={c.temperature:g},p={c.top_p:g},seed={c.seed},"

    def setting_notes(self) -> tuple[str, ...]:
        """Return what the settings of single judges take from their verdicts."""
        return tuple(note for notes in self.judge_setting_notes().values() for note in notes)

    def judge_setting_notes(self) -> dict[str, tuple[str, ...]]:
        """Return judge -> what its settings take from its verdicts."""
        return {
            judge.name: _setting_notes(judge, config.model)
            for judge, config in zip(self.judges, self.config.judge, strict=True)
        }

    def judge_ids(self) -> dict[str, str]:
        """Return name -> id of the judges."""
        return {j.name: j.id for j in self.judges}


def _setting_notes(judge: JudgeStep, model: ModelConfig | None) -> tuple[str, ...]:
    if not isinstance(judge, Judge):  # another package's, or one that asks no model
        return ()
    row = providers().get(model.provider) if model else None
    return judge.setting_notes(**({"most_logprobs": row.top_logprobs} if row else {}))


def _said(model: str) -> str:
    """Return a model's id; the revision of a server's model is the user's word, which nothing verifies."""
    return model.replace("@", "@said:", 1) if is_served(model.partition("/")[0]) else model


def run_signature(
    identity: Mapping[str, str],
    judges: Mapping[str, str],
    level: float,
    bootstrap: int,
    *,
    arms: str = "",
    adapted: Mapping[str, Sequence[str]] | None = None,
) -> str:
    """Return the line that carries all that can move a number of the run.

    `arms` is the digest of their texts, `adapted` what servers refused to be sent, by model id; a
    run without has no such parts.
    """
    changed = [
        f"{model}({','.join(sorted(done))})" for model, done in sorted((adapted or {}).items())
    ]
    named = "+".join(f"{name}[{judge_id}]" for name, judge_id in judges.items())
    return signature(
        {
            "safeglot": identity["results"],
            **{k: v for k, v in identity.items() if k != "results"},
            "targets": "+".join(map(_said, identity["targets"].split("+"))),
            "judges": named,
            "level": f"{level:g}",
            "bootstrap": str(bootstrap),
            **({"arms": arms} if arms else {}),
            **({"adapted": "+".join(changed)} if changed else {}),
        }
    )


def prepare(
    config: Config,
    prompts: PromptSet,
    origin: PromptOrigin,
    *,
    target_ids: Sequence[str] = (),
) -> Job:
    """Return the job of a configuration, with its steps made and its inputs checked.

    With `target_ids`, those of a run that is there, the targets are not asked any more: they need
    neither keys nor files, and keep the ids that their answers are stored under.

    Raises: InputErrors with every key that is not set and every model file that is not there.
    """
    if not target_ids:
        is_benign = any(label.kind == "benign" for label in prompts.labels())
        config = with_refusals(config, prompts.languages, has_benign=is_benign)
    problems: list[str] = [] if target_ids else list(_plan_faults(config))
    problems += [fault] if (fault := lacking(config.engine)) else []
    targets = () if target_ids else config.target
    models = [*targets, *(j.model for j in config.judge if j.model is not None)]
    engines: dict[str, InProcess] = {}
    for model in dict.fromkeys(models):
        with gathered(problems):
            check_model(model, engines)
    if fault := batch_fault(config, [*config.target, *(j.model for j in config.judge if j.model)]):
        problems.append(fault)
    problems += _guard_faults(config)
    arms = Arms()
    if not target_ids:  # those of a run that is there are in its store
        with gathered(problems):
            arms = with_made(read_arms(config, prompts), prompts)
    if problems:
        raise InputErrors(list(dict.fromkeys(problems)))  # several models may lack one key
    return Job(
        config=config,
        prompts=prompts,
        origin=origin,
        engines=engines,
        arms=arms,
        targets=make_targets(config, target_ids or [model_id(m, engines) for m in config.target]),
        judges=make_judges(config.judge, engines, prompts.taxonomy),
    )


def _guard_faults(config: Config) -> Iterator[str]:
    """Yield which judges cannot be guards: those of refusals know of each request whether it is harmful."""
    for kind, name in guards_of(config.mitigations):
        family = name.partition("=")[0]
        if family in EMBEDDED_JUDGES:
            why = "tells refusals, and which requests are harmful it is told"
        elif kind == BEFORE and not rates_prompts(family):
            why = "rates answers, and no requests"
        else:
            continue
        yield (
            f"--mitigations {kind}={name}: {family} {why}. Name a guard model: "
            f"{kind}=qwen3guard=vllm/Qwen/Qwen3Guard-Gen-4B, or offline {kind}=rubric={EMBEDDED}."
        )


def _plan_faults(config: Config) -> Iterator[str]:
    """Yield what a plan that stops early cannot go together with."""
    if config.history and config.plan != "bands":
        yield (
            f"--history: got --plan {config.plan}, and earlier runs help --plan bands alone. Use it, or "
            f"leave --history out: safeglot run {config.prompts[0]} --plan bands --history {config.history[0]}"
        )
    if config.plan == "full":
        return
    beside = {
        "--shard": config.shard,
        "--samples": config.samples > 1,
        "--unpaired": config.unpaired,
        "--arms": config.arms or config.arm_texts,
        "--probes": config.probes,
        "--mitigations": config.mitigations,
    }
    why = {
        "--shard": "a look needs the verdicts of all shards",
        "--samples": "a look counts one answer a prompt",
        "--unpaired": "a look takes the same prompts in every language",
        "--arms": "they are asked of all prompts",
        "--probes": "they are asked of all prompts",
        "--mitigations": "they are asked of all prompts",
    }
    for flag in (name for name, given in beside.items() if given):
        yield f"--plan {config.plan} and {flag} do not go together: {why[flag]}. Leave one out."
    if not config.judge:
        yield f"--plan {config.plan}: its looks need verdicts, so `safeglot generate` asks no plan. Use `safeglot run`, or --plan full."


def plan_text(config: Config, history: Mapping[str, float] | None = None) -> str:
    """Return the plan that stops a run early, with its settings; "" for one that asks all."""
    if config.plan == "full":
        return ""
    if config.plan != "screen":
        return config.plan + (f",history={digest(sorted(history.items()))[:12]}" if history else "")
    drop = "" if config.drop is None else f",drop={config.drop:g}"
    return f"screen,within={config.within:g}{drop}"


def default_out(config: Config) -> str:
    """Return runs/<prompts>-<target>, of a shard with its number."""
    prompts = Path(fixed_part(config.prompts[0]).replace(":", "/")).stem
    name = f"{prompts}-{config.target[0].model.rsplit('/', 1)[-1]}"
    if part := part_of(config):
        name += f"-{part}".replace("/", "of")
    return "runs/" + "".join(c if c.isalnum() or c in "-._" else "-" for c in name)
