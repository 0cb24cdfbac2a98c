"""Languages by their names: English and native ones, in any case; names of several languages give all."""

from __future__ import annotations

import re
from functools import lru_cache

from safeglot.text import languages

_OWN = {
    "chinese simplified": ("zh",),
    "modern standard arabic": ("ar",),
    "standard arabic": ("ar",),
    "msa": ("ar",),
    "flemish": ("nl-BE",),
    "chinese": ("zh", "zh-Hant"),
    "中文": ("zh", "zh-Hant"),
    "portuguese": ("pt-BR", "pt-PT"),
    "português": ("pt-BR", "pt-PT"),
    "norwegian": ("nb", "nn"),
    "norsk": ("nb", "nn"),
    "serbian": ("sr", "sr-Latn"),
    "kurdish": ("ku", "ckb"),
}
"""Names that say too little, or are not taken from the table."""
_QUALIFIERS = {
    "simplified": "Hans", "traditional": "Hant", "latin": "Latn", "romanized": "Latn",
    "romanised": "Latn", "cyrillic": "Cyrl", "brazilian": "BR", "brazil": "BR", "brasil": "BR",
    "portugal": "PT", "european": "", "us": "US", "usa": "US", "united states": "US",
    "american": "US", "uk": "GB", "united kingdom": "GB", "british": "GB", "canada": "CA",
    "canadian": "CA", "mexico": "MX", "mexican": "MX", "spain": "ES", "france": "FR",
    "germany": "DE", "china": "CN", "taiwan": "TW", "hong kong": "HK", "singapore": "SG",
    "india": "IN", "latin america": "419", "latin american": "419", "modern": "", "standard": "",
    "modern standard": "",
}  # fmt: skip
"""What stands beside a language's name -> the subtag that it is."""
_NATIVE = (
    "af:Afrikaans am:አማርኛ ar:العربية as:অসমীয়া az:Azərbaycanca be:Беларуская bg:Български "
    "bn:বাংলা bs:Bosanski ca:Català ceb:Sinugboanon cs:Čeština cy:Cymraeg da:Dansk el:Ελληνικά "
    "eo:Esperanto et:Eesti eu:Euskara fa:فارسی fi:Suomi fr:Français ga:Gaeilge gl:Galego "
    "gu:ગુજરાતી he:עברית hi:हिन्दी hi:हिंदी hr:Hrvatski hu:Magyar hy:Հայերեն is:Íslenska "
    "it:Italiano ja:日本語 ka:ქართული kk:Қазақша km:ខ្មែរ kn:ಕನ್ನಡ ko:한국어 ky:Кыргызча lo:ລາວ "
    "lt:Lietuvių lv:Latviešu mk:Македонски ml:മലയാളം mn:Монгол mr:मराठी mt:Malti ne:नेपाली "
    "nl:Nederlands or:ଓଡ଼ିଆ pa:ਪੰਜਾਬੀ pl:Polski ps:پښتو ro:Română ru:Русский si:සිංහල "
    "sk:Slovenčina sl:Slovenščina so:Soomaali sq:Shqip sr:Српски sr-Latn:Srpski sv:Svenska "
    "ta:தமிழ் te:తెలుగు tg:Тоҷикӣ th:ไทย th:ภาษาไทย ti:ትግርኛ tk:Türkmençe tr:Türkçe uk:Українська "
    "ur:اردو uz:Oʻzbekcha vi:Việt yo:Yorùbá zh:简体中文 zh-Hant:繁體中文 zh-Hant:繁体中文 "
    "id:Indonesia en:Anglais fr:Francais yue:粵語 yue:粤语 jv:Basa_Jawa su:Basa_Sunda vi:Tiếng_Việt "
    "pt-BR:Português_brasileiro sw:Kiswahili ha:Hausa ig:Igbo zu:isiZulu"
)


def languages_named(name: str) -> tuple[str, ...]:
    """Return the tags that a tag or name stands for: none, one, or the candidates of an ambiguous name."""
    try:
        return (languages.canonical(name),)
    except languages.UnknownLanguage:
        return _by_name(_plain(name))


def is_common(tag: str) -> bool:
    """Return whether a language has texts to speak of: a column called "even" is seldom Even's."""
    known = languages.lookup(tag)
    return bool(known.resource_class) or known.flores is not None or tag == "fil"


def _plain(name: str) -> str:
    return " ".join(re.sub(r"[-_,()]+", " ", name).casefold().split())


@lru_cache(maxsize=1024)
def _by_name(plain: str) -> tuple[str, ...]:
    if plain in _OWN:
        return _OWN[plain]
    if own := _names().get(plain):
        return own
    for words, subtag in _QUALIFIERS.items():
        for rest in (plain.removeprefix(f"{words} "), plain.removesuffix(f" {words}")):
            base = _names().get(rest, ()) if rest != plain else ()
            if len(base) == 1:
                if words == "european" and base == ("pt",):
                    return ("pt-PT",)
                plain_script = not subtag or languages.lookup(base[0]).script == subtag
                return (base[0] if plain_script else languages.canonical(f"{base[0]}-{subtag}"),)
    return ()


@lru_cache(maxsize=1)
def _names() -> dict[str, tuple[str, ...]]:
    """Return each name, as `_plain` writes it, with its tags."""
    names = {_plain(name): tags for name, tags in languages.names().items()}
    for pair in _NATIVE.split(" "):
        tag, _, name = pair.partition(":")
        names.setdefault(_plain(name), (tag,))
    return names
