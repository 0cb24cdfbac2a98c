from __future__ import annotations

import os
import stat

import pytest

from safeglot.backends.files import links
from safeglot.errors import UsageError


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def other(tmp_path):
    """A file of the user's that a link leads to."""
    file = tmp_path / "other"
    file.write_text("mine")
    return file


def test_a_file_is_replaced_whole_and_a_link_not_followed(tmp_path, other):
    path = tmp_path / "file"
    path.symlink_to(other)
    with links.replaced(path) as new:
        new.write_text("new")
    assert (path.read_text(), path.is_symlink(), other.read_text()) == ("new", False, "mine")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "other"]


def test_what_fails_leaves_the_file_as_it_was(tmp_path, other):
    def half():
        with links.replaced(other) as new:
            new.write_text("half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()
    assert [p.name for p in tmp_path.iterdir()] == ["other"]
    assert other.read_text() == "mine"


def test_text_is_appended_to_a_file_and_through_no_link(tmp_path, other):
    path = tmp_path / "log"
    for _ in range(2):
        with links.appended(path) as file:
            file.write("é")
    assert path.read_text("utf-8") == "éé"
    path.unlink()
    for make in (path.symlink_to, path.hardlink_to):
        make(other)
        with pytest.raises(UsageError, match=r"link.*Nothing is read or written through it"):
            links.appended(path)
        path.unlink()
    path.symlink_to(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="is a link"):
        links.appended(path)
    assert (other.read_text(), (tmp_path / "nowhere").exists()) == ("mine", False)


def test_a_pipe_is_no_file_and_nobody_waits_for_it(tmp_path):
    path = tmp_path / "log"
    os.mkfifo(path)
    with pytest.raises(UsageError, match="is no file"):
        links.appended(path)
    with pytest.raises(UsageError, match="is no file"):
        links.check_regular([path])
    links.check_regular([tmp_path / "not there"])


def test_a_folder_in_a_run_leads_to_no_other_place(tmp_path):
    run, place = tmp_path / "run", tmp_path / "place"
    for folder in (run, place):
        folder.mkdir()
    (run / "export").symlink_to(place)
    links.check_folder(run / "export", run)  # a folder of the user's own
    (run / "manifest.json").touch()
    with pytest.raises(UsageError, match="is a link out of"):
        links.check_folder(run / "export", run)


def test_folders_are_private_where_they_are_new(tmp_path):
    shared = tmp_path / "shared"
    shared.mkdir(mode=0o755)
    links.private_folder(shared / "runs" / "first")
    links.private_folder(shared)
    assert [mode(shared / name) for name in ("runs", "runs/first")] == [0o700, 0o700]
    assert mode(shared) == 0o755


def test_a_text_inside_a_folder_is_read_through_no_link(tmp_path, other):
    folder = tmp_path / "run"
    (folder / "beside").mkdir(parents=True)
    (folder / "beside" / "a.js").write_text("é", encoding="utf-8")
    (folder / "link").symlink_to(other)
    (folder / "away").symlink_to(tmp_path)
    os.mkfifo(folder / "pipe")
    assert links.text_inside(folder, "beside/a.js") == "é"
    for name in ("", ".", "beside", "nosuch", "link", "pipe", "../other", "beside/../../other", "away/other", "/etc/passwd", "a\0b"):  # fmt: skip
        assert links.text_inside(folder, name) is None, name


def test_a_text_that_is_too_large_is_not_read(tmp_path):
    with (tmp_path / "large").open("wb") as file:
        file.truncate(links.MOST_BYTES + 1)
    assert links.text_inside(tmp_path, "large") is None
