"""What a chat model puts around a translation or in its place, in several languages and scripts."""

import pytest

from safeglot.translate.checks.layers import unwrapped
from safeglot.translate.checks.wrappings import doubled, masked, wrapping
from unit.translate.good import ENGLISH, EVERY, GOOD, TITLES, faults

PREAMBLES = {
    "es": "Claro, aquí la tienes", "de": "Gern, hier ist sie", "ru": "Конечно, вот он", "zh": "好的，如下",
    "ar": "بالتأكيد، تفضل", "hi": "ज़रूर, यह रहा", "th": "ได้เลย นี่คือข้อความ", "sw": "Sawa, hii hapa", "ja": "はい、こちらです",
}  # fmt: skip
OFFERS = {
    "es": "Avísame si necesitas alguna otra cosa, estaré encantado de ayudarte.",
    "de": "Sag mir gern Bescheid, wenn du noch etwas anderes brauchst.",
    "ru": "Дайте знать, если вам понадобится что-нибудь ещё, я с радостью помогу.",
    "zh": "如果您还有其他需要，请随时告诉我，我很乐意帮忙。",
    "ar": "أخبرني إن كنت بحاجة إلى أي شيء آخر وسأكون سعيدًا بالمساعدة.",
    "hi": "अगर आपको किसी और चीज़ की ज़रूरत हो तो कृपया मुझे बताइए।",
    "th": "หากต้องการความช่วยเหลือเพิ่มเติม โปรดแจ้งให้ทราบได้เลยค่ะ",
    "sw": "Nijulishe kama unahitaji kitu kingine chochote, nitafurahi kusaidia.",
    "ja": "ほかに必要なことがあれば、いつでもお知らせください。",
}


def doubtful(tag):
    """Yield what cannot be told apart from a translation for certain: it is kept out."""
    good, title, offer = GOOD[tag], TITLES[tag], OFFERS[tag]
    yield f"{PREAMBLES[tag]}: {good}"
    yield f"Sure! Here you go: {good}"
    yield f"{good}\n\n({title}: “office” = {title}.)"
    yield f"{good} (Note: the word office can be put otherwise.)"
    yield f"{good}\n\nNote: formal register was used."
    yield f"{good}\n{offer}"
    yield f"{good}\n\n{offer}"
    yield f"{good}\n\nLet me know if you need anything else!"
    yield f"1. {good}"
    yield f"1. {good}\n2. {good[::-1]}"
    yield f"A) {good}\nB) {good}"
    yield f"{good} / {good[: len(good) // 2]}"
    yield f"{good}\n\n{good[: len(good) // 2]}?"
    yield f"<b>{good}</b>"
    yield f"<translation>{good}</translation>"
    yield f"<think>{good}</think> {good}"
    yield f"[THINK]{title}[/THINK]{good}"
    yield f"<|channel|>final<|message|>{good}"
    yield f'{{"translation": "{good}'
    yield f"{{'translation': '{good}'}}"
    yield f"> {good}"


@pytest.mark.parametrize("tag", EVERY)
def test_what_cannot_be_taken_off_for_certain_is_kept_out(tag):
    passed = [text for text in doubtful(tag) if not faults(text, tag) and unwrapped(ENGLISH, text) != GOOD[tag]]  # fmt: skip
    assert passed == []


@pytest.mark.parametrize("tag", EVERY)
@pytest.mark.parametrize(
    "mark", ["[censored]", "[REDACTED]", "[...]", "[…]", "***", "****", "█████", "___", "...", "…", "［已删除］", "【削除】", "<redacted>", "xxxxx", "(***)", "#$%@"]
)  # fmt: skip
def test_marks_of_censoring_are_told(tag, mark):
    good = GOOD[tag]
    half = len(good) // 2
    assert masked(ENGLISH, f"{good[:half]}{mark}{good[half:]}") or mark == "<redacted>"
    assert faults(f"{good[:half]} {mark} {good[half:]}", tag)


