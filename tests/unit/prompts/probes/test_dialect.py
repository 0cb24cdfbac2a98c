import pytest

from safeglot.prompts.probes.base import Probe
from safeglot.prompts.probes.dialect import read_dialects
from safeglot.prompts.problems import Problems

ROWS = [
    ("d.csv:2", {"id": "p1", "language": "de", "text": "Wia mach i des?"}),
    ("d.csv:3", {"id": "p1", "language": "de", "text": "Wie mach ick dit?", "label": "berlin"}),
    ("d.csv:4", {"id": "p2", "language": "deu", "text": "Wos is des?", "label": ""}),
]


def probe(label):
    return Probe(factor="dialect", level=label)


def read(rows, problems=None):
    return read_dialects(
        rows,
        {"p1": {}, "p2": {"de": "Was?"}},
        tags=["en", "de"],
        probe=probe("bairisch"),
        problems=problems or Problems(),
    )


def test_labels_are_probes():
    dialects = read(ROWS)
    assert [probe.level for probe in dialects.probes] == ["bairisch", "berlin"]
    assert dialects.variant(probe("berlin"), "p1", "de").text == "Wie mach ick dit?"
    assert dialects.variant(probe("bairisch"), "p2", "de").facts == {"label": "bairisch"}
    fault = dialects.variant(probe("berlin"), "p2", "de").fault
    assert fault == 'there is no text labelled "berlin" for this prompt in de'


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (
            {"id": "p3", "language": "de", "text": "x"},
            'id "p3" is no prompt of the run',
        ),
        (
            {"id": "p1", "language": "fr", "text": "x"},
            "language fr is not in the run (it has en, de)",
        ),
        ({"id": "p1", "language": "germn", "text": "x"}, "unknown language tag 'germn'"),
        ({"id": "p1", "language": "de", "text": " "}, "has no text; a row needs id"),
        ({"id": "p1", "text": "x"}, "has no language;"),
        (
            {"id": "p1", "language": "de", "text": "x", "label": "a+b"},
            'label "a+b" has a "+" or "="',
        ),
        (
            {"id": "p1", "language": "de", "text": "x"},
            'has a second text labelled "bairisch" for p1 in de',
        ),
    ],
)
def test_rows_that_are_wrong_are_told(row, says):
    problems = Problems()
    read([*ROWS, ("d.csv:5", row)], problems)
    assert len(problems.found) == 1
    assert problems.found[0].startswith("d.csv:5: ")
    assert says in problems.found[0]


def test_coded_texts_have_explicit_twins_that_are_the_runs_own():
    rows = [
        ("c.csv:2", {"id": "p1", "language": "de", "explicit": "Was?", "coded": "Wos?"}),
        ("c.csv:3", {"id": "p2", "language": "de", "coded": "Wea?", "label": "unsafe"}),
        ("c.csv:4", {"id": "p3", "language": "de", "explicit": "Wo?", "coded": "Wau?", "label": "b"}),
        ("c.csv:5", {"id": "p1", "language": "de", "explicit": "Was?", "text": "Wos?"}),
    ]  # fmt: skip
    problems = Problems()
    own = {"p1": {"de": "Was? "}, "p2": {"de": "Wer?"}, "p3": {"de": "Wo nur?"}}
    probe = Probe(factor="coded", level="twins")
    found = read_dialects(rows, own, tags=["de"], probe=probe, problems=problems)
    assert found.texts == {(probe, "p1", "de"): "Wos?", (probe, "p2", "de"): "Wea?"}
    assert len(problems.found) == 2
    assert "explicit is not the run's text of p3 in de" in problems.found[0]
    assert "--columns text=explicit" in problems.found[0]
    assert problems.found[1] == "c.csv:5: has no coded; a row needs id, language, coded"
