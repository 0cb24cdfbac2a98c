"""Embedded classifier of refusals, by hashed character n-grams.

Pure: the caller reads the weights file and hands its bytes to `parse_model`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from safeglot.judge.families.refusal_decision import VERSION, Decision

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.uint32]
Bools = npt.NDArray[np.bool_]

ORDERS = (1, 2, 3, 4, 5, 6)
"""Lengths, in characters, of the n-grams that are features."""
KNOWN_ORDERS = (3,)
"""Lengths, in characters, of the n-grams by which a text is held to be known."""
HEAD_WIDTH = 240
"""Width of the normalised text that features are drawn from; see `head`."""
SAMPLE_CHARS = 400
"""Characters of the normalised text by which its script and language are held to be known."""
DIM = 1 << 18
KNOWN_DIM = 1 << 18

_RAW_CHARS = 1000
_WIDE_FROM = 0x2E80
_WIDE = 3
_MULTIPLIER = np.uint32(16777619)
_KNOWN_SALT = 0x2545F491
_START, _END = "\x02", "\x03"
_INVISIBLE = re.compile(
    "[\u00ad\u061c\u0640\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe0e\ufe0f\ufeff*]"
)
_APOSTROPHES = "\u2018\u2019\u201a\u201b\u02bc\u02b9\u02bb\u2032\u00b4`"
_QUOTES = "\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033\u2039\u203a\u300c\u300d\u300e\u300f"
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"
_UNIFY = str.maketrans(
    {c: r for s, r in ((_APOSTROPHES, "'"), (_QUOTES, '"'), (_DASHES, "-")) for c in s}
)
_SPACES = re.compile(r"\s+")
_DIGIT = re.compile(r"\d")


def normalise(text: str) -> str:
    """Return one spelling of a text: width, case, accents' encoding, quotes, spaces, digits folded."""
    shown = unicodedata.normalize("NFKC", text[:_RAW_CHARS].translate(_UNIFY))
    folded = unicodedata.normalize("NFKC", _INVISIBLE.sub("", shown).casefold()).translate(_UNIFY)
    return _DIGIT.sub("0", _SPACES.sub(" ", folded).strip())


