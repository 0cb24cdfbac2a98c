from __future__ import annotations

import pytest

from safeglot.errors import InputErrors, UsageError
from safeglot.flow.translation.gate import read_gate
from safeglot.translate.base import Scale

UNIT, ERRORS = Scale(worst=0.0, best=1.0), Scale(worst=25.0, best=0.0)


def test_a_number_is_the_threshold_of_every_language():
    gate = read_gate("0.4")
    assert gate.bound("sw", "cometkiwi", UNIT) == 0.4
    assert gate.bound("sw", "metricx", ERRORS) is None  # its scale is not that of the number


@pytest.mark.parametrize("text", ["none", " NONE "])
def test_none_is_no_gate(text):
    assert read_gate(text).bound("sw", "cometkiwi", UNIT) is None


def test_a_file_has_a_default_and_lines_or_tables_for_languages(tmp_path):
    path = tmp_path / "gate.toml"
    path.write_text('default = 0.5\nsw = 0.4\nam = "none"\n[yo]\nmetricx = 6\ncometkiwi = "none"\n')
    gate = read_gate(str(path))
    assert gate.bound("de", "cometkiwi", UNIT) == 0.5
    assert gate.bound("sw", "cometkiwi", UNIT) == 0.4
    assert gate.bound("am", "cometkiwi", UNIT) is None
    assert gate.bound("yo", "metricx", ERRORS) == 6.0
    assert gate.bound("yo", "cometkiwi", UNIT) is None


def test_a_file_without_a_default_gates_only_the_languages_that_it_names(tmp_path):
    path = tmp_path / "gate.toml"
    path.write_text("SW = 0.4\n")
    gate = read_gate(str(path))
    assert gate.bound("de", "cometkiwi", UNIT) is None
    assert gate.bound("sw", "cometkiwi", UNIT) == 0.4


def test_every_problem_of_a_file_is_named_at_once(tmp_path):
    path = tmp_path / "gate.toml"
    path.write_text('swahilli = 0.4\nsw = "high"\nde = true\nfr = nan\n[yo]\nmetricx = "low"\n')
    with pytest.raises(InputErrors) as error:
        read_gate(str(path))
    assert len(error.value.problems) == 5
    assert "unknown language tag 'swahilli'" in error.value.problems[0]
    assert f"{path}: yo.metricx: got 'low'" in error.value.problems[-1]


@pytest.mark.parametrize("text", ["1.5", "-0.1", "nan"])
def test_a_number_that_is_no_share_is_refused(text):
    with pytest.raises(UsageError, match="allowed is a number from 0 to 1"):
        read_gate(text)


def test_what_is_neither_a_number_nor_a_file_is_refused(tmp_path):
    with pytest.raises(UsageError, match="Give a number from 0 to 1"):
        read_gate(str(tmp_path / "nothing.toml"))
    (tmp_path / "bad.toml").write_text("= 3")
    with pytest.raises(UsageError, match="not valid TOML"):
        read_gate(str(tmp_path / "bad.toml"))
