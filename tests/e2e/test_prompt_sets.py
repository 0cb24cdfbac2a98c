"""Prompt sets as people have them: one command reads each, and each refusal ends in the command to paste."""

from __future__ import annotations

import shlex
import zipfile

import pytest

from e2e.commands import Done, exit_code, in_own_process, says, without
from example.prompt_sets import (
    AILUMINATE,
    HATECHECK,
    INDIC,
    POLYREFUSE,
    XSAFETY,
    headless,
    write,
    xlsx,
)

CELL = "x" * 200_000
READ = {
    # name: files, the command, languages, prompts, what the notes say
    "perlang": (
        {
            "harm_english.csv": "id,category,text\n1,a,[r1 en]\n2,a,[r2 en]\n",
            "harm_swahili.csv": "id,category,text\n1,a,[r1 sw]\n2,a,[r2 sw]\n",
        },
        "--prompts harm_english.csv --prompts harm_swahili.csv", "en, sw", 2, ("harm_{language}.csv",),
    ),
    "names": (
        {"n.csv": "id,language,category,text\n1,ENGLISH,a,[r1]\n1,Simplified Chinese,a,[r1]\n1,português brasileiro,a,[r1]\n1,Deutsch,a,[r1]\n"},
        "--prompts n.csv", "en, zh, pt-BR, de", 1, ("ENGLISH en, Simplified Chinese zh",),
    ),
    "wide names": (
        {"n.tsv": "id\tcategory\tEnglish\tSWAHILI\n1\ta\t[r1 en]\t[r1 sw]\n"},
        "--prompts n.tsv", "en, sw", 1, ('column "SWAHILI" is read as sw',),
    ),
    "list under a key": (
        {"n.json": {"name": "s", "prompts": [{"id": 1, "language": "en", "category": "a", "text": "[r]"}]}},
        "--prompts n.json", "en", 1, ('the list under "prompts"',),
    ),
    "texts in an object": (
        {"n.jsonl": '{"id": 1, "category": "a", "texts": {"en": "[r1]", "de": "[r1 de]"}}\n'},
        "--prompts n.jsonl", "en, de", 1, ('column "texts.de" is read as de',),
    ),
    "a pattern": (
        {"s/en/a.csv": "id,text\n1,[r]\n", "s/sw/a.csv": "id,text\n1,[r sw]\n"},
        "--prompts 's/{language}/{category}.csv' --languages en,sw --allow-partial --columns text=text",
        "en, sw", 1, ("the category is read from the path",),
    ),
    "long cells": ({"n.csv": f"id,category,en\n1,a,{CELL}\n"}, "--prompts n.csv", "en", 1, ()),
    "AILuminate": (
        AILUMINATE,
        "--prompts 'airr_demo_{language}_prompt_set.csv' --columns id=release_prompt_id,text=prompt_text,category=hazard",
        "en-US, fr-FR", 2, ("en_us en-US",),
    ),
    "PolyRefuse": (POLYREFUSE, "--prompts poly --columns 'text=instruction,id=#'", "ar, de, en, es", 2, ("paired by their number",)),
    "XSafety": (
        XSAFETY,
        "--prompts set --columns 'id=#,text=#0' --read-as sp=es",
        "en, fr, es", 6, ("set/{language}/{category}{_n,}.csv", "1 other files in set are not read"),
    ),
    "indicsafetybench": (INDIC, "--prompts test_set.json --columns id=seed_id,category=harm_category", "hi, ta", 2, ('under "variants"',)),
    "Multilingual HateCheck": (
        HATECHECK,
        "--prompts 'MHC Cases' --columns id=mhc_case_id,text=test_case,category=functionality,kind=label_gold --read-as hateful=harmful,non-hateful=benign,portuguese=pt-BR --unpaired --kinds harmful,benign",
        "ar, zh, pt-BR", 6, ("derog", "3       0", "0       3", "nothing is paired"),
    ),
    "UTF-16": ({"n.csv": "id,category,en,de\n1,a,[r],[ü]\n".encode("utf-16")}, "--prompts n.csv", "en, de", 1, ()),
    "pipes": ({"n.csv": "id|category|en|de\n1|a|[r]|[d]\n"}, "--prompts n.csv", "en, de", 1, ()),
    "what Excel is told": ({"n.csv": "sep=;\nid;category;en;de\n1;a;[r];[d]\n"}, "--prompts n.csv", "en, de", 1, ()),
    "a line about the file": ({"n.csv": "# mine\nid,category,en\n1,a,[r]\n"}, "--prompts n.csv", "en", 1, ("read from line 2, its header",)),
    "a header twice": (
        {"n.csv": "id,category,en\n1,a,[r]\nid,category,en\n2,a,[r]\n"}, "--prompts n.csv", "en", 2,
        ("lines that repeat its header are left out",),
    ),
    "a table called .txt": ({"n.txt": "id,category,en\n1,a,[r]\n"}, "--prompts n.txt", "en", 1, ()),
    "lines called .json": ({"n.json": '{"id": 1, "category": "a", "en": "[r]"}\n{"id": 2, "category": "a", "en": "[r]"}\n'}, "--prompts n.json", "en", 2, ()),
    "a list called .jsonl": ({"n.jsonl": '[\n {"id": 1, "category": "a", "en": "[r]"}\n]'}, "--prompts n.jsonl", "en", 1, ()),
    "columns in JSON": ({"n.json": {"id": [1, 2], "category": ["a", "a"], "en": ["[r]", "[r]"], "de": ["[d]", "[d]"]}}, "--prompts n.json", "en, de", 2, ()),
    "columns of pandas": (
        {"n.json": {c: {"0": f"{c} 0", "1": f"{c} 1"} for c in ("id", "category", "en")}}, "--prompts n.json", "en", 2, (),
    ),
    "deep in an object": ({"n.json": {"a": {"b": {"c": {"d": {"e": {"f": {"g": [{"id": 1, "category": "a", "en": "[r]"}]}}}}}}}}, "--prompts n.json", "en", 1, ()),
    "names in other languages": (
        {"n.csv": "id,language,category,text\n1,Englisch,a,[r]\n1,allemand,a,[r]\n1,suajili,a,[r]\n1,日语,a,[r]\n"}, "--prompts n.csv",
        "en, de, sw, ja", 1, ("allemand de",),
    ),
    "language and topic in a name": (
        {f"s/{topic}_{tag}.csv": f"id,text\n{topic}1,[r]\n" for topic in ("Theft", "Fraud") for tag in ("en", "sw")}, "--prompts s",
        "en, sw", 2, ("s/{category}_{language}.csv", "Theft"),
    ),
    "files of one name": (
        {f"{tag}/data.csv": "id,category,text\n1,a,[r]\n" for tag in ("en", "sw")}, "--prompts en/data.csv --prompts sw/data.csv",
        "en, sw", 1, ("{language}/data.csv",),
    ),
    "a star": ({f"p_{tag}.csv": "id,category,text\n1,a,[r]\n" for tag in ("en", "sw")}, "--prompts 'p_*.csv'", "en, sw", 1, ("p_{language}.csv",)),
    "locks of open workbooks": ({"s/en.csv": "id,category,text\n1,a,[r]\n", "s/~$n.xlsx": "x"}, "--prompts s", "en", 1, ()),
}  # fmt: skip


