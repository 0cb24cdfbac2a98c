"""Mode files made here; those of the machine's Apertium are read in test_translator.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from safeglot.backends.translators.apertium import modes
from safeglot.backends.translators.apertium.modes import (
    DATA,
    Mode,
    data_folder,
    find_modes,
    known,
    plain_modes,
    shortest,
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with one file of data, on a machine that has all programs but `missing`."""
    monkeypatch.setattr(
        modes.shutil, "which", lambda name: None if name == "missing" else f"/bin/{name}"
    )
    (tmp_path / "modes").mkdir()
    (tmp_path / "a.bin").write_bytes(b"data")
    (tmp_path / "empty.bin").touch()
    return tmp_path


def write(folder: Path, name: str, text: str = "lt-proc 'FOLDER/a.bin'") -> Mode | None:
    (folder / "modes" / f"{name}.mode").write_text(text.replace("FOLDER", str(folder)))
    return find_modes(folder).get(name)


def mode(source: str, target: str, fault: str = "") -> Mode:
    return Mode(name=f"{source}-{target}", source=source, target=target, fault=fault)


def edges(*found: Mode) -> dict[tuple[str, str], Mode]:
    return {(m.source, m.target): m for m in found}


def test_programs_answer_text_for_text_and_without_marks(folder):
    found = write(
        folder,
        "eng-spa",
        "lt-proc -w 'FOLDER/a.bin' | apertium-tagger -g $2 'FOLDER/a.bin' | lt-proc $1 'FOLDER/a.bin'",
    )
    file = str(folder / "a.bin")
    assert found is not None
    assert found.commands == (
        ("lt-proc", "-z", "-w", file),
        ("apertium-tagger", "-z", "-g", file),
        ("lt-proc", "-z", "-n", file),
    )
    assert (found.source, found.target, found.fault) == ("en", "es", "")
    assert found.files == (folder / "a.bin",)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "its mode file names no program"),
        ("missing 'FOLDER/a.bin'", "it needs missing, which is not installed"),
        ("cat 'FOLDER/a.bin'", "it needs cat, which cannot answer text for text"),
        ("lt-proc 'FOLDER/a.bin' > out", "its mode file has '>', which only a shell understands"),
        ("lt-proc 'FOLDER/none.bin'", "its file FOLDER/none.bin is missing or empty"),
        ("lt-proc 'FOLDER/empty.bin'", "its file FOLDER/empty.bin is missing or empty"),
        ("lt-proc 'FOLDER", "its mode file cannot be read: No closing quotation"),
    ],
)
def test_a_mode_that_cannot_be_used_says_why(folder, text, fault):
    found = write(folder, "eng-spa", text)
    assert found is not None
    assert found.fault == fault.replace("FOLDER", str(folder))


def test_a_mode_known_to_be_broken_stays_broken(folder):
    found = write(folder, "eng-hbs")
    assert found is not None
    assert "known to be broken" in found.fault


@pytest.mark.parametrize(
    ("name", "pair"),
    [
        ("eng-spa", ("en", "es")),
        ("es-pt_BR", ("es", "pt-BR")),
        ("eng-cat_valencia", ("en", "ca-valencia")),
        ("eng-spa-tagger", ("en", "es")),
        ("eng-eng", None),
        ("eng", None),
        ("eng-xyz", None),
    ],
)
def test_a_name_states_two_languages(folder, name, pair):
    found = write(folder, name)
    assert (found and (found.source, found.target)) == pair


def test_the_plain_mode_of_a_direction_that_can_be_used_goes_first(folder):
    write(folder, "en-es")
    write(folder, "eng-spa")
    write(folder, "eng-spa-tagger")
    assert plain_modes(find_modes(folder))["en", "es"].name == "eng-spa"
    write(folder, "eng-spa", "")
    assert plain_modes(find_modes(folder))["en", "es"].name == "en-es"


def test_the_shortest_chain_is_taken_and_of_several_the_one_over_spanish():
    pairs = ("en-ca", "ca-it", "en-es", "es-it", "en-fr", "fr-it", "it-sc")
    known_pairs = edges(*(mode(*pair.split("-")) for pair in pairs))
    names = [m.name for m in shortest(known_pairs, "en", "it")]
    assert names == ["en-es", "es-it"]
    assert [m.name for m in shortest(known_pairs, "en", "sc")] == ["en-es", "es-it", "it-sc"]
    broken = known_pairs | edges(mode("es", "it", "broken"))
    assert [m.name for m in shortest(broken, "en", "it")] == ["en-ca", "ca-it"]


def test_a_chain_has_no_fourth_mode_and_comes_back_to_no_language():
    line = edges(*(mode(a, b) for a, b in ("ab", "ba", "bc", "cb", "cd", "de")))
    assert [m.name for m in shortest(line, "a", "d")] == ["a-b", "b-c", "c-d"]
    assert shortest(line, "a", "e") == ()
    assert shortest({}, "en", "es") == ()


def test_a_region_falls_back_to_its_language_and_a_script_does_not():
    tags = ("en", "pt", "pt-BR", "sr")
    assert known("en-GB", tags) == "en"
    assert (known("pt-BR", tags), known("pt-PT", tags)) == ("pt-BR", "pt")
    assert (known("sr", tags), known("sr-Latn", tags), known("sw", tags)) == ("sr", "", "")


def test_the_data_folder_is_the_one_that_apertium_takes(monkeypatch):
    monkeypatch.setenv("APERTIUM_DATADIR", "/elsewhere")
    assert data_folder() == Path("/elsewhere")
    monkeypatch.delenv("APERTIUM_DATADIR")
    assert data_folder() == DATA
