import json
import random
from collections import Counter
from dataclasses import replace
from importlib import resources

import pytest

from example.parallel import SETS
from safeglot.judge.families.refusal import parse_model
from safeglot.translate.checks.hard_checks import CHECKS, Bounds, check
from safeglot.translate.checks.identify import Langid, available
from safeglot.translate.checks.lengths import learn
from safeglot.types import Candidate, Source
from unit.translate import broken

for library in ("pycld2", "uroman"):
    pytest.importorskip(library, reason="of the extra `translate`")

MULTIJAIL = 315
"""Number of its requests."""
ENGLISH = "How can I repair the old wooden fence behind my house without spending much money?"
ITALIAN = "Come posso riparare la vecchia recinzione di legno dietro casa mia senza spendere molto?"
SWAHILI = "Ninawezaje kutengeneza uzio wa zamani wa mbao nyuma ya nyumba yangu bila gharama kubwa?"
CHINESE = "我怎样才能不花太多钱修好我家后面的旧木栅栏？"
THAI = "ฉันจะซ่อมรั้วไม้เก่าหลังบ้านโดยไม่ต้องใช้เงินมากได้อย่างไร"
ARABIC = "كيف يمكنني إصلاح السياج الخشبي القديم خلف منزلي دون إنفاق الكثير من المال؟"
GOOD = {"it": ITALIAN, "sw": SWAHILI, "zh": CHINESE, "th": THAI, "ar": ARABIC}


@pytest.fixture(scope="module")
def refuses():
    data = resources.files("safeglot.judge.families").joinpath("refusal_baseline.npz").read_bytes()
    model = parse_model(data)
    return lambda text, tag: model.decide(text, (tag,)).refusal


@pytest.fixture(scope="module", params=SETS)
def people(request):
    """Requests and their translations by people, by id: our own, or MultiJail's."""
    return broken.rows(request.param)


def names(text, target, source=ENGLISH, language="en", **given):
    one = Candidate(
        source=Source(prompt="p", text=source, language=language, target=target),
        translator="t",
        text=text,
    )
    found = check(one, identifiers=available(), **given)
    assert {fault.name for fault in found} <= set(CHECKS)
    assert all(fault.detail for fault in found)
    return {fault.name for fault in found}


@pytest.mark.parametrize("tag", GOOD)
def test_a_translation_has_no_fault(tag, refuses):
    assert names(GOOD[tag], tag, refuses=refuses) == set()


def test_broken_translations_are_caught(people, refuses):
    recipes = broken.recipes(people)
    if len(people) == MULTIJAIL:
        assert recipes == broken.recorded()
    caught, named, whole = Counter(), Counter(), Counter()
    identifiers = available()
    for recipe in recipes:
        one = broken.build(people, recipe)
        found = {f.name for f in check(one, identifiers=identifiers, refuses=refuses)}
        whole[recipe.kind] += 1
        caught[recipe.kind] += bool(found)
        named[recipe.kind] += bool(found & broken.KINDS[recipe.kind][2])
    print(f"\n{'kind':16}{'made':>6}{'caught':>8}{'by its own check':>18}")
    for kind, n in whole.items():
        print(f"{kind:16}{n:6}{caught[kind]:8}{named[kind]:18}")
    assert set(whole) == set(broken.KINDS)
    assert sum(whole.values()) == (240 if len(people) == MULTIJAIL else 144)
    assert {kind: caught[kind] for kind, n in whole.items() if caught[kind] < 0.95 * n} == {}
    assert {kind: named[kind] for kind, n in whole.items() if named[kind] < 0.9 * n} == {}


@pytest.mark.parametrize("seed", [21, 22, 23])
def test_other_draws_are_caught_as_well(people, refuses, seed):
    missed, whole = Counter(), Counter()
    for recipe in broken.recipes(people, seed % 2, seed):
        one = broken.build(people, recipe)
        whole[recipe.kind] += 1
        missed[recipe.kind] += not check(one, identifiers=available(), refuses=refuses)
    assert {kind: n for kind, n in missed.items() if n > 2} == {}
    assert sum(missed.values()) <= 0.02 * sum(whole.values())


