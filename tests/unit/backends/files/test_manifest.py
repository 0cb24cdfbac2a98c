from __future__ import annotations

import json
from dataclasses import replace

import pytest

from example.manifest import manifest_with, taxonomy_table
from safeglot.backends.files.manifest import IDENTITY, ArmsSummary, parse_manifest
from safeglot.backends.files.records import Misfit, table_of
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
