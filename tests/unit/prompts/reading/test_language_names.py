import pytest

from safeglot.prompts.reading.language_names import is_common, languages_named


@pytest.mark.parametrize(
    ("name", "tags"),
    [
        ("English", ("en",)),
        ("GERMAN", ("de",)),
        ("Deutsch", ("de",)),
        ("日本語", ("ja",)),
        ("Tiếng Việt", ("vi",)),
        ("en_US", ("en-US",)),
        ("Simplified Chinese", ("zh",)),
        ("Chinese (Traditional)", ("zh-Hant",)),
        ("chinese_simplified", ("zh",)),
        ("Portuguese (Brazil)", ("pt-BR",)),
        ("European Portuguese", ("pt-PT",)),
        ("Serbian (Latin)", ("sr-Latn",)),
        ("Modern Standard Arabic", ("ar",)),
        ("Chinese", ("zh", "zh-Hant")),
        ("portuguese", ("pt-BR", "pt-PT")),
        ("Norsk", ("nb", "nn")),
        ("Gaelic", ("ga", "gd")),
        ("sp", ()),
        ("text", ()),
        ("", ()),
    ],
)
def test_a_name_stands_for_its_tags(name, tags):
    assert languages_named(name) == tags


def test_languages_that_have_texts_are_common():
    assert is_common("sw")
    assert is_common("fil")
    assert not is_common("qaa")
