"""The page of the seven rules names tests that are there, for each rule at least one."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "explanation" / "honest-numbers.md"
ROWS = re.findall(r"^\| (\d) \|.*$", PAGE.read_text("utf-8"), re.MULTILINE)
NAMED = {
    line[2]: re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", line)
    for line in PAGE.read_text("utf-8").splitlines()
    if re.match(r"\| \d \|", line)
}


def test_there_are_seven_rules():
    assert list("1234567") == ROWS


@pytest.mark.parametrize("rule", sorted(NAMED))
def test_each_rule_names_tests_that_are_there(rule):
    assert NAMED[rule]
    for path, name in NAMED[rule]:
        tree = ast.parse((ROOT / path).read_text("utf-8"))
        assert name in {n.name for n in tree.body if isinstance(n, ast.FunctionDef)}, path
