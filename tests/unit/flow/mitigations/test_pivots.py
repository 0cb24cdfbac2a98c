"""Which languages can pivot, and what is said where none can."""

import pytest

from safeglot.config.model_strings import ModelConfig, StepConfig
from safeglot.config.settings import Config
from safeglot.errors import UsageError
from safeglot.flow.mitigations.pivots import forth
from safeglot.flow.prompts import load
from safeglot.prompts.prompt_set import Untranslated

LLM = StepConfig(
    name="llm=vllm/mt",
    kind="llm",
    path="vllm/mt",
    model=ModelConfig(model="vllm/mt", base_url="http://127.0.0.1:9/v1"),
)


def pivoted(*tags, translator):
    config = Config(limit=1, languages=("en", *tags), translator=(translator,))
    return forth(config, load(config)[0], None, None)


def test_all_but_the_reference_can_pivot_by_a_model_of_any_language():
    found = pivoted("de", "sw", translator=LLM)
    lacking = {place[1]: t.message for place, t in found.items() if isinstance(t, Untranslated)}
    assert lacking == {"en": "it is the language that is translated into"}
    assert {tag for _, tag in found} == {"en", "de", "sw"}


def test_where_no_language_can_the_run_is_refused_with_what_to_name():
    bergamot = StepConfig(name="bergamot/en-xx", kind="bergamot", path="en-xx")
    with pytest.raises(UsageError, match=r"(?s)--mitigations pivot: .*--with llm="):
        pivoted("sw", translator=bergamot)
