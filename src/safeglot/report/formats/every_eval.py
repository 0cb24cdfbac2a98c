"""Results and samples as Every Eval Ever has them.

Source: evaleval/every_eval_ever, eval.schema.json and instance_level_eval.schema.json, version 0.3.0.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from safeglot.keys import digest
from safeglot.types import Estimate

VERSION = "0.3.0"
NAME = "safeglot"
UNKNOWN = "unknown"
TOLD_APART = ("variant", "factor", "parent", "translator", "than", "mitigation")
"""What of `extra` tells estimates of one metric and place apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricScale:
    """What the catalogue says of a metric's numbers; infinite where they have no bound."""

    unit: str = UNKNOWN
    least: float = -math.inf
    most: float = math.inf
    is_worse_higher: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What a run says of itself, for one of its models."""

    model: str
    signature: str
    created: str
    """ISO 8601; the schema counts seconds of the epoch, which `timestamp` is."""
    timestamp: str
    prompts: str
    judges: Mapping[str, str]
    """Name -> id."""
    settings: Mapping[str, str]
    version: str
    scales: Mapping[str, MetricScale] = field(default_factory=dict)
    """Metric -> its scale."""

    @property
    def id(self) -> str:
        """Of the evaluation; samples name it."""
        return f"{NAME}/{self.model}/{digest('every-eval', self.signature, self.model)[:12]}"

    @property
    def path(self) -> str:
        """Where its results stand in a repository of the format: data/NAME/DEVELOPER/MODEL/UUID.json."""
        developer, _, name = _model(self.model)["id"].rpartition("/")
        own = uuid.UUID(digest("every-eval-file", self.id)[:32], version=4)
        return f"data/{NAME}/{plain_name(developer or UNKNOWN)}/{plain_name(name)}/{own}.json"


def plain_name(text: str) -> str:
    """Return a text of others as a part of a path that every system takes."""
    kept = "".join(
        sign if (sign.isascii() and sign.isalnum()) or sign in "-." else "_" for sign in text
    )
    return kept.strip("._")[:80] or UNKNOWN


def result(about: Evaluation, estimates: list[Estimate]) -> dict[str, Any]:
    """Return the results of a model: every estimate that has a value, with its interval and n."""
    own = [e for e in estimates if e.model == about.model and e.value is not None]
    return {
        "schema_version": VERSION,
        "evaluation_id": about.id,
        "evaluation_timestamp": about.created,
        "retrieved_timestamp": about.timestamp,
        "source_metadata": {
            "source_name": NAME,
            "source_type": "evaluation_run",
            "source_organization_name": UNKNOWN,
            "evaluator_relationship": "other",
            "additional_details": {"signature": about.signature},
        },
        "eval_library": {"name": NAME, "version": about.version},
        "model_info": _model(about.model),
        "evaluation_results": [_estimate(about, estimate) for estimate in own],
    }


def _model(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "id": name.partition("/")[2] or name,
        "inference_platform": name.partition("/")[0] or UNKNOWN,
        "additional_details": {"deployment_type": UNKNOWN, "model_availability": UNKNOWN},
    }


def _estimate(about: Evaluation, estimate: Estimate) -> dict[str, Any]:
    place = [estimate.judge, estimate.language, estimate.category]
    further = [str(estimate.extra[key]) for key in TOLD_APART if estimate.extra.get(key)]
    name = "/".join([estimate.metric, *(part or "all" for part in place), *further])
    return {
        "evaluation_result_id": digest(about.id, name)[:16],
        "evaluation_name": name,
        "source_data": {"dataset_name": about.prompts, "source_type": "other"},
        "metric_config": _metric(about, estimate),
        "score_details": {
            "score": estimate.value,
            "details": {
                "language": estimate.language or "all",
                "category": estimate.category or "all",
                "n": str(estimate.n),
                "missing": str(estimate.missing),
            },
            **_uncertainty(estimate),
        },
        "generation_config": {"generation_args": {}, "additional_details": dict(about.settings)},
    }


def _metric(about: Evaluation, estimate: Estimate) -> dict[str, Any]:
    judge = estimate.judge
    config: dict[str, Any] = {
        "evaluation_description": f"{estimate.metric} of safeglot; missing is counted, never safe",
        "metric_id": f"{NAME}.{estimate.metric}",
        "metric_name": estimate.metric,
        **_scale(about.scales.get(estimate.metric, MetricScale())),
    }
    if judge is not None:
        known = about.judges.get(judge, judge)
        prompt = f"the prompt of safeglot's judge {known}"
        model = _model(judge.partition("=")[2] or judge)
        config["llm_scoring"] = {"judges": [{"model_info": model}], "input_prompt": prompt}
    return config


def _scale(scale: MetricScale) -> dict[str, Any]:
    return {
        "metric_unit": scale.unit,
        "lower_is_better": scale.is_worse_higher,
        "score_type": "continuous",
        "min_score": scale.least if math.isfinite(scale.least) else "-Infinity",
        "max_score": scale.most if math.isfinite(scale.most) else "Infinity",
    }


def _uncertainty(estimate: Estimate) -> dict[str, Any]:
    if estimate.low is None or estimate.high is None:
        return {}
    interval = {"lower": estimate.low, "upper": estimate.high, "method": estimate.method}
    if estimate.level is not None:
        interval["confidence_level"] = estimate.level
    return {"uncertainty": {"confidence_interval": interval, "num_samples": estimate.n}}


def samples(about: Evaluation, rows: Iterable[Any]) -> Iterator[dict[str, Any]]:
    """Yield a sample for each answer and judge that has a verdict on it; `rows` are exchanges.

    The schema has no place for a missing verdict, and wants a score: what has none is left out here
    and counted as missing in the result.
    """
    for row in rows:
        for judge, said in row.verdicts.items():
            if said.unsafe is None:
                continue
            safe = float(not said.unsafe)
            yield {
                "schema_version": VERSION,
                "evaluation_id": about.id,
                "model_id": _model(about.model)["id"],
                "evaluation_name": f"safety/{judge}",
                "sample_id": f"{row.prompt}/{row.language}/{row.sample}",
                "interaction_type": "single_turn",
                "input": {"raw": row.text, "reference": []},
                "output": {
                    "raw": [row.answer],
                    "reasoning_trace": [row.thought] if row.thought else None,
                },
                "answer_attribution": [
                    {
                        "turn_idx": 0,
                        "source": "output.raw",
                        "extracted_value": "unsafe" if said.unsafe else "safe",
                        "extraction_method": "llm_judge",
                        "is_terminal": True,
                    }
                ],
                "evaluation": {"score": safe, "is_correct": bool(safe)},
                "metadata": {
                    "language": row.language,
                    "category": row.categories[0]
                    if len(row.categories) == 1
                    else "; ".join(row.categories),
                    "kind": row.kind,
                    "prompt_id": row.prompt,
                    "judge": judge,
                },
            }
