from pathlib import Path

import pytest

from example.prompt_sets import write
from safeglot.backends.files import datasets
from safeglot.config.settings import Config
from safeglot.errors import InputErrors, UsageError
from safeglot.flow.prompt_files import by_model, followed, load_all, pasted, remedied
from safeglot.prompts.problems import Remedy, Unread

ROWS = "id,category,text\n1,a,[r]\n"


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def write_all(files):
    write(Path(), files)


def said(*prompts):
    return [(file.where, dict(file.said)) for file in load_all(Config(prompts=prompts)).files]


def test_one_file_is_what_it_was():
    write_all({"a.csv": ROWS})
    assert load_all(Config(prompts="a.csv")).sha256 == datasets.load_prompts("a.csv").sha256


def test_files_add_and_a_pattern_says_their_language():
    write_all({"s/en.csv": ROWS, "s/sw.csv": ROWS, "x.csv": ROWS})
    assert said("s/{language}.csv") == [
        ("s/en.csv", {"{language}": "en"}),
        ("s/sw.csv", {"{language}": "sw"}),
    ]
    assert said("s/en.csv", "x.csv") == [("en.csv", {}), ("x.csv", {})]
    assert said("s") == [("s/en.csv", {"(language)": "en"}), ("s/sw.csv", {"(language)": "sw"})]
    loaded = load_all(Config(prompts=("s", "x.csv")))
    assert (loaded.name, len(loaded.files)) == ("s and 1 more", 3)


def test_another_name_of_a_file_is_another_set():
    write_all({"s/en.csv": ROWS, "s/de.csv": ROWS, "t/en.csv": ROWS, "t/sw.csv": ROWS})
    assert load_all(Config(prompts="s")).sha256 != load_all(Config(prompts="t")).sha256


def test_a_part_is_of_json_or_a_sheet():
    write_all({"a.json": {"k": [{"id": 1}]}})
    assert load_all(Config(prompts="a.json#k")).files[0].part == "k"
    with pytest.raises(UsageError, match="no such file"):
        load_all(Config(prompts="b.json#k"))
    with pytest.raises(UsageError, match="there is no folder none"):
        load_all(Config(prompts="none/{language}.csv"))


def test_the_command_to_paste_has_what_was_given_and_what_mends_it():
    config = Config(
        prompts=("my set.csv",), columns={"id": "qid"}, languages=("en", "de"), allow_partial=True
    )
    remedy = Remedy(
        columns={"text": "#0"}, read_as={"sp": "es"}, flags={"--unpaired": "", "--languages": "en"}
    )
    then = pasted(remedied(config, remedy), InputErrors(["a"])).then
    assert then == (
        "safeglot prompts --prompts 'my set.csv' --columns 'id=qid,text=#0' --read-as sp=es "
        "--languages en --allow-partial --unpaired"
    )
    part = pasted(remedied(Config(prompts="a.json"), Remedy(part="k")), InputErrors(["a"])).then
    assert part == "safeglot prompts --prompts 'a.json#k'"


def test_a_file_that_is_not_in_utf_8_is_first_written_anew():
    write_all({"a b.csv": "x"})
    then = pasted(Config(prompts=("a b.csv",)), InputErrors(["a"]), recode=True).then
    assert then == (
        "iconv -f WINDOWS-1252 -t UTF-8 'a b.csv' > 'a b-utf8.csv' && "
        "safeglot prompts --prompts 'a b-utf8.csv'"
    )


def test_each_remedy_is_tried_and_all_that_is_wrong_is_told():
    steps = [Remedy(columns={"text": "t"}), Remedy(read_as={"sp": "es"})]
    seen = []

    def read(config):
        seen.append(config)
        if len(seen) == 1:
            raise Unread(["second"], steps[1])

    problems, mended = followed(Config(prompts=("a.csv",)), Unread(["first"], steps[0]), read)
    assert problems.problems == ("first", "second")
    assert (mended.columns, mended.read_as) == ({"text": "t"}, {"sp": "es"})
    assert seen[-1] == mended


def test_a_folder_of_models_is_a_pattern():
    write_all({f"o/{m}/{tag}.csv": "x" for m in ("a", "b") for tag in ("en", "de")})
    assert by_model("o") == "o/{model}/{language}.csv"
