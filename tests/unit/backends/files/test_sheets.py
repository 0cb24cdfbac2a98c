import zipfile

import pytest

from example.prompt_sets import xlsx
from safeglot.backends.files import sheets
from safeglot.backends.files.sheets import SheetRows, sheet_names
from safeglot.errors import UsageError


def test_the_rows_of_a_sheet_are_read_again_and_again(tmp_path):
    path = xlsx(
        tmp_path / "a.xlsx", {"One": [["id", "en"], [1, "[r]"]], "Two": [["x"]], "Empty": []}
    )
    assert sheet_names(path) == ["One", "Two"]
    rows = SheetRows(path, "One")
    assert (
        [list(row) for row in rows] == [["id", "en"], [1.0, "[r]"]] == [list(row) for row in rows]
    )


def test_what_is_no_file_of_sheets_or_too_large_is_told(tmp_path, monkeypatch):
    (tmp_path / "a.xlsx").write_bytes(b"no")
    with pytest.raises(UsageError, match=r"a.xlsx: is not an .xlsx file that can be read"):
        sheet_names(tmp_path / "a.xlsx")
    with zipfile.ZipFile(tmp_path / "b.xlsx", "w") as out:
        out.writestr("xl/other.xml", "x")
    with pytest.raises(UsageError, match=r"b.xlsx: is not an .xlsx file"):
        sheet_names(tmp_path / "b.xlsx")
    monkeypatch.setattr(sheets, "MOST", 100)
    path = xlsx(tmp_path / "c.xlsx", {"One": [["[a text]"] * 9]})
    with pytest.raises(UsageError, match=r"c.xlsx: holds more than 100 bytes when it is unpacked"):
        sheet_names(path)
