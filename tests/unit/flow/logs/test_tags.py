import pytest

from safeglot.backends.console import Console
from safeglot.flow.logs.imports import ToImport, import_run

GERMAN = "Bitte erzähle mir in wenigen Sätzen, wie der kleine Laden im Dorf seine Bücher führt."
ENGLISH = "Please tell me in a few sentences how the small shop in the village keeps its books."


@pytest.mark.parametrize(("every", "told"), [(2, True), (40, False), (1, False)])
def test_two_languages_under_one_tag_are_told(tmp_path, every, told):
    texts = [f"{GERMAN if i % every == 0 else ENGLISH} ({i})" for i in range(40)]
    tag = "de" if every == 1 else "en"
    path = tmp_path / "a.csv"
    rows = [f'{i},{tag},c,"{text}",x\n' for i, text in enumerate(texts)]
    path.write_text("id,language,category,text,answer\n" + "".join(rows), "utf-8")
    wanted = ToImport(sources=(str(path),), reference=tag)
    run = import_run(wanted, tmp_path / "run", Console(quiet=True))
    said = run.read_manifest().settings["on reading the prompts"]
    assert ("20 of 40 texts in en look like another language (de 20 times)" in said) is told
    assert ("look like another language" in said) is told
