import pytest

from safeglot.backends.console import Console
from safeglot.backends.files.rundir import RunDir
from safeglot.errors import InputErrors, UsageError
from safeglot.flow.logs.imports import ToImport, import_run
from safeglot.flow.run.session import stored_config

HEAD = "id,language,category,text,answer\n"


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(f"{HEAD}1,en,c,Hello,x\n1,de,c,Hallo,y\n2,en,c,Bye,z\n", "utf-8")
    return str(path)


def made(source, tmp_path, **given):
    return import_run(ToImport(sources=(source,), **given), tmp_path / "run", Console(quiet=True))


def test_a_text_that_is_lacking_is_told_and_never_english(source, tmp_path):
    run = made(source, tmp_path)
    about = run.read_manifest()
    assert about.languages == ("en", "de")
    assert "1 of 4 texts are not in the source" in about.settings["on reading the prompts"]
    assert about.identity["n"] == "2"


def test_the_manifest_and_the_configuration_are_read_again_as_they_are(source, tmp_path):
    run = made(source, tmp_path, columns={"model": "=acme/x"})
    assert run.read_manifest().models == ("imported/acme/x",)
    assert stored_config(run).target[0].model == "imported/acme/x"
    assert stored_config(run).judge == ()


def test_what_was_read_otherwise_is_another_recording(source, tmp_path):
    first = made(source, tmp_path).read_manifest()
    (tmp_path / "run").rename(tmp_path / "first")
    second = made(source, tmp_path, columns={"model": "=m"}).read_manifest()
    assert first.model_ids != second.model_ids


def test_the_same_is_the_same(source, tmp_path):
    first = made(source, tmp_path).read_manifest()
    (tmp_path / "run").rename(tmp_path / "first")
    assert made(source, tmp_path).read_manifest().signature == first.signature


def test_a_run_that_is_there_is_left_alone(source, tmp_path):
    made(source, tmp_path)
    with pytest.raises(UsageError, match="holds a run already"):
        made(source, tmp_path)
    assert RunDir(tmp_path / "run").read_manifest().models == ("imported/unknown",)


def test_all_that_is_wrong_is_told_at_once(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(f"{HEAD}1,en,c,Hello,x\n2,xx-yy-1,c,Hello,x\n,en,c,Hello,y\n", "utf-8")
    with pytest.raises(InputErrors) as told:
        made(str(path), tmp_path)
    assert len(told.value.problems) == 2, told.value.problems
    assert [p.name for p in tmp_path.iterdir()] == ["a.csv"]
