from __future__ import annotations

import json
from dataclasses import replace

import pytest

from example.manifest import manifest_with, taxonomy_table
from safeglot.backends.files.manifest import (
    IDENTITY,
    ArmsSummary,
    EstimatorTable,
    GateTable,
    PromptOrigin,
    SetManifest,
    parse_manifest,
)
from safeglot.backends.files.records import Misfit, read_record, table_of
from safeglot.backends.files.rundir import RunDir


def written(manifest):
    return json.loads(json.dumps(table_of(manifest)))


def test_what_was_written_is_read_again():
    coverage = {"theft": (("S2", "S3"), "in part")}
    manifest = manifest_with(
        taxonomy=taxonomy_table(coverage=coverage),
        arms=ArmsSummary(digest="d", texts={"roundtrip": 3}, warnings=("A6",)),
        judge_notes={"j": ("one", "two")},
        bootstrap=0,
        correction="ppi",
    )
    assert parse_manifest(written(manifest)) == manifest


def test_what_a_run_does_not_have_is_not_written():
    table = written(manifest_with())
    assert not {"bootstrap", "arms", "correction", "written"} & set(table)
    manifest = parse_manifest(table)
    assert (manifest.draws, manifest.arms_digest, manifest.correction) == (0, "", None)


def test_keys_of_others_and_the_order_of_a_file_outlive_a_rewrite(tmp_path):
    table = written(manifest_with(arms=ArmsSummary(digest="d", texts={})))
    table = {"mine": [1], "level": 0.9, "correction": "ppi"} | table | {"level": 0.9}
    table["taxonomy"] = {"theirs": 2} | table["taxonomy"]
    run = RunDir(tmp_path)
    run.write({}, replace(parse_manifest(table), bootstrap=7, level=0.8))
    found = json.loads(run.manifest.read_text("utf-8"))
    assert found == table | {"bootstrap": 7, "level": 0.8}
    assert list(found) == [*table, "bootstrap"]
    assert list(found["taxonomy"]) == list(table["taxonomy"])


@pytest.mark.parametrize("part", IDENTITY)
def test_each_part_of_the_identity_is_needed(part):
    table = written(manifest_with())
    del table["identity"][part]
    with pytest.raises(Misfit, match=rf"^identity\.{part}: is missing$"):
        parse_manifest(table)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"languages": ["en", 5]}, "languages.1: got 5, allowed is a text"),
        ({"samples": 1.5}, "samples: got 1.5, allowed is a whole number"),
        ({"samples": True}, "samples: got true, allowed is a whole number"),
        ({"judges": {"a": None}}, "judges.a: got null, allowed is a text"),
        ({"source": {"name": "p"}}, "source.sha256: is missing"),
        ({"taxonomy": {}}, "taxonomy.name: is missing"),
        ({"arms": {"digest": "d", "texts": {"main": "1"}}}, 'arms.texts.main: got "1", allowed is a whole number'),
    ],
)  # fmt: skip
def test_a_value_that_does_not_fit_is_told_by_its_key(change, told):
    with pytest.raises(Misfit) as error:
        parse_manifest(written(manifest_with()) | change)
    assert str(error.value) == told


def test_coverage_is_a_pair():
    table = written(manifest_with())
    table["taxonomy"]["coverage"] = {"theft": [["S2"]]}
    with pytest.raises(Misfit, match=r"^taxonomy\.coverage\.theft: got 1 items, allowed are 2$"):
        parse_manifest(table)


# ---- of a translation set


def set_manifest(**changes):
    return SetManifest(
        **{
            "safeglot": "0.1.0",
            "created": "2026-01-01T00:00:00+00:00",
            "versions": {},
            "identity": {"prompts": "p@0"},
            "source": PromptOrigin(name="p.csv", sha256="0" * 64, revision=""),
            "reference": "en",
            "languages": ("de", "sw"),
            "translators": {"mt": "mt:1"},
            "estimators": {
                "q": EstimatorTable(
                    id="q:1", worst=25, best=0.0, proxy=True, uncovered={"sw": "no"}
                )
            },
            "gate": GateTable(
                threshold=None, by_language={"de": {"q": 3.5}, "sw": None, "yo": 0.4}
            ),
            "notes": (),
            **changes,
        }
    )


def test_a_set_that_was_only_begun_has_no_end():
    table = written(set_manifest())
    assert next(iter(table)) == "format"
    assert table["gate"] == {"threshold": None, "by_language": {"de": {"q": 3.5}, "sw": None, "yo": 0.4}}  # fmt: skip
    assert table["estimators"]["q"]["not covered"] == {"sw": "no"}
    assert not {"digest", "counts", "try_again"} & set(table)
    assert read_record(SetManifest, table) == set_manifest()


def test_a_set_that_is_finished_says_how_its_texts_ended():
    whole = set_manifest(digest="d", counts={"de": {"kept": 1}}, try_again=0)
    table = written(whole)
    assert list(table)[-3:] == ["digest", "counts", "try_again"]
    assert read_record(SetManifest, table) == whole


@pytest.mark.parametrize(
    ("gate", "told"),
    [
        ({"threshold": "x", "by_language": {}}, 'gate.threshold: got "x", allowed is a number'),
        ({"threshold": 0.5, "by_language": {"de": "x"}}, 'gate.by_language.de: got "x", allowed is a number'),
        ({"threshold": 0.5, "by_language": {"de": {"q": None}}}, "gate.by_language.de.q: got null, allowed is a number"),
        ({"by_language": {}}, "gate.threshold: is missing"),
    ],
)  # fmt: skip
def test_a_gate_that_does_not_fit(gate, told):
    with pytest.raises(Misfit) as error:
        read_record(SetManifest, written(set_manifest()) | {"gate": gate})
    assert str(error.value) == told


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("bootstrap", 10**30), ("bootstrap", -1), ("level", 2.0), ("level", 0.1), ("samples", 0),
        ("level", float("nan")), ("samples", 10**9), ("languages", ["en", "qq"]),
        ("languages", ["en", "en"]), ("reference", "<b>"),
    ],
)  # fmt: skip
def test_settings_out_of_their_bounds_are_refused(key, value):
    table = written(manifest_with()) | {key: value}
    with pytest.raises(Misfit, match=rf"^{key}: "):
        parse_manifest(table)


def test_counts_below_nothing_are_refused_wherever_they_stand():
    table = written(manifest_with(arms=ArmsSummary(digest="d", texts={"roundtrip": 3})))
    table["arms"]["texts"]["roundtrip"] = -3
    with pytest.raises(Misfit, match=r"^arms\.texts\.roundtrip: got -3, allowed is at least 0"):
        parse_manifest(table)
    table = written(manifest_with())
    table["source"]["sizes"] = {"harmful": {"c": -1}}
    with pytest.raises(Misfit, match=r"^source\.sizes\.harmful\.c: got -1"):
        parse_manifest(table)
