"""Deliberately broken translations of 12 kinds, made from human ones by a recipe each.

The recipes for MultiJail (kind, row, language, seed), 20 of a kind, are recorded in broken.jsonl;
its texts are built at test time and stand nowhere in the repository. `SAFEGLOT_MULTIJAIL=FILE
PYTHONPATH=src:tests python -m unit.translate.broken` writes the recipes anew. Refusals and answers are placeholders of this project's own.
"""

import json
import random
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from example.parallel import LANGUAGES as ALL
from example.parallel import MULTIJAIL, read
from safeglot.types import Candidate, Source

RECIPES = Path(__file__).with_name("broken.jsonl")
LANGUAGES = ALL[1:]
LATIN = ("it", "vi", "sw", "jv")
OTHERS = tuple(tag for tag in LANGUAGES if tag not in LATIN)
EACH = 20
LEAST_CHARS = 40
"""Of the sources of kinds that take a part of the text: half of three words is no text to judge."""

REFUSALS = {
    "en": (
        "I'm sorry, but I can't assist with that request.",
        "I cannot translate this text because it asks for something harmful.",
        "Sorry, I won't be able to help with this. Is there anything else I can do for you?",
    ),
    "zh": (
        "很抱歉，我无法协助翻译这段内容。",
        "对不起，作为一个人工智能助手，我不能满足这个请求。",
    ),
    "it": (
        "Mi dispiace molto, ma non posso tradurre un contenuto del genere.",
        "Purtroppo non sono in grado di aiutarti con questa domanda.",
    ),
    "vi": (
        "Rất tiếc, tôi không thể dịch nội dung này vì nó có hại.",
        "Xin lỗi bạn, tôi không thể hỗ trợ việc này.",
    ),
    "ar": (
        "أعتذر، لا يمكنني ترجمة هذا النص لأنه يتضمن محتوى ضارًا.",
        "عذرًا، لا أستطيع مساعدتك في ذلك.",
    ),
    "ko": (
        "죄송하지만 이 문장은 번역해 드릴 수 없습니다.",
        "유감스럽게도 그 부탁은 도와드릴 수 없어요.",
    ),
    "th": (
        "ขออภัยค่ะ ดิฉันไม่สามารถแปลข้อความนี้ได้",
        "ต้องขอโทษด้วย ผมไม่สามารถช่วยเหลือในเรื่องนี้ได้ครับ",
    ),
    "bn": (
        "দুঃখিত, আমি এই লেখাটি অনুবাদ করতে পারব না।",
        "আমি দুঃখিত, এই বিষয়ে আপনাকে সাহায্য করা আমার পক্ষে সম্ভব নয়।",
    ),
    "sw": (
        "Samahani, siwezi kutafsiri maandishi haya kwa sababu yana madhara.",
        "Pole sana, lakini sitaweza kukusaidia katika jambo hili.",
    ),
    "jv": (
        "Nyuwun pangapunten, kula mboten saged njarwakake tulisan punika.",
        "Sepurane, aku ora bisa mbantu sampeyan babagan iki.",
    ),
}
ANSWER = "[placeholder of an answer]"
PLACEHOLDERS = (
    "{name}",
    "%s",
    "<b>",
    "https://example.org/page",
    "someone@example.org",
    "`run`",
    "[name of the city]",
    "{{ topic }}",
    "<USER_NAME>",
    "%(count)d",
)
HIDDEN = "\u202e\u202a\u2066\u200b\u2060\ufeff\u2069\u00ad\ufffd\u0007"
BLANKS = ("", " ", "\n\n\t", "...", "—", "?!", "«»", "\u3000\u3000", "\u200b\u200b", "。")


@dataclass(frozen=True, kw_only=True)
class Recipe:
    kind: str
    row: int
    language: str
    seed: int


def rows(path):
    """Return the rows of a file of parallel requests by id."""
    return {int(row["id"]): row for row in read(path)}


def candidate(source, text, language):
    return Candidate(
        source=Source(prompt="p", text=source, language="en", target=language),
        translator="broken",
        text=text,
    )


def human(row, language):
    return candidate(row["en"], row[language], language)


def blank(data, recipe, rng):
    row = data[recipe.row]
    return row["en"], BLANKS[recipe.seed % len(BLANKS)]


def copied(data, recipe, rng):
    text = data[recipe.row]["en"]
    return text, rng.choice([text, f" {text}\n", text.upper(), text.rstrip(".?!"), f'"{text}"'])


def wrong_language(data, recipe, rng):
    other = rng.choice([tag for tag in LATIN if tag != recipe.language])
    return data[recipe.row]["en"], data[recipe.row][other]


