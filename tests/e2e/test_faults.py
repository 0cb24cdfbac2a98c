"""The twelve fault scenarios with some tens of pairs each, under each client that can be chosen.

`scripts/fault_scenarios.py` has thousands of pairs.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from e2e.runs import safeglot
from faults.scenarios import CASES, Case, Ended, ended, same

PAIRS = 60


def run(command: list[str]) -> int:
    done = safeglot(*command)
    assert "Traceback" not in done.stderr, done.stderr
    run.said = done.stdout + done.stderr
    return done.returncode


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Ended:
    return ended(None, run, tmp_path_factory.mktemp("undisturbed"), pairs=PAIRS)


def test_there_are_twelve_of_them():
    assert len({case.name for case in CASES}) == 12


@pytest.mark.parametrize("client", ["aiohttp", "pycurl"])
@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_disturbed_run_ends_as_an_undisturbed_one(
    case: Case, client: str, undisturbed: Ended, tmp_path: Path
) -> None:
    disturbed = ended(case, run, tmp_path, pairs=PAIRS, client=client)
    assert disturbed.code == undisturbed.code == 0, run.said
    assert same(disturbed, undisturbed)
