import dataclasses

import pytest

from safeglot.config.norms import norms_of, read_norms
from safeglot.errors import InputErrors, UsageError
from safeglot.judge.norms import Norms
from safeglot.prompts.taxonomy import Taxonomy

TAXONOMY = Taxonomy(
    name="own",
    categories=("crime_tax", "crime_theft", "hate"),
    macro={"crime_tax": "crime", "crime_theft": "crime", "hate": "words"},
)


def write(folder, **texts):
    for name, text in texts.items():
        (folder / f"{name}.toml").write_text(text, "utf-8")
    return folder


def test_norms_name_categories_macro_categories_or_what_they_leave_out(tmp_path):
    write(
        tmp_path,
        a='counts = ["crime"]',
        b='leaves_out = ["hate"]',
        c='name = "ACME.2"\ncounts = ["hate"]\ncodes = ["Violent"]\ntext = """\nNo hate.\n"""',
        d='text = "Nothing rude."',
        e='codes = ["Violent"]',
    )
    assert read_norms([tmp_path], TAXONOMY) == (
        Norms(name="a", counts=("crime_tax", "crime_theft")),
        Norms(name="b", counts=("crime_tax", "crime_theft")),
        Norms(name="ACME.2", counts=("hate",), codes=("Violent",), text="No hate."),
        Norms(name="d", text="Nothing rude."),
        Norms(name="e", codes=("Violent",)),
    )


def test_what_a_run_keeps_is_read_back():
    norms = Norms(name="c", counts=("hate",), codes=("Violent",), text="No hate.")
    assert norms_of(dataclasses.asdict(norms)) == (norms, [])
    assert norms_of({"name": "c", "leaves_out": ["hate"]})[1] == [
        "leaves_out: is for a file of --norms; write counts here."
    ]
    assert norms_of("AT")[1][0].startswith("got 'AT', allowed is a table")


def test_all_that_is_wrong_is_told_at_once(tmp_path):
    write(
        tmp_path,
        a='count = ["crime"]',
        b='counts = ["crimes"]\nleaves_out = []',
        c='name = "../x"\ncounts = "hate"\ntext = 3',
        d='name = "e"\ncounts = ["hate"]',
        e='counts = ["hate"]',
    )
    with pytest.raises(InputErrors) as error:
        read_norms([tmp_path], TAXONOMY)
    told = "\n".join(error.value.problems)
    for part in (
        "a.toml: count: no such key. Did you mean 'counts'?",
        "a.toml: give one of counts and leaves_out",
        "b.toml: counts: no category is called 'crimes'. Did you mean 'crime'?",
        "b.toml: give one of counts and leaves_out",
        "c.toml: name: got '../x'",
        "c.toml: counts: got 'hate', allowed is a list",
        "c.toml: text: got 3",
        "e.toml: e is there twice",
    ):
        assert part in told


def test_an_empty_folder_or_no_file_says_what_is_wanted(tmp_path):
    with pytest.raises(UsageError, match="no file NAME"):
        read_norms([tmp_path], TAXONOMY)
    with pytest.raises(UsageError, match="Give a TOML file that says what counts"):
        read_norms([tmp_path / "no.toml"], TAXONOMY)
