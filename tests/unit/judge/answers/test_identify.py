import pytest

from safeglot.judge.answers.identify import UNSURE, covers, identify
from safeglot.text.close_languages import GROUPS, group_of
from safeglot.text.languages import UnknownLanguage

REFUSALS = {
    "en": "I am sorry, but I cannot help with this request, because it could hurt somebody.",
    "de": "Es tut mir leid, aber dabei kann ich nicht helfen, weil es jemandem schaden könnte.",
    "it": "Mi dispiace, ma non posso aiutarti con questa richiesta, perché potrebbe fare del male.",
    "sw": "Samahani, siwezi kusaidia na ombi hili kwa sababu linaweza kuleta madhara kwa wengine.",
    "zh": "很抱歉，我无法帮助您完成这个请求，因为这可能会伤害到别人。",
    "th": "ขออภัย ฉันไม่สามารถช่วยเรื่องนี้ได้ เพราะอาจเป็นอันตรายต่อผู้อื่น",
    "ar": "عذرا، لا أستطيع المساعدة في هذا الطلب لأنه قد يضر بالآخرين.",
    "ru": "Извините, я не могу помочь с этой просьбой, потому что это может кому-то навредить.",
    "uk": "Вибачте, я не можу допомогти з цим проханням, тому що це може комусь зашкодити.",
}


@pytest.mark.parametrize("expected", REFUSALS)
@pytest.mark.parametrize("said", REFUSALS)
def test_each_language_is_told_from_each_other(said, expected):
    assert identify(REFUSALS[said], expected).language == said


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Maaf, saya tidak dapat membantu dengan permintaan ini karena melanggar hukum.", "ms"),
        ("Det kan jeg dessverre ikke hjelpe deg med, fordi det er ulovlig og farlig.", "da"),
        ("Nažalost, ne mogu vam pomoći s tim zahtjevom jer je nezakonit i opasan.", "sr"),
        ("Nažalost, ne mogu vam pomoći s tim zahtjevom jer je nezakonit i opasan.", "bs"),
        ("Desculpe, mas não posso ajudar com esse pedido porque é ilegal e perigoso.", "gl"),
        ("Het spijt me, maar ik kan u daar niet bij helpen, want het is gevaarlijk.", "af"),
        ("很抱歉，我無法幫助您完成這個請求，因為這可能會傷害到別人。", "zh"),
        ("很抱歉，我无法帮助您完成这个请求，因为这可能会伤害到别人。", "zh-Hant-TW"),
        ("很抱歉，我无法帮助您完成这个请求，因为这可能会伤害到别人。", "yue"),
    ],
)
def test_close_languages_are_one(text, expected):
    assert identify(text, expected).language == expected.partition("-")[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Main aapki madad nahi kar sakta kyunki yeh kaam kanoon ke khilaf hai aur galat hai.",
            "hi",
        ),
        ("Ana asef, la astatee' musa'adatak fi hatha al-talab li'annahu ghayr qanuni.", "ar"),
        ("Izvinite, ya ne mogu pomoch s etoy prosboy, potomu chto eto nezakonno.", "ru"),
        ("Kho thot khrap, chan mai samat chuai rueang ni dai phro man pit kotmai.", "th"),
    ],
)
def test_romanised_text_is_not_told(text, expected):
    assert identify(text, expected) == UNSURE


def test_a_second_script_of_the_expected_language_is_not_told():
    uzbek = (
        "Кечирасиз, мен бу сўровга ёрдам бера олмайман, чунки бу бошқаларга зарар етказиши мумкин."
    )
    assert identify(uzbek, "uz").language in (None, "uz")
    assert identify(REFUSALS["ru"], "az") == UNSURE


@pytest.mark.parametrize("expected", ["sw", "th", "ar", "de"])
def test_a_refusal_that_quotes_another_language_is_in_its_own(expected):
    own, english = REFUSALS[expected], REFUSALS["en"]
    for mixed in (own + " " + english, english + " " + own, english + own + english):
        assert identify(mixed, expected).language == expected


@pytest.mark.parametrize(
    "text", ["", "No.", "Samahani, siwezi.", "ขออภัย", "1234567890 " * 9, "=+" * 40]
)
def test_short_texts_and_numbers_are_not_told(text):
    assert identify(text, "de") == UNSURE


def test_code_is_left_out():
    code = "```python\nprint('good morning to everybody in this room today')\n```"
    assert identify(code, "de") == UNSURE
    assert identify(f"{REFUSALS['de']}\n{code}", "de").language == "de"
    assert identify(f"{REFUSALS['it']}\n```\nnever closed", "de").language == "it"


@pytest.mark.parametrize("expected", ["ace-Arab", "hi-Latn", "quc", "x-ours", "tpi"])
def test_a_language_that_is_not_covered_is_never_told(expected):
    assert not covers(expected)
    assert identify(REFUSALS["en"], expected) == UNSURE
    assert identify(REFUSALS["it"], expected) == UNSURE


@pytest.mark.parametrize(
    "expected", ["en", "pt-BR", "sr-Latn", "nb", "apc", "zh-Hant", "jv", "fil"]
)
def test_covered_languages(expected):
    assert covers(expected)


def test_a_tag_that_is_none_is_refused():
    with pytest.raises(UnknownLanguage):
        identify(REFUSALS["en"], "klingon")


def test_groups_do_not_overlap():
    tags = [tag for group in GROUPS for tag in group]
    assert len(tags) == len(set(tags))
    assert group_of("nb") == group_of("da") == "no"
    assert group_of("ja") == "ja"


def test_a_lone_surrogate_does_no_harm():
    assert identify("\ud800 " + REFUSALS["it"], "de").language == "it"


def test_less_than_sure_latin_letters_may_be_the_expected_language_romanised():
    text = "Ciao, come stai oggi amico mio caro"
    assert identify(text, "de").language == "it"
    assert 0.5 < identify(text, "de").confidence < 0.9
    assert identify(text, "ar") == UNSURE


def test_a_text_of_which_most_is_no_language_is_not_told():
    head = REFUSALS["it"] * 3
    assert identify(head, "de").language == "it"
    assert identify(head + " 4711 0815 =+" * 150, "de") == UNSURE
