import pytest

from example import guarded
from safeglot.config.model_strings import JudgeConfig, ModelConfig
from safeglot.config.settings import Config
from safeglot.errors import UsageError
from safeglot.flow.guards.trial import TEXTS, forecast_text, plan
from safeglot.prompts.reading.label_columns import LabelledOptions

GUARD = JudgeConfig(
    judge="llama-guard-3=vllm/g",
    family="llama-guard-3",
    model=ModelConfig(model="vllm/g", base_url="http://127.0.0.1:9/v1"),
)
BASELINE = JudgeConfig(judge="refusal-baseline", family="refusal-baseline")


@pytest.fixture
def file(tmp_path):
    return str(guarded.write(tmp_path / "labelled.csv", guarded.rows(12)))


def trial(file, tmp_path, judges=(GUARD,), **settings):
    config = Config(judge=judges, out=str(tmp_path / "run"), **settings)
    return plan([file], config, LabelledOptions())


def test_judges_of_prompts_are_shown_the_prompt_alone(file, tmp_path):
    planned = trial(file, tmp_path)
    (judge,) = planned.job().judges
    assert (judge.mode, judge.name) == ("prompt", "llama-guard-3=vllm/g@prompt")
    assert planned.config.target[0].model == TEXTS


def test_a_judge_of_answers_is_refused_for_prompts(file, tmp_path):
    with pytest.raises(UsageError, match="refusal-baseline rates answers"):
        trial(file, tmp_path, judges=(BASELINE,))


def test_the_manifest_tells_which_languages_were_named(file, tmp_path):
    about = trial(file, tmp_path, languages=("en", "yo")).manifest()
    assert about.guards.configured == ("en", "yo")
    assert about.guards.labelled == {"en": 12}
    assert about.languages == ("en",)
    assert about.identity["n"] == "12"


def test_other_labels_are_another_test(file, tmp_path):
    rows = guarded.rows(12)
    other = guarded.write(tmp_path / "other.csv", [{**rows[0], "label": "unsafe"}, *rows[1:]])
    first, second = (trial(str(f), tmp_path).manifest().identity["prompts"] for f in (file, other))
    assert first.partition("@")[2] != second.partition("@")[2]


def test_a_forecast_counts_texts_and_requests(file, tmp_path):
    told = forecast_text(trial(file, tmp_path))
    assert "36 prompts (en 12, de 12, sw 12)" in told
    assert "18 unsafe, 18 safe, 0 without" in told
    assert "requests to guards   40" in told
    assert not (tmp_path / "run").exists()