@pytest.mark.parametrize("identifiers", [available(), (Langid(),), ()], ids=["all", "core", "none"])
@pytest.mark.parametrize("learned", [False, True])
def test_human_translations_pass(people, refuses, identifiers, learned):
    rows = people.values()
    refused, whole = Counter(), Counter()
    for tag in broken.LANGUAGES:
        ones = [broken.human(row, tag) for row in rows]
        given = {"habits": learn(ones)} if learned else {}
        for row, one in zip(rows, ones, strict=True):
            found = check(one, identifiers=identifiers, refuses=refuses, **given)
            half = "odd" if int(row["id"]) % 2 else "even"
            whole[tag, half] += 1
            refused[tag, half] += bool(found)
    print(f"\n{'':6}{'even ids':>12}{'odd ids':>12}   human translations refused")
    for tag in broken.LANGUAGES:
        halves = [f"{refused[tag, half]}/{whole[tag, half]}" for half in ("even", "odd")]
        print(f"{tag:6}{halves[0]:>12}{halves[1]:>12}")
    assert sum(whole.values()) == len(people) * 9
    assert sum(refused.values()) <= 0.02 * len(people) * 9
    for tag in broken.LANGUAGES:
        assert sum(refused[tag, half] for half in ("even", "odd")) <= 0.02 * len(people)


def test_the_bundled_prompts_pass(refuses):
    text = resources.files("safeglot.prompts").joinpath("mini.jsonl").read_text("utf-8")
    rows = [json.loads(line) for line in text.splitlines()]
    languages = ("de", "en", "es", "fr", "it", "sw")
    refused = Counter()
    for source in languages:
        for target in languages:
            for row in rows if source != target else ():
                found = names(row[target], target, row[source], source, refuses=refuses)
                refused[source, target] += bool(found)
    print("\nmini: refused of 128", {pair: n for pair, n in refused.items() if n})
    assert all(n <= 0.02 * 128 for n in refused.values())


@pytest.mark.parametrize("text", broken.BLANKS)
def test_nothing_but_spaces_and_punctuation_is_empty(text):
    assert names(text, "sw") == {"empty"}


def test_the_source_in_place_of_its_translation():
    for text in (
        ENGLISH,
        ENGLISH.upper(),
        f" {ENGLISH}\n",
        ENGLISH[:-1],
        ENGLISH.replace("a", "e", 2),
    ):
        assert "copied" in names(text, "it")
        assert {"copied", "wrong-script"} <= names(text, "th")


@pytest.mark.parametrize(
    "source", ["Lady Gaga", "Apple iPhone 15", "4711", "https://example.org", "NASA"]
)
def test_names_and_numbers_stay_as_they_are(source):
    assert names(source, "it", source) == set()
    assert names(source, "th", source) == set()


def test_a_shouted_sentence_is_no_name():
    assert "copied" in names("SAY IT TO ME", "it", "SAY IT TO ME")


def test_close_languages_may_say_it_in_the_same_words():
    text = "Mogu li ovdje kupiti svježi kruh i mlijeko za sutra?"
    assert names(text, "bs", text, "hr") == set()
    assert names("Могу ли овде купити свеж хлеб и млеко за сутра?", "sr", text, "hr") == set()
    assert "wrong-script" in names(
        "Могу ли овде купити свеж хлеб и млеко за сутра?", "hr", text, "sr-Latn"
    )


@pytest.mark.parametrize(("tag", "text"), [("sw", ITALIAN), ("it", SWAHILI), ("vi", ITALIAN)])
def test_another_language_in_the_same_script(tag, text):
    assert names(text, tag) == {"wrong-language"}


@pytest.mark.parametrize(
    ("tag", "text"), [("th", ARABIC), ("ar", THAI), ("zh", ITALIAN), ("it", CHINESE)]
)
def test_another_script(tag, text):
    assert "wrong-script" in names(text, tag)


@pytest.mark.parametrize(
    ("tag", "text"),
    [
        ("hi", "Main apne ghar ke peeche ki purani lakdi ki baad ko kaise theek kar sakta hoon?"),
        ("ar", "kayf yumkinuni islah alsiyaj alkhashabi alqadim khalf manzili dun infaq almal?"),
        ("th", "chan cha som rua mai kao lang ban doi mai tong chai ngoen mak dai yangrai"),
    ],
)
def test_romanised_text_is_of_another_script(tag, text):
    assert names(text, tag) == {"wrong-script"}
    assert names(text, f"{tag}-Latn") == set()


@pytest.mark.parametrize(
    ("tag", "text"),
    [
        ("zh", "我可以在 Instagram 和 TikTok 上卖旧的 PlayStation 吗？我家里有三台"),
        ("ja", "InstagramやTikTokで古いPlayStationを売ることはできますか？家に三台あります"),
        ("ko", "인스타그램이나 TikTok에서 오래된 PlayStation을 팔 수 있나요? 집에 세 대 있어요"),
        ("th", "ฉันขาย PlayStation เครื่องเก่าบน Instagram และ TikTok ได้ไหม ที่บ้านมีสามเครื่อง"),
    ],
)
def test_brand_names_in_latin_letters_are_allowed(tag, text):
    source = "Can I sell old PlayStation consoles on Instagram and TikTok? I have three at home"
    assert names(text, tag, source) == set()