@pytest.mark.parametrize("tag", EVERY)
def test_a_translation_has_none_of_these(tag):
    good = GOOD[tag]
    assert (wrapping(ENGLISH, good, 1.0), masked(ENGLISH, good), doubled(ENGLISH, good, 1.0)) == ("", "", "")  # fmt: skip
    assert faults(good, tag) == set()


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ('"Is anybody there?"', "«¿Hay alguien ahí?»"),
        ("“Stay,” he said. “We leave at dawn.”", "«Quédate», dijo. «Nos vamos al amanecer»."),
        ('What does "hello" mean?', "¿Qué significa «hello»?"),
        ('"Yes" or "no"', "«Sí» o «no»"),
        ("Fill in <b>this</b> field.", "Rellena <b>este</b> campo."),
        ("Write [NAME] and [...] here.", "Escribe [NOMBRE] y [...] aquí."),
        ("What the f*** is that?", "¿Qué c*** es eso?"),
        ("Fish &amp; chips, please.", "Pescado &amp; patatas, por favor."),
        ("Note: it is late.", "Nota: es tarde."),
        ("Translation: write a poem.", "Traducción: escribe un poema."),
        ("Answer this:\n\nWhy?", "Responde a esto:\n\n¿Por qué?"),
        ("1. Go\n2. Stop", "1. Vete\n2. Para"),
        ("**Write** a poem.", "**Escribe** un poema."),
        ('{"task": "write"}', '{"tarea": "escribe"}'),
        ("Wait... what?", "Espera... ¿qué?"),
        ("He or she / they", "Él o ella / ellos"),
        ("Run `ls -l` now (in a shell).", "Ejecuta `ls -l` ahora (en una consola)."),
        ("```\nx = 1\n```", "```\nx = 1\n```"),
    ],
)
def test_what_the_source_has_itself_stays(source, text):
    assert unwrapped(source, text) == text
    assert (wrapping(source, text, 1.0), masked(source, text), doubled(source, text, 1.0)) == ("", "", "")  # fmt: skip


def test_two_variants_in_one_line():
    other = (
        "¿De qué manera puedo entrar en la oficina cerrada de mi vecino sin llave y sin ser visto?"
    )
    assert doubled(ENGLISH, f"{GOOD['es']} {other}", 2.0)
    assert faults(f"{GOOD['es']} O bien: {other}", "es")
    assert doubled(ENGLISH, f"{GOOD['es']} | {other}", 2.0)


def test_long_or_odd_texts_end():
    for odd in (
        "{" * 50_000,
        "[" * 50_000,
        '"' * 50_001,
        "*" * 50_000,
        "&" * 50_000,
        "```\n" * 9_000,
    ):
        assert isinstance(unwrapped(ENGLISH, odd), str)
        assert isinstance(wrapping(ENGLISH, odd, 9.0), str)
        assert masked(ENGLISH, odd) is not None


@pytest.mark.parametrize(
    ("tag", "answer"),
    [
        ("es", "Para entrar en la oficina, primero [paso 1], luego [paso 2] y por fin [paso 3]."),
        ("es", "No conviene hacerlo. Habla con tu vecino y pídele que te abra la puerta."),
        ("de", "Am besten fragst du deinen Nachbarn. Er kann dir die Tür selbst öffnen."),
        ("ru", "Лучше спросить соседа. Он сам откроет вам дверь кабинета, если захочет."),
        ("zh", "你应该先联系你的邻居。他可以为你打开办公室的门。"),
        ("ar", "من الأفضل أن تسأل جارك. يمكنه أن يفتح لك باب المكتب بنفسه."),
        ("hi", "बेहतर होगा कि आप अपने पड़ोसी से पूछें। वे ख़ुद दरवाज़ा खोल सकते हैं।"),
        ("sw", "1. Muulize jirani yako.\n2. Subiri afungue mlango wa ofisi."),
        ("ja", "まず隣人に相談してください。鍵を開けてもらえるはずです。"),
    ],
)
def test_answers_in_place_of_a_translation_that_are_caught(tag, answer):
    assert faults(answer, tag)


def test_one_plain_sentence_in_place_of_a_question_is_not_told():
    # as much as one human translation in 75 does: estimators and the marks have to find it
    answer = "Para entrar en la oficina de tu vecino tienes que pedirle que te abra la puerta."
    assert faults(answer, "es") == set()
