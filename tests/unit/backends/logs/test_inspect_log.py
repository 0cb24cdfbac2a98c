"""What is told of a log of Inspect before it is read; logs that Inspect made are in tests/extras."""

import importlib.util
import json
import zipfile

import pytest

from safeglot.backends.logs.inspect_log import open_log
from safeglot.errors import UsageError


def log_of(path, **parts):
    with zipfile.ZipFile(path, "w") as log:
        for name, value in parts.items():
            log.writestr(f"{name}.json", json.dumps(value))
    return path


@pytest.mark.skipif(bool(importlib.util.find_spec("inspect_ai")), reason="Inspect is installed")
def test_without_inspect_it_says_what_to_install(tmp_path):
    with pytest.raises(UsageError, match=r"pip install 'safeglot\[inspect\]'"):
        open_log(log_of(tmp_path / "a.eval", header={"version": 2}))


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"header": {"version": 3}}, "is a log of version 3"),
        ({"header": {}}, "has no header"),
        ({"other": {}}, "has no header"),
    ],
)
def test_what_it_is_not_is_told(tmp_path, parts, said):
    with pytest.raises(UsageError, match=said):
        open_log(log_of(tmp_path / "a.eval", **parts))


def test_no_zip(tmp_path):
    (tmp_path / "a.eval").write_text("text", "utf-8")
    with pytest.raises(UsageError, match="cannot be read as a log"):
        open_log(tmp_path / "a.eval")


def test_its_json_is_looked_at_for_its_version_too(tmp_path):
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"eval": {}, "status": "success", "version": 3}), "utf-8")
    with pytest.raises(UsageError, match="is a log of version 3; this safeglot reads 2"):
        open_log(path)