def test_half_a_translation():
    assert "untranslated" in names(
        "Come posso riparare la vecchia recinzione " + ENGLISH[42:], "it"
    )
    assert names(CHINESE[:12] + ENGLISH[42:], "zh") & {"untranslated", "wrong-script"}


def test_lengths():
    assert names(ITALIAN[:30], "it") == {"too-short"}
    assert names(ITALIAN[:52], "it") == {"too-short"}, "it has no end"
    assert names(CHINESE[:6], "zh") == {"too-short"}
    longer = (
        f"{ITALIAN} Non so più a chi chiedere, il vicino dice che è tutto marcio, e piove sempre. "
    )
    assert "too-long" in names(longer + "Mio fratello ha un martello ma non vuole darmelo.", "it")
    assert names(CHINESE * 3, "zh") >= {"too-long"}


def test_ratios_are_learned_from_the_set_and_held_near_the_script():
    ones = [
        Candidate(
            source=Source(prompt=str(i), text=f"{ENGLISH} {i}", language="en", target="kl"),
            translator="t",
            text="Qanoq ililluta " * 8 + str(i),
        )
        for i in range(40)
    ]
    learned = learn(ones).ratios["en", "kl"]
    assert learned > 1.25
    assert learned == learn(ones[::-1]).ratios["en", "kl"]
    cut = [
        Candidate(source=one.source, translator="t", text=ITALIAN[:10] + str(i))
        for i, one in enumerate(ones)
    ]
    assert learn(cut).ratios["en", "kl"] > 0.7, "bad ones do not teach that they are normal"
    assert learn(ones[:10]).ratios == {}


def test_a_text_that_stands_for_many_sources_is_a_stock_answer():
    text = "Ayajuinnaqtuq uqausiksaqanngittunga taakkuninga uqausirnik."
    different = (
        ENGLISH,
        "Tell me a story about two dogs and a cat that live by the sea.",
        "Which planets of the sun have rings, and how many moons has each?",
    )
    ones = [
        Candidate(
            source=Source(prompt=asked, text=asked, language="en", target="iu-Latn"),
            translator="t",
            text=text,
        )
        for asked in different
    ]
    one, habits = ones[0], learn(ones)
    assert {f.name for f in check(one, identifiers=(), habits=habits)} == {"refusal"}
    assert check(one, identifiers=(), habits=learn(ones[:2])) == ()
    alike = [
        Candidate(
            source=Source(prompt=word, text=f"{ENGLISH} {word}", language="en", target="iu-Latn"),
            translator="t",
            text=text,
        )
        for word in ("Today?", "Tomorrow?", "Ever?")
    ]
    assert check(one, identifiers=(), habits=learn(alike)) == (), "one source in other words"
    same = [Candidate(source=one.source, translator=str(i), text=text) for i in range(5)]
    assert check(one, identifiers=(), habits=learn(same)) == (), "one source, five translators"
    both = [replace(one, translator=who) for one in ones for who in "ab"]
    for mixed in (both, both[::2] + both[1::2]):
        assert learn(mixed).stock == habits.stock, "several translators decline in the same words"


@pytest.mark.parametrize(
    ("source", "text", "lost"),
    [
        ("Write to {name} today", "Scrivi a {name} oggi", False),
        ("Write to {name} today", "Scrivi a {nome} oggi", True),
        ("Say %s and %s twice", "Di' %s due volte", True),
        ("It is 50% sure, say so", "È sicuro al 50%, dillo", False),
        ("Open <b>the</b> door now", "Apri <b>la</b> porta adesso", False),
        ("Open <b>the</b> door now", "Apri la porta adesso", True),
        ("Make <dangerous thing> at home", "Fai <cosa pericolosa> a casa", False),
        ("Make <dangerous thing> at home", "Fai cosa pericolosa a casa", True),
        ("Go to [name of the city] by bus", "Vai a [nome della città] in autobus", False),
        ("Go to [name of the city] by bus", "去【城市名】坐公交车", False),
        ("See https://example.org/a?b=1.", "Vedi https://example.org/a?b=1.", False),
        ("See https://example.org/a?b=1.", "Vedi https://esempio.org/a?b=1.", True),
        ("Write to ann@example.org please", "Scrivi per favore ad Anna", True),
        ("Run `make test` here please", "Esegui qui `make test` per favore", False),
        ("Run `make test` here please", "Esegui qui `fai prova` per favore", True),
        ("It costs 250 dollars, I think", "Costa trecento euro, credo", False),
        ("Is 3 < 4 and 5 > 2 or not?", "È 3 < 4 e 5 > 2 o no?", False),
    ],
)
def test_placeholders(source, text, lost):
    target = "zh" if "去" in text else "it"
    assert ("placeholder" in names(text, target, source)) == lost


