import unicodedata

import pytest

from safeglot.prompts.probes.codewords import coded, read_codewords
from safeglot.prompts.problems import Problems

ENGLISH = {"bank": "oak", "bank holiday": "day off"}


@pytest.mark.parametrize(
    ("tag", "codes", "text", "made"),
    [
        ("en", ENGLISH, "Which bank closes on a bank holiday?", "Which oak closes on a day off?"),
        ("de", {"Bank": "Eiche"}, "Bank, Banken und Datenbank", "Eiche, Banken und Datenbank"),
        ("zh", {"银行": "橡树"}, "哪家银行最近？", "哪家橡树最近？"),
        ("th", {"ธนาคาร": "ต้นโอ๊ก"}, "หาธนาคารใกล้บ้าน", "หาต้นโอ๊กใกล้บ้าน"),
        ("hi", {"बैंक": "पेड़"}, "बैंक और बैंकों", "पेड़ और बैंकों"),
        ("ko", {"은행": "나무"}, "은행 은행은", "나무 은행은"),
        ("ru", {"банк": "дуб"}, "Где банк?", "Где дуб?"),
        ("ar", {"بنك": "بلوط"}, "أين بنك", "أين بلوط"),
        ("en", {"a.b": "x"}, "a.b acb", "x acb"),
    ],
)  # fmt: skip
def test_whole_words_are_replaced_the_longest_first(tag, codes, text, made):
    assert coded(text, codes, tag).text == made
    assert coded(unicodedata.normalize("NFD", text), codes, tag).text == made


def test_only_the_forms_that_are_given_and_how_many():
    assert coded("bank to bank", ENGLISH, "en").facts == {"terms": 2}
    assert coded("Bank", ENGLISH, "en").fault == "no term of the file stands in the text"
    assert coded("Bank", {}, "de").fault == "the file has no term in de"


def test_rows_are_read_and_wrong_ones_told():
    problems = Problems()
    rows = [
        {"language": "deu", "term": " Bank ", "code": "Eiche"},
        {"language": "de", "term": "Bank", "code": "Esche"},
        {"language": "de", "term": "Kasse", "code": "Kasse"},
        {"language": "fr", "term": "banque", "code": "chêne"},
        {"language": "de", "term": "Geld", "code": ""},
    ]
    places = [(f"c.csv:{i}", row) for i, row in enumerate(rows, start=2)]
    assert read_codewords(places[:1], ["en", "de"], problems=problems) == {"de": {"Bank": "Eiche"}}
    read_codewords(places, ["en", "de"], problems=problems)
    assert problems.found == [
        'c.csv:3: term "Bank" has a second code',
        'c.csv:4: term "Kasse" has itself as code',
        "c.csv:5: language fr is not in the run (it has en, de)",
        "c.csv:6: has no code; a row needs language, term, code",
    ]
