"""The notebook of the docs runs in a kernel of Jupyter, whose loop runs already."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbclient import NotebookClient

from e2e.runs import SOURCE
from waiting import HANG_S

NOTEBOOK = Path(__file__).parents[2] / "docs" / "tutorial" / "notebook.ipynb"


def test_the_notebook_runs(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", SOURCE)
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    client = NotebookClient(
        notebook, timeout=HANG_S, startup_timeout=HANG_S, kernel_name="python3",
        resources={"metadata": {"path": str(tmp_path)}},
    )  # fmt: skip
    client.execute()
    shown = [cell.outputs for cell in notebook.cells if cell.cell_type == "code"]
    first = [output["data"]["text/html"] for output in shown[0] if "data" in output]
    assert "<progress " in first[0]
    assert "refuses hardly anything" in first[-1]
    assert "Swahili" in first[-1]
    assert "rank" in shown[-1][-1]["data"]["text/html"]
