"""Our own files from somebody else, damaged in many ways: every command says what is wrong, none has a fault."""

from __future__ import annotations

import random

import pytest

from e2e.mutations import OF_RUNS, OK, made_run, trial


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return made_run(tmp_path_factory.mktemp("made"))


@pytest.mark.parametrize("n", range(8))
def test_damaged_files_are_told(made, n):
    for k in range(15):
        done, command, code, seen = trial(made, OF_RUNS, random.Random(f"suite/{n}/{k}"))
        assert code in OK, (done, command, seen)