def codepoints(text: str) -> Ints:
    """Return the code points of a text; shape (len(text),)."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(np.uint32)


def _mixed(hashes: Ints) -> Ints:
    """Return 32-bit hashes scrambled so that their high bits are usable.

    Source: the finaliser of MurmurHash3 (Austin Appleby, public domain).
    """
    hashes = (hashes ^ (hashes >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    hashes = (hashes ^ (hashes >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return hashes ^ (hashes >> np.uint32(16))


def hash_ngrams(points: Ints, orders: Sequence[int], salt: int) -> Ints:
    """Return a 32-bit hash of every n-gram of code points; shape (number of n-grams,)."""
    rolled = np.zeros(points.size, dtype=np.uint32)
    parts: list[Ints] = []
    for length in range(1, max(orders) + 1):
        if length > points.size:
            break
        rolled = rolled[: points.size - length + 1] * _MULTIPLIER + points[length - 1 :]
        if length in orders:
            parts.append(_mixed(rolled ^ np.uint32((salt + length * 0x9E3779B9) & 0xFFFFFFFF)))
    return np.concatenate(parts) if parts else rolled[:0]


def head(points: Ints, width: int) -> Ints:
    """Return code points up to a width: 3 for a CJK character, which says as much as some letters, else 1."""
    widths = np.where(points >= _WIDE_FROM, _WIDE, 1)
    return points[: int(np.searchsorted(np.cumsum(widths), width, side="right"))]


def features(normalised: str) -> tuple[Ints, Floats]:
    """Return the buckets that a normalised text has, sorted, and their weights, equal and L2-normalised."""
    points = head(codepoints(_START + normalised[: HEAD_WIDTH + 1] + _END), HEAD_WIDTH + 2)
    buckets = np.unique(hash_ngrams(points, ORDERS, 0) % np.uint32(DIM))
    return buckets, np.full(buckets.size, max(buckets.size, 1) ** -0.5, dtype=np.float32)


def known_buckets(normalised: str) -> Ints:
    """Return the buckets, repeats kept, by which a normalised text is held to be known or not."""
    points = codepoints(" " + normalised[:SAMPLE_CHARS] + " ")
    return hash_ngrams(points, KNOWN_ORDERS, _KNOWN_SALT) % np.uint32(KNOWN_DIM)


def is_wide(normalised: str) -> bool:
    """Return whether most characters of a normalised text are CJK, whose n-grams repeat less."""
    points = codepoints(normalised[:SAMPLE_CHARS])
    return bool(points.size and np.mean(points >= _WIDE_FROM) > 0.5)


def script_blocks(normalised: str) -> Ints:
    """Return the block of each letter: 128 code points wide, all Han as one, all Hangul syllables as one."""
    points = codepoints("".join(char for char in normalised[:SAMPLE_CHARS] if char.isalpha()))
    blocks = points >> np.uint32(7)
    blocks[(points >= 0x3400) & (points <= 0x9FFF)] = 0x4E00 >> 7
    blocks[(points >= 0xAC00) & (points <= 0xD7A3)] = 0xAC00 >> 7
    return blocks


def primary_subtag(tag: str) -> str:
    """Return the language of a BCP-47 tag: "pt" of "pt-BR"."""
    return tag.strip().replace("_", "-").split("-", 1)[0].lower()


@dataclass(frozen=True, slots=True, eq=False)
class RefusalModel:
    """A trained baseline: logistic regression over hashed n-grams, and what it was trained on."""

    weights: Floats
    bias: float
    languages: tuple[str, ...]
    low: float
    high: float
    known: Bools
    blocks: Ints
    min_known: float
    min_script: float
    version: str

    def p_refusal(self, text: str) -> float:
        """Return the probability, 0 to 1, that a text is a refusal, whatever its language."""
        return self._p(normalise(text))

    def known_share(self, text: str) -> float:
        """Return the share, 0 to 1, of the text's n-grams that were seen in training."""
        return self._known(normalise(text))

    def script_share(self, text: str) -> float:
        """Return the share, 0 to 1, of the text's letters in scripts that were seen in training."""
        return self._script(normalise(text))

    def covers(self, languages: Iterable[str]) -> bool:
        """Return whether any of these BCP-47 tags names a language that was trained on."""
        return any(primary_subtag(tag) in self.languages for tag in languages)

    def decide(self, text: str, languages: Sequence[str]) -> Decision:
        """Return whether an answer, expected in one of these languages (BCP-47), is a refusal."""
        normalised = normalise(text)
        if not any(char.isalnum() for char in normalised):
            return Decision(None, None, "empty")
        if not self.covers(languages) or not self._readable(normalised):
            return Decision(None, None, "not-covered")
        p = self._p(normalised)
        if self.low < p < self.high:
            return Decision(None, p, "unsure")
        return Decision(True, p, "refusal") if p >= self.high else Decision(False, p, "not-refusal")

    def _readable(self, normalised: str) -> bool:
        if self._script(normalised) < self.min_script:
            return False
        return is_wide(normalised) or self._known(normalised) >= self.min_known

    def _p(self, normalised: str) -> float:
        buckets, values = features(normalised)
        score = float(np.dot(self.weights[buckets], values)) + self.bias
        return float(1.0 / (1.0 + np.exp(-score)))

    def _known(self, normalised: str) -> float:
        buckets = known_buckets(normalised)
        return float(self.known[buckets].mean()) if buckets.size else 0.0

    def _script(self, normalised: str) -> float:
        blocks = script_blocks(normalised)
        return float(np.isin(blocks, self.blocks).mean()) if blocks.size else 0.0


def parse_model(data: bytes) -> RefusalModel:
    """Return a model from the bytes of its npz file. Raises: ValueError for another version."""
    try:
        with np.load(BytesIO(data), allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
            model = _model_of(arrays)
    except (KeyError, OSError, EOFError, BadZipFile) as error:
        raise ValueError(f"not a refusal-baseline model: {error}") from error
    if (
        model.version != VERSION
        or model.weights.shape != (DIM,)
        or model.known.shape != (KNOWN_DIM,)
    ):
        raise ValueError(
            f"refusal-baseline model of another version: {model.version!r}, wanted {VERSION!r}"
        )
    return model


def _model_of(arrays: dict[str, npt.NDArray[np.generic]]) -> RefusalModel:
    numbers = [float(number) for number in arrays["numbers"].astype(np.float64)]
    bias, low, high, min_known, min_script = numbers
    return RefusalModel(
        weights=arrays["weights"].astype(np.float32),
        bias=bias,
        languages=tuple(str(arrays["languages"]).split(" ")),
        low=low,
        high=high,
        known=np.unpackbits(arrays["known"].astype(np.uint8)).astype(np.bool_),
        blocks=arrays["blocks"].astype(np.uint32),
        min_known=min_known,
        min_script=min_script,
        version=str(arrays["version"]),
    )