@pytest.mark.parametrize(
    ("text", "answers"),
    [
        (ITALIAN + "\n\n1. Primo passo\n2. Secondo passo\n3. Terzo passo", True),
        ("**Recinzione**: " + ITALIAN, True),
        ("# Risposta\n" + ITALIAN, True),
        (ITALIAN.replace(" senza", "\nsenza"), False),
    ],
)
def test_an_answer_in_place_of_a_translation(text, answers):
    assert ("answered" in names(text, "it")) == answers


def test_a_list_is_no_answer_where_the_source_is_one():
    source = "Tell me:\n1. who won\n2. who lost\n3. when\n**Please**"
    text = "Dimmi:\n1. chi ha vinto\n2. chi ha perso\n3. quando\n**Per favore**"
    assert names(text, "it", source) == set()


@pytest.mark.parametrize("tag", GOOD)
def test_loops(tag):
    text = GOOD[tag]
    assert "degenerate" in names(text + text[-8:] * 20, tag)
    assert "degenerate" in names(f"{text} " * 4, tag)


def test_a_source_that_repeats_itself_may_be_repeated():
    assert "degenerate" not in names("Non si fa. " * 12, "it", "Do not do it. " * 12)


@pytest.mark.parametrize("tag", sorted(broken.REFUSALS))
def test_refusals_are_told(tag):
    for text in broken.REFUSALS[tag]:
        assert "refusal" in names(text, tag, language="fr" if tag == "en" else "en")
    for text in broken.REFUSALS["en"] if tag != "en" else ():
        assert "refusal" in names(text, tag)


def test_a_request_that_speaks_of_refusing_is_not_one(refuses):
    source = "Sorry, I can't do it alone, can you help me with this request?"
    text = "Scusa, non posso farlo da solo, puoi aiutarmi con questa richiesta?"
    assert names(text, "it", source, refuses=refuses) == set()


def test_a_classifier_is_believed_only_beside_what_the_source_lacks():
    text = "Questo va contro le mie linee guida e resta così com'è, senza alcuna discussione possibile."
    always, never = (lambda _text, tag: tag == "it"), (lambda _text, _tag: None)
    assert "refusal" in names(text, "it", refuses=always)
    assert "refusal" not in names(text, "it", refuses=never)
    assert "refusal" not in names(ITALIAN, "it", refuses=always)


@pytest.mark.parametrize("character", list(broken.HIDDEN))
def test_hidden_characters(character):
    text = ITALIAN[:20] + character + ITALIAN[20:]
    assert names(text, "it") == {"control-characters"}
    assert names(text, "it", ENGLISH + character) == set(), "the source has it too"


@pytest.mark.parametrize(
    ("tag", "text"),
    [
        (
            "fa",
            "چگونه می\u200cتوانم حصار چوبی قدیمی پشت خانه\u200cام را بدون هزینهٔ زیاد تعمیر کنم؟",
        ),
        ("bn", "আমি কীভাবে বেশি টাকা খরচ না করে বাড়ির পেছনের পুরোনো কাঠের বেড়া সারাব, র\u200d্যাম্প সহ?"),
        ("he", "איך אפשר לתקן את גדר העץ הישנה מאחורי הבית שלי בלי להוציא הרבה כסף?\u200f"),
        ("it", ITALIAN + " 👩\u200d🔧 ❤️\u200d🔥"),
        ("it", ITALIAN + " \U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"),
        ("it", ITALIAN.replace(" senza", "\r\n\tsenza")),
    ],
)
def test_characters_with_work_to_do_pass(tag, text):
    assert names(text, tag) == set()


def test_limits_can_be_moved():
    assert names(ITALIAN, "it", bounds=Bounds(longest=0.5)) == {"too-long"}
    assert names(ITALIAN, "it", bounds=Bounds(shortest=2.0)) == {"too-short"}


def test_what_is_found_hangs_on_the_candidate_alone(people, refuses):
    recipes = broken.recipes(people)
    first = [check(broken.build(people, r), identifiers=available()) for r in recipes]
    order = list(range(len(recipes)))
    random.Random(5).shuffle(order)
    for i in order:
        assert check(broken.build(people, recipes[i]), identifiers=available()) == first[i]
