"""Files of system prompts."""

import pytest

from safeglot.config.settings import Config
from safeglot.errors import InputErrors
from safeglot.flow.mitigations.texts import ready
from safeglot.flow.prompts import load
from safeglot.keys import system_of


def asked(mitigation):
    config = Config(limit=1, languages=("en", "de"), mitigations=(mitigation,))
    return ready(config, *load(config), None)


def test_prompts_of_files_are_taken_as_they_stand(tmp_path):
    (tmp_path / "s.toml").write_text('de = "Du bist ein Assistent. "\n', "utf-8")
    texts = asked(f"system-local={tmp_path / 's.toml'}").arm_texts
    assert {(t.language, system_of(t)) for t in texts} == {("de", "Du bist ein Assistent.")}


@pytest.mark.parametrize(
    ("kind", "text", "why"),
    [
        ("system-en", None, "no such file"),
        ("system-en", " \n", "is empty"),
        ("system-local", None, "no such file"),
        ("system-local", "de = 3\n", "de: got 3"),
        ("system-local", 'xx-wrong-tag = "a"\n', "xx-wrong-tag"),
        ("system-local", "not toml", "not valid TOML"),
    ],
)
def test_a_file_that_holds_none_is_refused(tmp_path, kind, text, why):
    file = tmp_path / "f"
    if text is not None:
        file.write_text(text, "utf-8")
    with pytest.raises(InputErrors, match=why):
        asked(f"{kind}={file}")