def wrong_script(data, recipe, rng):
    other = rng.choice([tag for tag in (*OTHERS, "vi") if tag != recipe.language])
    return data[recipe.row]["en"], data[recipe.row][other]


def romanised(data, recipe, rng):
    row = data[recipe.row]
    return row["en"], str(uroman().romanize_string(row[recipe.language]))


@cache
def uroman():
    from uroman import Uroman

    return Uroman()


def cut_off(data, recipe, rng):
    row = data[recipe.row]
    text = row[recipe.language]
    return row["en"], text[: max(1, round(len(text) * rng.uniform(0.1, 0.3)))]


def answered(data, recipe, rng):
    """The translation with a list behind it, the list alone, or texts of other rows run on."""
    row = data[recipe.row]
    text = row[recipe.language]
    items = "\n".join(f"{i}. {ANSWER}" for i in range(1, rng.randint(5, 9)))
    others = " ".join(data[i][recipe.language] for i in rng.sample(sorted(data), 5))
    return row["en"], rng.choice([f"{text}\n\n{items}", items, f"{text} {others}"])


def half(data, recipe, rng):
    """Half translated, the other half as it was, in either order."""
    row = data[recipe.row]
    source, text = row["en"], row[recipe.language]
    if rng.random() < 0.5:
        return source, text[: len(text) // 2] + " " + source[len(source) // 2 :]
    return source, source[: len(source) // 2] + " " + text[len(text) // 2 :]


def lost(data, recipe, rng):
    row = data[recipe.row]
    slot = PLACEHOLDERS[recipe.seed % len(PLACEHOLDERS)]
    return f"{row['en']} {slot}", row[recipe.language]


def refused(data, recipe, rng):
    language = "en" if recipe.seed % 4 == 0 else recipe.language
    return data[recipe.row]["en"], rng.choice(REFUSALS[language])


def loop(data, recipe, rng):
    """The last part over and over, the whole over and over, or one letter."""
    row = data[recipe.row]
    text = row[recipe.language]
    tail = text[-rng.randint(4, 12) :]
    times = max(6, 2 * len(text) // len(tail))
    return row["en"], rng.choice([text + tail * times, f"{text} " * 5, text[:5] + text[5:6] * 60])


def hidden(data, recipe, rng):
    row = data[recipe.row]
    text = row[recipe.language]
    at = rng.randint(0, len(text))
    return row["en"], text[:at] + HIDDEN[recipe.seed % len(HIDDEN)] + text[at:]


KINDS = {
    "blank": (blank, LANGUAGES, {"empty"}),
    "copied": (copied, LANGUAGES, {"copied", "wrong-script"}),
    "wrong language": (wrong_language, LATIN, {"wrong-language"}),
    "wrong script": (wrong_script, OTHERS, {"wrong-script"}),
    "romanised": (romanised, OTHERS, {"wrong-script"}),
    "cut off": (cut_off, LANGUAGES, {"too-short"}),
    "answered": (answered, LANGUAGES, {"answered", "too-long", "wrong-script"}),
    "half": (half, LANGUAGES, {"untranslated", "wrong-script"}),
    "placeholder": (lost, LANGUAGES, {"placeholder"}),
    "refusal": (refused, LANGUAGES, {"refusal"}),
    "loop": (loop, LANGUAGES, {"degenerate"}),
    "hidden": (hidden, LANGUAGES, {"control-characters"}),
}
"""Kind -> how it is made, in which languages, and the faults that name what was done."""


def recipes(data, parity=1, seed=4):
    """Return recipes over the rows of odd (1) or even (0) id; bounds were set on the even ones."""
    rng = random.Random(seed)
    ids = [i for i in sorted(data) if i % 2 == parity]
    long = [i for i in ids if len(data[i]["en"]) >= LEAST_CHARS]
    made = []
    for kind, (_, languages, _) in KINDS.items():
        pool = long if kind in ("half", "cut off") else ids
        drawn = rng.sample(pool, min(EACH, len(pool)))
        made += [
            Recipe(kind=kind, row=row, language=languages[i % len(languages)], seed=i)
            for i, row in enumerate(drawn)
        ]
    return made


def recorded():
    return [Recipe(**json.loads(line)) for line in RECIPES.read_text("utf-8").splitlines()]


def build(data, recipe):
    rng = random.Random(f"{recipe.kind} {recipe.row} {recipe.language} {recipe.seed}")
    source, text = KINDS[recipe.kind][0](data, recipe, rng)
    return candidate(source, text, recipe.language)


if __name__ == "__main__":
    lines = [json.dumps(vars(recipe)) + "\n" for recipe in recipes(rows(MULTIJAIL))]
    RECIPES.write_text("".join(lines), encoding="utf-8")
