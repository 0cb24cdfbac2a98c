"""Sentences in dialects keep their language; sentences of another language do not pass for a dialect."""

from __future__ import annotations

import pytest

from safeglot.translate.checks.dialects import foreign
from safeglot.translate.checks.identify import Langid, available, own_group

# Mild sentences in a language and in a dialect of it, of our own; not checked by speakers.
DIALECTS = [
    ("de", "Bavarian", "Wie kann ich den alten Zaun hinter meinem Haus reparieren, ohne viel Geld auszugeben?", "Wia ko i den oidn Zaun hinta meim Haus richtn, ohne dass i vui Geid ausgeb?"),
    ("de", "Bavarian", "Ich weiß nicht, was ich heute Abend kochen soll, hast du eine Idee?", "I woaß ned, wos i heit auf d'Nacht kocha soi, host du a Idee?"),
    ("de", "Swiss German", "Wie kann ich den alten Zaun hinter meinem Haus reparieren, ohne viel Geld auszugeben?", "Wie chan ich de alt Zuun hinder mim Huus flicke, ohni vill Gäld uszgäh?"),
    ("de", "Swiss German", "Ich weiß nicht, was ich heute Abend kochen soll, hast du eine Idee?", "Ich weiss nöd, was ich hüt z'Abig choche söll, häsch du en Idee?"),
    ("de", "Swabian", "Kannst du mir bitte sagen, wo hier der nächste Bäcker ist?", "Kosch mr bitte saga, wo do dr nägschte Beck isch?"),
    ("de", "Kölsch", "Kannst du mir bitte sagen, wo hier der nächste Bäcker ist?", "Kanns do mer ens sage, wo he dä nächste Bäcker es?"),
    ("it", "Sicilian", "Come posso riparare il vecchio recinto dietro casa mia senza spendere molti soldi?", "Comu pozzu cunzari lu vecchiu ricintu darreri a me casa senza spènniri assai sordi?"),
    ("it", "Sicilian", "Non so cosa cucinare stasera, hai qualche idea?", "Nun sacciu chi cucinari stasira, ci l'hai na idea?"),
    ("it", "Neapolitan", "Non so cosa cucinare stasera, hai qualche idea?", "Nun saccio che cucenà stasera, tiene quacche idea?"),
    ("it", "Venetian", "Puoi dirmi per favore dov'è il panettiere più vicino?", "Ti me pol dir par piaser dove che xe el fornèr pì vissin?"),
    ("es", "Andalusian", "¿Me puedes decir por favor dónde está la panadería más cercana?", "¿Me pue'e decí por favó ande 'tá la panaería má cercana?"),
    ("es", "Andalusian", "No sé qué cocinar esta noche, ¿tienes alguna idea?", "No zé qué cociná 'ta noshe, ¿tiene arguna idea?"),
    ("es", "Rioplatense", "No sé qué cocinar esta noche, ¿tienes alguna idea?", "Che, no sé qué morfar esta noche, ¿vos tenés alguna idea?"),
    ("en", "Scots", "I don't know what to cook tonight, do you have any idea?", "A dinnae ken whit tae cook the nicht, hae ye ony idea?"),
    ("en", "Scots", "How can I repair the old fence behind my house without spending much money?", "Hoo can A sort the auld fence ahint ma hoose wi'oot spendin muckle siller?"),
    ("en", "Nigerian Pidgin", "I don't know what to cook tonight, do you have any idea?", "I no sabi wetin I go cook dis night, you get any idea?"),
    ("ar", "Egyptian", "لا أعرف ماذا أطبخ الليلة، هل لديك أي فكرة؟", "مش عارف أطبخ إيه النهارده بالليل، عندك أي فكرة؟"),
    ("ar", "Egyptian", "كيف يمكنني إصلاح السياج القديم خلف منزلي دون إنفاق الكثير من المال؟", "إزاي أصلّح السور القديم اللي ورا بيتي من غير ما أصرف فلوس كتير؟"),
    ("ar", "Moroccan", "لا أعرف ماذا أطبخ الليلة، هل لديك أي فكرة؟", "ما عرفتش شنو نطيب هاد الليلة، واش عندك شي فكرة؟"),
    ("ar", "Moroccan", "كيف يمكنني إصلاح السياج القديم خلف منزلي دون إنفاق الكثير من المال؟", "كيفاش نقدر نصلح السياج القديم اللي مورا داري بلا ما نخسر بزاف ديال الفلوس؟"),
    ("ar", "Levantine", "هل يمكنك أن تخبرني أين أقرب مخبز من فضلك؟", "فيك تقلّي وين أقرب فرن لو سمحت؟"),
    ("hi", "Hinglish", "मुझे नहीं पता कि आज रात क्या पकाऊँ, क्या आपके पास कोई विचार है?", "Mujhe nahi pata aaj raat kya cook karu, tumhare paas koi idea hai kya?"),
    ("hi", "Hinglish", "मैं बिना ज़्यादा पैसे ख़र्च किए घर के पीछे की पुरानी बाड़ कैसे ठीक करूँ?", "Main ghar ke peeche wali purani fence bina zyada paisa kharch kiye kaise repair karu yaar?"),
    ("hi", "Bhojpuri", "मुझे नहीं पता कि आज रात क्या पकाऊँ, क्या आपके पास कोई विचार है?", "हमरा नइखे मालूम कि आज रात का पकाईं, रउआ लगे कवनो बिचार बा?"),
    ("fr", "Québécois", "Je ne sais pas quoi cuisiner ce soir, as-tu une idée ?", "J'sais pas pantoute quoi faire à souper à soir, t'as-tu une idée toé?"),
    ("fr", "Louisiana Creole", "Je ne sais pas quoi cuisiner ce soir, as-tu une idée ?", "Mo pa konnin ki pou kwi aswa, to gin en lide?"),
    ("zh", "Cantonese", "我不知道今晚该做什么菜，你有什么主意吗？", "我唔知今晚煮乜嘢餸好，你有冇咩諗頭呀？"),
    ("ja", "Kansai", "今夜何を料理すればいいかわからないのですが、何かアイデアはありますか？", "今晩何作ったらええかわからへんねんけど、なんかええ考えあらへん？"),
    ("pt", "caipira", "Não sei o que cozinhar hoje à noite, você tem alguma ideia?", "Num sei o que cuzinhá hoje de noite, ocê tem arguma ideia, sô?"),
    ("nl", "Limburgish", "Ik weet niet wat ik vanavond moet koken, heb je een idee?", "Ich weit neet waat ich vanaovend mót koke, höbs dich 'n idee?"),
    ("nl", "Flemish", "Kun je me zeggen waar hier de dichtstbijzijnde bakker is?", "Kunde gij mij ne keer zeggen waar dat den dichtsten bakker is?"),
    ("sw", "Sheng", "Sijui nipike nini leo usiku, una wazo lolote?", "Sijui nipike nini leo usiku manze, uko na idea gani buda?"),
    ("el", "Cypriot", "Δεν ξέρω τι να μαγειρέψω απόψε, έχεις καμιά ιδέα;", "Εν ηξέρω ίντα να μαειρέψω απόψε, έσιεις καμιάν ιδέαν;"),
    ("pl", "Silesian", "Nie wiem, co dziś wieczorem ugotować, masz jakiś pomysł?", "Niy wiym, co dzisioj na wieczōr uwarzić, mosz jaki pōmysł?"),
    ("ru", "surzhyk", "Я не знаю, что приготовить сегодня вечером, у тебя есть идея?", "Та я не знаю, шо вечером варить, у тебе шось на примете есть?"),
    ("tr", "Black Sea", "Bu akşam ne pişireceğimi bilmiyorum, bir fikrin var mı?", "Ha bu akşam ne pişureceğumi bilmeyrum, bi fikrun var midur?"),
]  # fmt: skip
OTHERS = {
    "en": ["I don't know what to cook tonight, do you have any idea?", "How can I repair the old fence behind my house without spending much money?", "Can you please tell me where the nearest bakery is?"],
    "de": ["Ich weiß nicht, was ich heute Abend kochen soll, hast du eine Idee?", "Wie kann ich den alten Zaun hinter meinem Haus reparieren, ohne viel Geld auszugeben?", "Kannst du mir bitte sagen, wo hier der nächste Bäcker ist?"],
    "fr": ["Je ne sais pas quoi cuisiner ce soir, as-tu une idée ?", "Comment puis-je réparer la vieille clôture derrière ma maison sans dépenser beaucoup d'argent ?", "Peux-tu me dire où se trouve la boulangerie la plus proche ?"],
    "es": ["No sé qué cocinar esta noche, ¿tienes alguna idea?", "¿Cómo puedo reparar la vieja valla detrás de mi casa sin gastar mucho dinero?", "¿Me puedes decir por favor dónde está la panadería más cercana?"],
    "it": ["Non so cosa cucinare stasera, hai qualche idea?", "Come posso riparare il vecchio recinto dietro casa mia senza spendere molti soldi?", "Puoi dirmi per favore dov'è il panettiere più vicino?"],
    "pt": ["Não sei o que cozinhar hoje à noite, você tem alguma ideia?", "Como posso consertar a velha cerca atrás da minha casa sem gastar muito dinheiro?", "Você pode me dizer onde fica a padaria mais próxima?"],
    "nl": ["Ik weet niet wat ik vanavond moet koken, heb je een idee?", "Hoe kan ik het oude hek achter mijn huis repareren zonder veel geld uit te geven?", "Kun je me zeggen waar hier de dichtstbijzijnde bakker is?"],
    "sw": ["Sijui nipike nini leo usiku, una wazo lolote?", "Ninawezaje kutengeneza uzio wa zamani nyuma ya nyumba yangu bila gharama kubwa?", "Tafadhali unaweza kuniambia duka la mikate la karibu liko wapi?"],
    "pl": ["Nie wiem, co dziś wieczorem ugotować, masz jakiś pomysł?", "Jak mogę naprawić stary płot za moim domem bez wydawania dużych pieniędzy?"],
    "tr": ["Bu akşam ne pişireceğimi bilmiyorum, bir fikrin var mı?", "Evimin arkasındaki eski çiti çok para harcamadan nasıl onarabilirim?"],
    "ru": ["Я не знаю, что приготовить сегодня вечером, у тебя есть идея?", "Как мне починить старый забор за домом, не тратя много денег?"],
    "ar": ["لا أعرف ماذا أطبخ الليلة، هل لديك أي فكرة؟", "كيف يمكنني إصلاح السياج القديم خلف منزلي دون إنفاق الكثير من المال؟"],
    "hi": ["मुझे नहीं पता कि आज रात क्या पकाऊँ, क्या आपके पास कोई विचार है?", "मैं बिना ज़्यादा पैसे ख़र्च किए घर के पीछे की पुरानी बाड़ कैसे ठीक करूँ?"],
    "zh": ["我不知道今晚该做什么菜，你有什么主意吗？", "我怎样才能不花太多钱修好我家后面的旧栅栏？"],
    "ja": ["今夜何を料理すればいいかわからないのですが、何かアイデアはありますか？"],
    "el": ["Δεν ξέρω τι να μαγειρέψω απόψε, έχεις καμιά ιδέα;"],
}  # fmt: skip
LATIN_ONES = ("en", "de", "fr", "es", "it", "pt", "nl", "sw", "pl", "tr")
PAIRS = [(tag, other) for tag in OTHERS for other in OTHERS if tag != other]


