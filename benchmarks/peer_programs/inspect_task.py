"""What safeglot does with a prompt, in Inspect: one generation, and one call of a judge."""

from __future__ import annotations

import os

from inspect_ai import Task, task
from inspect_ai.dataset import FieldSpec, json_dataset
from inspect_ai.model import GenerateConfig
from inspect_ai.scorer import model_graded_qa
from inspect_ai.solver import generate


@task
def peers() -> Task:
    """Return the task over the prompts that the environment names."""
    return Task(
        dataset=json_dataset(os.environ["PEERS_PROMPTS"], FieldSpec(input="text", id="key")),
        solver=generate(),
        scorer=model_graded_qa(model="openai-api/local/judge-inspect"),
        config=GenerateConfig(max_tokens=200, temperature=1.0),
    )
