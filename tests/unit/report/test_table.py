"""Tables as text, Markdown, CSV and JSON: the same numbers, with what they may be read for."""

import csv
import io
import json

import pytest

from safeglot.report.table import (
    Column,
    ResultCell,
    ResultTable,
    number,
    shown,
    to_csv,
    to_json,
    to_markdown,
    to_text,
    word,
)
from safeglot.report.width import display_width

LONG = "a reason that is far too long for a narrow cell"


def table(**changes):
    given = {
        "title": "A | title",
        "columns": (
            Column(name="language"),
            Column(name="safety", kind="rate"),
            Column(name="gap", kind="points"),
            Column(name="n", kind="count"),
        ),
        "rows": (
            (word("en"), number(0.9899, (0.95, 0.9961)), number(None), number(1200)),
            (word("日本語"), number(0.5), number(-0.0123, (-0.04, 0.01)), number(3)),
            (word("sw"), number(None, reason=LONG), number(None, reason="no data"), number(0)),
        ),
        "text": "What it shows. What it does not.",
        "assumptions": ("one thing.", "another"),
        "notes": ("found on the way.",),
    }
    return ResultTable(**(given | changes))


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (0.98996, "rate", "98.9"),
        (0.5, "rate", "50.0"),
        (-0.222, "rate", "−22.2"),
        (-0.0123, "points", "−1.2"),
        (0.0123, "points", "+1.2"),
        (1234.0, "count", "1,234"),
        (0.0001, "p", "<0.001"),
        (-0.1234, "number", "−0.123"),
    ],
)
def test_each_kind_has_its_form(value, kind, text):
    assert shown(number(value), kind) == text


def test_intervals_reasons_and_remarks_stand_with_the_number():
    assert shown(number(0.5, (0.4, 0.6)), "rate") == "50.0 [40.0 to 60.0]"
    assert shown(number(0.5, (0.4, None)), "rate") == "50.0"
    assert shown(ResultCell(text="(30 of 32)", value=0.5), "rate") == "50.0 (30 of 32)"
    assert shown(number(None, reason="no data"), "rate") == "no data"
    assert shown(number(None), "rate") == "–"
    assert shown(word(""), "word") == ""


def test_columns_stand_below_one_another_whatever_the_script():
    lines = to_text([table()]).splitlines()
    head, rule, *rows = lines[2:7]
    assert head.startswith("language  ")
    ends = [display_width(line) for line in (head, rule, *rows)]
    assert len(set(ends)) == 1


def test_a_long_reason_stands_below_with_its_number():
    text = to_text([table()])
    assert "– [1]" in text
    assert f"[1] {LONG}." in text
    assert to_markdown([table()]).count(LONG) == 1


def test_remarks_are_told_once_and_the_text_each_time():
    text = to_text([table(), table(title="Second", notes=("found on the way.", "new."))])
    assert text.count("Assumes: one thing; another.") == 1
    assert text.count("Note: found on the way.") == 1
    assert text.count("Note: new.") == 1
    assert text.count("What it shows.") == 2


def test_remarks_are_wrapped():
    wide = table(text="word " * 60)
    prose = to_text([wide], width=60).split("\n\n")[2]
    assert max(map(len, prose.splitlines())) <= 60


def test_markdown_escapes_bars_and_keeps_the_shape():
    lines = to_markdown([table()]).splitlines()
    assert lines[0] == r"**A \| title**"
    bars = [line for line in lines if line.startswith("|")]
    assert len(bars) == 5
    assert {line.replace(r"\|", "").count("|") for line in bars} == {5}
    assert bars[1] == "| --- | ---: | ---: | ---: |"


def test_csv_has_rates_as_they_are_and_intervals_beside():
    second = table(title="B", columns=(Column(name="other"),), rows=((word('say "a", b'),),))
    rows = list(csv.DictReader(io.StringIO(to_csv([table(), second]))))
    assert [row["table"] for row in rows] == ["A | title"] * 3 + ["B"]
    assert float(rows[0]["safety"]) == 0.9899
    assert (float(rows[0]["safety_low"]), float(rows[0]["safety_high"])) == (0.95, 0.9961)
    assert (rows[2]["safety"], rows[2]["safety_reason"]) == ("", LONG)
    assert rows[3]["other"] == 'say "a", b'
    assert rows[3]["safety"] == ""


def test_json_says_what_csv_says():
    whole = json.loads(to_json([table()]))["tables"][0]
    assert whole["rows"][0][1] == {"text": "", "value": 0.9899, "low": 0.95, "high": 0.9961}
    assert whole["rows"][1][0] == {"text": "日本語"}
    assert whole["rows"][2][1]["text"] == LONG
    assert [column["kind"] for column in whole["columns"]] == ["word", "rate", "points", "count"]
    assert (whole["text"], whole["notes"]) == (table().text, ["found on the way."])
    with pytest.raises(ValueError, match="JSON compliant"):
        to_json([table(rows=((word("en"), number(float("nan")), number(0), number(1)),))])


def test_a_row_of_another_shape_is_refused():
    with pytest.raises(ValueError, match="1 cells for 4 columns"):
        table(rows=((word("en"),),))


def test_a_table_without_rows_is_still_told():
    assert "language" in to_text([table(rows=())])
    assert to_csv([table(rows=())]) == "table\n"
