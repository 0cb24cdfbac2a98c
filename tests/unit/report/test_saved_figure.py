from __future__ import annotations

import json
from dataclasses import replace

from example import small
from safeglot.keys import digest
from safeglot.report.saved_figure import FigureSource, short_signature, version

RUN = small.page().run


def saved(rows, **source):
    return json.loads(
        FigureSource(run=RUN, **source).figure("languages", ("language", "rate"), rows).json
    )


def test_the_line_says_model_judge_n_average_and_signature():
    source = FigureSource(
        run=RUN, model="acme/m", judge="j", of="1,600 requests a language", average="macro-32"
    )
    short = digest(RUN.signature)[:8]
    assert source.line == (
        f"acme/m, judged by j, 1,600 requests a language, macro-32. safeglot 0, {short}."
    )
    assert FigureSource(run=RUN, judge="j").line == f"Judged by j. safeglot 0, {short}."
    assert FigureSource(run=replace(RUN, versions={})).line == f"safeglot, {short}."
    assert (version(RUN), short_signature(RUN)) == ("safeglot 0", short)


def test_the_data_say_in_each_row_what_they_are_of():
    found = saved([("sw", 0.123456789), ("en", None)], model="acme/m", judge="j", average="micro")
    assert found["columns"] == ["language", "rate"]
    assert found["rows"] == [["sw", 0.123457], ["en", None]]
    assert found["about"] == {
        "model": "acme/m", "judge": "j", "average": "micro", "signature": RUN.signature,
    }  # fmt: skip
    assert list(saved([("sw", 1)])["about"]) == ["signature"]


def test_a_spreadsheet_runs_no_cell_and_numbers_stay_numbers():
    found = saved([("=1+1", -0.5), ("@x", 3)], model="+model")
    assert found["rows"] == [["'=1+1", -0.5], ["'@x", 3]]
    assert found["about"]["model"] == "'+model"


def test_no_text_ends_the_script_that_it_stands_in():
    figure = FigureSource(run=RUN, model="</script><b>").figure(
        "x", ("language",), [("</script>",)]
    )
    assert "<" not in figure.json
    assert json.loads(figure.json)["rows"] == [["</script>"]]