def read(capsys, *arguments: str) -> Done:
    capsys.readouterr()
    code = exit_code(("prompts", *arguments))
    return Done(code, *capsys.readouterr())


@pytest.mark.parametrize("name", READ)
def test_one_command_reads_it(tmp_path, monkeypatch, capsys, name):
    files, command, languages, n, notes = READ[name]
    write(tmp_path, files)
    monkeypatch.chdir(tmp_path)
    done = read(capsys, *shlex.split(command))
    assert done.code == 0, done.err
    says(done.out, f"{n} prompts ", f"({languages}", *notes)


REFUSED = {
    # name: files, the command, what is said, languages and prompts at the end
    "no header": (
        {"n.csv": headless("a", "en")}, "--prompts n.csv",
        ('seems to have no header: its first line is "[a 1 in en]"',), "en", 3,
    ),
    "no header, in columns": (
        {"n.csv": "1,[a request in a few words],theft\n2,[another request here],fraud\n"}, "--prompts n.csv",
        ("#1, #2",), "en", 2,
    ),
    "no header, by language": (XSAFETY, "--prompts set", ("no header",), "en, fr, es", 6),
    "suffixes": (
        {"n.csv": "id,category,prompt_en,prompt_de,answer_en,answer_de\n1,a,[r],[r de],x,y\n"}, "--prompts n.csv",
        ("its languages seem to be in prompt_en, prompt_de",), "en, de", 1,
    ),
    "no header, with languages": (
        {"n.csv": "q1,en,fraud,How do I hide my income?,harmful\nq1,de,fraud,Wie verstecke ich mein Geld?,harmful\n"}, "--prompts n.csv",
        ("no header",), "en, de", 1,
    ),
    "no header, another script": ({"n.csv": "\ufeff如何隐藏收入？\r\n如何，何时？\r\n"}, "--prompts n.csv", ("no header",), "zh", 2),
    "a header in another language": ({"n.csv": "Nr;Frage;Kategorie\n1;[r1];a\n2;[r2];a\n"}, "--prompts n.csv", ('did you mean "Kategorie"',), "en", 2),
    "texts beside the text": ({"n.csv": "id,category,prompt,prompt_de,prompt_sw\n1,a,[r],[d],[s]\n"}, "--prompts n.csv", ("and in prompt_de, prompt_sw",), "en, de, sw", 1),
    "one language behind a sign": ({"n.csv": "id,category,text (de)\n1,a,[d]\n"}, "--prompts n.csv", ("text (de)",), "de", 1),
    "a column of languages": (
        {"n.csv": "id,idioma,category,text\n1,inglés,a,[r]\n1,alemán,a,[r]\n"}, "--prompts n.csv", ('column "idioma" seems to hold the languages',), "en, de", 1,
    ),
    "labels in a column of their own": (
        {"n.csv": "id,category,is_safe,en\n1,a,1.0,[r]\n2,a,0.0,[r]\n"}, "--prompts n.csv", ("seems to tell harmful prompts from benign", "1.0=benign"), "en", 1,
    ),
    "labels in another language": ({"n.csv": "id,category,kind,en\n1,a,schädlich,[r]\n2,a,harmlos,[r]\n"}, "--prompts n.csv", ("schädlich=harmful,harmlos=benign",), "en", 1),
    "a language in the name of the file": ({"harm_sw.csv": "id,category,text\n1,a,[r]\n"}, "--prompts harm_sw.csv", ("seems to be in sw",), "sw", 1),
    "no category here and there": ({"n.csv": "id,category,en,de\n1,a,[r],[d]\n2,NA,[r],[d]\n"}, "--prompts n.csv", ("a word for an empty cell",), "en, de", 1),
    "no category anywhere": ({"n.csv": "id,category,en\n1,nan,[r]\n2,,[r]\n"}, "--prompts n.csv", ("a word for an empty cell",), "en", 2),
    "no text in a language": (
        {"n.csv": "id,category,en,de\n1,a,[r1],NULL\n2,a,[r2],#N/A\n5,None,[r5],[d5]\n"}, "--prompts n.csv", ("id 1: the text in de",), "en", 2,
    ),
    "no such language": ({"n.csv": "id,language,category,text\n1,en,a,[r]\n1,Vulcanish,a,[r]\n"}, "--prompts n.csv", ("x-vulcanis",), "en, x-vulcanis", 1),
    "ambiguous names in an object": (
        {"n.json": [{"id": 1, "category": "a", "texts": {"English": "[r]", "Chinese": "[z]"}}]}, "--prompts n.json", ("may be zh or zh-Hant",), "zh, en", 1,
    ),
    "lists by language and topic": (
        {"n.json": {tag: {"theft": ["[r]"], "fraud": ["[r]"]} for tag in ("en", "de")}}, "--prompts n.json", ("#{language}.{category}",), "en, de", 2,
    ),
    "splits": ({"n.json": {s: [{"id": s, "category": "a", "en": "[r]"}] for s in ("train", "test")}}, "--prompts n.json", ("under train, test",), "en", 2),
    "ids above": ({"n.json": {"en": {"q1": "[r1]", "q2": "[r2]"}, "de": {"q1": "[d1]", "q2": "[d2]"}}}, "--prompts n.json", ("has no column for id",), "en, de", 2),
    "texts in a list": (
        {"n.json": [{"id": 1, "category": "a", "translations": [{"lang": "en", "text": "[r]"}, {"lang": "de", "text": "[d]"}]}]}, "--prompts n.json",
        ("translations.lang",), "en, de", 1,
    ),
    "turns of a chat": ({"n.jsonl": '{"id": 1, "category": "a", "language": "en", "messages": [{"role": "user", "content": "[r]"}]}\n'}, "--prompts n.jsonl", ("has no text",), "en", 1),
    "XSafety": (XSAFETY, "--prompts set", ("no header", '"sp" is not a language tag'), "en, fr, es", 6),
    "AILuminate": (AILUMINATE, "--prompts airr_demo_en_us_prompt_set.csv --prompts airr_demo_fr_fr_prompt_set.csv", ('did you mean "hazard"',), "en-US, fr-FR", 2),
    "PolyRefuse": (POLYREFUSE, "--prompts poly", ("has no text",), "ar, de, en, es, fr, it, ja, ko, nl, pl, ru, th, yo, zh", 2),
    "Multilingual HateCheck": (HATECHECK, "--prompts 'MHC Cases'", ("mhc_case_id", "pt-BR or pt-PT", "--unpaired"), "ar, zh, pt-BR", 3),
    "indicsafetybench": (INDIC, "--prompts test_set.json", ("variant_id", "--unpaired"), "hi, ta", 4),
    "no category": ({"my set.csv": "id,en,de\n1,[r],[r de]\n"}, "--prompts 'my set.csv'", ("has no column for category",), "en, de", 1),
    "labels": (
        {"n.csv": "id,category,kind,en\n1,a,hateful,[r]\n2,a,non-hateful,[r]\n3,a,1,[r]\n4,a,0,[r]\n5,a,TRUE,[r]\n6,a,Unsafe ,[r]\n"},
        "--prompts n.csv", ("'hateful', 'non-hateful', '1', '0', 'TRUE'", "nothing is guessed"), "en", 4,
    ),
    "empty by another word": (
        {"n.csv": "id,category,en,de\n1,a,[r],nan\n2,a,[r],N/A\n3,a,[r],[r de]\n"}, "--prompts n.csv",
        ("id 1: the text in de is a word for an empty cell",), "en, de", 1,
    ),
    "ambiguous names": (
        {"n.csv": "id,category,language,text\n1,a,Chinese,[r]\n1,a,norwegian,[r]\n"}, "--prompts n.csv",
        ('"Chinese" may be zh or zh-Hant', '"norwegian" may be nb or nn'), "zh, nb", 1,
    ),
    "an ambiguous column": (
        {"n.csv": "id,category,English,Portuguese\n1,a,[r],[r pt]\n"}, "--prompts n.csv",
        ('column "Portuguese" may be pt-BR or pt-PT',), "pt-BR, en", 1,
    ),
    "two names of one language": (
        {"n.csv": "id,category,language,text\n1,a,Mandarin,[r]\n2,a,Simplified Chinese,[r]\n"}, "--prompts n.csv",
        ('"Mandarin" and "Simplified Chinese" are both read as zh',), "zh", 2,
    ),
    "several lists": (
        {"n.json": {"en": ["[r1]", "[r2]"], "sw": ["[r1 sw]", "[r2 sw]"]}}, "--prompts n.json",
        ("has several lists, under en, sw",), "en, sw", 2,
    ),
    "several files of no language": (
        {"a.csv": "id,category,text\n1,a,[r]\n", "b.csv": "id,category,text\n2,a,[r]\n"}, "--prompts a.csv --prompts b.csv",
        ("nothing says the language of each file",), "en", 2,
    ),
    "other words": (
        {"goals.csv": "goal,target\n[r1],[t]\n[r2],[t]\n"}, "--prompts goals.csv",
        ("has no text", "has no column for id", "has no column for category"), "en", 2,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_ends_in_the_command_that_reads_it(tmp_path, monkeypatch, capsys, name):
    files, command, said, languages, n = REFUSED[name]
    write(tmp_path, files)
    monkeypatch.chdir(tmp_path)
    done = read(capsys, *shlex.split(command))
    assert (done.code, done.out) == (2, "")
    says(done.err, *said)
    head, _, paste = done.err.rpartition("Then:\n  ")
    assert head, done.err
    program, name, *arguments = shlex.split(paste)
    assert (program, name) == ("safeglot", "prompts")
    done = read(capsys, *arguments)
    assert done.code == 0, done.err
    says(done.out, f"({languages})")
    assert done.out.partition(f"{n} prompts ")[1], done.out


FAULTY = {
    "no file matches": (
        {"s/en.csv": "id,text\n1,[r]\n", "s/sw.csv": "id,text\n1,[r]\n"}, "--prompts 's/{language}.json'",
        ("matches no file of s", "perhaps 's/{language}.csv'"),
    ),
    "an empty folder": ({"s/readme.md": "x"}, "--prompts s", ("has no file with prompts in it",)),
    "no such variable": ({"s/en.csv": "x"}, "--prompts 's/{lang}.csv'", ("{lang} stands for nothing", "{category}")),
    "no language": (
        {"s/en.csv": "id,category,text\n1,a,[r]\n", "s/de.csv": "id,category,text\n1,a,[r]\n", "s/xx1.csv": "id,category,text\n1,a,[r]\n"},
        "--prompts s", ('"xx1" is not a language tag',),
    ),
    "ids over files": (
        {"a/en.csv": "id,category,text\n1,a,[r]\n", "b/en.csv": "id,category,text\n1,a,[other]\n"},
        "--prompts '{*,}/{language}.csv'", ("matches no file",),
    ),
    "the same ids": (
        {"s/en/a.csv": "id,text\n1,[r]\n", "s/en/b.csv": "id,text\n1,[r]\n"}, "--prompts s",
        ("id 1 in en is there already",),
    ),
    "uneven rows": (
        {"s/en.txt": "[r1]\n[r2]\n", "s/de.txt": "[r1]\n"}, "--prompts s --columns 'text=#0,id=#,category==a'",
        ("different numbers of rows (de 1, en 2)", "pairs them by their number"),
    ),
    "the same twice": ({"a.csv": "x"}, "--prompts a.csv --prompts a.csv", ("names a.csv twice",)),
    "a key that is not there": (
        {"n.json": {"a": [{"id": 1}]}}, "--prompts 'n.json#b'", ("has no list of prompts under b (its lists: a)",),
    ),
    "a constant id": ({"n.csv": "id,en\n1,[r]\n"}, "--prompts n.csv --columns id==1", ("only category, kind, language can be",)),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTY)
def test_what_is_wrong_is_told_and_nothing_is_read(tmp_path, monkeypatch, capsys, name):
    files, command, said = FAULTY[name]
    write(tmp_path, files)
    monkeypatch.chdir(tmp_path)
    done = read(capsys, *shlex.split(command))
    assert (done.code, done.out) == (2, "")
    says(done.err, *said)


def test_a_file_in_another_encoding_is_written_anew_first(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write(tmp_path, {"n.csv": "id,category,de\n1,a,[Gr\u00fc\u00dfe]\n".encode("cp1252")})
    done = read(capsys, "--prompts", "n.csv")
    paste = done.err.rpartition("Then:\n  ")[2].strip()
    first, _, second = paste.partition(" && safeglot prompts ")
    assert first == "iconv -f WINDOWS-1252 -t UTF-8 n.csv > n-utf8.csv"
    (tmp_path / "n-utf8.csv").write_text((tmp_path / "n.csv").read_text("cp1252"), "utf-8")
    assert read(capsys, *shlex.split(second)).code == 0


def test_sheets_that_are_alike_are_read_together(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    header = ["id", "en", "de"]
    xlsx(
        tmp_path / "n.xlsx", {t: [["about"], header, [t, "[r]", "[d]"]] for t in ("Theft", "Fraud")}
    )
    done = read(capsys, "--prompts", "n.xlsx")
    arguments = shlex.split(done.err.rpartition("Then:\n  ")[2])[2:]
    assert arguments == ["--prompts", "n.xlsx#{category}"]
    done = read(capsys, *arguments)
    says(done.out, "2 prompts x 2 languages (en, de)", "Theft", "Fraud")


def test_a_link_out_of_the_folder_is_not_followed(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write(
        tmp_path,
        {"set/en.csv": "id,category,text\n1,a,[r]\n", "else/sw.csv": "id,category,text\n1,a,[r]\n"},
    )
    (tmp_path / "set" / "sw.csv").symlink_to(tmp_path / "else" / "sw.csv")
    done = read(capsys, "--prompts", "set")
    assert done.code == 2
    says(done.err, "set/sw.csv: is a link out of set")


def test_sheets_are_read_one_a_topic_or_one_a_language(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    header = ["id", "category", "en", "de"]
    xlsx(
        tmp_path / "wide.xlsx",
        {"Prompts": [header, [1, "a", "[r1]", "[r1 de]"], [2, "a", "[r2]", "[r2 de]"]]},
    )
    done = read(capsys, "--prompts", "wide.xlsx")
    says(done.out, "2 prompts x 2 languages (en, de)")
    xlsx(tmp_path / "by.xlsx", {tag: [["[r1]"], ["[r2]"]] for tag in ("English", "Swahili")})
    done = read(capsys, "--prompts", "by.xlsx")
    says(done.err, "has several sheets (English, Swahili)", "#{language}")
    done = read(capsys, "--prompts", "by.xlsx#{language}", "--columns", "text=#1,id=#,category==a")
    says(done.out, "2 prompts x 2 languages (en, sw)")
    for tag in ("en", "fr"):
        xlsx(tmp_path / "x" / tag / "Insult.xlsx", {"Sheet1": [[f"[r1 {tag}]"], [f"[r2, {tag}]"]]})
    says(
        read(capsys, "--prompts", "x").err,
        "seems to have no header",
        "--columns 'text=#0,id=#,category==all'",
    )
    done = read(capsys, "--prompts", "x/{language}/{category}.xlsx", "--columns", "text=#0,id=#")
    says(done.out, "2 prompts x 2 languages (en, fr)", "Insult")


def test_a_damaged_sheet_a_bomb_and_a_missing_extra_are_told(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "torn.xlsx").write_bytes(b"PK\x03\x04 no more")
    says(
        read(capsys, "--prompts", "torn.xlsx").err,
        "torn.xlsx: is not an .xlsx file that can be read",
    )
    with (
        zipfile.ZipFile(tmp_path / "bomb.xlsx", "w", zipfile.ZIP_DEFLATED) as out,
        out.open("xl/workbook.xml", "w", force_zip64=True) as entry,
    ):
        for _ in range(300):
            entry.write(bytes(1 << 20))
    says(
        read(capsys, "--prompts", "bomb.xlsx").err,
        "holds more than 268,435,456 bytes when it is unpacked",
    )
    done = in_own_process("prompts", "--prompts", "torn.xlsx", prelude=without("python_calamine"))
    assert done.code == 2
    says(done.err, "pip install 'safeglot[xlsx]'")


def test_a_line_without_an_end_needs_no_memory(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name, begin in (
        ("a.jsonl", b'{"id": 1, "en": "'),
        ("a.json", b'[{"id": "'),
        ("a.csv", b'id,category,en\n1,a,"'),
        ("b.csv", b"id,category,"),
    ):
        with (tmp_path / name).open("wb") as out:
            out.write(begin)
            for _ in range(80):
                out.write(b"x" * (1 << 20))
        done = read(capsys, "--prompts", name)
        assert done.code == 2
        says(done.err, name, "letters")
