import pytest

from safeglot.backends.console import Console
from safeglot.backends.files.rundir import RunDir
from safeglot.errors import InputErrors, UsageError
from safeglot.flow.logs.imports import import_run
from safeglot.flow.logs.recording import ToImport
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


@pytest.fixture
def two_models(tmp_path):
    """A folder a model, a file a language, and nothing within that names the model."""
    for model in ("x", "y"):
        for tag in ("de", "en"):
            path = tmp_path / "out" / model / f"{tag}.csv"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"id,category,text,answer\n1,c,Text {tag},by {model}\n", "utf-8")
    return tmp_path / "out"


def test_a_path_says_the_model(two_models, tmp_path):
    run = made(f"{two_models}/{{model}}/{{language}}.csv", tmp_path)
    about = run.read_manifest()
    assert (about.models, about.samples) == (("imported/x", "imported/y"), 1)


def test_answers_of_several_files_are_no_samples_of_one_model(two_models, tmp_path):
    with pytest.raises(InputErrors) as told:
        made(str(two_models), tmp_path)
    (problem,) = told.value.problems
    assert "no column says whose they are" in problem
    assert "{model}/{language}" in problem
    assert made(str(two_models), tmp_path, columns={"sample": "#"}).read_manifest().samples == 2


def test_the_command_to_paste_has_all_that_was_given(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(f"{HEAD}1,Norsk,c,Hello,x\n", "utf-8")
    with pytest.raises(InputErrors) as told:
        made(str(path), tmp_path, verdicts={"y": "unsafe"}, simple_labels=True)
    begun = f"safeglot import {path} --out {tmp_path / 'run'} --verdicts y=unsafe --simple-labels"
    assert told.value.then.startswith(begun)
    assert "--read-as" in told.value.then
