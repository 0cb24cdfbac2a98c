from __future__ import annotations

import json

import pytest

from example.manifest import manifest_with
from safeglot.backends.files.records import table_of
from safeglot.backends.files.rundir import RunDir, read_text, runs_below, write_text
from safeglot.errors import Stopped, UsageError

MANIFEST = manifest_with()


@pytest.fixture
def run(tmp_path):
    found = RunDir(tmp_path / "first")
    found.create()
    found.write({"limit": 3}, MANIFEST)
    return found


def test_what_is_written_is_read_again(run):
    assert run.read_manifest() == MANIFEST
    assert run.config.read_text() == "limit = 3\n"
    assert sorted(p.name for p in run.path.iterdir()) == ["manifest.json", "run.toml"]


@pytest.mark.parametrize("key", sorted(table_of(MANIFEST)))
def test_a_manifest_that_lacks_a_part_is_told(run, key):
    table = table_of(MANIFEST)
    lacking = {k: v for k, v in table.items() if k != key}
    for broken in (
        lacking,
        {**lacking, key: None},
        {**lacking, key: {} if isinstance(table[key], list) else []},
    ):
        run.manifest.write_text(json.dumps(broken))
        told = rf"manifest\.json: not a manifest of this version \({key}: (is missing|got \S+ ?\S*, allowed is .+)\)"
        with pytest.raises(UsageError, match=told):
            run.read_manifest()


def test_what_is_no_json_object_is_no_manifest(run):
    for text, told in (("[]", "got a list, allowed is an object"), ("{", "not JSON")):
        run.manifest.write_text(text)
        with pytest.raises(UsageError, match=rf"manifest\.json: .*{told}.*Put back the file"):
            run.read_manifest()


def test_runs_below_a_folder_and_in_it(run, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").touch()
    assert [r.path for r in runs_below(tmp_path)] == [run.path]
    assert [r.path for r in runs_below(run.path)] == [run.path]
    assert runs_below(tmp_path / "none") == []


def test_one_holder_at_a_time(run):
    with run.locked():  # noqa: SIM117 - it is held while the other tries
        with pytest.raises(UsageError, match="another safeglot process"), RunDir(run.path).locked():
            pass
    with RunDir(run.path).locked():
        pass


def test_a_lock_that_cannot_be_made_is_told(run):
    (run.path / ".lock").mkdir()
    with pytest.raises(UsageError, match="cannot be written"), run.locked():
        pass


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    file = tmp_path / "a.txt"
    write_text(file, "first")
    with pytest.raises(UnicodeEncodeError):
        write_text(file, "\ud800")
    assert file.read_text() == "first"
    (tmp_path / "folder").mkdir()
    with pytest.raises(Stopped, match="run the same command again"):
        write_text(tmp_path / "folder", "text")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.txt", "folder"]


def test_text_that_cannot_be_read(tmp_path):
    file = tmp_path / "a.txt"
    file.write_bytes(b"one\ntwo \xff\n")
    with pytest.raises(UsageError, match=r"a\.txt:2: byte 0xff is not UTF-8\. Mend it\."):
        read_text(file, "Mend it")
    with pytest.raises(UsageError, match="no such file"):
        read_text(tmp_path / "none", "Mend it")
    with pytest.raises(UsageError, match="cannot be read"):
        read_text(tmp_path, "Mend it")
