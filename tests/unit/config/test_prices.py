from __future__ import annotations

import pytest

from safeglot.config.files import configured
from safeglot.config.prices import VARIABLE
from safeglot.errors import InputErrors, UsageError

TABLE = """["vllm/a"]
usd_in = 0.5
usd_out = 2

["vllm/j"]
usd_in = 1
"""


def prices_of(config):
    models = [*config.target, *(j.model for j in config.judge)]
    return [(m.model, m.usd_in, m.usd_out) for m in models]


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "prices.toml"
    path.write_text(TABLE)
    return str(path)


FLAGS = {"target": ("vllm/a", "vllm/b"), "judge": ("rubric=vllm/j",)}


def test_models_of_the_table_get_its_prices_and_others_none(table):
    config = configured(None, {**FLAGS, "prices": table})
    assert prices_of(config) == [
        ("vllm/a", 0.5, 2.0),
        ("vllm/b", None, None),
        ("vllm/j", 1.0, None),
    ]


def test_a_price_beside_a_model_goes_before(table, tmp_path):
    path = tmp_path / "study.toml"
    path.write_text('judge = "rubric=vllm/j"\n[[target]]\nmodel = "vllm/a"\nusd_in = 9\n')
    found = prices_of(configured(path, {"prices": table}))
    assert found == [("vllm/a", 9.0, 2.0), ("vllm/j", 1.0, None)]


def test_the_variable_names_a_table_for_all_commands(table, monkeypatch, tmp_path):
    monkeypatch.setenv(VARIABLE, table)
    assert prices_of(configured(None, FLAGS))[0] == ("vllm/a", 0.5, 2.0)
    (tmp_path / "other.toml").write_text("")
    other = configured(None, {**FLAGS, "prices": str(tmp_path / "other.toml")})
    assert prices_of(other)[0] == ("vllm/a", None, None)


def test_all_that_is_wrong_with_a_table_is_told(tmp_path):
    path = tmp_path / "prices.toml"
    path.write_text('a = 1\n["vllm/a"]\nusd_inn = 1\nusd_out = -1\n["vllm/b"]\nusd_in = "x"\n')
    with pytest.raises(InputErrors) as caught:
        configured(None, {"prices": str(path)})
    told = "\n".join(caught.value.problems)
    assert len(caught.value.problems) == 4
    for part in ("prices.toml: a: got 1", "Did you mean 'usd_in'?", "at least 0", "got 'x'"):
        assert part in told
    with pytest.raises(UsageError, match=r"none\.toml: cannot be read \(no such file\)"):
        configured(None, {"prices": str(tmp_path / "none.toml")})