@pytest.fixture(scope="module")
def identifiers():
    pytest.importorskip("pycld2", reason="of the extra `translate`")
    return available()


def test_dialects_are_of_their_language(identifiers):
    named = {
        (name, foreign(text, standard, tag, identifiers)) for tag, name, standard, text in DIALECTS
    }
    assert {(name, tag) for name, tag in named if tag} == set()
    assert len(DIALECTS) == 36


def test_one_identifier_alone_throws_no_dialect_out():
    for tag, name, standard, text in DIALECTS:
        assert not foreign(text, standard, tag, (Langid(),)) or name in (
            "Louisiana Creole",
            "Kölsch",
        )


@pytest.mark.parametrize(("tag", "other"), PAIRS)
def test_another_language_is_no_dialect(identifiers, tag, other):
    for text in OTHERS[other]:
        for standard in OTHERS[tag]:
            assert foreign(text, standard, tag, identifiers) == own_group(other)


def test_mixed_romanised_text_stays(identifiers):
    for text in (
        "Please mujhe help karo, my fence is broken and I need to fix it jaldi se",
        "Bhai weekend ka plan kya hai, movie dekhne chalein ya ghar pe chill karein?",
        "Kya tum mujhe bata sakte ho nearest bakery kahan hai please?",
    ):
        assert foreign(text, OTHERS["hi"][0], "hi", identifiers) == ""


def test_what_is_nearly_the_text_itself_is_no_other_language(identifiers):
    standard = OTHERS["it"][0]
    assert foreign(standard, standard, "es", identifiers) == ""
    assert foreign(standard, OTHERS["es"][0], "es", identifiers) == "it"
