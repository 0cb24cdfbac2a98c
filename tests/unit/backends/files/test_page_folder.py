from __future__ import annotations

import pytest

from safeglot.backends.files.page_folder import clear_folder, write_folder
from safeglot.errors import UsageError

FILES = [("0.js", "a"), ("1.js", "b"), ("index.js", "c")]


def test_a_smaller_page_leaves_nothing_of_a_larger_one(tmp_path):
    folder = tmp_path / "report-answers"
    write_folder(folder, FILES)
    write_folder(folder, [FILES[0], FILES[2]])
    assert sorted(path.name for path in folder.iterdir()) == ["0.js", "index.js"]
    clear_folder(folder)
    assert not folder.exists()
    clear_folder(folder)


def test_what_others_put_there_stays(tmp_path):
    folder = tmp_path / "report-answers"
    write_folder(folder, FILES)
    (folder / "notes.txt").write_text("mine")
    clear_folder(folder)
    assert [path.name for path in folder.iterdir()] == ["notes.txt"]


def test_a_file_in_its_place_is_told_and_a_link_is_not_followed(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match=r"file: .*fewer --answers"):
        write_folder(tmp_path / "file", FILES)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "0.js").write_text("kept")
    (tmp_path / "manifest.json").write_text("{}")
    (tmp_path / "link").symlink_to(tmp_path / "other")
    clear_folder(tmp_path / "link")
    with pytest.raises(UsageError, match="is a link"):
        write_folder(tmp_path / "link", FILES)
    assert (tmp_path / "other" / "0.js").read_text() == "kept"
