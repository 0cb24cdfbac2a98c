"""The comparison has the numbers of the command, as data and as HTML."""

from __future__ import annotations

import csv

import safeglot
from e2e.runs import safeglot as command
from example.recorded import recorded


def test_it_has_the_numbers_of_the_command(tmp_path):
    run = recorded(tmp_path, "recorded")
    command("compare", run, "--csv", tmp_path / "tables.csv")
    with (tmp_path / "tables.csv").open(encoding="utf-8", newline="") as file:
        first = next(csv.DictReader(file))
    found = safeglot.compare(run)
    board = next(iter(found.data[0]))
    assert board["model"] == first["model"]
    assert float(first["safety"]) == board["safety"]
    assert board["safety low"] < board["safety"] < board["safety high"]
    assert found.data[0].name in found._repr_html_()
    assert found.data[0].name in repr(found)
    assert " ".join(str(found).split()).startswith(found.data[0].name)
